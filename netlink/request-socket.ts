/**
 * The command socket: many requests by one sendmsg, each answered, errors matched by sequence number.
 *
 * Synchronous, because the kernel does the work inside sendmsg and the answers are queued when it returns: 3 us a
 * message, without a turn of the event loop. Long batches are cut into slices that fit the socket's buffers;
 * `exchangeInSlices` lets the event loop turn between them. One refused request does not stop the rest. Senders other
 * than the kernel are not believed (counted in `stats.foreign`).
 *
 * It does not dump (`dump-socket.ts`), does not listen (`monitor-socket.ts`) and knows no family. It numbers the requests
 * itself and sets NLM_F_ACK; the caller's buffers are copied, not changed. Source: linux/net/netlink/af_netlink.c.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { closeFd } from '../native/descriptor.js';
import { type Exchanged, netlinkExchange } from '../native/netlink-exchange.js';
import { localAddress } from '../native/socket.js';
import { LvsdError } from '../runtime/errors.js';
import { type KernelSocket, type NetlinkProtocol, openKernelSocket } from './kernel-socket.js';
import {
  align4,
  decodeError,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_ERROR,
  NLMSG_HEADER_LENGTH,
  NLMSG_MIN_TYPE,
} from './message.js';
import { type NetlinkError, refused, unanswered } from './netlink-error.js';

export interface RequestSocketOptions {
  /** Receive buffer, bytes; default 4 MiB. */
  readonly receiveBufferBytes?: number;
  /** How long the kernel may take for the answers of one slice, milliseconds; default 5000. */
  readonly timeoutMs?: number;
  /** How bytes reach the kernel and come back; a test hands in another way. */
  readonly exchange?: typeof netlinkExchange;
}

export type Answer =
  | { readonly ok: true; readonly replies: readonly NetlinkMessage[] }
  | { readonly ok: false; readonly error: NetlinkError };

/**
 * `every`: each request asks for an acknowledgement. `last`: only the last one of a slice does, and the kernel's silence
 * about the others means that they were done (it always answers a failure); a third faster, and what cannot be told after
 * a lost answer is reported as unanswered all the same.
 */
export type Acknowledge = 'every' | 'last';

export interface ExchangeOptions {
  readonly acknowledge?: Acknowledge;
}

export interface RequestStats {
  /** sendmsg calls. */
  sends: number;
  /** Requests in them. */
  messages: number;
  /** Requests that the kernel refused. */
  refused: number;
  unanswered: number;
  /** Datagrams of senders that are not the kernel, dropped. */
  foreign: number;
  /** Times that the receive buffer was too small. */
  overruns: number;
}

const MOST_PER_SLICE = 1024;
const SLAB_BYTES = 256 * 1024;
const ANSWER_ROOM = 256 * 1024;
/** What one queued acknowledgement weighs against the receive buffer, with room to spare (measured 768 to 1280). */
const ANSWER_WEIGHT = 2048;

const ACCEPTED: Answer = { ok: true, replies: [] };

export class RequestSocket {
  readonly stats: RequestStats = { sends: 0, messages: 0, refused: 0, unanswered: 0, foreign: 0, overruns: 0 };
  readonly #socket: KernelSocket;
  readonly #timeoutMs: number;
  readonly #exchange: typeof netlinkExchange;
  readonly #perSlice: number;
  readonly #slabLimit: number;
  readonly #answers = Buffer.allocUnsafeSlow(ANSWER_ROOM);
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #sequence = 0;
  #open = true;

