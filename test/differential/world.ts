// The world in which keepalived's verdicts on the corpus were made, made again: a network namespace that holds an
// interface for every name the files use, and, for the full world, an overlay of the root with stub scripts and users.
//
// Nothing outside is touched: both namespaces are this process tree's own and vanish with it. Jobs run inside by the
// worker (worker.ts), which this starts with unshare(1) and feeds with one JSON line a job. What the columns of the
// corpus's index mean stands in its ENVIRONMENT.md.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What a world holds beside the machine's own files. */
export interface WorldPlan {
  readonly interfaces: readonly string[];
  /** Names under /run/netns, each of this same namespace. */
  readonly namespaces: readonly string[];
  /** Undefined: the bare world, without stub scripts and users. */
  readonly full:
    | {
        /** Absolute, or `CWD/…` for those beside the files. */
        readonly scripts: readonly string[];
        /** Names looked up in the search path. */
        readonly commands: readonly string[];
        readonly users: readonly string[];
      }
    | undefined;
  /** Copied into the folder where every job runs, by bare name. */
  readonly files: readonly string[];
}

/** One program run in the world, in the folder of its files. */
export interface Job {
  readonly argv: readonly string[];
  /** Written there first. */
  readonly write?: { readonly name: string; readonly text: string };
  readonly env?: Readonly<Record<string, string>>;
  readonly seconds?: number;
}

/** One program run on each of many small files, with as little as possible beside it: for thousands of them. */
export interface Sweep {
  /** Without the file's name, which is put last. */
  readonly argv: readonly string[];
  readonly texts: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** After which one run is ended (exit 124). */
  readonly seconds?: number;
}

export interface JobResult {
  /** 128+N where signal N ended it, `timeout` where a job was ended for its time. */
  readonly exit: string;
  /** Of both streams, in the order in which it was written. */
  readonly output: string;
}

/** One line to the worker; it answers with the same id. */
export interface Message {
  readonly id: number;
  readonly plan?: WorldPlan;
  readonly job?: Job;
  readonly sweep?: Sweep;
}

const worker = join(dirname(fileURLToPath(import.meta.url)), 'worker.js');

/** Why no world can be made here; undefined if one can. */
export function worldImpossible(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  for (const program of ['unshare', 'ip', 'mount', 'chroot']) {
    if (!['/bin', '/sbin', '/usr/bin', '/usr/sbin'].some((folder) => existsSync(join(folder, program))))
      return `${program} is not installed`;
  }
  return undefined;
}

/** A world that is there; close it. */
export class World {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(results: readonly JobResult[]): void; reject(cause: Error): void }>();
  #next = 1;
  #ended: Error | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    let complaints = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString('utf8')).slice(-2000);
    });
    child.once('close', (code, signal) => {
      this.#ended = new Error(`the world's worker ended (${code ?? signal}): ${complaints}`);
      for (const { reject } of this.#waiting.values()) reject(this.#ended);
      this.#waiting.clear();
    });
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const { id, results } = JSON.parse(line) as { readonly id: number; readonly results: readonly JobResult[] };
      this.#waiting.get(id)?.resolve(results);
      this.#waiting.delete(id);
    });
  }

  /** Makes one. Rejects where the kernel or the rights do not allow it. */
  static async create(plan: WorldPlan): Promise<World> {
    const words = ['--net', '--mount', '--propagation', 'private', process.execPath, worker];
    const world = new World(spawn('unshare', words, { stdio: ['pipe', 'pipe', 'pipe'] }));
    await world.#ask({ plan });
    return world;
  }

  async run(job: Job): Promise<JobResult> {
    const [result] = await this.#ask({ job });
    if (result === undefined) throw new Error('the worker gave no answer');
    return result;
  }

  /** The results in the order of the texts. */
  sweep(sweep: Sweep): Promise<readonly JobResult[]> {
    return this.#ask({ sweep });
  }

  close(): void {
    this.#child.stdin?.end();
  }

  #ask(message: Omit<Message, 'id'>): Promise<readonly JobResult[]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, ...message })}\n`);
    });
  }
}
