/**
 * A supervisor with roles that are not processes: the test holds the other end of each channel and says what a role
 * would say. Processes are replaced where the supervisor takes those that were started ahead.
 */
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Channel } from '../../../../cmd/lvsd/channel.js';
import { type CommandLine, readCommandLine } from '../../../../cmd/lvsd/command-line.js';
import { loadConfiguration } from '../../../../cmd/lvsd/configuration.js';
import type { RoleMessage, RoleName, SupervisorMessage } from '../../../../cmd/lvsd/messages.js';
import { PidFile, systemFor } from '../../../../cmd/lvsd/pid-file.js';
import { RolesAhead, type SpawnedRole } from '../../../../cmd/lvsd/role-spawn.js';
import { Supervisor } from '../../../../cmd/lvsd/supervisor.js';
import { closeFd } from '../../../../native/descriptor.js';
import { socketPair } from '../../../../native/descriptor-passing.js';
import { Systemd } from '../../../../observe/systemd.js';
import { MemoryLog } from '../../../../runtime/log.js';
import { milliseconds } from '../../../../runtime/units.js';
import { VirtualClock } from '../../../../runtime/virtual-clock.js';
import { welcomeOf } from './welcome.js';

type Heard = Extract<SupervisorMessage, { readonly type: string }>;

/** One life of a role. */
export class FakeRole {
  readonly heard: Heard[] = [];
  readonly #channel: Channel<SupervisorMessage, RoleMessage>;
  readonly #child: EventEmitter;
  #ended = false;
  #onHeard: () => void = () => {};

  constructor(
    readonly name: RoleName,
    child: EventEmitter,
    channel: Channel<SupervisorMessage, RoleMessage>,
  ) {
    this.#child = child;
    this.#channel = channel;
  }

  take(message: SupervisorMessage): void {
    this.heard.push(message as Heard);
    if (message.type === 'stop') this.end(0, null);
    this.#onHeard();
  }

  say(message: RoleMessage): void {
    this.#channel.send(message);
  }

  /** Waits until the n-th message of a kind is there (from 1). */
  async hears<T extends Heard['type']>(type: T, n = 1): Promise<Extract<Heard, { readonly type: T }>> {
    for (;;) {
      const found = this.heard.filter((message) => message.type === type)[n - 1];
      if (found !== undefined) return found as Extract<Heard, { readonly type: T }>;
      await new Promise<void>((resolve) => {
        this.#onHeard = resolve;
      });
    }
  }

  /** The process ends. */
  end(status: number | null, signal: NodeJS.Signals | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#channel.close();
    this.#child.emit('exit', status, signal);
  }
}

class FakeProcesses extends RolesAhead {
  readonly lives: FakeRole[] = [];
  /** What the next process is: one that never comes to be. */
  failNext = false;
  #pid = 2_000_000_000;
  onLife: (role: FakeRole) => void = () => {};

  override take(name: RoleName): SpawnedRole {
    const [ours, theirs] = socketPair();
    const fails = this.failNext;
    this.failNext = false;
    const child = Object.assign(new EventEmitter(), { pid: fails ? undefined : ++this.#pid, kill: () => true });
    if (fails) {
      closeFd(theirs);
      queueMicrotask(() => child.emit('error', new Error('spawn EAGAIN')));
    } else {
      const role: FakeRole = new FakeRole(
        name,
        child,
        new Channel<SupervisorMessage, RoleMessage>(theirs, {
          onMessage: (message, descriptors) => {
            for (const fd of descriptors) closeFd(fd);
            role.take(message);
          },
          onEnd: () => {},
        }),
      );
      this.lives.push(role);
      this.onLife(role);
    }
    return { child: child as unknown as ChildProcess, channel: ours };
  }
}

/** A supervisor on a folder of its own. Call `close` at the end. */
export class SupervisorRig {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly processes = new FakeProcesses();
  readonly folder = mkdtempSync(join(tmpdir(), 'lvsd-supervisor-'));
  readonly path = join(this.folder, 'keepalived.conf');
  readonly commandLine: CommandLine;
  readonly supervisor: Supervisor;
  readonly exits: number[] = [];

  constructor(text: string, ...words: readonly string[]) {
    this.write(text);
    const outcome = readCommandLine(
      ['-n', '-f', this.path, '-p', join(this.folder, 'p.pid'), '-c', join(this.folder, 'c.pid'), ...words],
      'lvsd',
      '0',
    );
    if (outcome.kind !== 'start') throw new Error(outcome.text);
    const { commandLine } = outcome;
    this.commandLine = commandLine;
    this.supervisor = new Supervisor({
      commandLine,
      clock: this.clock,
      log: this.log,
      systemd: new Systemd({
        environment: { notifySocket: undefined, watchdogMicroseconds: undefined },
        open: () => {
          throw new Error('nobody listens');
        },
        clock: this.clock,
      }),
      pidFile: PidFile.take(
        join(this.folder, 'p.pid'),
        process.pid,
        systemFor(() => {}),
      ),
      first: loadConfiguration(this.path, commandLine),
      ahead: this.processes,
      otherNamespace: undefined,
      welcome: (role) => welcomeOf(role, join(this.folder, 'journal')),
      exit: (status) => this.exits.push(status),
    });
  }

  write(text: string): void {
    writeFileSync(this.path, text);
  }

  /** The newest life of a role, if there is one. */
  life(name: RoleName): FakeRole | undefined {
    return this.processes.lives.findLast((role) => role.name === name);
  }

  role(name: RoleName): FakeRole {
    const role = this.life(name);
    if (role === undefined) throw new Error(`no ${name} was started`);
    return role;
  }

  /** Roles agree to the n-th configuration that they are shown. */
  async agree(n: number, ...names: readonly RoleName[]): Promise<number> {
    let generation = 0;
    for (const name of names) {
      const role = this.role(name);
      ({ generation } = await role.hears('prepare', n));
      role.say({ type: 'prepared', generation, refusals: [], diagnostics: [] });
    }
    return generation;
  }

  /** Roles commit their n-th commit, one after the other as they are told to. */
  async commit(n: number, ...names: readonly RoleName[]): Promise<void> {
    for (const name of names) {
      const role = this.role(name);
      const { generation } = await role.hears('commit', n);
      role.say({ type: 'committed', generation, report: undefined });
    }
  }

  pass(ms: number): void {
    this.clock.advance(milliseconds(ms));
  }

  /** Waits until a line is in the log. */
  async logged(pattern: RegExp): Promise<void> {
    while (!this.log.lines.some((line) => pattern.test(line))) await new Promise((resolve) => setImmediate(resolve));
  }

  close(): void {
    for (const role of this.processes.lives) role.end(0, null);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
