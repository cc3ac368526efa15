/**
 * The UDP sockets of BFD: one that hears for all sessions of a family and kind, one that speaks for each session.
 *
 * Port 3784 for one hop (RFC 5881 section 4), 4784 for several (RFC 5883 section 5); what is sent comes from a port of
 * 49152 to 65535 that stays the same for a session. TTL or hop limit of received packets is told with each; what it must
 * be is the session's matter (sessions.ts). Nothing is decided here.
 */
import { closeFd, type Fd } from '../native/descriptor.js';
import { watch } from '../native/readiness.js';
import { bind, openSocket, send, setOption } from '../native/socket.js';
import { inetAddress } from '../native/socket-address.js';
import { ReceiveBatch } from '../native/socket-batch.js';
import { AF, IP, IPPROTO, IPV6, SO, SOCK, SOL } from '../native/socket-options.js';
import { errno, SystemCallError } from '../native/system-call-error.js';
import { type AddressFamily, familyOf, type IpAddress } from '../runtime/addresses.js';
import { port } from '../runtime/units.js';
import { BFD_MULTIHOP_PORT, BFD_PORT } from './packet.js';

/** Internet control, as routing protocols are (RFC 791; keepalived's VRRP too). */
const INTERNETWORK_CONTROL = 0xc0;
const CONTROL_PRIORITY = 6;
const FIRST_SOURCE_PORT = 49152;
const LAST_SOURCE_PORT = 65535;
const PORTS_TRIED = 100;
const PACKETS_A_CALL = 32;
/** Longer than any control packet with authentication. */
const LONGEST = 64;

const batch = new ReceiveBatch(PACKETS_A_CALL, LONGEST);
const ANY: Readonly<Record<AddressFamily, IpAddress>> = { inet: '0.0.0.0' as IpAddress, inet6: '::' as IpAddress };

function udpSocket(family: AddressFamily): Fd {
  const fd = openSocket(family === 'inet' ? AF.INET : AF.INET6, SOCK.DGRAM, 0);
  if (family === 'inet6') setOption(fd, IPPROTO.IPV6, IPV6.V6ONLY, 1);
  return fd;
}

export class BfdReceiver {
  readonly #fd: Fd;
  readonly #family: AddressFamily;

  /**
   * @param onReadable is called while packets wait; it must call `receive`
   * @throws SystemCallError when the port is taken
   */
  constructor(family: AddressFamily, multihop: boolean, onReadable: () => void) {
    this.#family = family;
    this.#fd = udpSocket(family);
    try {
      if (family === 'inet') setOption(this.#fd, IPPROTO.IP, IP.RECVTTL, 1);
      else setOption(this.#fd, IPPROTO.IPV6, IPV6.RECVHOPLIMIT, 1);
      bind(this.#fd, inetAddress(ANY[family], port(multihop ? BFD_MULTIHOP_PORT : BFD_PORT)));
      watch(this.#fd, { readable: true }, onReadable);
    } catch (error) {
      closeFd(this.#fd);
      throw error;
    }
  }

  /** Hands on everything that has arrived. The bytes are good until the handler returns. */
  receive(handle: (bytes: Uint8Array, source: IpAddress, ttl: number) => void): void {
    for (;;) {
      const count = batch.receive(this.#fd);
      if (count <= 0) return;
      for (let i = 0; i < count; i++) {
        const sender = batch.sender(i);
        if (sender.family === this.#family) handle(batch.data(i), sender.address, batch.ttl(i));
      }
      if (count < PACKETS_A_CALL) return;
    }
  }

  close(): void {
    closeFd(this.#fd);
  }
}

export interface BfdSenderOptions {
  readonly neighbor: IpAddress;
  /** Undefined: the kernel's choice. */
  readonly source: IpAddress | undefined;
  /** 1..255; 255 for one hop. */
  readonly ttl: number;
  readonly multihop: boolean;
  /** Interface index of a link-local neighbour, else 0. */
  readonly scope: number;
}

export class BfdSender {
  readonly #fd: Fd;
  readonly #to: Uint8Array;

  /**
   * @param random 0 <= random() < 1, for the source port
   * @throws SystemCallError when the source address is not ours
   */
  constructor(options: BfdSenderOptions, random: () => number) {
    const { neighbor, source, ttl, multihop, scope } = options;
    const family = familyOf(neighbor);
    this.#to = inetAddress(neighbor, port(multihop ? BFD_MULTIHOP_PORT : BFD_PORT), scope);
    this.#fd = udpSocket(family);
    try {
      setOption(this.#fd, SOL.SOCKET, SO.PRIORITY, CONTROL_PRIORITY);
      // Answers go to the receiver's port; nothing needs to wait here.
      setOption(this.#fd, SOL.SOCKET, SO.RCVBUF, 0);
      if (family === 'inet') {
        setOption(this.#fd, IPPROTO.IP, IP.TTL, ttl);
        setOption(this.#fd, IPPROTO.IP, IP.TOS, INTERNETWORK_CONTROL);
      } else {
        setOption(this.#fd, IPPROTO.IPV6, IPV6.UNICAST_HOPS, ttl);
        setOption(this.#fd, IPPROTO.IPV6, IPV6.TCLASS, INTERNETWORK_CONTROL);
      }
      this.#bind(source ?? ANY[family], scope, random);
    } catch (error) {
      closeFd(this.#fd);
      throw error;
    }
  }

  #bind(source: IpAddress, scope: number, random: () => number): void {
    for (let tried = 1; ; tried++) {
      const chosen = FIRST_SOURCE_PORT + Math.floor(random() * (LAST_SOURCE_PORT - FIRST_SOURCE_PORT + 1));
      try {
        bind(this.#fd, inetAddress(source, port(chosen), scope));
        return;
      } catch (error) {
        const taken = error instanceof SystemCallError && error.errno === errno.EADDRINUSE;
        if (!taken || tried === PORTS_TRIED) throw error;
      }
    }
  }

  /** Sends one packet. @returns 0, or minus errno (-ECONNREFUSED: nobody listens there yet) */
  send(bytes: Uint8Array): number {
    return Math.min(0, send(this.#fd, bytes, this.#to));
  }

  close(): void {
    closeFd(this.#fd);
  }
}
