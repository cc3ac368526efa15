/**
 * The processes of all roles, as the supervisor deals with them: started by name, spoken to, asked, watched.
 *
 * Here is what concerns processes: heartbeats, nice values, the PID file of keepalived's checker child, answers that
 * are owed, the scripts of start and stop. Which configuration a role is shown, and when, is the supervisor's to say.
 */
import type { ProcessScheduling } from '../../config/global-process.js';
import type { ScriptEnd } from '../../healthcheck/probes/probe.js';
import { sealedMemfd } from '../../native/descriptor-passing.js';
import { describeError } from '../../runtime/errors.js';
import { milliseconds } from '../../runtime/units.js';
import type { RoleName, SupervisorMessage } from './messages.js';
import { PidFile, pidFilePath, pidFilePlace, systemFor } from './pid-file.js';
import { Questions } from './questions.js';
import { type RoleEvents, RoleProcess } from './role-process.js';
import { checkerRoles, RoleScheduling } from './role-scheduling.js';
import type { SupervisorParts } from './supervisor-parts.js';

const TICK_MS = 1000;
/** The supervisor's own timer this late means that everybody was paused: no silence counts. */
const PAUSE_MS = 3000;
/** Silent for so long, a role is told of to systemd's watchdog. */
const UNHEALTHY_MS = 20_000;

export class RoleSet {
  readonly #parts: SupervisorParts;
  readonly #events: RoleEvents;
  readonly #roles = new Map<RoleName, RoleProcess>();
  readonly #questions: Questions;
  readonly #scheduling: RoleScheduling;
  /** What the configuration in force says of scheduling. */
  #wanted: ProcessScheduling | undefined;
  /** Roles whose process listens to signals: a limit of processor time would end one that does not. */
  readonly #ready = new Set<RoleName>();
  #checkersPidFile: PidFile | undefined;
  #worstLag = 0;

  constructor(parts: SupervisorParts, events: RoleEvents) {
    this.#parts = parts;
    this.#questions = new Questions(parts.clock);
    this.#scheduling = new RoleScheduling(parts.log);
    this.#events = {
      ...events,
      onUp: (name) => {
        this.#ready.delete(name);
        this.#writePidFile(name);
        events.onUp(name);
      },
      onMessage: (name, message, descriptors) => {
        if ('type' in message && message.type === 'ready') {
          this.#ready.add(name);
          this.schedule(this.#wanted);
        }
        events.onMessage(name, message, descriptors);
      },
    };
  }

  /** Every role that was ever started, dead or alive. */
  get all(): ReadonlyMap<RoleName, RoleProcess> {
    return this.#roles;
  }
  get(name: RoleName): RoleProcess | undefined {
    return this.#roles.get(name);
  }
  /** The roles that live. */
  get up(): readonly RoleName[] {
    return [...this.#roles.values()].filter((role) => role.up).map((role) => role.role);
  }

  /** Starts a role unless it lives; one that waits for its back-off starts at once. */
  start(name: RoleName): void {
    let role = this.#roles.get(name);
    if (role === undefined) {
      const { clock, log, welcome, commandLine, ahead, otherNamespace } = this.#parts;
      const { respawn } = commandLine;
      role = new RoleProcess(
        name,
        { clock, log, welcome: welcome(name), respawn, ahead, otherNamespace },
        this.#events,
      );
      this.#roles.set(name, role);
    }
    role.start();
  }

  /** Sends to a role; false if it is not there to take it. @param snapshot travels as the message's one descriptor */
  send(role: RoleName, message: SupervisorMessage, snapshot?: Uint8Array): boolean {
    const process = this.#roles.get(role);
    if (process === undefined) return false;
    return process.send(message, snapshot === undefined ? [] : [sealedMemfd('lvsd-configuration', snapshot)]);
  }

  /**
   * Asks a role; undefined if it does not answer in time or is not there.
   * @param patience milliseconds
   * @param snapshot for a plan: the configuration that is asked about
   */
  ask(role: RoleName, type: 'status' | 'plan', patience = 10_000, snapshot?: Uint8Array): Promise<unknown> {
    return this.#questions.ask(patience, (id) => this.send(role, { type, id }, snapshot));
  }

  /** Takes a role's answer. */
  answer(id: number, value: unknown): void {
    this.#questions.answer(id, value);
  }

  /** Runs the startup or shutdown script in the runner and waits for its end, `patience` milliseconds and a little. */
  async runScript(kind: 'startup' | 'shutdown', patience: number): Promise<void> {
    const ending = (await this.#questions.ask(patience + 3000, (id) =>
      this.send('runner', { type: 'run-script', id, script: { kind } }),
    )) as ScriptEnd | undefined;
    if (ending?.kind === 'exited' && ending.status === 0) return;
    this.#parts.log.warning(`The ${kind}_script ${endInWords(ending)}; lvsd goes on`);
  }

  /** Whether every role that should live was heard lately. */
  healthy(): boolean {
    return [...this.#roles.values()].every((role) => !role.up || role.silence < UNHEALTHY_MS);
  }

  /** Looks after the heartbeats from now on. */
  watch(): void {
    this.#tick(this.#parts.clock.now());
  }

  /** Milliseconds that this process's own timer was late at most since it was last asked. */
  takeWorstLag(): number {
    const worst = this.#worstLag;
    this.#worstLag = 0;
    return worst;
  }

  /** checker_priority and its kin, for the processes that are keepalived's checker child. */
  schedule(wanted: ProcessScheduling | undefined): void {
    this.#wanted = wanted;
    if (wanted === undefined) return;
    const pids = checkerRoles
      .filter((name) => this.#ready.has(name))
      .map((name) => this.#roles.get(name)?.pid)
      .filter((pid) => pid !== undefined);
    this.#scheduling.apply('checker', wanted, pids);
  }

  removePidFiles(): void {
    this.#checkersPidFile?.remove();
  }

  /** The PID file of keepalived's checker child holds the director's pid. */
  #writePidFile(name: RoleName): void {
    const pid = this.#roles.get(name)?.pid;
    if (name !== 'director' || pid === undefined) return;
    if (this.#checkersPidFile !== undefined) {
      this.#checkersPidFile.rewrite(pid);
      return;
    }
    const { first, commandLine, log } = this.#parts;
    const path = pidFilePath('checkers', pidFilePlace(commandLine, first.global));
    const system = systemFor((text) => log.info(text));
    try {
      this.#checkersPidFile = PidFile.take(path, pid, system);
    } catch (error) {
      log.warning(`${describeError(error)}: lvsd goes on without ${path}`);
    }
  }

  #tick(due: number): void {
    const { clock } = this.#parts;
    const lag = clock.now() - due;
    this.#worstLag = Math.max(this.#worstLag, lag);
    for (const role of this.#roles.values()) {
      if (lag > PAUSE_MS) role.hear();
      else role.checkHeartbeat();
    }
    const next = clock.now() + TICK_MS;
    clock.after(milliseconds(TICK_MS), 'supervisor tick', () => this.#tick(next));
  }
}

function endInWords(ending: ScriptEnd | undefined): string {
  switch (ending?.kind) {
    case undefined:
      return 'did not end in time';
    case 'exited':
      return `exited with status ${ending.status}`;
    case 'signalled':
      return `was ended by signal ${ending.signal}`;
    case 'timed-out':
      return 'was ended at its timeout';
    case 'not-run':
    case 'disabled':
      return `could not be run: ${ending.why}`;
  }
}
