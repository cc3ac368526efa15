/**
 * The timers of an election: skew, master-down, and who is higher where priorities are equal.
 *
 * Milliseconds with fractions of a microsecond cut off, as keepalived's own microsecond arithmetic has them
 * (keepalived.md 12.2). RFC 9568 section 6.1 (Skew_Time, Active_Down_Interval), RFC 3768 section 6.1 (whole seconds).
 */
import { addressToBigInt, type IpAddress } from '../runtime/addresses.js';
import type { VrrpVersion } from './packet.js';

/** The priority of a router that owns the addresses (RFC 9568 section 5.2.4). */
export const OWNER = 255;

const cut = (ms: number): number => Math.floor(ms * 1000 + 1e-6) / 1000;

/**
 * How long a backup waits beyond the missed adverts, the longer the lower its priority.
 * @param interval the master's advertisement interval, milliseconds; version 2 does not use it
 * @param priority 0..255
 */
export function skewTime(version: VrrpVersion, interval: number, priority: number): number {
  return cut(((256 - priority) * (version === 2 ? 1000 : interval)) / 256);
}

/** The shortest skew there is: of priority 255. */
export function minimumSkew(version: VrrpVersion, interval: number): number {
  return skewTime(version, interval, OWNER);
}

/** How long after the last advert a backup takes the master for dead. `adverts` is down_timer_adverts, 3 in the RFCs. */
export function masterDownInterval(version: VrrpVersion, interval: number, priority: number, adverts: number): number {
  return adverts * interval + skewTime(version, interval, priority);
}

/** Below 0: a is the lower address; 0: equal (RFC 9568 section 6.4.3: unsigned, network order). */
export function compareAddresses(a: IpAddress, b: IpAddress): -1 | 0 | 1 {
  if (a === b) return 0;
  return addressToBigInt(a) < addressToBigInt(b) ? -1 : 1;
}
