/**
 * Sockets with what Node has no call for: any family and type, marks, devices, ancillary data.
 *
 * Everything is non-blocking. The calls for which "not now" is ordinary (`connect`, `send`, `receive`) return minus errno;
 * the others throw a SystemCallError. Batches by recvmmsg and sendmmsg are in `socket-batch.ts`, addresses in
 * `socket-address.ts`, option numbers in `socket-options.ts`.
 */
import { addon } from './addon.js';
import { type Fd, ownedFd } from './descriptor.js';
import { type ReadSocketAddress, readSocketAddress, type SocketAddress } from './socket-address.js';
import { IP, IPPROTO, SO, SOL } from './socket-options.js';
import { checked } from './system-call-error.js';

/**
 * Opens a socket, close-on-exec and non-blocking.
 * @param family one of AF
 * @param type one of SOCK
 * @param protocol one of IPPROTO or NETLINK, 0 for the family's own choice, for AF_PACKET the EtherType in network order
 */
export function openSocket(family: number, type: number, protocol: number): Fd {
  const what = `Opening a socket (family ${family}, type ${type}, protocol ${protocol})`;
  return ownedFd(addon.socket(family, type, protocol), 'socket', what);
}

export function bind(fd: Fd, address: SocketAddress): void {
  checked(addon.bind(fd, address), 'bind', `Binding a socket to ${nameOf(address)}`);
}

/**
 * Begins to connect.
 * @returns 0 when it is connected at once, or minus errno; -115 (EINPROGRESS) is the usual answer of TCP, after which
 *   the socket becomes writable and `socketError` tells how it ended
 */
export function connect(fd: Fd, address: SocketAddress): number {
  return addon.connect(fd, address);
}

export function listen(fd: Fd, backlog: number): void {
  checked(addon.listen(fd, backlog), 'listen', 'Listening on a socket');
}

/** The address that the socket is bound to (for netlink: its port id). */
export function localAddress(fd: Fd): ReadSocketAddress {
  const room = new Uint8Array(128);
  return readSocketAddress(room.subarray(0, checked(addon.getsockname(fd, room), 'getsockname', 'Asking a socket')));
}

/** The address at the other end. */
export function peerAddress(fd: Fd): ReadSocketAddress {
  const room = new Uint8Array(128);
  return readSocketAddress(room.subarray(0, checked(addon.getpeername(fd, room), 'getpeername', 'Asking a socket')));
}

/** Sets an option that is an int (32 bits, signed or not). */
export function setOption(fd: Fd, level: number, option: number, value: number): void {
  setOptionBytes(fd, level, option, new Uint8Array(Int32Array.of(value).buffer));
}

/** Sets an option that is a struct or a string. */
export function setOptionBytes(fd: Fd, level: number, option: number, value: Uint8Array): void {
  checked(addon.setsockopt(fd, level, option, value), 'setsockopt', `Setting socket option ${level}/${option}`);
}

/** Reads an option that is an int. */
export function getOption(fd: Fd, level: number, option: number): number {
  const room = new Int32Array(1);
  const bytes = new Uint8Array(room.buffer);
  checked(addon.getsockopt(fd, level, option, bytes), 'getsockopt', `Reading socket option ${level}/${option}`);
  return room[0] as number;
}

/** Reads an option that is a struct or a string of at most `size` bytes. */
export function getOptionBytes(fd: Fd, level: number, option: number, size: number): Uint8Array {
  const room = new Uint8Array(size);
  const what = `Reading socket option ${level}/${option}`;
  return room.subarray(0, checked(addon.getsockopt(fd, level, option, room), 'getsockopt', what));
}

/** SO_ERROR: the pending error as a positive errno, 0 when there is none; reading clears it. */
export function socketError(fd: Fd): number {
  return getOption(fd, SOL.SOCKET, SO.ERROR);
}

