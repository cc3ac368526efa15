/**
 * The frames that tell a segment where an address is: gratuitous ARP and unsolicited neighbour advertisement.
 *
 * Byte for byte keepalived's (fixtures/vrrp): an ARP request of the address for itself whose target hardware address is
 * broadcast (RFC 5227 section 3, RFC 826), and a neighbour advertisement to all nodes with the override flag and the
 * target's link-layer address (RFC 4861 section 4.4). Ethernet only. No I/O.
 */
import { type IpAddress, type Ipv6, isIpv6, parseIpv6, writeAddress } from '../runtime/addresses.js';
import { addWords, foldChecksum } from './checksum.js';

const BROADCAST = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] as const;
/** ff02::1 (RFC 4291 section 2.7.1) and its Ethernet address (RFC 2464 section 7). */
const ALL_NODES = parseIpv6('ff02::1') as Ipv6;
const ALL_NODES_HARDWARE = [0x33, 0x33, 0, 0, 0, 1] as const;
const ICMPV6 = 58;
const NEIGHBOR_ADVERTISEMENT = 136;
const TARGET_LINK_LAYER_ADDRESS = 2;

/**
 * The frame that announces an address, Ethernet header included.
 * @param hardware the six bytes of the interface (of the VMAC where there is one)
 * @param router IPv6: whether the interface forwards (the R flag)
 */
export function announceFrame(address: IpAddress, hardware: Uint8Array, router = false): Uint8Array {
  return isIpv6(address) ? neighborAdvertisement(address, hardware, router) : gratuitousArp(address, hardware);
}

function gratuitousArp(address: IpAddress, hardware: Uint8Array): Uint8Array {
  const frame = new Uint8Array(42);
  frame.set(BROADCAST, 0);
  frame.set(hardware, 6);
  // EtherType ARP; Ethernet, IPv4, their lengths, request.
  frame.set([0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 1], 12);
  frame.set(hardware, 22);
  writeAddress(address, frame, 28);
  frame.set(BROADCAST, 32);
  writeAddress(address, frame, 38);
  return frame;
}

function neighborAdvertisement(address: Ipv6, hardware: Uint8Array, router: boolean): Uint8Array {
  const frame = new Uint8Array(86);
  frame.set(ALL_NODES_HARDWARE, 0);
  frame.set(hardware, 6);
  // EtherType IPv6; version 6, no class, no flow label; payload of 32 bytes, ICMPv6, hop limit 255.
  frame.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, ICMPV6, 255], 12);
  writeAddress(address, frame, 22);
  writeAddress(ALL_NODES, frame, 38);
  frame[54] = NEIGHBOR_ADVERTISEMENT;
  frame[58] = 0x20 | (router ? 0x80 : 0);
  writeAddress(address, frame, 62);
  frame.set([TARGET_LINK_LAYER_ADDRESS, 1], 78);
  frame.set(hardware, 80);
  // Pseudo header: both addresses, length, next header.
  const checksum = foldChecksum(addWords(addWords(32 + ICMPV6, frame, 22, 54), frame, 54, 86));
  frame[56] = checksum >> 8;
  frame[57] = checksum & 0xff;
  return frame;
}
