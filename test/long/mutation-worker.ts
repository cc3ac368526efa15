/**
 * One thread of the mutation run: judges the mutations that it is handed, and shows in shared memory which one it is at,
 * so that a thread that hangs or runs out of memory can be named by it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { judge, load } from '../unit/parser/hostile/judge.js';
import { Mutator, sourceTexts } from '../unit/parser/hostile/mutations.js';

/** Work for a thread: mutations from..to-1. */
export interface Piece {
  readonly from: number;
  readonly to: number;
}

export interface Broken {
  readonly number: number;
  readonly why: string;
}

export interface PieceDone extends Piece {
  readonly broken: readonly Broken[];
}

const current = new Int32Array((workerData as { readonly current: SharedArrayBuffer }).current);
const mutator = new Mutator(sourceTexts());

parentPort?.on('message', ({ from, to }: Piece) => {
  const broken: Broken[] = [];
  for (let number = from; number < to; number++) {
    Atomics.store(current, 0, number);
    const { before, bytes } = mutator.mutate(number);
    try {
      judge(bytes, number % 4 === 0 ? load(before) : undefined);
    } catch (error) {
      broken.push({ number, why: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  parentPort?.postMessage({ from, to, broken } satisfies PieceDone);
});
