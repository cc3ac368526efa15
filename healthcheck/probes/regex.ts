/**
 * Regular expressions in a place where they can be stopped.
 *
 * A page and a pattern can need longer than the world lasts. So a match runs in a worker thread, one at a time in the
 * order of asking, each with its own short limit; a match that passes it loses its thread (terminated in about 3 ms
 * inside the WebAssembly loop, measured) and the next one gets a new thread. The limit is of the thread's processor
 * time, read from /proc: on a busy machine a harmless match may wait long for its turn, and no server is dead for that. Other checks do not wait meanwhile; other
 * regular expressions wait at most that limit for each runaway before them. The thread is started by the first match
 * and does not keep the process alive.
 */
import { existsSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type Clock, systemClock, type Timer } from '../../runtime/clock.js';
import { describeError } from '../../runtime/errors.js';
import { type Milliseconds, milliseconds } from '../../runtime/units.js';
import { type MatchAnswer, MOST_SUBJECT_BYTES, type RegexRequest, readModule, type WasmModule } from './pcre2.js';

export type { MatchAnswer, RegexRequest } from './pcre2.js';

export interface RegexEngine {
  /**
   * Looks for a pattern in what a server answered.
   * @param subject not to be changed until the answer is there
   * @param callback called once, never before this returns, unless cancelled
   * @returns cancels the question
   */
  match(request: RegexRequest, subject: Uint8Array, callback: (answer: MatchAnswer) => void): () => void;
  /** Ends the thread. Questions that are open get no answer. */
  close(): Promise<void>;
}

/** What the thread begins with. */
export interface RegexThread {
  readonly module: WasmModule;
  /** The bytes of the job at hand. */
  readonly shared: SharedArrayBuffer;
}

/** What the thread is asked; it answers with a MatchAnswer. */
export interface RegexJob {
  readonly request: RegexRequest;
  /** How many bytes of `shared`. */
  readonly length: number;
}

/** The thread's first words: its library is loaded. */
export interface RegexReady {
  readonly kind: 'ready';
  readonly thread: number | undefined;
}

interface Job {
  readonly request: RegexRequest;
  readonly subject: Uint8Array;
  callback: ((answer: MatchAnswer) => void) | undefined;
}

/**
 * How much processor time one match may take: ordinary ones need microseconds to a few milliseconds, also on an emulated
 * processor.
 */
export const MATCH_LIMIT: Milliseconds = milliseconds(500);
/** So many times the limit may pass on the clock before a match is ended whatever it used. */
const MOST_WAITING = 10;
/** What a thread that is just starting is given: 30 ms on an idle machine, a second on an emulated one. */
const THREAD_START = milliseconds(10_000);

/** Milliseconds of processor time that a thread of this process has used; undefined where the kernel does not say. */
function processorTime(thread: number | undefined): number | undefined {
  if (thread === undefined) return undefined;
  try {
    const used = Number(readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
    return Number.isFinite(used) ? used / 1e6 : undefined;
  } catch {
    return undefined;
  }
}

/** The thread's program: bundled beside a bundle, else as the compiler left it. */
function threadFile(): URL {
  const bundled = new URL('./regex-worker.cjs', import.meta.url);
  return existsSync(bundled) ? bundled : new URL('./regex-worker.js', import.meta.url);
}

export class WorkerRegexEngine implements RegexEngine {
  readonly #clock: Clock;
  readonly #limit: Milliseconds;
  readonly #waiting: Job[] = [];
  #module: WasmModule | undefined;
  #worker: Worker | undefined;
  /** Where the thread finds what it shall look at: copied here, so that no match leaves garbage behind on either side. */
  #subject: Uint8Array = new Uint8Array(0);
  /** Undefined while the thread starts. */
  #ready: RegexReady | undefined;
  #running: Job | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(clock: Clock = systemClock, limit: Milliseconds = MATCH_LIMIT) {
    this.#clock = clock;
    this.#limit = limit;
  }

  match(request: RegexRequest, subject: Uint8Array, callback: (answer: MatchAnswer) => void): () => void {
    const job: Job = { request, subject, callback };
    this.#waiting.push(job);
    // Later, so that the caller holds its cancel function before an answer can come.
    queueMicrotask(() => this.#next());
    return () => {
      job.callback = undefined;
      const index = this.#waiting.indexOf(job);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#waiting.length = 0;
    this.#running = undefined;
    await this.#worker?.terminate();
  }

  #next(): void {
    if (this.#closed || this.#running !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#running = job;
    try {
      this.#worker ??= this.#start();
    } catch (error) {
      this.#answer({ kind: 'gave-up', why: describeError(error) });
      return;
    }
    this.#arm();
    this.#worker.ref();
    const shown = job.subject.subarray(0, MOST_SUBJECT_BYTES);
    this.#subject.set(shown);
    this.#worker.postMessage({ request: job.request, length: shown.length } satisfies RegexJob);
  }

  /** Gives the match at hand its time, from now. */
  #arm(): void {
    this.#timer?.cancel();
    if (this.#ready === undefined) {
      this.#timer = this.#clock.after(THREAD_START, 'regex thread', () =>
        this.#stop('its thread did not start in time'),
      );
      return;
    }
    const { thread } = this.#ready;
    const limit = this.#limit;
    const latest = this.#clock.now() + limit * MOST_WAITING;
    const before = processorTime(thread);
    const look = (): void => {
      const now = processorTime(thread);
      const used = before === undefined || now === undefined ? limit : now - before;
      const left = Math.min(limit - used, latest - this.#clock.now());
      if (left <= 0) this.#stop(`stopped after ${limit} ms`);
      else this.#timer = this.#clock.after(milliseconds(Math.max(left, 10)), 'regex limit', look);
    };
    this.#timer = this.#clock.after(limit, 'regex limit', look);
  }

  #stop(why: string): void {
    this.#drop();
    this.#answer({ kind: 'gave-up', why });
  }

  #start(): Worker {
    this.#module ??= readModule();
    // A new one for each thread: one that was ended may still be looking.
    const shared = new SharedArrayBuffer(MOST_SUBJECT_BYTES);
    this.#subject = new Uint8Array(shared);
    const worker = new Worker(threadFile(), {
      workerData: { module: this.#module, shared } satisfies RegexThread,
      name: 'lvsd-regex',
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    worker.unref();
    this.#ready = undefined;
    worker.on('message', (said: RegexReady | MatchAnswer) => {
      if (this.#worker !== worker) return;
      if (said.kind !== 'ready') {
        this.#answer(said);
        return;
      }
      this.#ready = said;
      if (this.#running !== undefined) this.#arm();
    });
    const gone = (why: string): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      if (this.#running !== undefined) this.#answer({ kind: 'gave-up', why });
    };
    worker.on('error', (error) => gone(describeError(error)));
    worker.on('exit', () => gone('its thread ended'));
    return worker;
  }

  #drop(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }

  #answer(answer: MatchAnswer): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#worker?.unref();
    const job = this.#running;
    this.#running = undefined;
    const callback = job?.callback;
    try {
      callback?.(answer);
    } finally {
      this.#next();
    }
  }
}
