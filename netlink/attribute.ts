/**
 * Netlink attributes (type, length, value, padded to four bytes): one writer, and readers that are total.
 *
 * Pure codec, no I/O. The writer grows one buffer and patches the length of a nest when it is closed, so that a batch
 * of thousands of messages is written without one object an attribute. The readers never throw: an attribute that is
 * shorter than its type reads as undefined, and a walk over bytes that are no attributes ends and says so.
 *
 * Source: Linux include/uapi/linux/netlink.h (struct nlattr), lib/nlattr.c.
 */

export const NLA_HEADER_LENGTH = 4;
export const NLA_F_NESTED = 0x8000;
export const NLA_F_NET_BYTEORDER = 0x4000;
/** The bits of a type field that are the type. */
export const NLA_TYPE_MASK = 0x3fff;

/** Writes attributes, and the headers of families, one after the other. Reusable: `reset()`, write, `take()`. */
export class AttributeWriter {
  #bytes: Buffer;
  #length = 0;

  /** @param capacity bytes to begin with; it grows by doubling */
  constructor(capacity = 256) {
    this.#bytes = Buffer.alloc(Math.max(16, capacity));
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

  /** Leaves zeroed room for a header that is written when the length is known. */
  skip(length: number): this {
    const at = this.#room(length);
    this.#bytes.fill(0, at, this.#length);
    return this;
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #room(more: number): number {
    const at = this.#length;
    const need = at + more;
    if (need > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(need, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#length = need;
    return at;
  }

  #header(at: number, type: number, valueLength: number): void {
    this.#bytes.writeUInt16LE(NLA_HEADER_LENGTH + valueLength, at);
    this.#bytes.writeUInt16LE(type, at + 2);
  }

  /** Bytes that are no attribute: the fixed header of a family (genlmsghdr, ifinfomsg, ...). */
  raw(bytes: Uint8Array): this {
    const at = this.#room((bytes.length + 3) & ~3);
    this.#bytes.set(bytes, at);
    this.#bytes.fill(0, at + bytes.length, this.#length);
    return this;
  }

  /** One 32-bit word that is no attribute. */
  word(value: number): this {
    const at = this.#room(4);
    this.#bytes.writeUInt32LE(value >>> 0, at);
    return this;
  }

  u8(type: number, value: number): this {
    const at = this.#room(8);
    this.#header(at, type, 1);
    this.#bytes.writeUInt32LE(value & 0xff, at + 4);
    return this;
  }

  u16(type: number, value: number): this {
    const at = this.#room(8);
    this.#header(at, type, 2);
    this.#bytes.writeUInt32LE(value & 0xffff, at + 4);
    return this;
  }

  /** A 16-bit value in network order (ports). */
  be16(type: number, value: number): this {
    return this.u16(type, ((value & 0xff) << 8) | ((value >>> 8) & 0xff));
  }

  u32(type: number, value: number): this {
    const at = this.#room(8);
    this.#header(at, type, 4);
    this.#bytes.writeUInt32LE(value >>> 0, at + 4);
    return this;
  }

  u64(type: number, value: bigint): this {
    const at = this.#room(12);
    this.#header(at, type, 8);
    this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at + 4);
    return this;
  }

  bytes(type: number, value: Uint8Array): this {
    const at = this.#room(NLA_HEADER_LENGTH + ((value.length + 3) & ~3));
    this.#header(at, type, value.length);
    this.#bytes.set(value, at + NLA_HEADER_LENGTH);
    this.#bytes.fill(0, at + NLA_HEADER_LENGTH + value.length, this.#length);
    return this;
  }

  /** A NUL-terminated string, as the kernel's NLA_NUL_STRING wants it. */
  string(type: number, value: string): this {
    const size = Buffer.byteLength(value) + 1;
    const at = this.#room(NLA_HEADER_LENGTH + ((size + 3) & ~3));
    this.#header(at, type, size);
    this.#bytes.fill(0, at + NLA_HEADER_LENGTH, this.#length);
    this.#bytes.write(value, at + NLA_HEADER_LENGTH);
    return this;
  }

  /** An attribute whose value the caller fills at once; the view is valid until the next call. */
  space(type: number, length: number, fill: (into: Buffer, offset: number) => void): this {
    const at = this.#room(NLA_HEADER_LENGTH + ((length + 3) & ~3));
    this.#header(at, type, length);
    this.#bytes.fill(0, at + NLA_HEADER_LENGTH, this.#length);
    fill(this.#bytes, at + NLA_HEADER_LENGTH);
    return this;
  }

  /** Opens a nest; what is written until `endNest` stands in it. */
  beginNest(type: number): number {
    const at = this.#room(NLA_HEADER_LENGTH);
    this.#header(at, type | NLA_F_NESTED, 0);
    return at;
  }

  /** Closes the nest that `beginNest` returned. Throws RangeError when it is longer than its 16-bit length can say. */
  endNest(nest: number): this {
    this.#bytes.writeUInt16LE(this.#length - nest, nest);
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
