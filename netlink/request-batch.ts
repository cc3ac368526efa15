/**
 * Requests on their way into the send buffer: a list of messages, or one buffer full of them, cut into slices.
 *
 * Bytes only: a slice is copied in whole, then one walk gives each message its sequence number and flags. A length that
 * does not fit is found before anything is sent. Belongs to `request-socket.ts`.
 */
import { LvsdError } from '../runtime/errors.js';
import { align4, NLM_F_ACK, NLM_F_REQUEST, NLMSG_HEADER_LENGTH, NLMSG_MIN_TYPE } from './message.js';

export interface Slice {
  /** Messages in it. */
  readonly count: number;
  /** Bytes in the send buffer. */
  readonly length: number;
}

export interface RequestBatch {
  /** Whether every message was taken. */
  readonly done: boolean;
  /**
   * The bytes of the next message, 0 when done: what a send buffer must have room for at least.
   */
  readonly nextLength: number;
  /** Copies the next messages to the beginning of `into`: at most `most` of them, and not beyond `limit` bytes unless it is one. */
  take(into: Buffer, most: number, limit: number): Slice;
}

/** A list of messages, or one buffer full of them (as `GenericRequests.batch` gives it). */
export function requestBatch(requests: readonly Uint8Array[] | Uint8Array): RequestBatch {
  return requests instanceof Uint8Array ? new PackedRequests(requests) : new ListedRequests(requests);
}

class ListedRequests implements RequestBatch {
  readonly #list: readonly Uint8Array[];
  #at = 0;

  constructor(list: readonly Uint8Array[]) {
    this.#list = list;
  }

  get done(): boolean {
    return this.#at >= this.#list.length;
  }

  get nextLength(): number {
    return align4(this.#list[this.#at]?.length ?? 0);
  }

  take(into: Buffer, most: number, limit: number): Slice {
    let count = 0;
    let length = 0;
    while (count < most && this.#at < this.#list.length) {
      const request = this.#list[this.#at] as Uint8Array;
      const size = align4(request.length);
      if (count > 0 && length + size > limit) break;
      into.set(request, length);
      into.fill(0, length + request.length, length + size);
      const said = request.length < NLMSG_HEADER_LENGTH ? 0 : into.readUInt32LE(length);
      if (align4(said) !== size) throw badRequest(request.length, said);
      length += size;
      count++;
      this.#at++;
    }
    return { count, length };
  }
}

class PackedRequests implements RequestBatch {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  get nextLength(): number {
    return this.done ? 0 : this.#sizeAt(this.#at);
  }

  take(into: Buffer, most: number, limit: number): Slice {
    const start = this.#at;
    let count = 0;
    let end = start;
    while (count < most && end < this.#bytes.length) {
      const size = this.#sizeAt(end);
      if (count > 0 && end - start + size > limit) break;
      end += size;
      count++;
    }
    this.#bytes.copy(into, 0, start, end);
    this.#at = end;
    return { count, length: end - start };
  }

  #sizeAt(at: number): number {
    const have = this.#bytes.length - at;
    const said = have < NLMSG_HEADER_LENGTH ? 0 : this.#bytes.readUInt32LE(at);
    if (said < NLMSG_HEADER_LENGTH || align4(said) > have) throw badRequest(have, said);
    return align4(said);
  }
}

/**
 * Numbers the messages of a slice and sets their flags.
 * @param first sequence number of the first
 * @param every whether each asks for an acknowledgement; the last one always does
 */
export function numberSlice(bytes: Buffer, slice: Slice, first: number, every: boolean): void {
  let at = 0;
  for (let i = 0; i < slice.count; i++) {
    const length = bytes.readUInt32LE(at);
    if (length < NLMSG_HEADER_LENGTH || bytes.readUInt16LE(at + 4) < NLMSG_MIN_TYPE) throw badRequest(length, length);
    const flags = (bytes.readUInt16LE(at + 6) & ~NLM_F_ACK) | NLM_F_REQUEST;
    bytes.writeUInt16LE(every || i === slice.count - 1 ? flags | NLM_F_ACK : flags, at + 6);
    bytes.writeUInt32LE((first + i) >>> 0, at + 8);
    bytes.writeUInt32LE(0, at + 12);
    at += align4(length);
  }
}

function badRequest(have: number, said: number): LvsdError {
  return new LvsdError(
    'LVSD_NETLINK_BAD_REQUEST',
    `A netlink request of ${have} bytes says that it has ${said}, or is no request: a bug in lvsd, please report it`,
    { fields: { have, said } },
  );
}
