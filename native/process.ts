/**
 * What a process is: its name, its ties to parent and children, namespaces, limits, scheduling, locks, interface names.
 *
 * prctl, setns and the scheduler act on the calling thread (prctl(2), setns(2), sched(7)): call these on the main
 * thread, and setns before the first asynchronous file or name look-up, so that libuv's threads start in the new
 * namespace. Process groups need nothing from here: `process.kill(-pid, signal)` reaches a group in Node.
 */
import { constants } from 'node:os';
import { addon } from './addon.js';
import type { Fd } from './descriptor.js';
import { checked, errno, SystemCallError } from './system-call-error.js';

const PR_SET_PDEATHSIG = 1;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_SET_NO_NEW_PRIVS = 38;

/** This process gets the signal when the thread that started it ends. Check the parent's pid after: it may be gone already. */
export function dieWithParent(signal: NodeJS.Signals): void {
  checked(addon.prctl(PR_SET_PDEATHSIG, constants.signals[signal], 0), 'prctl', 'Tying this process to its parent');
}

/** The name in ps and top; cut to 15 characters, with `?` for what is not ASCII. */
export function setProcessName(name: string): void {
  const shown = name.replace(/[^\x20-\x7e]/g, '?').slice(0, 15);
  checked(addon.setThreadName(shown), 'prctl', 'Setting the process name');
}

/** From now on no exec gives this thread or its children more than they have (set-uid, file capabilities). */
export function noNewPrivileges(): void {
  checked(addon.prctl(PR_SET_NO_NEW_PRIVS, 1, 0), 'prctl', 'Giving up new privileges');
}

/** Orphaned grandchildren become children of this process, so that they can be reaped and killed. */
export function becomeSubreaper(): void {
  checked(addon.prctl(PR_SET_CHILD_SUBREAPER, 1, 0), 'prctl', 'Becoming the reaper of orphans');
}

const NAMESPACE = { any: 0, mount: 0x00020000, uts: 0x04000000, ipc: 0x08000000, network: 0x40000000 } as const;
export type NamespaceKind = keyof typeof NAMESPACE;

/**
 * The calling thread enters the namespace that a file stands for.
 * @param path as /run/netns/NAME or /proc/PID/ns/net
 */
export function enterNamespace(path: string, kind: NamespaceKind): void {
  checked(addon.setns(path, NAMESPACE[kind]), 'setns', `Entering the ${kind} namespace ${path}`);
}

/** The calling thread moves to a new, empty namespace (for `network`: only a loopback device, which is down). */
export function enterNewNamespace(kind: Exclude<NamespaceKind, 'any'>): void {
  checked(addon.unshare(NAMESPACE[kind]), 'unshare', `Making a ${kind} namespace`);
}

const RLIMIT_NOFILE = 7;

/**
 * Raises the limit of open descriptors to `wanted`, or as far as this process may.
 * @returns the limit in force; Infinity when there is none
 */
export function raiseDescriptorLimit(wanted: number): number {
  const what = 'The limit of open file descriptors';
  const limits = new Float64Array(2);
  checked(addon.getrlimit(RLIMIT_NOFILE, limits), 'getrlimit', what);
  const from = (value: number | undefined): number => (value === undefined || value < 0 ? Infinity : value);
  const to = (value: number): number => (value === Infinity ? -1 : value);
  const soft = from(limits[0]);
  const hard = from(limits[1]);
  if (soft >= wanted) return soft;
  if (hard < wanted && addon.setrlimit(RLIMIT_NOFILE, Float64Array.of(to(wanted), to(wanted))) >= 0) return wanted;
  const reachable = Math.min(hard, wanted);
  checked(addon.setrlimit(RLIMIT_NOFILE, Float64Array.of(to(reachable), to(hard))), 'setrlimit', what);
  return reachable;
}

const POLICY = { other: 0, fifo: 1, 'round-robin': 2, batch: 3, idle: 5 } as const;
export type SchedulingPolicy = keyof typeof POLICY;
const SCHED_RESET_ON_FORK = 0x40000000;

/**
 * Sets how the calling thread is scheduled; children and new threads start as ordinary ones (SCHED_RESET_ON_FORK).
 * @param priority 1..99 for fifo and round-robin, else 0
 * @throws SystemCallError EPERM without CAP_SYS_NICE, or in a cgroup without real-time share: worth a log line, not an end
 */
export function setScheduling(policy: SchedulingPolicy, priority: number): void {
  const result = addon.setScheduler(POLICY[policy] | SCHED_RESET_ON_FORK, priority);
  checked(result, 'sched_setscheduler', `Scheduling this thread as ${policy} with priority ${priority}`);
}

/** How the calling thread is scheduled. */
export function scheduling(): { readonly policy: SchedulingPolicy | 'unknown'; readonly resetOnFork: boolean } {
  const value = checked(addon.getScheduler(), 'sched_getscheduler', 'Asking how this thread is scheduled');
  const names = Object.keys(POLICY) as SchedulingPolicy[];
  const policy = names.find((name) => POLICY[name] === (value & ~SCHED_RESET_ON_FORK)) ?? 'unknown';
  return { policy, resetOnFork: (value & SCHED_RESET_ON_FORK) !== 0 };
}

/**
 * Makes a FIFO.
 * @returns false when something is at that path already
 */
export function makeFifo(path: string, mode: number): boolean {
  const result = addon.mkfifo(path, mode);
  if (result === -errno.EEXIST) return false;
  checked(result, 'mkfifo', `Making the FIFO ${path}`);
  return true;
}

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

/**
 * Locks an open file (flock(2)) without waiting; the lock ends with the last descriptor of that opening.
 * @param fd owned, or opened by node:fs
 * @returns false when somebody else holds it
 */
export function tryLock(fd: Fd | number, mode: 'exclusive' | 'shared' = 'exclusive'): boolean {
  const result = addon.flock(fd, (mode === 'exclusive' ? LOCK_EX : LOCK_SH) | LOCK_NB);
  if (result === -errno.EAGAIN) return false;
  checked(result, 'flock', `Locking descriptor ${fd}`);
  return true;
}

export function unlock(fd: Fd | number): void {
  checked(addon.flock(fd, LOCK_UN), 'flock', `Unlocking descriptor ${fd}`);
}

/** The index of an interface of this thread's network namespace; undefined when there is none of that name. */
export function interfaceIndex(name: string): number | undefined {
  if (name === '' || Buffer.byteLength(name) > 15) return undefined;
  const result = addon.interfaceIndex(name);
  if (result === -errno.ENODEV) return undefined;
  return checked(result, 'if_nametoindex', `Looking for the interface ${name}`);
}

/** The name of an interface of this thread's network namespace; undefined when there is none with that index. */
export function interfaceName(index: number): string | undefined {
  const result = addon.interfaceName(index);
  if (typeof result === 'string') return result;
  if (result === -6 || result === -errno.ENODEV) return undefined;
  throw new SystemCallError('if_indextoname', -result, `Looking for the interface with index ${index}`);
}
