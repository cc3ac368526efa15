/**
 * VRRP packets, versions 2 and 3, IPv4 and IPv6: from bytes to a view, and the names of what a packet can be refused for.
 *
 * `decodeAdvert` looks at shape only, and is total: any bytes give a view whose every part lies inside the packet, or a
 * reject with a name. Nothing is compared with a configuration here (receive-check.ts), nothing is authenticated
 * (authentication-header.ts, auth-hmac.ts), no checksum is computed. A view refers to the bytes it was read from: it is
 * good until the receive buffer is used again.
 *
 * IPv4 packets begin with their IP header, as raw sockets give them; IPv6 ones with the VRRP header, and their source,
 * destination and hop limit come beside them. Sources: RFC 9568 section 5, RFC 5798 section 5, RFC 3768 section 5,
 * RFC 4302 section 2 (AH), keepalived.md 12.1 and 12.6.
 */
import { type AddressFamily, type IpAddress, readAddress } from '../runtime/addresses.js';
import { VRRP_PROTOCOL } from './checksum.js';

export type VrrpVersion = 2 | 3;

export const AH_PROTOCOL = 51;
export const AH_LENGTH = 24;
export const VRRP_HEADER_LENGTH = 8;
/** Authentication data of version 2 over IPv4 (RFC 3768 section 5.3.10). */
export const AUTH_DATA_LENGTH = 8;
/** The trailer of auth_hmac (auth-hmac.ts). */
export const TRAILER_LENGTH = 28;
/** The only type there is (RFC 9568 section 5.2.2). */
export const ADVERTISEMENT = 1;

/** Authentication types of version 2 (RFC 2338 section 5.3.6). */
export const AUTH_TYPE = { none: 0, pass: 1, ah: 2 } as const;

/** Why a packet was not taken: one name, one counter, one log line each. */
export type VrrpReject =
  | 'short'
  | 'ip-header'
  | 'ip-length'
  | 'fragment'
  | 'protocol'
  | 'length'
  | 'version'
  | 'type'
  | 'ah-presence'
  | 'ah-format'
  | 'ah-digest'
  | 'ah-spi'
  | 'ah-replay'
  | 'ttl'
  | 'auth-type'
  | 'auth-mismatch'
  | 'auth-password'
  | 'interval'
  | 'checksum'
  | 'cast'
  | 'owner'
  | 'peer'
  | 'hmac-missing'
  | 'hmac-malformed'
  | 'hmac-unknown-key'
  | 'hmac-invalid'
  | 'hmac-stale'
  | 'hmac-replay';

/** A packet as a socket gave it. */
export interface ReceivedPacket {
  readonly family: AddressFamily;
  readonly bytes: Uint8Array;
  /** Of IPv6 packets; of IPv4 ones the header is read. */
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** Received hop limit of IPv6, -1 when the kernel did not tell; of IPv4 the header is read. */
  readonly ttl: number;
}

export interface AuthenticationHeader {
  readonly spi: number;
  readonly sequence: number;
  /** HMAC-MD5-96, 12 bytes. */
  readonly digest: Uint8Array;
}

/** An advertisement whose shape is sound. */
export interface AdvertView {
  readonly family: AddressFamily;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit; -1: not known. */
  readonly ttl: number;
  readonly version: VrrpVersion;
  readonly vrid: number;
  /** 0: the sender stops being master; 255: it owns the addresses. */
  readonly priority: number;
  readonly addressCount: number;
  /** Version 2: seconds; version 3: centiseconds, 12 bits. */
  readonly interval: number;
  /** Version 2 only; 0 in version 3. */
  readonly authType: number;
  /** Network order, 4 or 16 bytes each. */
  readonly addresses: Uint8Array;
  /** The 8 bytes of version 2 over IPv4; empty elsewhere. */
  readonly authData: Uint8Array;
  /** Empty when there is none. */
  readonly trailer: Uint8Array;
  readonly ah: AuthenticationHeader | undefined;
  /** The whole packet, and where the VRRP header begins in it. */
  readonly bytes: Uint8Array;
  readonly start: number;
}

export type Decoded =
  | { readonly ok: true; readonly advert: AdvertView }
  | { readonly ok: false; readonly reject: VrrpReject; readonly detail: string; readonly vrid?: number };

const refuse = (reject: VrrpReject, detail: string, vrid?: number): Decoded =>
  vrid === undefined ? { ok: false, reject, detail } : { ok: false, reject, detail, vrid };

/** The VRID of a packet that may be an advertisement; 0, which is nobody's, where there is none. */
export function vridAt({ family, bytes }: ReceivedPacket): number {
  const start = family === 'inet' ? ((bytes[0] ?? 0) & 15) * 4 : 0;
  return bytes[start + 1] ?? 0;
}

/** Who sent a packet. */
export function senderOf({ family, bytes, source }: ReceivedPacket): IpAddress {
  return family === 'inet' && bytes.length >= 20 ? readAddress('inet', bytes, 12) : source;
}

/** Reads a packet's shape. Never throws. */
export function decodeAdvert(packet: ReceivedPacket): Decoded {
  return packet.family === 'inet' ? decodeIpv4(packet.bytes) : decodeMessage(packet, 0, undefined);
}

