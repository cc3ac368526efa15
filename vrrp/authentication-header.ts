/**
 * The IPsec authentication header as keepalived puts it before a version 2 advertisement (`auth_type AH`).
 *
 * HMAC-MD5-96 (RFC 2403) over the packet with the header's mutable fields as zero: TOS, flags and fragment offset, header
 * checksum, and TTL when the packet is unicast. The key is the first eight bytes of auth_pass, padded with zeros; the SPI
 * is the sender's address. This protects little: the key is short, MD5 is old, and all routers share one counter. It is
 * here because configurations have it. Pure; the counter lives with its instance.
 *
 * Sources: RFC 2402 section 3.3.3.1 (mutable fields), RFC 2403, RFC 2338 section 5.3.6.3, keepalived.md 11 and 12.1.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Ipv4, ipv4ToNumber } from '../runtime/addresses.js';
import { type AdvertView, AH_LENGTH } from './packet.js';

const DIGEST_LENGTH = 12;
/** Beyond this the counter would wrap: at one advert a second, 136 years. */
const LAST_SEQUENCE = 0xfffffffd;

/**
 * The ICV of a packet.
 * @param packet IP header (with options, if any), AH and VRRP message
 * @param headerLength bytes of the IP header
 * @param unicast whether TTL counts as mutable
 * @param key 8 bytes
 */
export function ahDigest(packet: Uint8Array, headerLength: number, unicast: boolean, key: Uint8Array): Buffer {
  const canonical = Buffer.from(packet);
  canonical[1] = 0;
  canonical.fill(0, 6, 8);
  if (unicast) canonical[8] = 0;
  canonical.fill(0, 10, 12);
  canonical.fill(0, headerLength + 12, headerLength + AH_LENGTH);
  return createHmac('md5', key).update(canonical).digest().subarray(0, DIGEST_LENGTH);
}

/** One counter for what is sent and what is received, as keepalived has it: a backup follows the master's. */
export interface AhCounter {
  readonly sequence: number;
}

export const INITIAL_AH_COUNTER: AhCounter = { sequence: 0 };

/** The counter for the next advertisement that is sent. It stands still at its end rather than wrap. */
export function nextAhCounter(counter: AhCounter): AhCounter {
  return { sequence: Math.min(counter.sequence + 1, LAST_SEQUENCE) };
}

export type AhResult =
  | { readonly ok: true; readonly counter: AhCounter }
  | { readonly ok: false; readonly reject: 'ah-digest' | 'ah-spi' | 'ah-replay'; readonly detail: string };

/**
 * Checks the header of a received advertisement: digest first, because nothing else can be believed before it, then SPI,
 * then that the counter grew.
 */
export function checkAh(advert: AdvertView, counter: AhCounter, unicast: boolean, key: Uint8Array): AhResult {
  const { ah, bytes, start } = advert;
  if (ah === undefined) return { ok: false, reject: 'ah-digest', detail: 'there is no AH' };
  const headerLength = start - AH_LENGTH;
  if (!timingSafeEqual(ahDigest(bytes, headerLength, unicast, key), ah.digest)) {
    const detail = 'IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !';
    return { ok: false, reject: 'ah-digest', detail };
  }
  const source = ipv4ToNumber(advert.source as Ipv4);
  if (ah.spi !== source) {
    const detail = `IPSEC AH : invalid IPSEC SPI value. ${ah.spi} and expect ${source}`;
    return { ok: false, reject: 'ah-spi', detail };
  }
  if (ah.sequence <= counter.sequence) {
    const detail = `IPSEC-AH : sequence number ${ah.sequence} already processed. Packet dropped. Local(${counter.sequence})`;
    return { ok: false, reject: 'ah-replay', detail };
  }
  return { ok: true, counter: { sequence: ah.sequence } };
}
