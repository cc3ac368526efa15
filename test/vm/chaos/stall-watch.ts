/**
 * Tells why a run of cases stands still: a thread that listens to the main thread's heart, and when it stops, or a case
 * takes longer than any may, writes what every process is doing to stderr, which the host shows with the failure.
 *
 * A main thread that waits in the kernel (a read under /sys, a child that is waited for) has no timers; this thread has.
 * A boot that ends at its limit without a word from here is one whose machine itself stood still.
 */
import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const BEAT_MS = 500;
const LOOK_MS = 2000;
/** A main thread that says nothing for so long waits for something that does not come; emulation is slow. */
const SILENT_MS = 60_000;

const quietly = (path: string): string => {
  try {
    return readFileSync(path, 'latin1').replaceAll('\0', ' ').trim();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
};

/** What every process with a command line is doing: its state, and where in the kernel it waits. */
export function describeProcesses(): string {
  const lines: string[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const command = quietly(`/proc/${pid}/cmdline`);
    if (command === '') continue;
    const state = /^State:.*$/m.exec(quietly(`/proc/${pid}/status`))?.[0] ?? '';
    lines.push(`${pid} ${state} in ${quietly(`/proc/${pid}/wchan`)}: ${command.slice(0, 160)}`);
    lines.push(...quietly(`/proc/${pid}/stack`).split('\n').slice(0, 8));
  }
  return lines.join('\n');
}

/** Watches this process from now on. */
export function watchForStalls(): void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: beats });
  worker.unref();
  setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS).unref();
}

function listen(beats: Int32Array): void {
  let [last, since, told] = [-1, Date.now(), false];
  setInterval(() => {
    const now = Atomics.load(beats, 0);
    if (now !== last) [last, since, told] = [now, Date.now(), false];
    else if (!told && Date.now() - since > SILENT_MS) {
      told = true;
      writeSync(2, `The cases have stood still for ${(Date.now() - since) / 1000} s.\n${describeProcesses()}\n`);
    }
  }, LOOK_MS);
}

if (!isMainThread && parentPort !== null && workerData instanceof Int32Array) listen(workerData);
