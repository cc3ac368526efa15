/**
 * bfd_instance (keepalived.md 20; RFC 5880, RFC 5881, RFC 5883).
 */
import type { IpAddress } from '../runtime/addresses.js';
import type { Milliseconds } from '../runtime/units.js';
import type { Position } from './position.js';

export interface BfdInstance {
  /** At most 31 characters. */
  readonly name: string;
  readonly neighbor: IpAddress;
  readonly source: IpAddress | undefined;
  /** Required Min RX Interval; three digits after the point. */
  readonly minRx: Milliseconds;
  /** Desired Min TX Interval. */
  readonly minTx: Milliseconds;
  /** Interval while the session is not up. */
  readonly idleTx: Milliseconds;
  /** Detect Mult, 1..255. */
  readonly multiplier: number;
  /** Waits for the neighbour to speak first. */
  readonly passive: boolean;
  /** TTL or hop limit of what is sent, 1..255. */
  readonly ttl: number;
  /** Hops that a received packet may have made, -1 (any)..255. */
  readonly maxHops: number;
  /** Port 4784 (RFC 5883) instead of 3784. */
  readonly multihop: boolean;
  /** -253..253, for track_bfd lines that say none. */
  readonly weight: number;
  readonly reverse: boolean;
  /** VRRP hears of it. */
  readonly forVrrp: boolean;
  /** BFD_CHECK hears of it. */
  readonly forChecker: boolean;
  readonly at: Position;
}
