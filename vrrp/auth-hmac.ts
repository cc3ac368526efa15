/**
 * auth_hmac: the authenticated trailer that keepalived 2.4.2 and later append to an advertisement
 * (draft-cassen-vrrp-auth-hmac; keepalived.md 11; anchors.md 3d).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |   type (1)    |    key id     |         reserved (0)          |
 *     |                 seconds since 1970 (32 bits)                  |
 *     |   1/65536 s   |               |   counter within one instant  |
 *     |        HMAC-SHA-256, the first 128 bits                       |
 *
 * The HMAC covers a pseudo header (family 4 or 6, version, VRID, zero, source address in 16 bytes), the VRRP message with
 * its checksum read as zero (the kernel writes the IPv6 one after signing), and the trailer with its HMAC as zero. The
 * 64 bits of time and counter are a serial number (RFC 1982): receivers take only growth, and in time mode only what is
 * within the window. One advertisement is signed once, its copies to unicast peers are equal. 2.4.0 and 2.4.1 put other
 * bytes on the wire and are not spoken.
 *
 * Pure: the wall clock and the state are handed in.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type AddressFamily, type IpAddress, writeAddress } from '../runtime/addresses.js';
import { type AdvertView, TRAILER_LENGTH, type VrrpVersion } from './packet.js';

const TYPE_HMAC_SHA256 = 1;
const HMAC_LENGTH = 16;
/** Multicast senders whose last serial number is remembered; more than a few at once means contention. */
const MULTICAST_SENDERS = 4;
const CHECKSUM_OFFSET = 6;

export interface HmacParameters {
  /** By key id, 1..255; 32 to 64 bytes each. */
  readonly keys: ReadonlyMap<number, Uint8Array>;
  readonly activeKey: number;
  /** `time`: within the window and growing; `monotonic`: growing. */
  readonly antiReplay: 'time' | 'monotonic';
  /** Seconds, 1..300; keepalived's default is the larger of 5 and three advertisement intervals. */
  readonly timeWindow: number;
  /** enforce: unsigned ones are dropped; permissive: accepted; receive-only: accepted, and nothing is signed. */
  readonly mode: 'enforce' | 'permissive' | 'receive-only';
}

/** What an instance remembers between packets. */
export interface HmacState {
  /** The last serial number sent; 0n: none. */
  readonly sent: bigint;
  /** The last one taken from each sender, the one heard longest ago first. */
  readonly heard: readonly { readonly source: IpAddress; readonly serial: bigint }[];
}

export const INITIAL_HMAC_STATE: HmacState = { sent: 0n, heard: [] };

/** RFC 1982: whether a is later than b, over 64 bits. */
function later(a: bigint, b: bigint): boolean {
  return BigInt.asIntN(64, a - b) > 0n;
}

/** Signed distance of two 32-bit second counts that may have wrapped. */
function secondsBetween(a: number, b: number): number {
  return (a - b) | 0;
}

const secondsOf = (serial: bigint): number => Number(serial >> 32n) >>> 0;

/** The serial number of an instant with the counter at zero. `wall` in milliseconds since 1970. */
function serialAt(wall: number): bigint {
  const seconds = Math.floor(wall / 1000);
  const fraction = Math.floor(((wall - seconds * 1000) * 65536) / 1000);
  return (BigInt(seconds >>> 0) << 32n) | (BigInt(fraction) << 16n);
}

/**
 * The serial number for the next advertisement: the clock's, or one more than the last when the clock has not moved on.
 * In time mode a number that a clock set back has stranded beyond the window is given up; in monotonic mode growth is all
 * there is, so it goes on growing.
 */
export function nextSerial(state: HmacState, parameters: HmacParameters, wall: number): bigint {
  const clock = serialAt(wall);
  if (state.sent === 0n || later(clock, state.sent)) return clock;
  const ahead = secondsBetween(secondsOf(state.sent), secondsOf(clock));
  if (parameters.antiReplay === 'time' && ahead > parameters.timeWindow) return clock;
  return BigInt.asUintN(64, state.sent + 1n);
}

interface Signed {
  readonly family: AddressFamily;
  readonly version: VrrpVersion;
  readonly vrid: number;
  readonly source: IpAddress;
}

