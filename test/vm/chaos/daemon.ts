/**
 * One lvsd under test inside the VM: started from the bundle, watched by its log, its processes and its control socket.
 *
 * LVSD_TEST_DIST names another folder with the bundles than dist/.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { PlanReport, ReloadReport } from '../../../observe/control-protocol.js';
import type { StateDocument } from '../../../observe/state.js';
import { programFlags } from '../../../runtime/heap.js';
import { repoRoot } from '../../root.js';
import type { CaseContext } from './cases.js';

const dist = join(repoRoot, process.env.LVSD_TEST_DIST ?? 'dist');
export const lvsdProgram: string = join(dist, 'lvsd.cjs');
export const lvsctlProgram: string = join(dist, 'lvsctl.cjs');

/** Silence on the control socket for so long is an error: a reload is refused after 120 s at the latest. */
const ANSWER_MS = 150_000;

export type Victim = 'director' | 'checker' | 'runner';

/** Waits until `what` is true, looking every few milliseconds. The limit is patience with a busy machine, no measure. */
export async function until(what: string, look: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await pause(10);
  }
}

/** Whether a process is there and not a zombie. */
export function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export interface DaemonOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Words before the program: setpriv, sh -c with a limit ... */
  readonly wrapper?: readonly string[];
  readonly control?: string;
}

export class Daemon {
  readonly child: ChildProcess;
  readonly ended: Promise<number>;
  readonly #control: string;
  #output = '';
  #status: number | undefined;

  private constructor(child: ChildProcess, control: string) {
    this.child = child;
    this.#control = control;
    const take = (chunk: Buffer): void => {
      this.#output += chunk.toString('utf8');
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    // 'exit' and not 'close': a script of the runner may hold the pipe for longer.
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#status = code ?? (signal === 'SIGKILL' ? 137 : 128);
        resolve(this.#status);
      });
    });
  }

  /** Starts lvsd in the foreground with its log on our pipe. It is killed at the end of the case. */
  static start(context: CaseContext, file: string, options: DaemonOptions = {}): Daemon {
    const words = [
      ...(options.wrapper ?? []),
      process.execPath,
      ...programFlags,
      lvsdProgram,
      ...['-n', '-l', '-D', '-G', '-f', file],
      ...(options.args ?? []),
    ];
    const env: NodeJS.ProcessEnv = { ...process.env, ...options.env };
    delete env.NODE_EXTRA_CA_CERTS;
    const child = spawn(words[0] as string, words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env });
    const daemon = new Daemon(child, options.control ?? '/run/lvsd/control.sock');
    context.atEnd(async () => {
      if (daemon.#status === undefined) await daemon.killAll();
    });
    return daemon;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }
  get output(): string {
    return this.#output;
  }
  get status(): number | undefined {
    return this.#status;
  }
  /** Forgets what was logged so far. */
  clear(): void {
    this.#output = '';
  }

  async said(pattern: RegExp, limitMs = 90_000): Promise<void> {
    try {
      await until(
        `lvsd says ${pattern}`,
        () => {
          if (pattern.test(this.#output)) return true;
          if (this.#status !== undefined) throw new Error(`lvsd ended with ${this.#status} before it said ${pattern}`);
          return false;
        },
        limitMs,
      );
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n--- its log:\n${this.#output}`);
    }
  }

  started(limitMs = 90_000): Promise<void> {
    return this.said(/Startup complete/, limitMs);
  }

  /** The roles that live now. */
  roles(): Map<Victim, number> {
    const found = new Map<Victim, number>();
    let children = '';
    try {
      for (const task of readdirSync(`/proc/${this.pid}/task`))
        children += ` ${readFileSync(`/proc/${this.pid}/task/${task}/children`, 'utf8')}`;
    } catch {
      return found;
    }
    for (const word of children.split(/\s+/)) {
      if (word === '') continue;
      try {
        const line = readFileSync(`/proc/${word}/cmdline`, 'utf8').split('\0');
        const at = line.indexOf('--role');
        if (at > 0) found.set(line[at + 1] as Victim, Number(word));
      } catch {
        // It ended meanwhile.
      }
    }
    return found;
  }

  signal(name: NodeJS.Signals | number): void {
    try {
      process.kill(this.pid, name);
    } catch {
      // It ended by itself.
    }
  }

  /** kill -9 of the supervisor and of every role, at one go. */
  async killAll(): Promise<void> {
    const pids = [this.pid, ...this.roles().values()];
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Its parent's death was faster.
      }
    }
    await this.ended;
    await until('the roles are gone', () => pids.every((pid) => !lives(pid)));
  }

  /** kill -9 of the supervisor alone; its roles follow it by themselves. */
  async killSupervisor(): Promise<void> {
    const pids = [this.pid, ...this.roles().values()];
    this.signal('SIGKILL');
    await this.ended;
    await until('the roles followed their supervisor', () => pids.every((pid) => !lives(pid)));
  }

  /** Stops it in the regular way. */
  async stop(limitMs = 30_000): Promise<number> {
    this.signal('SIGTERM');
    await until('lvsd ends after SIGTERM', () => this.#status !== undefined, limitMs);
    return this.#status as number;
  }

  async state(): Promise<StateDocument> {
    return (await this.#ask('GET', '/v1/status')) as StateDocument;
  }

  async reload(): Promise<ReloadReport> {
    return (await this.#ask('POST', '/v1/reload', {})) as ReloadReport;
  }

  async plan(file: string): Promise<PlanReport> {
    return (await this.#ask('POST', '/v1/plan', { file })) as PlanReport;
  }

  /** Writes the configuration and reloads it by the control socket. */
  reloadWith(file: string, text: string): Promise<ReloadReport> {
    writeFileSync(file, text);
    return this.reload();
  }

  #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      const asked = request(
        {
          socketPath: this.#control,
          method,
          path,
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        },
        (answer) => {
          let got = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => {
            got += chunk;
          });
          answer.on('end', () => {
            try {
              resolve(JSON.parse(got));
            } catch (error) {
              reject(new Error(`${path} answered ${answer.statusCode}: ${got}: ${error}`));
            }
          });
        },
      );
      // lvsd itself gives every answer within less; one that does not come is a finding, not a reason to wait on.
      asked.setTimeout(ANSWER_MS, () => asked.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
      asked.once('error', (error) =>
        reject(new Error(`${method} ${path}: ${error.message}\n--- log (status ${this.#status}):\n${this.#output}`)),
      );
      asked.end(text);
    });
  }
}
