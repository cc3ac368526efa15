/**
 * VRRP packets: from what an instance says to bytes.
 *
 * An `AdvertForm` is what does not change from one advertisement to the next; it is made once for a configuration. From it
 * and the few things that do change, `encodeAdvert` makes the packet as a raw socket wants it: IPv4 with its IP header
 * (IP_HDRINCL; the kernel fills the header checksum), IPv6 from the VRRP header on, with its checksum as zero (the kernel
 * fills it, IPV6_CHECKSUM). Byte for byte what keepalived sends: TOS 0xC0, no fragment bits, an identification that counts
 * advertisements and is never 0 (keepalived.md 12.1). Sources: RFC 9568 section 5, RFC 3768 section 5, RFC 2338 section 5.
 */
import { type AddressFamily, type IpAddress, type Ipv4, ipv4ToNumber, writeAddress } from '../runtime/addresses.js';
import { type HmacParameters, signTrailer } from './auth-hmac.js';
import { ahDigest } from './authentication-header.js';
import { addWords, foldChecksum, ipv4PseudoHeader, VRRP_PROTOCOL } from './checksum.js';
import {
  ADVERTISEMENT,
  AH_LENGTH,
  AH_PROTOCOL,
  AUTH_DATA_LENGTH,
  AUTH_TYPE,
  TRAILER_LENGTH,
  VRRP_HEADER_LENGTH,
  type VrrpVersion,
} from './packet.js';

/** How an instance authenticates what it sends and hears. A key of PASS and AH is 8 bytes, padded with zeros. */
export type Authentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'pass'; readonly key: Uint8Array }
  | { readonly kind: 'ah'; readonly key: Uint8Array }
  | { readonly kind: 'hmac'; readonly parameters: HmacParameters };

/** What is under the checksum of version 3 over IPv4 (checksum.ts). */
export type ChecksumForm = 'pseudo-header' | 'multicast-pseudo-header' | 'message-only';

export interface AdvertForm {
  readonly family: AddressFamily;
  readonly version: VrrpVersion;
  readonly vrid: number;
  readonly addressCount: number;
  /** In network order. */
  readonly addresses: Uint8Array;
  /** Version 2: seconds 1..255; version 3: centiseconds 1..4095. */
  readonly interval: number;
  readonly source: IpAddress;
  /** IPv4 only; of IPv6 it is the socket's matter. */
  readonly ttl: number;
  readonly multicastGroup: IpAddress;
  readonly authentication: Authentication;
}

/** What differs between two advertisements of one instance. */
export interface AdvertMoment {
  readonly priority: number;
  /** A peer, or the multicast group. */
  readonly destination: IpAddress;
  readonly unicast: boolean;
  readonly checksum: ChecksumForm;
  /** IPv4: 1..65535. */
  readonly identification: number;
  /** With AH. */
  readonly ahSequence?: number;
  /** With auth_hmac, unless it only receives. */
  readonly serial?: bigint;
}

/** The first eight bytes of auth_pass, padded with zeros: what is longer is cut off, as keepalived does (keepalived.md 24). */
export function legacyKey(password: string): Uint8Array {
  const key = new Uint8Array(AUTH_DATA_LENGTH);
  key.set(Buffer.from(password).subarray(0, AUTH_DATA_LENGTH));
  return key;
}

/** Addresses of one family in network order, one after the other. */
export function addressBytes(addresses: readonly IpAddress[], family: AddressFamily): Uint8Array {
  const size = family === 'inet' ? 4 : 16;
  const bytes = new Uint8Array(addresses.length * size);
  addresses.forEach((address, index) => {
    writeAddress(address, bytes, index * size);
  });
  return bytes;
}

/** Bytes of a packet of this form, IP header included where we write it. */
export function advertLength(form: AdvertForm): number {
  const { family, version, authentication } = form;
  const authData = family === 'inet' && version === 2 ? AUTH_DATA_LENGTH : 0;
  return headersLength(form) + VRRP_HEADER_LENGTH + form.addresses.length + authData + trailerLength(authentication);
}

function headersLength({ family, authentication }: AdvertForm): number {
  if (family === 'inet6') return 0;
  return 20 + (authentication.kind === 'ah' ? AH_LENGTH : 0);
}

function trailerLength(authentication: Authentication): number {
  if (authentication.kind !== 'hmac' || authentication.parameters.mode === 'receive-only') return 0;
  return TRAILER_LENGTH;
}

/** The bytes of one advertisement. */
export function encodeAdvert(form: AdvertForm, moment: AdvertMoment): Uint8Array {
  const { family, version, authentication } = form;
  const bytes = new Uint8Array(advertLength(form));
  const start = headersLength(form);
  if (family === 'inet') writeIpv4Header(bytes, form, moment);
  bytes[start] = (version << 4) | ADVERTISEMENT;
  bytes[start + 1] = form.vrid;
  bytes[start + 2] = moment.priority;
  bytes[start + 3] = form.addressCount;
  if (version === 2) {
    bytes[start + 4] =
      authentication.kind === 'none' || authentication.kind === 'hmac' ? 0 : AUTH_TYPE[authentication.kind];
    bytes[start + 5] = form.interval;
  } else {
    bytes[start + 4] = (form.interval >> 8) & 0x0f;
    bytes[start + 5] = form.interval & 0xff;
  }
  bytes.set(form.addresses, start + VRRP_HEADER_LENGTH);
  const messageEnd = bytes.length - trailerLength(authentication);
  if (family === 'inet') {
    if (authentication.kind === 'pass') bytes.set(authentication.key, messageEnd - AUTH_DATA_LENGTH);
    const checksum = foldChecksum(addWords(pseudoHeader(form, moment, messageEnd - start), bytes, start, messageEnd));
    bytes[start + 6] = checksum >> 8;
    bytes[start + 7] = checksum & 0xff;
  }
  if (authentication.kind === 'hmac' && moment.serial !== undefined && messageEnd < bytes.length) {
    signTrailer(bytes.subarray(start), form, authentication.parameters, moment.serial);
  }
  if (authentication.kind === 'ah' && family === 'inet') writeAh(bytes, form, moment, authentication.key);
  return bytes;
}

function pseudoHeader(form: AdvertForm, moment: AdvertMoment, length: number): number {
  if (form.version === 2 || moment.checksum === 'message-only') return 0;
  const destination = moment.checksum === 'pseudo-header' ? moment.destination : form.multicastGroup;
  return ipv4PseudoHeader(form.source, destination, length);
}

function writeIpv4Header(bytes: Uint8Array, form: AdvertForm, moment: AdvertMoment): void {
  bytes[0] = 0x45;
  bytes[1] = 0xc0;
  bytes[2] = bytes.length >> 8;
  bytes[3] = bytes.length & 0xff;
  bytes[4] = moment.identification >> 8;
  bytes[5] = moment.identification & 0xff;
  bytes[8] = form.ttl;
  bytes[9] = form.authentication.kind === 'ah' ? AH_PROTOCOL : VRRP_PROTOCOL;
  writeAddress(form.source, bytes, 12);
  writeAddress(moment.destination, bytes, 16);
}

function writeAh(bytes: Uint8Array, form: AdvertForm, moment: AdvertMoment, key: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint8(20, VRRP_PROTOCOL);
  view.setUint8(21, AH_LENGTH / 4 - 2);
  view.setUint32(24, ipv4ToNumber(form.source as Ipv4));
  view.setUint32(28, moment.ahSequence ?? 0);
  bytes.set(ahDigest(bytes, 20, moment.unicast, key), 32);
}