  /** @throws SystemCallError when the socket cannot be had */
  constructor(protocol: NetlinkProtocol, options: RequestSocketOptions = {}) {
    this.#socket = openKernelSocket(protocol, options.receiveBufferBytes ?? 4 << 20);
    this.#timeoutMs = options.timeoutMs ?? 5000;
    this.#exchange = options.exchange ?? netlinkExchange;
    const fitting = Math.floor(this.#socket.receiveBufferBytes / ANSWER_WEIGHT);
    this.#perSlice = Math.max(1, Math.min(MOST_PER_SLICE, fitting));
    this.#slabLimit = Math.min(SLAB_BYTES, this.#socket.sendBufferBytes - 64);
  }

  /** The address of this socket among netlink sockets; the kernel's messages to it carry it. */
  get portId(): number {
    const address = localAddress(this.#socket.fd);
    return address.family === 'netlink' ? address.portId : 0;
  }

  /** The largest number of requests in one sendmsg. */
  get requestsPerSlice(): number {
    return this.#perSlice;
  }

  /**
   * Sends requests and returns one answer for each, in order.
   * @param requests whole messages (header and payload), as `encodeMessage` makes them, or one buffer full of them;
   *   type and flags count, sequence and port id are overwritten in the copy
   * @throws SystemCallError when sending fails; LvsdError LVSD_NETLINK_BAD_REQUEST for bytes that are no request
   */
  exchange(requests: readonly Uint8Array[] | Uint8Array, options: ExchangeOptions = {}): Answer[] {
    const list = listOf(requests);
    const answers: Answer[] = new Array(list.length);
    for (let at = 0; at < list.length; ) at = this.#slice(list, at, answers, options.acknowledge ?? 'every');
    return answers;
  }

  /** Like `exchange`, with a turn of the event loop between the slices (each 1 to 5 ms). */
  async exchangeInSlices(
    requests: readonly Uint8Array[] | Uint8Array,
    options: ExchangeOptions = {},
  ): Promise<Answer[]> {
    const list = listOf(requests);
    const answers: Answer[] = new Array(list.length);
    for (let at = 0; at < list.length; ) {
      at = this.#slice(list, at, answers, options.acknowledge ?? 'every');
      if (at < list.length) await nextTurn();
    }
    return answers;
  }

  /**
   * One request.
   * @returns the messages that came before its acknowledgement
   * @throws NetlinkError LVSD_NETLINK_REFUSED, LVSD_NETLINK_UNANSWERED
   */
  request(message: Uint8Array): readonly NetlinkMessage[] {
    const answer = this.exchange([message])[0] as Answer;
    if (!answer.ok) throw answer.error;
    return answer.replies;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.#socket.fd);
  }

  /** Sends requests from `start` on, as many as fit; returns where the next slice begins. */
  #slice(list: readonly Uint8Array[], start: number, answers: Answer[], acknowledge: Acknowledge): number {
    if (!this.#open) throw new LvsdError('LVSD_NETLINK_CLOSED', 'This netlink socket was closed: a bug in lvsd');
    const first = (this.#sequence + 1) >>> 0;
    let length = 0;
    let end = start;
    let lastHeader = 0;
    while (end < list.length && end - start < this.#perSlice) {
      const request = list[end] as Uint8Array;
      const size = align4(request.length);
      if (length > 0 && length + size > this.#slabLimit) break;
      if (size > this.#slab.length) this.#slab = Buffer.allocUnsafeSlow(size);
      lastHeader = length;
      this.#put(request, length, (first + end - start) >>> 0, acknowledge === 'every');
      length += size;
      end++;
    }
    this.#slab.writeUInt16LE(this.#slab.readUInt16LE(lastHeader + 6) | NLM_F_ACK, lastHeader + 6);
    this.#sequence = (first + end - start - 1) >>> 0;
    this.stats.sends++;
    this.stats.messages += end - start;
    this.#collect(length, first, start, end, answers, acknowledge);
    return end;
  }

  #put(request: Uint8Array, at: number, sequence: number, acknowledged: boolean): void {
    this.#slab.set(request, at);
    this.#slab.fill(0, at + request.length, at + align4(request.length));
    const length = request.length < NLMSG_HEADER_LENGTH ? 0 : this.#slab.readUInt32LE(at);
    const type = length === 0 ? 0 : this.#slab.readUInt16LE(at + 4);
    if (length < NLMSG_HEADER_LENGTH || align4(length) !== align4(request.length) || type < NLMSG_MIN_TYPE) {
      throw new LvsdError(
        'LVSD_NETLINK_BAD_REQUEST',
        `A netlink request of ${request.length} bytes says that it has ${length} bytes and type ${type}: a bug in lvsd, please report it`,
      );
    }
    const flags = this.#slab.readUInt16LE(at + 6) & ~NLM_F_ACK;
    this.#slab.writeUInt16LE(flags | NLM_F_REQUEST | (acknowledged ? NLM_F_ACK : 0), at + 6);
    this.#slab.writeUInt32LE(sequence, at + 8);
    this.#slab.writeUInt32LE(0, at + 12);
  }

  /** Sends the slab and reads until the last request is answered. */
  #collect(
    length: number,
    first: number,
    start: number,
    end: number,
    answers: Answer[],
    acknowledge: Acknowledge,
  ): void {
    const last = this.#sequence;
    const replies = new Map<number, NetlinkMessage[]>();
    let overruns = 0;
    let exchanged: Exchanged;
    let sending = length;
    do {
      const { fd } = this.#socket;
      exchanged = this.#exchange(fd, this.#slab, sending, last, this.#answers, this.#timeoutMs);
      sending = 0;
      overruns += exchanged.overruns;
      this.stats.foreign += exchanged.foreign;
      this.#read(exchanged.used, first, start, end, answers, replies);
    } while (exchanged.full);
    const { finished } = exchanged;
    this.stats.overruns += overruns;
    const silent = finished && overruns === 0 && acknowledge === 'last';
    for (let i = start; i < end; i++) {
      if (answers[i] !== undefined) continue;
      if (silent) {
        const found = replies.get(i);
        answers[i] = found === undefined ? ACCEPTED : { ok: true, replies: found };
        continue;
      }
      this.stats.unanswered++;
      const why = overruns > 0 ? 'the receive buffer was too small' : `nothing came for ${this.#timeoutMs} ms`;
      answers[i] = { ok: false, error: unanswered(finished && overruns === 0 ? 'it was passed over' : why) };
    }
  }

  /** Sorts what is in the answer buffer to the requests; what belongs to none of them is left. */
  #read(
    used: number,
    first: number,
    start: number,
    end: number,
    answers: Answer[],
    replies: Map<number, NetlinkMessage[]>,
  ): void {
    const bytes = this.#answers;
    for (let at = 0; at + NLMSG_HEADER_LENGTH <= used; ) {
      const length = bytes.readUInt32LE(at);
      if (length < NLMSG_HEADER_LENGTH || at + length > used) return;
      const type = bytes.readUInt16LE(at + 4);
      const sequence = bytes.readUInt32LE(at + 8);
      const i = start + ((sequence - first) >>> 0);
      if (i < end && type === NLMSG_ERROR && length >= NLMSG_HEADER_LENGTH + 4) {
        if (bytes.readInt32LE(at + NLMSG_HEADER_LENGTH) === 0) {
          const found = replies.get(i);
          answers[i] = found === undefined ? ACCEPTED : { ok: true, replies: found };
        } else {
          this.stats.refused++;
          const payload = bytes.subarray(at + NLMSG_HEADER_LENGTH, at + length);
          const said = decodeError({ type, flags: bytes.readUInt16LE(at + 6), payload });
          if (said !== undefined) answers[i] = { ok: false, error: refused(said.errno, said.extack) };
        }
      } else if (i < end && type >= NLMSG_MIN_TYPE) {
        const reply: NetlinkMessage = {
          type,
          flags: bytes.readUInt16LE(at + 6),
          sequence,
          portId: bytes.readUInt32LE(at + 12),
          payload: Buffer.from(bytes.subarray(at + NLMSG_HEADER_LENGTH, at + length)),
        };
        const found = replies.get(i);
        if (found === undefined) replies.set(i, [reply]);
        else found.push(reply);
      }
      at += align4(length);
    }
  }
}

/** One view for each message. Bytes at the end that are no message become a request of their own, which is refused. */
function listOf(requests: readonly Uint8Array[] | Uint8Array): readonly Uint8Array[] {
  if (!(requests instanceof Uint8Array)) return requests;
  const view = new DataView(requests.buffer, requests.byteOffset, requests.byteLength);
  const list: Uint8Array[] = [];
  for (let at = 0; at < requests.length; ) {
    const length = at + 4 <= requests.length ? view.getUint32(at, true) : 0;
    const next = length < NLMSG_HEADER_LENGTH ? requests.length : Math.min(requests.length, at + align4(length));
    list.push(requests.subarray(at, next));
    at = next;
  }
  return list;
}
