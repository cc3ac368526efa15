/**
 * The raw socket through which the adverts of one scope go out and come in: an interface, or a unicast source.
 *
 * IPv4 packets carry their own header (IP_HDRINCL); of IPv6 ones the kernel makes header and checksum. Set up as
 * keepalived's are (keepalived.md 12.8): bound to the device, the multicast group joined on it, no copies of our own,
 * internet control precedence. One socket a scope, because the kernel allows 20 groups a socket and an interface each
 * (node-io.md b). What arrives is handed on as it is; nothing is decided here.
 */
import { closeFd, type Fd } from '../native/descriptor.js';
import { type Watch, watch } from '../native/readiness.js';
import { bind, bindToDevice, openSocket, send, setOption, setOptionBytes } from '../native/socket.js';
import { inetAddress } from '../native/socket-address.js';
import { ReceiveBatch } from '../native/socket-batch.js';
import { AF, IP, IPPROTO, IPV6, SO, SOCK, SOL } from '../native/socket-options.js';
import { errno } from '../native/system-call-error.js';
import { type AddressFamily, type IpAddress, writeAddress } from '../runtime/addresses.js';
import { VRRP_PROTOCOL } from './checksum.js';
import { AH_PROTOCOL, type ReceivedPacket } from './packet.js';

/** Precedence 6, internet control (RFC 791), as TOS byte and traffic class. */
const INTERNETWORK_CONTROL = 0xc0;
const CONTROL_PRIORITY = 6;
const HOP_LIMIT = 255;
/** Offset of the checksum in a VRRP message, for the kernel. */
const CHECKSUM_OFFSET = 6;
const PACKETS_A_CALL = 32;
/** The longest advertisement: 255 IPv6 addresses, header and trailer. */
const LONGEST = 8 + 255 * 16 + 28 + 84;

export interface AdvertSocketOptions {
  readonly family: AddressFamily;
  /** auth_type AH has its own IP protocol. */
  readonly ah: boolean;
  /** Undefined: unicast without an interface. */
  readonly device: { readonly name: string; readonly index: number } | undefined;
  /** The group that is joined; undefined for unicast. */
  readonly group: IpAddress | undefined;
  /** The address that adverts come from: IPv6 always, IPv4 for unicast. */
  readonly source: IpAddress | undefined;
  /** IPv6 unicast: hop limit of what is sent. */
  readonly hopLimit?: number;
  /** SO_RCVBUF in bytes; absent: the kernel's. */
  readonly receiveBuffer?: number;
}

const batch = new ReceiveBatch(PACKETS_A_CALL, LONGEST);

export class AdvertSocket {
  readonly #fd: Fd;
  readonly #options: AdvertSocketOptions;
  readonly #watch: Watch;

