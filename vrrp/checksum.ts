/**
 * The Internet checksum (RFC 1071) as VRRP uses it, and what VRRP puts under it.
 *
 * Version 2 sums its message (RFC 3768 section 5.3.8). Version 3 over IPv6 prepends the pseudo header, and the kernel
 * computes and checks that one (IPV6_CHECKSUM). Version 3 over IPv4 has three forms in the field: with the pseudo header
 * of the packet (RFC 5798 section 5.2.8 as keepalived reads it), with the pseudo header of the multicast group although
 * the packet is unicast (keepalived before 1.4.0, `old_unicast_checksum`), and without (RFC 9568 section 5.2.8,
 * `v3_checksum_as_v2`). Which one an instance speaks is decided elsewhere (receive-check.ts).
 */
import { type IpAddress, type Ipv4, ipv4ToNumber, writeAddress } from '../runtime/addresses.js';

/** IP protocol number of VRRP (RFC 9568 section 5.1.1.4). */
export const VRRP_PROTOCOL = 112;

/** Adds the 16-bit words of `bytes[start..end)` to a sum; an odd last byte is the high half of a word (RFC 1071). */
export function addWords(sum: number, bytes: Uint8Array, start: number, end: number): number {
  let total = sum;
  let at = start;
  for (; at + 1 < end; at += 2) total += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  if (at < end) total += (bytes[at] as number) << 8;
  return total;
}

/** Folds a sum to 16 bits and complements it: the value of a checksum field, or 0 over bytes whose checksum is right. */
export function foldChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** The sum of the IPv4 pseudo header: source, destination, zero, protocol, length of the VRRP message. */
export function ipv4PseudoHeader(source: IpAddress, destination: IpAddress, length: number): number {
  const from = ipv4ToNumber(source as Ipv4);
  const to = ipv4ToNumber(destination as Ipv4);
  return (from >>> 16) + (from & 0xffff) + (to >>> 16) + (to & 0xffff) + VRRP_PROTOCOL + length;
}

/** The sum of the IPv6 pseudo header (RFC 8200 section 8.1). The kernel does this for sockets; tests do it by hand. */
export function ipv6PseudoHeader(source: IpAddress, destination: IpAddress, length: number): number {
  const room = new Uint8Array(32);
  writeAddress(source, room, 0);
  writeAddress(destination, room, 16);
  return addWords(0, room, 0, 32) + (length >>> 16) + (length & 0xffff) + VRRP_PROTOCOL;
}
