/**
 * Netlink attributes (type, length, value, padded to four bytes): one writer, and readers that are total.
 *
 * Pure codec, no I/O. The writer grows one buffer and patches the length of a nest when it is closed, so that a batch
 * of thousands of messages is written without one object an attribute. The readers never throw: an attribute that is
 * shorter than its type reads as undefined, and a walk over bytes that are no attributes ends and says so.
 *
 * Source: Linux include/uapi/linux/netlink.h (struct nlattr), lib/nlattr.c.
 */
import { type IpAddress, writeAddress } from '../runtime/addresses.js';

export const NLA_HEADER_LENGTH = 4;
export const NLA_F_NESTED = 0x8000;
export const NLA_F_NET_BYTEORDER = 0x4000;
/** The bits of a type field that are the type. */
export const NLA_TYPE_MASK = 0x3fff;

/**
 * Writes attributes, and the headers of families, one after the other. Reusable: `reset()`, write, `take()`.
 *
 * Everything in netlink begins on a four-byte border, so headers and numbers are stored as whole words: five times as
 * fast as Buffer's checked writes, which counts when a table of 65,000 services is written.
 */
export class AttributeWriter {
  #bytes: Buffer;
  #words: Uint32Array;
  #length = 0;

  /** @param capacity bytes to begin with; it grows by doubling */
  constructor(capacity = 256) {
    const memory = new ArrayBuffer((Math.max(16, capacity) + 3) & ~3);
    this.#bytes = Buffer.from(memory);
    this.#words = new Uint32Array(memory);
  }

  get length(): number {
    return this.#length;
  }

  reset(): this {
    this.#length = 0;
    return this;
  }

  /** The bytes behind; valid until the next write. */
  get buffer(): Buffer {
    return this.#bytes;
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  /** Makes room for `more` bytes, a multiple of four; returns where it begins. */
  #room(more: number): number {
    const at = this.#length;
    const need = at + more;
    if (need > this.#bytes.length) this.#grow(need);
    this.#length = need;
    return at;
  }

  #grow(need: number): void {
    const memory = new ArrayBuffer((Math.max(need, 2 * this.#bytes.length) + 3) & ~3);
    const larger = Buffer.from(memory);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#words = new Uint32Array(memory);
  }

  /** Makes room for an attribute and writes its header; returns where its value begins. The last word is zeroed. */
  #attribute(type: number, valueLength: number): number {
    const padded = (valueLength + 3) & ~3;
    const at = this.#room(NLA_HEADER_LENGTH + padded);
    this.#words[at >> 2] = (NLA_HEADER_LENGTH + valueLength) | (type << 16);
    if (padded > 0) this.#words[(at + padded) >> 2] = 0;
    return at + NLA_HEADER_LENGTH;
  }

  #number(type: number, valueLength: number, value: number): this {
    const at = this.#attribute(type, valueLength);
    this.#words[at >> 2] = value;
    return this;
  }

  /** One 32-bit word that is no attribute. */
  word(value: number): this {
    const at = this.#room(4);
    this.#words[at >> 2] = value;
    return this;
  }

  /** Room for the header of a message, written by `endMessage`. Returns where the message begins. */
  beginMessage(): number {
    return this.#room(16);
  }

  /** Writes the nlmsghdr of the message that began at `start` and ends here; sequence and port id are 0. */
  endMessage(start: number, type: number, flags: number): void {
    const words = this.#words;
    const at = start >> 2;
    words[at] = this.#length - start;
    words[at + 1] = (type & 0xffff) | (flags << 16);
    words[at + 2] = 0;
    words[at + 3] = 0;
  }

  u8(type: number, value: number): this {
    return this.#number(type, 1, value & 0xff);
  }

  u16(type: number, value: number): this {
    return this.#number(type, 2, value & 0xffff);
  }

  /** A 16-bit value in network order (ports). */
  be16(type: number, value: number): this {
    return this.#number(type, 2, ((value & 0xff) << 8) | ((value >>> 8) & 0xff));
  }

  u32(type: number, value: number): this {
    return this.#number(type, 4, value);
  }

  /** Two 32-bit values in one attribute: flags and their mask. */
  pair(type: number, first: number, second: number): this {
    const at = this.#attribute(type, 8) >> 2;
    this.#words[at] = first;
    this.#words[at + 1] = second;
    return this;
  }

  u64(type: number, value: bigint): this {
    const at = this.#attribute(type, 8);
    this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at);
    return this;
  }

