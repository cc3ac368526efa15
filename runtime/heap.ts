/**
 * The heap of a role that reads a large configuration: let to grow while it reads, made small once when it has read.
 *
 * Almost all that a start allocates stays, so a collector that runs in between only copies it: without the early rounds
 * (`startFlags`) the 37,205 servers of a large file cost a third less processor time. V8 takes the limit for the first
 * round only; `shrinkHeap` ends it, and from then on the heap is as tight as any.
 */
import { runInNewContext } from 'node:vm';
import { v8Part } from './node-parts.js';

/**
 * What bin/lvsd tells node. A small young generation keeps the resident size of processes that mostly wait under 60 MB.
 * Collector and compiler work in the process's one thread: handing their work to others and waiting for them costs more
 * than it saves on heaps of this size (a start's processor time falls by a sixth), and most where a switch of threads is
 * dear. Little is inlined into a function that is optimised, because most have little left to run. The compiled code that
 * the build keeps holds with exactly these, and `startFlags` for the roles that have them. Node ends at a flag that it does
 * not know: these are known to Node 20, 22 and 24.
 */
export const programFlags: readonly string[] = [
  '--max-semi-space-size=1',
  '--single-threaded-gc',
  '--no-concurrent-recompilation',
  '--max-inlined-bytecode-size-cumulative=80',
];

/**
 * For the command line of node, beside what the supervisor was told. Node 20's V8 optimises a function after twice as long
 * as usual: of a start's processor time a tenth went into optimising what had little left to run. Later ones have no such
 * flag.
 */
export const startFlags: readonly string[] = [
  '--initial-old-space-size=256',
  ...(process.versions.v8.startsWith('11.') ? ['--interrupt-budget=150000'] : []),
];

/** After a start, so long until `shrinkHeap`: its own work has ended by then. */
export const HEAP_REST_MS = 5000;

/** Collects once, whole: some 100 ms for 100 MB. Call it when nothing waits. */
export function shrinkHeap(): void {
  const { setFlagsFromString } = v8Part();
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect();
}