/** SO_MARK: the firewall mark of what is sent, 0..4294967295. Needs CAP_NET_ADMIN (or CAP_NET_RAW from Linux 5.17). */
export function setMark(fd: Fd, mark: number): void {
  setOption(fd, SOL.SOCKET, SO.MARK, mark | 0);
}

/** SO_BINDTODEVICE. The first time needs no capability from Linux 5.7 on. */
export function bindToDevice(fd: Fd, device: string): void {
  const what = `Binding a socket to device ${device}`;
  checked(addon.setsockopt(fd, SOL.SOCKET, SO.BINDTODEVICE, Buffer.from(`${device}\0`)), 'setsockopt', what);
}

/**
 * IP_BIND_ADDRESS_NO_PORT: a bind to port 0 leaves the choice of port to connect. Without it every bind searches the
 * whole port range: 870 us a check against 34, measured. IPv6 sockets take it too.
 */
export function bindWithoutPort(fd: Fd): void {
  setOption(fd, IPPROTO.IP, IP.BIND_ADDRESS_NO_PORT, 1);
}

/**
 * Sends one message.
 * @returns bytes sent, or minus errno
 */
export function send(
  fd: Fd,
  data: Uint8Array,
  to: SocketAddress | null = null,
  control: Uint8Array | null = null,
  flags = 0,
): number {
  return addon.sendmsg(fd, data, flags, to, control);
}

const lengths = new Int32Array(3);

export interface Received {
  /** Bytes in the room, or minus errno. */
  readonly bytes: number;
  /** Bytes of the sender's address. */
  readonly senderBytes: number;
  /** Bytes of ancillary data. */
  readonly controlBytes: number;
  /** MSG_TRUNC, MSG_CTRUNC... */
  readonly flags: number;
}

/** Receives one message. Descriptors in its ancillary data are closed: those come through `receiveWithDescriptors`. */
export function receive(
  fd: Fd,
  room: Uint8Array,
  sender: Uint8Array | null = null,
  control: Uint8Array | null = null,
  flags = 0,
): Received {
  const bytes = addon.recvmsg(fd, room, flags, sender, control, lengths);
  if (bytes < 0) return { bytes, senderBytes: 0, controlBytes: 0, flags: 0 };
  return {
    bytes,
    senderBytes: lengths[0] as number,
    controlBytes: lengths[1] as number,
    flags: lengths[2] as number,
  };
}

export interface ControlPart {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

const align = (length: number): number => (length + 7) & ~7;

/** Ancillary data (cmsg(3)) of 64-bit Linux. */
export function encodeControl(parts: readonly ControlPart[]): Uint8Array {
  const bytes = Buffer.alloc(parts.reduce((sum, part) => sum + 16 + align(part.data.length), 0));
  let at = 0;
  for (const part of parts) {
    bytes.writeBigUInt64LE(BigInt(16 + part.data.length), at);
    bytes.writeInt32LE(part.level, at + 8);
    bytes.writeInt32LE(part.type, at + 12);
    bytes.set(part.data, at + 16);
    at += 16 + align(part.data.length);
  }
  return bytes;
}

/** Reads ancillary data; stops at the first part that is cut. */
export function decodeControl(bytes: Uint8Array): ControlPart[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: ControlPart[] = [];
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < 16 || at + length > bytes.length) break;
    parts.push({
      level: view.getInt32(at + 8, true),
      type: view.getInt32(at + 12, true),
      data: bytes.subarray(at + 16, at + length),
    });
    at += align(length);
  }
  return parts;
}

function nameOf(address: SocketAddress): string {
  const read = readSocketAddress(address);
  switch (read.family) {
    case 'inet':
    case 'inet6':
      return `${read.address} port ${read.port}`;
    case 'unix':
      return read.path.replace('\0', '@');
    case 'netlink':
      return `netlink port ${read.portId}`;
    case 'packet':
      return `interface ${read.index}`;
    case 'none':
      return 'an unknown address';
  }
}