  /**
   * @param onReadable is called while packets wait; it must call `receive`
   * @throws SystemCallError when the socket cannot be made: no CAP_NET_RAW, no such device, no such address
   */
  constructor(options: AdvertSocketOptions, onReadable: () => void) {
    this.#options = options;
    const { family } = options;
    const protocol = options.ah ? AH_PROTOCOL : VRRP_PROTOCOL;
    this.#fd = openSocket(family === 'inet' ? AF.INET : AF.INET6, SOCK.RAW, protocol);
    try {
      this.#setUp();
      this.#watch = watch(this.#fd, { readable: true }, onReadable);
    } catch (error) {
      closeFd(this.#fd);
      throw error;
    }
  }

  #setUp(): void {
    const fd = this.#fd;
    const { device, family, group, source, receiveBuffer } = this.#options;
    setOption(fd, SOL.SOCKET, SO.PRIORITY, CONTROL_PRIORITY);
    if (receiveBuffer !== undefined) setOption(fd, SOL.SOCKET, SO.RCVBUF, receiveBuffer);
    if (device !== undefined) bindToDevice(fd, device.name);
    if (family === 'inet') {
      setOption(fd, IPPROTO.IP, IP.HDRINCL, 1);
      setOption(fd, IPPROTO.IP, IP.MULTICAST_ALL, 0);
      if (group === undefined) {
        if (source !== undefined) bind(fd, inetAddress(source));
        return;
      }
      setOption(fd, IPPROTO.IP, IP.MULTICAST_LOOP, 0);
      // struct ip_mreqn: group, local address, interface index.
      const membership = Buffer.alloc(12);
      membership.writeInt32LE(device?.index ?? 0, 8);
      setOptionBytes(fd, IPPROTO.IP, IP.MULTICAST_IF, membership);
      writeAddress(group, membership, 0);
      setOptionBytes(fd, IPPROTO.IP, IP.ADD_MEMBERSHIP, membership);
      return;
    }
    setOption(fd, IPPROTO.IPV6, IPV6.CHECKSUM, CHECKSUM_OFFSET);
    setOption(fd, IPPROTO.IPV6, IPV6.TCLASS, INTERNETWORK_CONTROL);
    setOption(fd, IPPROTO.IPV6, IPV6.RECVHOPLIMIT, 1);
    setOption(fd, IPPROTO.IPV6, IPV6.RECVPKTINFO, 1);
    setOption(fd, IPPROTO.IPV6, IPV6.MULTICAST_ALL, 0);
    setOption(fd, IPPROTO.IPV6, IPV6.UNICAST_HOPS, this.#options.hopLimit ?? HOP_LIMIT);
    if (source !== undefined) bind(fd, inetAddress(source, 0, device?.index ?? 0));
    if (group === undefined) return;
    setOption(fd, IPPROTO.IPV6, IPV6.MULTICAST_HOPS, HOP_LIMIT);
    setOption(fd, IPPROTO.IPV6, IPV6.MULTICAST_LOOP, 0);
    setOption(fd, IPPROTO.IPV6, IPV6.MULTICAST_IF, device?.index ?? 0);
    // struct ipv6_mreq: group, interface index.
    const membership = Buffer.alloc(20);
    writeAddress(group, membership, 0);
    membership.writeInt32LE(device?.index ?? 0, 16);
    setOptionBytes(fd, IPPROTO.IPV6, IPV6.JOIN_GROUP, membership);
  }

  /** Whether `onReadable` is called for packets (it is); without, whoever turned it off must call `receive`. */
  listen(on: boolean): void {
    this.#watch.modify({ readable: on });
  }

  /**
   * Hands on everything that has arrived. A packet's bytes are good until the handler returns.
   * @returns how many packets
   */
  receive(handle: (packet: ReceivedPacket) => void): number {
    const { family } = this.#options;
    let all = 0;
    for (;;) {
      const count = batch.receive(this.#fd);
      // EAGAIN: empty. Any other error (the device went down) is the link monitor's to tell of.
      if (count <= 0) return all;
      all += count;
      for (let i = 0; i < count; i++) {
        const bytes = batch.data(i);
        if (family === 'inet') {
          handle({ family, bytes, source: UNKNOWN, destination: UNKNOWN, ttl: -1 });
        } else {
          const sender = batch.sender(i);
          const source = sender.family === 'inet6' ? sender.address : UNKNOWN6;
          handle({ family, bytes, source, destination: batch.destination(i, 'inet6'), ttl: batch.ttl(i) });
        }
      }
      if (count < PACKETS_A_CALL) return all;
    }
  }

  /**
   * Sends one packet.
   * @returns 0, or minus errno (-ENETUNREACH while the interface is down is ordinary)
   */
  send(bytes: Uint8Array, destination: IpAddress): number {
    const scope = this.#options.device?.index ?? 0;
    const sent = send(this.#fd, bytes, inetAddress(destination, 0, scope));
    return Math.min(sent, 0);
  }

  close(): void {
    closeFd(this.#fd);
  }
}

const UNKNOWN = '0.0.0.0' as IpAddress;
const UNKNOWN6 = '::' as IpAddress;

const ENETDOWN = 100;

/** Whether a send failed only because the interface is down or has no address yet: nothing to tell of. */
export function isDownError(result: number): boolean {
  return result === -errno.ENETUNREACH || result === -ENETDOWN || result === -errno.EADDRNOTAVAIL;
}
