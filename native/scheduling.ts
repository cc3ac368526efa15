/**
 * How another process of ours is scheduled and limited, and which memory of this one stays in place.
 *
 * A Node process has a dozen threads. Nice value and CPUs are set for all of them, because the helper threads collect
 * garbage and compile for the main one; real-time priority is the main thread's alone, and with SCHED_RESET_ON_FORK what
 * it starts is ordinary. Threads that begin later inherit both from the thread that starts them.
 *
 * mlockall is not here: V8 gives memory back with MADV_DONTNEED and ends the process when the kernel refuses that on
 * locked pages. What can be kept in place is the program itself, its mapped files (mlock2 with MLOCK_ONFAULT).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { addon } from './addon.js';
import { checked, errno } from './system-call-error.js';

const SCHED_OTHER = 0;
const SCHED_RR = 2;
const SCHED_RESET_ON_FORK = 0x40000000;
const RLIMIT_MEMLOCK = 8;
const RLIMIT_RTTIME = 15;
const NO_LIMIT = -1;

/** The threads of a process; empty when it is gone. */
function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** Does something to every thread; one that ended meanwhile does not matter. */
function forThreads(pid: number, set: (tid: number) => number, call: string, what: string): void {
  for (const tid of threadsOf(pid)) {
    const result = set(tid);
    if (result !== -errno.ESRCH) checked(result, call, what);
  }
}

/** @param nice -20..19 @throws when it may not be set */
export function setNiceOf(pid: number, nice: number): void {
  for (const tid of threadsOf(pid)) setPriority(tid, nice);
}

/** @param cpus numbers of CPUs, from 0; those that are not there are left out by the kernel @throws SystemCallError EINVAL when none is there */
export function setAffinityOf(pid: number, cpus: readonly number[]): void {
  const mask = new Uint8Array(1024);
  for (const cpu of cpus) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  const what = `Keeping process ${pid} on CPU ${cpus.join(', ')}`;
  forThreads(pid, (tid) => addon.setAffinityOf(tid, mask), 'sched_setaffinity', what);
}

/** The CPUs that this process may run on. */
export function ownAffinity(): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** @param priority SCHED_RR 1..99; undefined is ordinary scheduling @throws SystemCallError EPERM without CAP_SYS_NICE */
export function setRealtimeOf(pid: number, priority: number | undefined): void {
  const [policy, value] = priority === undefined ? [SCHED_OTHER, 0] : [SCHED_RR | SCHED_RESET_ON_FORK, priority];
  const what = `Giving process ${pid} ${priority === undefined ? 'ordinary scheduling' : `real-time priority ${priority}`}`;
  const result = addon.setSchedulerOf(pid, policy, value);
  if (result !== -errno.ESRCH) checked(result, 'sched_setscheduler', what);
}

/**
 * RLIMIT_RTTIME of a process, the soft one: beyond it the process gets SIGXCPU, once a second. The hard limit, which
 * kills, stays as it is: only CAP_SYS_RESOURCE could lift it again.
 * @param soft microseconds of processor time between two waits; undefined is no limit
 */
export function limitRealtimeOf(pid: number, soft: number | undefined): void {
  const limits = readFileSync(`/proc/${pid}/limits`, 'latin1');
  const hard = Number(/^Max realtime timeout +\S+ +(\d+)/m.exec(limits)?.[1] ?? NO_LIMIT);
  const result = addon.setLimitOf(pid, RLIMIT_RTTIME, soft ?? hard, hard);
  if (result !== -errno.ESRCH) checked(result, 'prlimit', `Limiting the processor time of process ${pid}`);
}

/** Lets a process lock as much memory as it likes. */
export function allowLockingOf(pid: number): void {
  const result = addon.setLimitOf(pid, RLIMIT_MEMLOCK, NO_LIMIT, NO_LIMIT);
  if (result !== -errno.ESRCH) checked(result, 'prlimit', `Letting process ${pid} lock memory`);
}

/**
 * Keeps this program in memory: what is mapped from files, as far as it was ever used. Data is not among it.
 * @returns bytes that are kept from now on
 * @throws SystemCallError ENOMEM or EPERM without CAP_IPC_LOCK and beyond RLIMIT_MEMLOCK
 */
export function lockProgram(): number {
  let total = 0;
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const [, first, last, rights, path] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
    if (first === undefined || last === undefined || !path?.startsWith('/') || rights?.[0] !== 'r') continue;
    // What may be written is data, and V8 or libc may give it back.
    if (rights[1] === 'w') continue;
    const start = Number.parseInt(first, 16);
    const length = Number.parseInt(last, 16) - start;
    checked(addon.lockOnFault(start, length), 'mlock2', `Keeping ${path} in memory`);
    total += length;
  }
  return total;
}
