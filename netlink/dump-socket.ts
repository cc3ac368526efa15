/**
 * The dump socket: one table at a time, read whole, or a typed error.
 *
 * A dump that the kernel marks as interrupted (NLM_F_DUMP_INTR: the table changed meanwhile) is taken again, a bounded
 * number of times. The errno in NLMSG_DONE is looked at. After a timeout the socket is opened anew, because the old one
 * still has the unfinished dump in it. Reads are offered 256 KiB, so that the kernel fills datagrams of 32 KiB.
 *
 * Never mixed with requests or multicast groups: a notification in the middle of a dump is how dumps break.
 * Source: linux/net/netlink/af_netlink.c (netlink_dump), Documentation/userspace-api/netlink/intro.rst.
 */
import { closeFd } from '../native/descriptor.js';
import { netlinkExchange } from '../native/netlink-exchange.js';
import { setOption } from '../native/socket.js';
import { NETLINK_OPTION, SOL } from '../native/socket-options.js';
import { SystemCallError } from '../native/system-call-error.js';
import { type KernelSocket, type NetlinkProtocol, openKernelSocket } from './kernel-socket.js';
import {
  decodeError,
  decodeMessages,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_MIN_TYPE,
} from './message.js';
import { NetlinkError, refused, unanswered } from './netlink-error.js';

export interface DumpSocketOptions {
  /** Receive buffer, bytes; default 4 MiB. */
  readonly receiveBufferBytes?: number;
  /** How long the kernel may be silent, milliseconds; default 5000. */
  readonly timeoutMs?: number;
  /** How often an interrupted dump is taken again; default 10. */
  readonly retries?: number;
  /** How bytes reach the kernel and come back; a test hands in another way. */
  readonly exchange?: typeof netlinkExchange;
}

export interface DumpStats {
  dumps: number;
  /** Dumps that were taken again because the table changed meanwhile. */
  interrupted: number;
  /** Datagrams of senders that are not the kernel, dropped. */
  foreign: number;
}

type Attempt = { readonly kind: 'whole'; readonly messages: NetlinkMessage[] } | { readonly kind: 'interrupted' };

export class DumpSocket {
  readonly stats: DumpStats = { dumps: 0, interrupted: 0, foreign: 0 };
  readonly #protocol: NetlinkProtocol;
  readonly #receiveBufferBytes: number;
  readonly #timeoutMs: number;
  readonly #retries: number;
  readonly #exchange: typeof netlinkExchange;
  readonly #room = Buffer.allocUnsafeSlow(256 * 1024);
  #socket: KernelSocket;
  #sequence = 0;

  /** @throws SystemCallError when the socket cannot be had */
  constructor(protocol: NetlinkProtocol, options: DumpSocketOptions = {}) {
    this.#protocol = protocol;
    this.#receiveBufferBytes = options.receiveBufferBytes ?? 4 << 20;
    this.#timeoutMs = options.timeoutMs ?? 5000;
    this.#retries = options.retries ?? 10;
    this.#exchange = options.exchange ?? netlinkExchange;
    this.#socket = this.#openSocket();
  }

  #openSocket(): KernelSocket {
    const socket = openKernelSocket(this.#protocol, this.#receiveBufferBytes);
    try {
      setOption(socket.fd, SOL.NETLINK, NETLINK_OPTION.GET_STRICT_CHK, 1);
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error; // kernels before 4.20 do not know it, and filter less
    }
    return socket;
  }

  /**
   * Reads a table.
   * @param request a whole message, as `encodeMessage` makes it; NLM_F_DUMP and the sequence are set in a copy
   * @returns its entries, without control messages; payloads are views that the caller may keep
   * @throws NetlinkError LVSD_NETLINK_REFUSED, LVSD_NETLINK_UNANSWERED, LVSD_NETLINK_DUMP_INTERRUPTED
   */
  dump(request: Uint8Array): NetlinkMessage[] {
    for (let attempt = 0; attempt <= this.#retries; attempt++) {
      const result = this.#attempt(request);
      if (result.kind === 'whole') return result.messages;
      this.stats.interrupted++;
    }
    throw new NetlinkError(
      'LVSD_NETLINK_DUMP_INTERRUPTED',
      `The kernel's table changed during each of ${this.#retries + 1} attempts to read it: another program is changing it without pause`,
      0,
      undefined,
      true,
    );
  }

  close(): void {
    closeFd(this.#socket.fd);
  }

  #attempt(request: Uint8Array): Attempt {
    this.stats.dumps++;
    this.#sequence = (this.#sequence + 1) >>> 0;
    const message = Buffer.from(request);
    message.writeUInt16LE((message.readUInt16LE(6) & ~NLM_F_ACK) | NLM_F_REQUEST | NLM_F_DUMP, 6);
    message.writeUInt32LE(this.#sequence, 8);
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    let sending = message.length;
    for (;;) {
      const { fd } = this.#socket;
      const exchanged = this.#exchange(fd, message, sending, this.#sequence, this.#room, this.#timeoutMs);
      sending = 0;
      this.stats.foreign += exchanged.foreign;
      const copy = Buffer.from(this.#room.subarray(0, exchanged.used));
      for (const answer of decodeMessages(copy).messages) {
        if (answer.sequence !== this.#sequence) continue;
        if ((answer.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        if (answer.type >= NLMSG_MIN_TYPE) messages.push(answer);
        else this.#refuseIfError(answer);
      }
      if (exchanged.finished) return interrupted ? { kind: 'interrupted' } : { kind: 'whole', messages };
      if (!exchanged.full) {
        this.#startAnew();
        const why = exchanged.overruns > 0 ? 'the receive buffer was too small' : `silent for ${this.#timeoutMs} ms`;
        throw unanswered(`a dump that did not end, ${why}`);
      }
    }
  }

  #refuseIfError(answer: NetlinkMessage): void {
    const said = decodeError(answer);
    if (said !== undefined && said.errno !== 0) throw refused(said.errno, said.extack);
  }

  #startAnew(): void {
    const fresh = this.#openSocket();
    closeFd(this.#socket.fd);
    this.#socket = fresh;
  }
}
