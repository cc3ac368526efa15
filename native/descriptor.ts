/**
 * File descriptors that lvsd owns.
 *
 * The addon keeps, for each environment (main thread or worker), a table of the descriptors that it opened or adopted,
 * and closes them when the environment ends, also by worker.terminate(). A descriptor leaves the table by `closeFd`, or
 * by `releaseFd` when a net.Socket takes it over. What is not in the table is never closed from here. All are
 * close-on-exec.
 */
import { addon } from './addon.js';
import { checked, SystemCallError } from './system-call-error.js';

declare const owned: unique symbol;
/** A descriptor in the table of this environment. */
export type Fd = number & { readonly [owned]: true };

const leaving: Array<(fd: Fd) => void> = [];

/** Registers what must happen before a descriptor is closed or released (readiness ends its watch). */
export function beforeFdLeaves(action: (fd: Fd) => void): void {
  leaving.push(action);
}

/**
 * The result of an addon call that opens a descriptor.
 * @throws SystemCallError when it is minus errno
 */
export function ownedFd(result: number, syscall: string, what: string): Fd {
  return checked(result, syscall, what) as Fd;
}

/**
 * Closes a descriptor; its watch, if any, ends first.
 * @throws SystemCallError EBADF when this environment does not own it (closed before, or released): nothing is closed then
 */
export function closeFd(fd: Fd): void {
  if (!ownsFd(fd)) throw new SystemCallError('close', 9, `Closing descriptor ${fd}, which is not lvsd's (any more)`);
  for (const action of leaving) action(fd);
  checked(addon.closeFd(fd), 'close', `Closing descriptor ${fd}`);
}

/**
 * Hands a descriptor to an owner that closes it itself, such as `new net.Socket({ fd })`; its watch, if any, ends first.
 * @returns the plain number
 */
export function releaseFd(fd: Fd): number {
  if (!ownsFd(fd))
    throw new SystemCallError('release', 9, `Handing over descriptor ${fd}, which is not lvsd's (any more)`);
  for (const action of leaving) action(fd);
  checked(addon.releaseFd(fd), 'release', `Handing over descriptor ${fd}`);
  return fd;
}

/**
 * Takes over an inherited descriptor (from systemd, or from `stdio` of spawn) and sets close-on-exec on it.
 * @throws SystemCallError EBADF when it is not open, EEXIST when it is owned already
 */
export function adoptFd(fd: number): Fd {
  return ownedFd(addon.adoptFd(fd) as number, 'fcntl', `Taking over descriptor ${fd}`);
}

/** Whether this environment owns the descriptor. */
export function ownsFd(fd: number): fd is Fd {
  return fd >= 0 && addon.ownsFd(fd) === 1;
}

/** How many descriptors this environment owns. */
export function ownedFdCount(): number {
  return addon.ownsFd(-1);
}

/** Sets or clears O_NONBLOCK. What the addon opens is non-blocking from the start. */
export function setNonBlocking(fd: Fd, on: boolean): void {
  checked(addon.setNonBlocking(fd, on), 'fcntl', `Setting O_NONBLOCK on descriptor ${fd}`);
}
