/**
 * Runs the scripts of the configuration: checks, notifications, start and stop (keepalived.md 13.1, 15.8).
 *
 * There are two lanes, each with a bound on how many run at once and how many wait, so that a rack that dies, with
 * 2,000 notify scripts and 2,000 checks, neither forks 4,000 processes nor lets the ones starve the others. Within a
 * lane scripts start in the order of asking. A notification has no time limit, as in keepalived; one that runs for a
 * minute is named in the log and no longer counts against the bound, so hung ones cannot stop the rest. A check that is
 * asked for while the same check still runs is not started twice.
 *
 * A time limit ends a script with SIGTERM to its process group, and SIGKILL two seconds later; whatever is left of the
 * group when its leader has gone is killed too. What runs and as whom was decided before (script-security.ts,
 * script-user.ts); there is no shell here and nothing is quoted.
 */
import type { Clock, Timer } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import { type Milliseconds, milliseconds } from '../runtime/units.js';
import { type ProcessEnd, type ScriptProcess, scriptEnvironment, startProcess } from './script-process.js';
import type { ResolvedCommand } from './script-security.js';
import type { ScriptCredentials } from './script-user.js';

/** How a script ended. */
export type ScriptEnd =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly signal: number }
  /** Ended by us because its time was over. */
  | { readonly kind: 'timed-out' }
  /** It could not be run this time: no process to be had, the same check still running, lvsd stopping. */
  | { readonly kind: 'not-run'; readonly why: string }
  /** It is never run under this configuration: no such file, not executable, user unknown, unsafe. */
  | { readonly kind: 'disabled'; readonly why: string };

export interface ScriptJob {
  /** For log lines: the script as written. */
  readonly name: string;
  /** Run one after the other; the status of the last one counts. */
  readonly commands: readonly ResolvedCommand[];
  /** Arguments behind the configured ones of the last command. */
  readonly extraArguments?: readonly string[];
  readonly user: ScriptCredentials;
  readonly lane: 'check' | 'notice';
  /** For all commands together, from the start of the first; absent: none. */
  readonly timeout?: Milliseconds;
  /** Two jobs with the same key never run at the same time: the second one is not run. */
  readonly key?: string;
}

export interface LaneLimits {
  readonly running: number;
  readonly waiting: number;
}

export interface ScriptRunnerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly environment?: NodeJS.ProcessEnv;
  readonly limits?: Partial<Readonly<Record<ScriptJob['lane'], LaneLimits>>>;
}

const TERM_TO_KILL = milliseconds(2000);
/** After SIGKILL only a process that hangs in the kernel remains; its end is not waited for longer than this. */
const KILL_TO_GIVE_UP = milliseconds(2000);
const OVERDUE = milliseconds(60_000);

interface Run {
  readonly job: ScriptJob;
  callback: ((end: ScriptEnd) => void) | undefined;
  process: ScriptProcess | undefined;
  state: 'waiting' | 'running' | 'terminating' | 'killed' | 'over';
  next: number;
  holdsSlot: boolean;
  timers: Timer[];
}

interface Lane {
  readonly limits: LaneLimits;
  readonly waiting: Run[];
  slots: number;
}

export class ScriptRunner {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #lanes: Readonly<Record<ScriptJob['lane'], Lane>>;
  readonly #runs = new Set<Run>();
  readonly #keys = new Set<string>();
  readonly #idle = new Set<() => void>();
  #closed = false;

