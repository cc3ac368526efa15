/**
 * The monitor socket: what the kernel tells of changes, by multicast group.
 *
 * When it tells faster than lvsd reads, the kernel drops messages and says ENOBUFS. Then what is still queued is
 * discarded to the end (it is older than what comes next, and an end may be missing), and `onLost` asks the owner to read
 * the table again. Messages of senders other than the kernel are dropped and counted.
 *
 * Source: netlink(7), linux/net/netlink/af_netlink.c (netlink_overrun).
 */
import { closeFd } from '../native/descriptor.js';
import { type Watch, watch } from '../native/readiness.js';
import { receive, setOption } from '../native/socket.js';
import { readSocketAddress } from '../native/socket-address.js';
import { MSG, NETLINK_OPTION, SOL } from '../native/socket-options.js';
import { errno, SystemCallError } from '../native/system-call-error.js';
import { type KernelSocket, type NetlinkProtocol, openKernelSocket } from './kernel-socket.js';
import { decodeMessages, type NetlinkMessage, NLMSG_MIN_TYPE } from './message.js';

export interface MonitorHandlers {
  /** Changes, in the kernel's order. Payloads are views that the handler may keep. */
  onMessages(messages: readonly NetlinkMessage[]): void;
  /** Changes were lost: read the table again. */
  onLost(): void;
}

export interface MonitorOptions {
  /** Receive buffer, bytes; default 4 MiB. */
  readonly receiveBufferBytes?: number;
}

export interface MonitorStats {
  datagrams: number;
  overruns: number;
  foreign: number;
}

/** Datagrams in one turn of the event loop. */
const MOST_PER_TURN = 64;

export class MonitorSocket {
  readonly stats: MonitorStats = { datagrams: 0, overruns: 0, foreign: 0 };
  readonly #socket: KernelSocket;
  readonly #watch: Watch;
  readonly #handlers: MonitorHandlers;
  readonly #room = Buffer.allocUnsafeSlow(64 * 1024);
  readonly #sender = new Uint8Array(12);
  #lost = false;
  #open = true;

  /**
   * @param groups numbers of multicast groups (RTNLGRP_*, or what the family of generic netlink says)
   * @throws SystemCallError when the socket cannot be had or a group cannot be joined
   */
  constructor(
    protocol: NetlinkProtocol,
    groups: readonly number[],
    handlers: MonitorHandlers,
    options: MonitorOptions = {},
  ) {
    this.#handlers = handlers;
    this.#socket = openKernelSocket(protocol, options.receiveBufferBytes ?? 4 << 20);
    try {
      for (const group of groups) setOption(this.#socket.fd, SOL.NETLINK, NETLINK_OPTION.ADD_MEMBERSHIP, group);
      this.#watch = watch(this.#socket.fd, { readable: true }, () => this.#onReady());
    } catch (error) {
      closeFd(this.#socket.fd);
      throw error;
    }
  }

  /** Whether the socket keeps the process alive (it does, until `unref`). */
  ref(): void {
    this.#watch.ref();
  }

  unref(): void {
    this.#watch.unref();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.#socket.fd);
  }

  #onReady(): void {
    for (let i = 0; i < MOST_PER_TURN && this.#open; i++) {
      const { bytes, senderBytes, flags } = receive(this.#socket.fd, this.#room, this.#sender, null, MSG.DONTWAIT);
      if (bytes === -errno.EAGAIN) {
        this.#drained();
        return;
      }
      if (bytes === -errno.ENOBUFS) {
        this.stats.overruns++;
        this.#lost = true;
      } else if (bytes < 0) {
        throw new SystemCallError('recvmsg', -bytes, 'Reading what the kernel tells of changes');
      } else this.#take(bytes, senderBytes, flags);
    }
  }

  #take(bytes: number, senderBytes: number, flags: number): void {
    const sender = readSocketAddress(this.#sender.subarray(0, senderBytes));
    if (sender.family !== 'netlink' || sender.portId !== 0) {
      this.stats.foreign++;
      return;
    }
    this.stats.datagrams++;
    if ((flags & MSG.TRUNC) !== 0) this.#lost = true;
    if (this.#lost) return;
    const { messages, reject } = decodeMessages(Buffer.from(this.#room.subarray(0, bytes)));
    if (reject !== undefined) this.#lost = true;
    const changes = messages.filter((message) => message.type >= NLMSG_MIN_TYPE);
    if (changes.length > 0) this.#handlers.onMessages(changes);
  }

  #drained(): void {
    if (!this.#lost) return;
    this.#lost = false;
    this.#handlers.onLost();
  }
}