function decodeIpv4(bytes: Uint8Array): Decoded {
  if (bytes.length < 20) return refuse('short', `IPv4 VRRP packet too short - ${bytes.length} bytes`);
  const first = bytes[0] as number;
  const headerLength = (first & 15) * 4;
  if (first >> 4 !== 4 || headerLength < 20) return refuse('ip-header', `no IPv4 header (first byte ${first})`);
  if (bytes.length < headerLength + VRRP_HEADER_LENGTH) {
    return refuse('short', `IPv4 VRRP packet too short - ${bytes.length} bytes`);
  }
  const total = word(bytes, 2);
  if (total !== bytes.length) {
    const detail = `ip_tot_len mismatch against received length. ${total} and received ${bytes.length}`;
    return refuse('ip-length', detail);
  }
  if ((word(bytes, 6) & 0x3fff) !== 0) return refuse('fragment', 'a fragment of a packet');
  const protocol = bytes[9] as number;
  const facts = {
    family: 'inet' as const,
    bytes,
    source: readAddress('inet', bytes, 12),
    destination: readAddress('inet', bytes, 16),
    ttl: bytes[8] as number,
  };
  if (protocol === VRRP_PROTOCOL) return decodeMessage(facts, headerLength, undefined);
  if (protocol !== AH_PROTOCOL) return refuse('protocol', `IP protocol ${protocol}`);
  const start = headerLength + AH_LENGTH;
  if (bytes.length < start + VRRP_HEADER_LENGTH) {
    return refuse('short', `IPv4 VRRP packet with AH too short - ${bytes.length} bytes`);
  }
  // RFC 4302 section 2.2: in 32-bit words, minus 2.
  if (bytes[headerLength] !== VRRP_PROTOCOL || bytes[headerLength + 1] !== AH_LENGTH / 4 - 2) {
    return refuse('ah-format', `next header ${bytes[headerLength]}, payload length ${bytes[headerLength + 1]}`);
  }
  const ah: AuthenticationHeader = {
    spi: long(bytes, headerLength + 4),
    sequence: long(bytes, headerLength + 8),
    digest: bytes.subarray(headerLength + 12, start),
  };
  return decodeMessage(facts, start, ah);
}

function decodeMessage(packet: ReceivedPacket, start: number, ah: AuthenticationHeader | undefined): Decoded {
  const { family, bytes } = packet;
  if (bytes.length < start + VRRP_HEADER_LENGTH) {
    return refuse('short', `IPv6 VRRP packet too short - ${bytes.length} bytes`);
  }
  const versionAndType = bytes[start] as number;
  const version = versionAndType >> 4;
  const vrid = bytes[start + 1] as number;
  if (version !== 2 && version !== 3) return refuse('version', `wrong version. Received ${version}`, vrid);
  const count = bytes[start + 3] as number;
  const addressesEnd = start + VRRP_HEADER_LENGTH + count * (family === 'inet' ? 4 : 16);
  const messageEnd = addressesEnd + (version === 2 && family === 'inet' ? AUTH_DATA_LENGTH : 0);
  const rest = bytes.length - messageEnd;
  if (rest !== 0 && rest !== TRAILER_LENGTH) {
    const long = rest > 0 ? 'long' : 'short';
    return refuse('length', `vrrp packet too ${long}, length ${bytes.length} and expect ${messageEnd}`, vrid);
  }
  const type = versionAndType & 15;
  if (type !== ADVERTISEMENT) {
    return refuse('type', `Invalid packet type. ${type} and expect ${ADVERTISEMENT}`, vrid);
  }
  const advert: AdvertView = {
    family,
    source: packet.source,
    destination: packet.destination,
    ttl: packet.ttl,
    version,
    vrid,
    priority: bytes[start + 2] as number,
    addressCount: count,
    // RFC 9568 section 5.2.6: the four bits before the interval are reserved and ignored.
    interval: version === 2 ? (bytes[start + 5] as number) : word(bytes, start + 4) & 0x0fff,
    authType: version === 2 ? (bytes[start + 4] as number) : 0,
    addresses: bytes.subarray(start + VRRP_HEADER_LENGTH, addressesEnd),
    authData: bytes.subarray(addressesEnd, messageEnd),
    trailer: bytes.subarray(messageEnd),
    ah,
    bytes,
    start,
  };
  return { ok: true, advert };
}

/** The addresses of an advertisement as text, for people and tests. */
export function addressesOf(advert: AdvertView): readonly IpAddress[] {
  const size = advert.family === 'inet' ? 4 : 16;
  const all: IpAddress[] = [];
  for (let at = 0; at < advert.addresses.length; at += size) {
    all.push(readAddress(advert.family, advert.addresses, at));
  }
  return all;
}

/** The interval of an advertisement in milliseconds. */
export function intervalOf(advert: Pick<AdvertView, 'version' | 'interval'>): number {
  return advert.version === 2 ? advert.interval * 1000 : advert.interval * 10;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function long(bytes: Uint8Array, at: number): number {
  return ((word(bytes, at) << 16) | word(bytes, at + 2)) >>> 0;
}