  bytes(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** A NUL-terminated string, as the kernel's NLA_NUL_STRING wants it. */
  string(type: number, value: string): this {
    const size = Buffer.byteLength(value) + 1;
    const at = this.#attribute(type, size);
    this.#bytes.write(value, at);
    this.#bytes[at + size - 1] = 0;
    return this;
  }

  /**
   * An address in network order.
   * @param length 4, or 16; an IPv4 address in 16 bytes is followed by zeros (the kernel's union nf_inet_addr)
   */
  address(type: number, address: IpAddress, length: 4 | 16): this {
    const at = this.#attribute(type, length);
    if (length === 16) this.#words.fill(0, (at >> 2) + 1, (at + length) >> 2);
    writeAddress(address, this.#bytes, at);
    return this;
  }

  /** What was written from `start` to here, to be written again by `append`. */
  copy(start: number): Uint32Array {
    return this.#words.slice(start >> 2, this.#length >> 2);
  }

  append(words: Uint32Array): this {
    const at = this.#room(words.length * 4);
    this.#words.set(words, at >> 2);
    return this;
  }

  /** Writes a word over what stands at `at`, a multiple of four. */
  patch(at: number, word: number): void {
    this.#words[at >> 2] = word;
  }

  /** Writes an address over the one of its family at `at`. */
  patchAddress(at: number, address: IpAddress): void {
    writeAddress(address, this.#bytes, at);
  }

  /** Opens a nest; what is written until `endNest` stands in it. */
  beginNest(type: number): number {
    return this.#attribute(type | NLA_F_NESTED, 0) - NLA_HEADER_LENGTH;
  }

  /** Closes the nest that `beginNest` returned. Throws RangeError when it is longer than its 16-bit length can say. */
  endNest(nest: number): this {
    const length = this.#length - nest;
    if (length > 0xffff) throw new RangeError(`A netlink attribute may have 65535 bytes, this one has ${length}`);
    this.#words[nest >> 2] = ((this.#words[nest >> 2] as number) & 0xffff0000) | length;
    return this;
  }
}

/** Called for each attribute: its type without flag bits, and where its value begins and ends. */
export type AttributeVisitor = (type: number, start: number, end: number) => void;

/**
 * Walks the attributes of `bytes` from `start` to `end`. Returns whether every byte was part of a whole attribute;
 * those before a broken one have been visited.
 */
export function forEachAttribute(bytes: Buffer, start: number, end: number, visit: AttributeVisitor): boolean {
  let at = start;
  const limit = Math.min(end, bytes.length);
  while (at + NLA_HEADER_LENGTH <= limit) {
    const length = bytes.readUInt16LE(at);
    if (length < NLA_HEADER_LENGTH || at + length > limit) return false;
    visit(bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK, at + NLA_HEADER_LENGTH, at + length);
    at += (length + 3) & ~3;
  }
  return at >= limit;
}

export function readU8(bytes: Buffer, start: number, end: number): number | undefined {
  return end - start >= 1 ? bytes[start] : undefined;
}

export function readU16(bytes: Buffer, start: number, end: number): number | undefined {
  return end - start >= 2 ? bytes.readUInt16LE(start) : undefined;
}

export function readBe16(bytes: Buffer, start: number, end: number): number | undefined {
  return end - start >= 2 ? bytes.readUInt16BE(start) : undefined;
}

export function readU32(bytes: Buffer, start: number, end: number): number | undefined {
  return end - start >= 4 ? bytes.readUInt32LE(start) : undefined;
}

export function readI32(bytes: Buffer, start: number, end: number): number | undefined {
  return end - start >= 4 ? bytes.readInt32LE(start) : undefined;
}

export function readU64(bytes: Buffer, start: number, end: number): bigint | undefined {
  return end - start >= 8 ? bytes.readBigUInt64LE(start) : undefined;
}

/** Text up to the first NUL or the end of the value. */
export function readString(bytes: Buffer, start: number, end: number): string {
  let stop = start;
  while (stop < end && bytes[stop] !== 0) stop++;
  return bytes.toString('utf8', start, stop);
}
