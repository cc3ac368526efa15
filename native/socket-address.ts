/**
 * sockaddr bytes: built and read for inet, inet6, unix, netlink and packet (bits/socket.h, ip(7), ipv6(7), unix(7),
 * netlink(7), packet(7)). Host order is little-endian on every machine that lvsd is built for.
 */
import { familyOf, type IpAddress, readAddress, writeAddress } from '../runtime/addresses.js';
import type { Port } from '../runtime/units.js';
import { AF } from './socket-options.js';

/** The bytes of a struct sockaddr. */
export type SocketAddress = Uint8Array;

/**
 * sockaddr_in or sockaddr_in6, by the address's family.
 * @param port 0..65535; 0 lets the kernel choose (or stands for a raw socket)
 * @param scope interface index of an IPv6 link-local address, else 0
 */
export function inetAddress(address: IpAddress, port: Port | 0 = 0, scope = 0): SocketAddress {
  if (familyOf(address) === 'inet') {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt16LE(AF.INET, 0);
    bytes.writeUInt16BE(port, 2);
    writeAddress(address, bytes, 4);
    return bytes;
  }
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(AF.INET6, 0);
  bytes.writeUInt16BE(port, 2);
  writeAddress(address, bytes, 8);
  bytes.writeUInt32LE(scope, 24);
  return bytes;
}

/**
 * sockaddr_un. A path that begins with NUL is in the abstract namespace.
 * @throws RangeError when the path is longer than 107 bytes
 */
export function unixAddress(path: string): SocketAddress {
  const name = Buffer.from(path);
  if (name.length > 107) throw new RangeError(`A socket path may have 107 bytes, this one has ${name.length}: ${path}`);
  const bytes = Buffer.alloc(2 + name.length + (path.startsWith('\0') ? 0 : 1));
  bytes.writeUInt16LE(AF.UNIX, 0);
  name.copy(bytes, 2);
  return bytes;
}

/**
 * sockaddr_nl.
 * @param portId 0 is the kernel (as a destination) or "choose one" (in bind)
 * @param groups bit mask of the first 32 multicast groups
 */
export function netlinkAddress(portId = 0, groups = 0): SocketAddress {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(AF.NETLINK, 0);
  bytes.writeUInt32LE(portId >>> 0, 4);
  bytes.writeUInt32LE(groups >>> 0, 8);
  return bytes;
}

/**
 * sockaddr_ll.
 * @param protocol EtherType, host order (0x0806 is ARP)
 * @param index interface index
 * @param hardware destination link-layer address, for sending
 */
export function packetAddress(
  protocol: number,
  index: number,
  hardware: Uint8Array = new Uint8Array(0),
): SocketAddress {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16LE(AF.PACKET, 0);
  bytes.writeUInt16BE(protocol, 2);
  bytes.writeInt32LE(index, 4);
  bytes.writeUInt8(hardware.length, 11);
  bytes.set(hardware.subarray(0, 8), 12);
  return bytes;
}

export type ReadSocketAddress =
  | { readonly family: 'inet' | 'inet6'; readonly address: IpAddress; readonly port: number; readonly scope: number }
  | { readonly family: 'netlink'; readonly portId: number; readonly groups: number }
  | { readonly family: 'packet'; readonly protocol: number; readonly index: number; readonly packetType: number }
  | { readonly family: 'unix'; readonly path: string }
  | { readonly family: 'none' };

/** Reads a sockaddr; `none` when it is empty, cut, or of another family. */
export function readSocketAddress(bytes: Uint8Array): ReadSocketAddress {
  if (bytes.length < 2) return { family: 'none' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(0, true);
  if (family === AF.INET && bytes.length >= 8) {
    return { family: 'inet', address: readAddress('inet', bytes, 4), port: view.getUint16(2), scope: 0 };
  }
  if (family === AF.INET6 && bytes.length >= 28) {
    const scope = view.getUint32(24, true);
    return { family: 'inet6', address: readAddress('inet6', bytes, 8), port: view.getUint16(2), scope };
  }
  if (family === AF.NETLINK && bytes.length >= 12) {
    return { family: 'netlink', portId: view.getUint32(4, true), groups: view.getUint32(8, true) };
  }
  if (family === AF.PACKET && bytes.length >= 12) {
    return {
      family: 'packet',
      protocol: view.getUint16(2),
      index: view.getInt32(4, true),
      packetType: view.getUint8(10),
    };
  }
  if (family === AF.UNIX) {
    const name = Buffer.from(bytes.subarray(2)).toString();
    const end = name.indexOf('\0', 1);
    return { family: 'unix', path: end < 0 ? name : name.slice(0, end) };
  }
  return { family: 'none' };
}
