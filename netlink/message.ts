/**
 * Netlink messages: the 16-byte header, several messages in one datagram, and what an error or end-of-dump message says.
 *
 * Pure codec, no I/O. Bytes come from `request-socket.ts`, `dump-socket.ts` and `monitor-socket.ts`; what stands inside
 * a message belongs to the family (`generic-netlink.ts`, rtnetlink). Integers are in the order of the host, and the
 * hosts that lvsd supports (x86-64, arm64) are little-endian.
 *
 * Source: Linux include/uapi/linux/netlink.h; Documentation/userspace-api/netlink/intro.rst.
 */
import { forEachAttribute, readString, readU32 } from './attribute.js';

export const NLMSG_HEADER_LENGTH = 16;

export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;
/** Types below this are control messages of netlink itself. */
export const NLMSG_MIN_TYPE = 16;

export const NLM_F_REQUEST = 0x01;
export const NLM_F_MULTI = 0x02;
export const NLM_F_ACK = 0x04;
export const NLM_F_ECHO = 0x08;
/** The table changed while it was dumped: the answer may miss or repeat entries. */
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP_FILTERED = 0x20;
/** GET requests. */
export const NLM_F_ROOT = 0x100;
export const NLM_F_MATCH = 0x200;
export const NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH;
/** NEW requests. */
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
/** Error messages: the request was cut to its header; TLVs follow. */
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;

export const NLMSGERR_ATTR_MSG = 1;
export const NLMSGERR_ATTR_OFFS = 2;
export const NLMSGERR_ATTR_COOKIE = 3;
export const NLMSGERR_ATTR_POLICY = 4;
export const NLMSGERR_ATTR_MISS_TYPE = 5;
export const NLMSGERR_ATTR_MISS_NEST = 6;

/** What the sender of a message decides. */
export interface OutgoingMessage {
  /** NLMSG_* or the family's number, 0..65535. */
  readonly type: number;
  /** NLM_F_* bits. */
  readonly flags: number;
  /** 0..2^32-1; the kernel's answers carry it back. */
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
  /** A view into the datagram, not a copy: valid as long as the datagram is not written over. */
  readonly payload: Buffer;
}

/** Why the rest of a datagram was not read. */
export type DatagramReject =
  | { readonly kind: 'short-header'; readonly offset: number; readonly have: number }
  | { readonly kind: 'bad-length'; readonly offset: number; readonly length: number; readonly have: number };

export interface Datagram {
  readonly messages: readonly NetlinkMessage[];
  /** Set when bytes were left over that are no message; the messages before them stand. */
  readonly reject: DatagramReject | undefined;
}

/** Rounds a length up to netlink's four-byte border. */
export const align4 = (length: number): number => (length + 3) & ~3;

/** Writes a message header at `offset`; `length` counts the header too. */
function writeMessageHeader(
  into: Buffer,
  offset: number,
  length: number,
  type: number,
  flags: number,
  sequence: number,
): void {
  into.writeUInt32LE(length, offset);
  into.writeUInt16LE(type, offset + 4);
  into.writeUInt16LE(flags, offset + 6);
  into.writeUInt32LE(sequence >>> 0, offset + 8);
  into.writeUInt32LE(0, offset + 12);
}

/** One message as bytes, padded to four, port id 0 (the kernel fills in the sender's). */
export function encodeMessage(message: OutgoingMessage): Buffer {
  const length = NLMSG_HEADER_LENGTH + message.payload.length;
  const bytes = Buffer.allocUnsafe(align4(length));
  writeMessageHeader(bytes, 0, length, message.type, message.flags, message.sequence);
  bytes.set(message.payload, NLMSG_HEADER_LENGTH);
  bytes.fill(0, length);
  return bytes;
}

