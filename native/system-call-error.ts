/**
 * What a refused system call becomes: an LvsdError that carries errno, its name and the call.
 *
 * The addon returns a result of 0 or more, or minus errno; `checked` turns the second into this error. Callers that
 * expect a certain errno (EAGAIN, EINPROGRESS) look at the number instead.
 *
 * Names: uapi/asm-generic/errno.h, through Node's own table, with those that Node lacks.
 */
import { constants } from 'node:os';
import { LvsdError } from '../runtime/errors.js';

const names = new Map<number, string>([
  [95, 'EOPNOTSUPP'],
  [94, 'ESOCKTNOSUPPORT'],
  [96, 'EPFNOSUPPORT'],
  [64, 'ENONET'],
  [66, 'EREMOTE'],
  [77, 'EBADFD'],
  [85, 'ERESTART'],
  [87, 'EUSERS'],
  [108, 'ESHUTDOWN'],
  [112, 'EHOSTDOWN'],
  [117, 'EUCLEAN'],
  [126, 'ENOKEY'],
  [524, 'ENOTSUPP'],
]);
for (const [name, number] of Object.entries(constants.errno)) {
  if (!names.has(number) && name !== 'EWOULDBLOCK') names.set(number, name);
}

/** The errno numbers that the code asks about by name (generic Linux numbering: x86, arm64, riscv). */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EMFILE: 24,
  EMSGSIZE: 90,
  EOPNOTSUPP: 95,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EALREADY: 114,
  EINPROGRESS: 115,
  ECANCELED: 125,
} as const;

/** The name of an errno (`ENOENT` for 2), or `errno 9999` for one that nobody knows. */
export function errnoName(number: number): string {
  return names.get(number) ?? `errno ${number}`;
}

const later = new Set<number>([
  errno.EAGAIN,
  errno.EINTR,
  errno.ENOBUFS,
  errno.ENOMEM,
  errno.EBUSY,
  errno.EMFILE,
  errno.ETIMEDOUT,
]);

export class SystemCallError extends LvsdError {
  /** Positive errno. */
  readonly errno: number;
  /** Its name, as `ENOENT`. */
  readonly errnoName: string;
  /** The system call, as `bind`. */
  readonly syscall: string;

  /**
   * @param syscall the call that was refused
   * @param number positive errno
   * @param what what lvsd was doing, to what; the sentence goes on with the call and the errno's name
   */
  constructor(syscall: string, number: number, what: string) {
    const name = errnoName(number);
    super('LVSD_SYSTEM_CALL', `${what}: ${syscall}: ${name}${cure(number)}`, {
      fields: { syscall, errno: number, errnoName: name },
      retriable: later.has(number),
    });
    this.errno = number;
    this.errnoName = name;
    this.syscall = syscall;
  }
}

function cure(number: number): string {
  switch (number) {
    case errno.EPERM:
    case errno.EACCES:
      return ' (not permitted: start lvsd as root, or give it the capability that this needs)';
    case errno.EMFILE:
      return ' (no free file descriptors: raise the limit, LimitNOFILE= in the systemd unit)';
    default:
      return '';
  }
}

/**
 * The result of an addon call, or a SystemCallError when it is minus errno.
 * @param result what the addon returned
 * @param syscall the call's name
 * @param what what was being done, for the message
 */
export function checked(result: number, syscall: string, what: string): number {
  if (result < 0) throw new SystemCallError(syscall, -result, what);
  return result;
}