function digest(key: Uint8Array, signed: Signed, message: Uint8Array): Buffer {
  const pseudo = new Uint8Array(20);
  pseudo[0] = signed.family === 'inet6' ? 6 : 4;
  pseudo[1] = signed.version;
  pseudo[2] = signed.vrid;
  writeAddress(signed.source, pseudo, 4);
  const canonical = Buffer.from(message);
  canonical.fill(0, CHECKSUM_OFFSET, CHECKSUM_OFFSET + 2);
  canonical.fill(0, canonical.length - HMAC_LENGTH);
  return createHmac('sha256', key).update(pseudo).update(canonical).digest().subarray(0, HMAC_LENGTH);
}

/**
 * Writes the trailer into the last 28 bytes of a message.
 * @param message VRRP header to the end of the trailer
 * @param serial from `nextSerial`
 */
export function signTrailer(message: Uint8Array, signed: Signed, parameters: HmacParameters, serial: bigint): void {
  const at = message.length - TRAILER_LENGTH;
  const view = new DataView(message.buffer, message.byteOffset + at, TRAILER_LENGTH);
  view.setUint8(0, TYPE_HMAC_SHA256);
  view.setUint8(1, parameters.activeKey);
  view.setUint16(2, 0);
  view.setBigUint64(4, serial);
  message.fill(0, at + 12);
  const key = parameters.keys.get(parameters.activeKey);
  // A configuration without its active key is refused when it is read; a zero HMAC is dropped by every receiver.
  if (key !== undefined) message.set(digest(key, signed, message), at + 12);
}

export type HmacResult =
  | { readonly ok: true; readonly state: HmacState; readonly skew: number }
  | {
      readonly ok: false;
      readonly reject: 'hmac-malformed' | 'hmac-unknown-key' | 'hmac-invalid' | 'hmac-stale' | 'hmac-replay';
      /** Seconds by which our clock is ahead of the sender's; of stale ones. */
      readonly skew?: number;
    };

/**
 * Checks the trailer of a received advertisement. The window is looked at before the HMAC is computed, so a flood of old
 * captures costs nothing; what is remembered of a sender changes only by what has verified.
 * @param wall milliseconds since 1970
 * @param unicastPeers how many peers there are, 0 for multicast: bounds what is remembered
 */
export function checkTrailer(
  advert: AdvertView,
  parameters: HmacParameters,
  state: HmacState,
  wall: number,
  unicastPeers: number,
): HmacResult {
  const { trailer } = advert;
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength);
  if (trailer.length !== TRAILER_LENGTH || view.getUint8(0) !== TYPE_HMAC_SHA256 || view.getUint16(2) !== 0) {
    return { ok: false, reject: 'hmac-malformed' };
  }
  const serial = view.getBigUint64(4);
  const now = Math.floor(wall / 1000) >>> 0;
  const skew = secondsBetween(now, secondsOf(serial));
  const timed = parameters.antiReplay === 'time';
  if (timed && Math.abs(skew) > parameters.timeWindow) return { ok: false, reject: 'hmac-stale', skew };
  const key = parameters.keys.get(view.getUint8(1));
  if (key === undefined) return { ok: false, reject: 'hmac-unknown-key' };
  const expected = digest(key, advert, advert.bytes.subarray(advert.start));
  if (!timingSafeEqual(expected, trailer.subarray(12))) return { ok: false, reject: 'hmac-invalid' };
  const known = state.heard.find((sender) => sender.source === advert.source);
  // A mark outside the window orders only what the window refuses anyway: a sender whose clock was set back gets on.
  const expired =
    known !== undefined && timed && Math.abs(secondsBetween(now, secondsOf(known.serial))) > parameters.timeWindow;
  if (known !== undefined && !expired && !later(serial, known.serial)) return { ok: false, reject: 'hmac-replay' };
  const others = state.heard.filter((sender) => sender !== known);
  const heard = [...others, { source: advert.source, serial }].slice(-Math.max(MULTICAST_SENDERS, unicastPeers));
  return { ok: true, state: { sent: state.sent, heard }, skew };
}
