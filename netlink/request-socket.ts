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
import { netlinkExchange } from '../native/netlink-exchange.js';
import { localAddress } from '../native/socket.js';
import { SystemCallError } from '../native/system-call-error.js';
import { LvsdError } from '../runtime/errors.js';
import { type KernelSocket, type NetlinkProtocol, openKernelSocket } from './kernel-socket.js';
import {
  align4,
  decodeError,
  type NetlinkMessage,
  NLMSG_ERROR,
  NLMSG_HEADER_LENGTH,
  NLMSG_MIN_TYPE,
} from './message.js';
import { type NetlinkError, refused, unanswered } from './netlink-error.js';
import { numberSlice, type RequestBatch, requestBatch } from './request-batch.js';

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
/** The place of an answer that has not come; never handed out. */
const PENDING: Answer = { ok: true, replies: [] };

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
   * @throws LvsdError LVSD_NETLINK_BAD_REQUEST for bytes that are no request; what the kernel does is in the answers
   */
  exchange(requests: readonly Uint8Array[] | Uint8Array, options: ExchangeOptions = {}): Answer[] {
    const batch = requestBatch(requests);
    const answers: Answer[] = [];
    while (!batch.done) this.#slice(batch, answers, options.acknowledge ?? 'every');
    return answers;
  }

  /**
   * Like `exchange`, with a turn of the event loop between the slices (each 1 to 5 ms). The bytes must stay as they are
   * until it is done.
   */
  async exchangeInSlices(
    requests: readonly Uint8Array[] | Uint8Array,
    options: ExchangeOptions = {},
  ): Promise<Answer[]> {
    const batch = requestBatch(requests);
    const answers: Answer[] = [];
    while (!batch.done) {
      this.#slice(batch, answers, options.acknowledge ?? 'every');
      if (!batch.done) await nextTurn();
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

  /** Sends as many requests as fit and adds their answers. */
  #slice(batch: RequestBatch, answers: Answer[], acknowledge: Acknowledge): void {
    if (!this.#open) throw new LvsdError('LVSD_NETLINK_CLOSED', 'This netlink socket was closed: a bug in lvsd');
    if (batch.nextLength > this.#slab.length) this.#slab = Buffer.allocUnsafeSlow(batch.nextLength);
    const slice = batch.take(this.#slab, this.#perSlice, this.#slabLimit);
    const first = (this.#sequence + 1) >>> 0;
    numberSlice(this.#slab, slice, first, acknowledge === 'every');
    this.#sequence = (this.#sequence + slice.count) >>> 0;
    this.stats.sends++;
    this.stats.messages += slice.count;
    const start = answers.length;
    for (let i = 0; i < slice.count; i++) answers.push(PENDING);
    this.#collect(slice.length, first, start, start + slice.count, answers, acknowledge);
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
    let finished = false;
    let full = false;
    let why = `nothing came for ${this.#timeoutMs} ms`;
    let sending = length;
    do {
      try {
        const { fd } = this.#socket;
        const exchanged = this.#exchange(fd, this.#slab, sending, last, this.#answers, this.#timeoutMs);
        ({ finished, full } = exchanged);
        overruns += exchanged.overruns;
        this.stats.foreign += exchanged.foreign;
        this.#read(exchanged.used, first, start, end, answers, replies);
      } catch (error) {
        // Memory is short, or the message is too long for the socket: the requests before and after this slice stand.
        if (!(error instanceof SystemCallError)) throw error;
        full = false;
        why = error.message;
      }
      sending = 0;
    } while (full);
    this.stats.overruns += overruns;
    if (overruns > 0) why = 'the receive buffer was too small';
    else if (finished) why = 'it was passed over';
    const silent = finished && overruns === 0 && acknowledge === 'last';
    for (let i = start; i < end; i++) {
      if (answers[i] !== PENDING) continue;
      if (silent) {
        const found = replies.get(i);
        answers[i] = found === undefined ? ACCEPTED : { ok: true, replies: found };
      } else {
        this.stats.unanswered++;
        answers[i] = { ok: false, error: unanswered(why) };
      }
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
