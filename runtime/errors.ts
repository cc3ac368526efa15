/**
 * The one base of every error that lvsd raises or hands on.
 *
 * An error is a value with a stable code: programs match on `code`, people read `message`, which says what happened,
 * to what, and what to do about it. The lower error is kept as `cause`; what a program may want to know stands in
 * `fields`. `retriable` says whether the same call may succeed later without anybody changing anything.
 *
 * It does not log and does not decide: whoever catches an error does.
 */

export interface LvsdErrorOptions {
  readonly cause?: unknown;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly retriable?: boolean;
}

/** A stable code: upper case, starts with `LVSD_`. Codes are never renamed once released. */
export type LvsdErrorCode = `LVSD_${string}`;

export class LvsdError extends Error {
  readonly code: LvsdErrorCode;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly retriable: boolean;

  constructor(code: LvsdErrorCode, message: string, options: LvsdErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.fields = options.fields ?? {};
    this.retriable = options.retriable ?? false;
  }
}

/** Whether a value is an LvsdError, also when it was made by another copy of this module (a bundle beside tsc's output). */
export function isLvsdError(value: unknown): value is LvsdError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && value.code.startsWith('LVSD_');
}

/** The message of anything that was thrown, with its chain of causes, for one log line. */
export function describeError(value: unknown): string {
  if (!(value instanceof Error)) return String(value);
  const cause = value.cause === undefined ? '' : `: ${describeError(value.cause)}`;
  return `${value.message}${cause}`;
}

/** For the `default` of a switch over a closed union: the compiler proves that it is never reached. */
export function unreachable(value: never): never {
  throw new LvsdError(
    'LVSD_INTERNAL',
    `A value that cannot exist was met: ${JSON.stringify(value)}. This is a bug in lvsd: please report it.`,
  );
}