  constructor(options: ScriptRunnerOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#environment = options.environment ?? scriptEnvironment();
    const lane = (limits: LaneLimits): Lane => ({ limits, waiting: [], slots: 0 });
    this.#lanes = {
      check: lane(options.limits?.check ?? { running: 64, waiting: 8192 }),
      notice: lane(options.limits?.notice ?? { running: 64, waiting: 65_536 }),
    };
  }

  /** Scripts that run now. */
  get running(): number {
    return [...this.#runs].filter((run) => run.state !== 'waiting').length;
  }

  /** Scripts that wait for their turn. */
  get waiting(): number {
    return this.#lanes.check.waiting.length + this.#lanes.notice.waiting.length;
  }

  /**
   * Runs a script.
   * @param callback called once, never before this returns, unless the run is cancelled
   * @returns ends the script (SIGTERM to its group, then SIGKILL) and forgets the callback; harmless later
   */
  run(job: ScriptJob, callback: (end: ScriptEnd) => void): () => void {
    const lane = this.#lanes[job.lane];
    const refused = this.#closed
      ? 'lvsd is stopping'
      : job.key !== undefined && this.#keys.has(job.key)
        ? 'it is still running from the last time: give it a longer interval or a shorter timeout'
        : lane.waiting.length >= lane.limits.waiting
          ? `${lane.limits.waiting} scripts are waiting already`
          : job.commands.length === 0
            ? 'it has no command'
            : undefined;
    const run: Run = {
      job,
      callback,
      process: undefined,
      state: 'waiting',
      next: 0,
      holdsSlot: false,
      timers: [],
    };
    if (refused !== undefined) {
      queueMicrotask(() => this.#tell(run, { kind: 'not-run', why: refused }));
      return () => {
        run.callback = undefined;
      };
    }
    if (job.key !== undefined) this.#keys.add(job.key);
    this.#runs.add(run);
    lane.waiting.push(run);
    queueMicrotask(() => this.#fill(lane));
    return () => this.#cancel(run);
  }

  /** Waits until nothing runs or waits, at most `limit`. Resolves to whether all ended. What is late goes on. */
  whenIdle(limit: Milliseconds): Promise<boolean> {
    if (this.#runs.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = this.#clock.after(limit, 'scripts idle', () => {
        this.#idle.delete(done);
        resolve(false);
      });
      const done = (): void => {
        timer.cancel();
        resolve(true);
      };
      this.#idle.add(done);
    });
  }

  /** Takes no more scripts, forgets those that wait, and ends the checks that run (notifications go on). */
  close(): void {
    this.#closed = true;
    for (const run of [...this.#runs]) {
      if (run.state === 'waiting' || run.job.lane === 'check') this.#cancel(run);
    }
  }

  #fill(lane: Lane): void {
    while (lane.slots < lane.limits.running) {
      const run = lane.waiting.shift();
      if (run === undefined) return;
      if (run.state === 'waiting') this.#begin(run, lane);
    }
  }

  #begin(run: Run, lane: Lane): void {
    run.state = 'running';
    run.holdsSlot = true;
    lane.slots++;
    if (run.job.timeout !== undefined) {
      run.timers.push(this.#clock.after(run.job.timeout, 'script timeout', () => this.#terminate(run)));
    } else if (run.job.lane === 'notice') {
      run.timers.push(
        this.#clock.after(OVERDUE, 'script overdue', () => {
          this.#log.warning(
            `Script ${run.job.name} has been running for ${OVERDUE / 1000} seconds; others start meanwhile`,
          );
          this.#freeSlot(run);
        }),
      );
    }
    this.#startNext(run);
  }

  #startNext(run: Run): void {
    const command = run.job.commands[run.next++] as ResolvedCommand;
    const last = run.next === run.job.commands.length;
    const extra = last ? (run.job.extraArguments ?? []) : [];
    run.process = startProcess(command, extra, run.job.user, this.#environment, (end) => this.#processEnded(run, end));
  }

  #processEnded(run: Run, end: ProcessEnd): void {
    if (run.state === 'over') {
      // Given up long ago; now the kernel has let go of it.
      this.#forget(run);
      return;
    }
    if (run.state !== 'running') {
      // Its children may have outlived it.
      run.process?.kill('SIGKILL');
      this.#over(run, { kind: 'timed-out' });
      return;
    }
    if (run.next < run.job.commands.length) {
      if (end.kind === 'not-started') this.#log.warning(`${run.job.name}: ${end.why}`);
      this.#startNext(run);
      return;
    }
    this.#over(run, end.kind === 'not-started' ? { kind: 'not-run', why: end.why } : end);
  }

  #terminate(run: Run): void {
    if (run.state !== 'running') return;
    run.state = 'terminating';
    run.process?.kill('SIGTERM');
    run.timers.push(
      this.#clock.after(TERM_TO_KILL, 'script kill', () => {
        run.state = 'killed';
        run.process?.kill('SIGKILL');
        run.timers.push(
          this.#clock.after(KILL_TO_GIVE_UP, 'script unkillable', () => {
            this.#log.error(`Child (PID ${run.process?.pid}) failed to terminate after kill: ${run.job.name}`);
            this.#tell(run, { kind: 'timed-out' });
            run.state = 'over';
            this.#freeSlot(run);
          }),
        );
      }),
    );
  }

  #cancel(run: Run): void {
    run.callback = undefined;
    if (run.state === 'running') {
      this.#terminate(run);
    } else if (run.state === 'waiting') {
      run.state = 'over';
      const waiting = this.#lanes[run.job.lane].waiting;
      const index = waiting.indexOf(run);
      if (index >= 0) waiting.splice(index, 1);
      this.#forget(run);
    }
  }

  #over(run: Run, end: ScriptEnd): void {
    run.state = 'over';
    for (const timer of run.timers) timer.cancel();
    this.#forget(run);
    this.#freeSlot(run);
    this.#tell(run, end);
  }

  #forget(run: Run): void {
    if (!this.#runs.delete(run)) return;
    if (run.job.key !== undefined) this.#keys.delete(run.job.key);
    if (this.#runs.size > 0) return;
    for (const done of this.#idle) done();
    this.#idle.clear();
  }

  #freeSlot(run: Run): void {
    if (!run.holdsSlot) return;
    run.holdsSlot = false;
    const lane = this.#lanes[run.job.lane];
    lane.slots--;
    queueMicrotask(() => this.#fill(lane));
  }

  #tell(run: Run, end: ScriptEnd): void {
    const callback = run.callback;
    run.callback = undefined;
    callback?.(end);
  }
}
