/**
 * The thread in which regular expressions meet what real servers answer. regex.ts starts it, asks it one match at a
 * time, and ends it when a match takes too long. It has one instance of PCRE2 and no other business.
 */
import { readlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from '../../runtime/errors.js';
import { type MatchAnswer, Pcre2 } from './pcre2.js';
import type { RegexJob, RegexReady, RegexThread } from './regex.js';

const { module, shared } = workerData as RegexThread;
let library: Pcre2 | undefined = new Pcre2(module);

/** The kernel's number of this thread, by which its processor time is found; undefined without /proc. */
function threadNumber(): number | undefined {
  try {
    return Number(/[0-9]+$/.exec(readlinkSync('/proc/thread-self'))?.[0]);
  } catch {
    return undefined;
  }
}

parentPort?.on('message', (job: RegexJob) => {
  let answer: MatchAnswer;
  try {
    library ??= new Pcre2(module);
    answer = library.match(job.request, new Uint8Array(shared, 0, job.length));
  } catch (error) {
    library = undefined;
    answer = { kind: 'gave-up', why: describeError(error) };
  }
  // A library that gave up may be short of memory: the next match gets a new one.
  if (answer.kind === 'gave-up') library = undefined;
  parentPort?.postMessage(answer);
});

parentPort?.postMessage({ kind: 'ready', thread: threadNumber() } satisfies RegexReady);
