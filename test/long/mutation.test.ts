// Spoilt configurations by the million: `npm run test:long mutation`. No exception, no hang, bounded memory, and what is
// printed or reloaded means the same (test/unit/parser/hostile/judge.ts).
//
// LVSD_MUTATIONS says how many (1,000,000), LVSD_MUTATION_MINUTES for how long (90). A run that was ended, or whose time
// was up, goes on where it stopped as long as the build is the same. What breaks something is written to
// fixtures/parser/crashers/, where the daily tests find it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { keepResult, keptResult } from '../kept-results.js';
import { repoRoot } from '../root.js';
import { Mutator, sourceTexts } from '../unit/parser/hostile/mutations.js';
import type { Broken, Piece, PieceDone } from './mutation-worker.js';

const TOTAL = Number(process.env.LVSD_MUTATIONS ?? 1_000_000);
const MINUTES = Number(process.env.LVSD_MUTATION_MINUTES ?? 90);
const PIECE = 2000;
/** One mutation takes a few milliseconds, one that expands to its bounds some seconds. */
const HANGS_AFTER_SECONDS = 120;
/** Of one thread; a mutation that expands to its bounds needs a good part of it. */
const MOST_MEGABYTES = 1536;
/** The daily tests have the first ones. */
const FIRST = 1_000_000;

const pieces: Piece[] = [];
for (let from = FIRST; from < FIRST + TOTAL; from += PIECE)
  pieces.push({ from, to: Math.min(from + PIECE, FIRST + TOTAL) });
const nameOf = (piece: Piece): string => `${piece.from}-${piece.to}`;

/** Runs pieces in one thread until none is left, the time is up, or the thread breaks. */
function work(next: () => Piece | undefined, done: (piece: PieceDone) => void): Promise<Broken | undefined> {
  const shared = new SharedArrayBuffer(4);
  const current = new Int32Array(shared);
  const worker = new Worker(new URL('./mutation-worker.js', import.meta.url), {
    workerData: { current: shared },
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
  });
  return new Promise((resolve) => {
    let at = -1;
    let since = Date.now();
    const end = (broken?: Broken): void => {
      clearInterval(watch);
      void worker.terminate().then(() => resolve(broken));
    };
    const watch = setInterval(() => {
      const number = Atomics.load(current, 0);
      if (number !== at) {
        at = number;
        since = Date.now();
      } else if (Date.now() - since > HANGS_AFTER_SECONDS * 1000) {
        end({ number, why: `it took more than ${HANGS_AFTER_SECONDS} s` });
      }
    }, 1000);
    const hand = (): void => {
      const piece = next();
      if (piece === undefined) end();
      else worker.postMessage(piece);
    };
    worker.on('message', (piece: PieceDone) => {
      done(piece);
      hand();
    });
    worker.on('error', (error) => end({ number: Atomics.load(current, 0), why: String(error) }));
    hand();
  });
}

test(`${TOTAL} spoilt configurations`, async (context) => {
  const left = pieces.filter((piece) => keptResult('mutation', nameOf(piece)) === undefined);
  const open = left.reduce((sum, piece) => sum + piece.to - piece.from, 0);
  const until = Date.now() + MINUTES * 60_000;
  const broken: Broken[] = [];
  let judged = 0;
  const next = (): Piece | undefined => (Date.now() < until && broken.length < 100 ? left.shift() : undefined);
  const done = (piece: PieceDone): void => {
    judged += piece.to - piece.from;
    broken.push(...piece.broken);
    if (piece.broken.length === 0) keepResult('mutation', nameOf(piece), 'nothing broke');
  };
  const threads = Math.min(2, availableParallelism());
  for (const each of await Promise.all(Array.from({ length: threads }, () => work(next, done)))) {
    if (each !== undefined) broken.push(each);
  }
  context.diagnostic(`${judged} judged by this run; ${open - judged} of ${TOTAL} are left for the next`);
  const mutator = new Mutator(sourceTexts());
  // 0: a thread that never began.
  for (const { number } of broken.filter((each) => each.number !== 0)) {
    writeFileSync(join(repoRoot, `fixtures/parser/crashers/mutation-${number}.conf`), mutator.mutate(number).bytes);
  }
  assert.deepEqual(
    broken.map(({ number, why }) => `mutation ${number}: ${why}`),
    [],
  );
});