/** Cuts a datagram into its messages. Total: what cannot be a message ends the walk and is named in `reject`. */
export function decodeMessages(datagram: Uint8Array): Datagram {
  const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const messages: NetlinkMessage[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const have = bytes.length - offset;
    if (have < NLMSG_HEADER_LENGTH) return { messages, reject: { kind: 'short-header', offset, have } };
    const length = bytes.readUInt32LE(offset);
    if (length < NLMSG_HEADER_LENGTH || length > have)
      return { messages, reject: { kind: 'bad-length', offset, length, have } };
    messages.push({
      type: bytes.readUInt16LE(offset + 4),
      flags: bytes.readUInt16LE(offset + 6),
      sequence: bytes.readUInt32LE(offset + 8),
      portId: bytes.readUInt32LE(offset + 12),
      payload: bytes.subarray(offset + NLMSG_HEADER_LENGTH, offset + length),
    });
    offset += align4(length);
  }
  return { messages, reject: undefined };
}

/** What the kernel adds to an errno when NETLINK_EXT_ACK is on. */
export interface ExtendedAck {
  /** The kernel's sentence, if it gave one. */
  readonly text: string | undefined;
  /** Byte in the request (from its header on) of the attribute that was refused. */
  readonly offset: number | undefined;
  /** Type of a required attribute that was missing. */
  readonly missingType: number | undefined;
}

export interface NetlinkErrorAnswer {
  /** Positive errno; 0 is an acknowledgement. */
  readonly errno: number;
  /** Type of the request that is answered; 0 where the kernel did not say. */
  readonly requestType: number;
  readonly extack: ExtendedAck;
}

const NO_EXTACK: ExtendedAck = { text: undefined, offset: undefined, missingType: undefined };

/**
 * What an NLMSG_ERROR (acknowledgement or refusal) or NLMSG_DONE message says; undefined if the message is neither or
 * is too short to hold an errno. An end-of-dump without an errno (old kernels) counts as 0.
 */
export function decodeError(
  message: Pick<NetlinkMessage, 'type' | 'flags' | 'payload'>,
): NetlinkErrorAnswer | undefined {
  const { type, flags, payload } = message;
  if (type === NLMSG_DONE) {
    if (payload.length < 4) return { errno: 0, requestType: 0, extack: NO_EXTACK };
    const tlvs = (flags & NLM_F_ACK_TLVS) !== 0 ? payload.subarray(4) : undefined;
    return { errno: positiveErrno(payload), requestType: 0, extack: decodeExtack(tlvs) };
  }
  if (type !== NLMSG_ERROR || payload.length < 4) return undefined;
  const requestType = payload.length >= 10 ? payload.readUInt16LE(8) : 0;
  return { errno: positiveErrno(payload), requestType, extack: decodeExtack(errorTlvs(flags, payload)) };
}

function positiveErrno(payload: Buffer): number {
  const value = payload.readInt32LE(0);
  return value < 0 ? -value : value;
}

/** The TLVs stand behind the request that is quoted: whole, or its header alone if capped or acknowledged. */
function errorTlvs(flags: number, payload: Buffer): Buffer | undefined {
  if ((flags & NLM_F_ACK_TLVS) === 0 || payload.length < 4 + NLMSG_HEADER_LENGTH) return undefined;
  const quoted = (flags & NLM_F_CAPPED) !== 0 ? NLMSG_HEADER_LENGTH : align4(payload.readUInt32LE(4));
  const start = 4 + Math.max(quoted, NLMSG_HEADER_LENGTH);
  return start < payload.length ? payload.subarray(start) : undefined;
}

function decodeExtack(tlvs: Buffer | undefined): ExtendedAck {
  if (tlvs === undefined) return NO_EXTACK;
  let text: string | undefined;
  let offset: number | undefined;
  let missingType: number | undefined;
  forEachAttribute(tlvs, 0, tlvs.length, (type, start, end) => {
    if (type === NLMSGERR_ATTR_MSG) text = readString(tlvs, start, end);
    else if (type === NLMSGERR_ATTR_OFFS) offset = readU32(tlvs, start, end);
    else if (type === NLMSGERR_ATTR_MISS_TYPE) missingType = readU32(tlvs, start, end);
  });
  return { text, offset, missingType };
}
