/**
 * The socket of nf_tables: sends a batch as one datagram and says whether the kernel took it.
 *
 * A batch is a transaction, so it cannot be cut into slices as requests are (request-socket.ts): the socket's buffer grows
 * with it. Of several errors the first is told. Source: linux/net/netfilter/nfnetlink.c, nfnetlink_rcv_batch.
 */
import { closeFd } from '../native/descriptor.js';
import { netlinkExchange } from '../native/netlink-exchange.js';
import { setOption } from '../native/socket.js';
import { SO, SOL } from '../native/socket-options.js';
import { LvsdError } from '../runtime/errors.js';
import { type KernelSocket, openKernelSocket } from './kernel-socket.js';
import { decodeError, decodeMessages, NLMSG_ERROR } from './message.js';
import { refused, unanswered } from './netlink-error.js';
import type { NftablesBatch } from './nftables.js';

const ANSWER_ROOM = 256 * 1024;
/** The kernel works on a batch inside sendmsg; this is for what comes after. */
const PATIENCE_MS = 5000;
/** What one datagram costs the buffer beside its bytes. */
const OVERHEAD = 4096;

export class NftablesSocket {
  readonly #socket: KernelSocket;
  #sendRoom: number;
  #open = true;

  /** @throws SystemCallError when the kernel has no nf_tables, or this process may not use it */
  constructor() {
    this.#socket = openKernelSocket('netfilter', 1 << 20);
    this.#sendRoom = this.#socket.sendBufferBytes;
  }

  /**
   * Puts a batch into force, whole or not at all.
   * @throws NetlinkError LVSD_NETLINK_REFUSED, LVSD_NETLINK_UNANSWERED
   */
  commit(batch: NftablesBatch): void {
    if (!this.#open) throw new LvsdError('LVSD_NETLINK_CLOSED', 'This netlink socket was closed: a bug in lvsd');
    const { bytes, lastSequence } = batch.end();
    this.#makeRoom(bytes.length + OVERHEAD);
    const answers = Buffer.allocUnsafeSlow(ANSWER_ROOM);
    const { used, finished } = netlinkExchange(
      this.#socket.fd,
      bytes,
      bytes.length,
      lastSequence,
      answers,
      PATIENCE_MS,
    );
    for (const { type, flags, payload } of decodeMessages(answers.subarray(0, used)).messages) {
      if (type !== NLMSG_ERROR) continue;
      const said = decodeError({ type, flags, payload });
      if (said !== undefined && said.errno !== 0) throw refused(said.errno, said.extack);
    }
    if (!finished) throw unanswered(`nothing came for ${PATIENCE_MS} ms`);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.#socket.fd);
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#sendRoom) return;
    setOption(this.#socket.fd, SOL.SOCKET, SO.SNDBUFFORCE, bytes);
    this.#sendRoom = bytes;
  }
}
