/**
 * How a netlink request fails, as a value with a code.
 *
 * A refusal carries the kernel's errno, its name and, where the kernel says it, its own sentence and the place in the
 * request that it does not like (NETLINK_EXT_ACK). Whoever sent the request adds what it was about.
 */
import { errnoName } from '../native/system-call-error.js';
import { LvsdError, type LvsdErrorCode } from '../runtime/errors.js';
import type { ExtendedAck } from './message.js';

const NO_EXTACK: ExtendedAck = { text: undefined, offset: undefined, missingType: undefined };

export class NetlinkError extends LvsdError {
  /** Positive errno of a refusal; 0 when the kernel did not answer. */
  readonly errno: number;
  /** Its name, as `EEXIST`; empty when the kernel did not answer. */
  readonly errnoName: string;
  readonly extack: ExtendedAck;

  constructor(
    code: LvsdErrorCode,
    message: string,
    number: number,
    extack: ExtendedAck = NO_EXTACK,
    retriable = false,
  ) {
    const name = number === 0 ? '' : errnoName(number);
    super(code, message, { fields: { errno: number, errnoName: name, ...extack }, retriable });
    this.errno = number;
    this.errnoName = name;
    this.extack = extack;
  }
}

/** The kernel said no. */
export function refused(number: number, extack: ExtendedAck): NetlinkError {
  const sentence = extack.text === undefined ? '' : ` (${extack.text})`;
  const missing = extack.missingType === undefined ? '' : ` (attribute ${extack.missingType} is missing)`;
  const message = `The kernel refused the request: ${errnoName(number)}${sentence}${missing}`;
  return new NetlinkError('LVSD_NETLINK_REFUSED', message, number, extack);
}

/** The kernel said nothing about this request; whether it was done must be read back. */
export function unanswered(why: string): NetlinkError {
  const message = `The kernel gave no answer to the request (${why}): whether it was done must be read back`;
  return new NetlinkError('LVSD_NETLINK_UNANSWERED', message, 0, NO_EXTACK, true);
}
