/**
 * The FIFOs of one configuration and the scripts that read them, kept across reloads (keepalived.md 13.2).
 *
 * keepalived makes every FIFO anew at a reload and restarts its script, which loses lines and races
 * (acassen/keepalived#2012, #2024, #2359, #2631). Here a FIFO stays while its path and owner stay, and its script stays
 * while its command and user stay too. A script gets the path as its last argument; one that ends is started again
 * after a pause that grows from one second to a minute.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Timer } from '../runtime/clock.js';
import { describeError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { milliseconds } from '../runtime/units.js';
import { type FifoOwner, NotifyFifo } from './notify-fifo.js';
import { dyingWithUs, type ScriptProcess, scriptEnvironment, startProcess } from './script-process.js';
import type { ResolvedCommand } from './script-security.js';
import type { ScriptCredentials } from './script-user.js';

export interface WantedFifo {
  readonly path: string;
  readonly owner: FifoOwner | undefined;
  /** Already resolved and checked; undefined where there is none or it was disabled. */
  readonly script: { readonly command: ResolvedCommand; readonly user: ScriptCredentials } | undefined;
}

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;
/** A script that ran this long is taken for healthy: its next end is followed by the first pause again. */
const HEALTHY = 60_000;

interface Kept {
  readonly fifo: NotifyFifo;
  wanted: WantedFifo;
  process: ScriptProcess | undefined;
  timer: Timer | undefined;
  pause: number;
}

export class NotifyFifoSet {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock, log: Log, environment: NodeJS.ProcessEnv = scriptEnvironment()) {
    this.#clock = clock;
    this.#log = log;
    this.#environment = environment;
  }

  /** Brings what there is to what is wanted, touching only what differs. A FIFO that cannot be had is logged and left out. */
  apply(wanted: readonly WantedFifo[]): void {
    const byPath = new Map(wanted.map((fifo) => [fifo.path, fifo]));
    for (const [path, kept] of this.#kept) {
      if (!isDeepStrictEqual(kept.wanted.owner, byPath.get(path)?.owner) || !byPath.has(path)) this.#remove(kept);
    }
    for (const fifo of byPath.values()) {
      const kept = this.#kept.get(fifo.path) ?? this.#open(fifo);
      if (kept === undefined) continue;
      const same = isDeepStrictEqual(kept.wanted.script, fifo.script);
      const running = kept.process !== undefined || kept.timer !== undefined;
      kept.wanted = fifo;
      if (same && running) continue;
      this.#stopScript(kept);
      kept.pause = FIRST_PAUSE;
      this.#startScript(kept);
    }
  }

  /** Writes a line to every FIFO. */
  write(line: string): void {
    for (const kept of this.#kept.values()) kept.fifo.write(line);
  }

  /** Lines dropped so far, by path: for metrics. */
  dropped(): ReadonlyMap<string, number> {
    return new Map([...this.#kept].map(([path, kept]) => [path, kept.fifo.dropped]));
  }

  /** Ends the scripts (SIGTERM to their groups) and removes the FIFOs that lvsd made. */
  close(): void {
    this.apply([]);
  }

  #open(wanted: WantedFifo): Kept | undefined {
    try {
      const fifo = NotifyFifo.open(wanted.path, wanted.owner, this.#log);
      const kept: Kept = { fifo, wanted, process: undefined, timer: undefined, pause: FIRST_PAUSE };
      this.#kept.set(wanted.path, kept);
      return kept;
    } catch (error) {
      this.#log.error(describeError(error));
      return undefined;
    }
  }

  #remove(kept: Kept): void {
    this.#kept.delete(kept.wanted.path);
    this.#stopScript(kept);
    kept.fifo.close();
  }

  #stopScript(kept: Kept): void {
    kept.timer?.cancel();
    kept.timer = undefined;
    const process = kept.process;
    kept.process = undefined;
    process?.kill('SIGTERM');
  }

  #startScript(kept: Kept): void {
    const script = kept.wanted.script;
    if (script === undefined) return;
    const begun = this.#clock.now();
    const command = dyingWithUs(script.command);
    const process = startProcess(command, [kept.wanted.path], script.user, this.#environment, (end) => {
      if (kept.process !== process) return;
      kept.process = undefined;
      if (this.#clock.now() - begun >= HEALTHY) kept.pause = FIRST_PAUSE;
      const how =
        end.kind === 'not-started' ? end.why : end.kind === 'exited' ? `status ${end.status}` : `signal ${end.signal}`;
      this.#log.warning(
        `Notify fifo script ${script.command.file} ended (${how}); starting it again in ${kept.pause / 1000} seconds`,
      );
      kept.timer = this.#clock.after(milliseconds(kept.pause), 'fifo script', () => {
        kept.timer = undefined;
        this.#startScript(kept);
      });
      kept.pause = Math.min(LONGEST_PAUSE, kept.pause * 2);
    });
    kept.process = process;
  }
}
