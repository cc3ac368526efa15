/**
 * Generic netlink: families by name, and requests to them.
 *
 * Resolving a name asks the kernel's controller (CTRL_CMD_GETFAMILY), which loads the family's module if it is not
 * there yet, so no modprobe and no CAP_SYS_MODULE are needed. What a family's commands mean is that family's code
 * (`ipvs-netlink/`). No socket is opened here: a `NetlinkChannel` is handed in, by whoever opened it in the right
 * network namespace; tests hand in a recorded kernel.
 *
 * Source: Linux include/uapi/linux/genetlink.h, net/netlink/genetlink.c (ctrl_getfamily).
 */
import { LvsdError } from '../runtime/errors.js';
import { AttributeWriter, forEachAttribute, readString, readU16, readU32 } from './attribute.js';
import { type NetlinkMessage, NLM_F_DUMP, NLM_F_REQUEST } from './message.js';
import type { NetlinkError } from './netlink-error.js';
import type { Acknowledge, Answer } from './request-socket.js';

export const GENL_ID_CTRL = 0x10;
export const GENL_HEADER_LENGTH = 4;

export const CTRL_CMD_GETFAMILY = 3;
export const CTRL_ATTR_FAMILY_ID = 1;
export const CTRL_ATTR_FAMILY_NAME = 2;
export const CTRL_ATTR_VERSION = 3;
export const CTRL_ATTR_MAXATTR = 5;
export const CTRL_ATTR_OPS = 6;
const CTRL_ATTR_OP_ID = 1;

/**
 * The way to the kernel for requests; `RequestSocket` is one, a recorded kernel in a test is another. Synchronous: the
 * kernel handles a request inside sendmsg, so its answer is there when that returns. Messages are whole, without a
 * sequence number: the channel numbers them and asks for acknowledgements.
 */
export interface RequestChannel {
  /** Counted from the channel's beginning: sendmsg calls, and messages in them. */
  readonly stats: { readonly sends: number; readonly messages: number };
  exchange(
    requests: readonly Uint8Array[] | Uint8Array,
    options?: { readonly acknowledge?: Acknowledge },
  ): readonly Answer[];
}

/** The way to the kernel for whole lists; `DumpSocket` is one. Throws NetlinkError when the kernel refuses. */
export interface DumpChannel {
  dump(request: Uint8Array): readonly NetlinkMessage[];
}

export interface GenericFamily {
  readonly name: string;
  /** The message type of this boot's kernel. */
  readonly id: number;
  readonly version: number;
  readonly maximumAttribute: number;
  /** Numbers of the commands that the kernel knows. */
  readonly commands: ReadonlySet<number>;
}

/** Opens a payload: genlmsghdr. */
export function writeGenericHeader(into: AttributeWriter, command: number, version: number): AttributeWriter {
  return into.word((command & 0xff) | ((version & 0xff) << 8));
}

export interface GenericMessage {
  readonly command: number;
  readonly version: number;
}

/** Reads the genlmsghdr of a payload; its attributes begin at GENL_HEADER_LENGTH. Undefined if it is too short. */
export function readGenericHeader(payload: Buffer): GenericMessage | undefined {
  if (payload.length < GENL_HEADER_LENGTH) return undefined;
  return { command: payload[0] as number, version: payload[1] as number };
}

/** The question for a family, as a whole message. */
export function encodeGetFamily(name: string): Buffer {
  const requests = new GenericRequests({ id: GENL_ID_CTRL, version: 1 });
  return requests.request(CTRL_CMD_GETFAMILY, (into) => into.string(CTRL_ATTR_FAMILY_NAME, name));
}

/** Reads the controller's answer; undefined if it is no family. */
export function decodeFamily(payload: Buffer): GenericFamily | undefined {
  let name: string | undefined;
  let id: number | undefined;
  let version = 0;
  let maximumAttribute = 0;
  const commands = new Set<number>();
  const whole = forEachAttribute(payload, GENL_HEADER_LENGTH, payload.length, (type, start, end) => {
    if (type === CTRL_ATTR_FAMILY_NAME) name = readString(payload, start, end);
    else if (type === CTRL_ATTR_FAMILY_ID) id = readU16(payload, start, end);
    else if (type === CTRL_ATTR_VERSION) version = readU32(payload, start, end) ?? 0;
    else if (type === CTRL_ATTR_MAXATTR) maximumAttribute = readU32(payload, start, end) ?? 0;
    else if (type === CTRL_ATTR_OPS)
      forEachAttribute(payload, start, end, (_index, from, to) => {
        forEachAttribute(payload, from, to, (operation, valueFrom, valueTo) => {
          const command = operation === CTRL_ATTR_OP_ID ? readU32(payload, valueFrom, valueTo) : undefined;
          if (command !== undefined) commands.add(command);
        });
      });
  });
  if (!whole || name === undefined || id === undefined) return undefined;
  return { name, id, version, maximumAttribute, commands };
}

/** A family that could not be had; `errno` is positive, 0 for an answer that made no sense or none at all. */
export class FamilyError extends LvsdError {
  readonly errno: number;

  constructor(name: string, cause: NetlinkError | undefined) {
    const errno = cause?.errno ?? 0;
    super(
      'LVSD_GENERIC_FAMILY',
      `The kernel gave no generic netlink family "${name}"${cause === undefined ? ': its answer is no family' : ''}`,
      cause === undefined ? { fields: { family: name, errno } } : { fields: { family: name, errno }, cause },
    );
    this.errno = errno;
  }
}

/** Asks the kernel for a family by name. Throws FamilyError (ENOENT: the kernel has none of that name). */
export function resolveFamily(channel: RequestChannel, name: string): GenericFamily {
  const answer = channel.exchange([encodeGetFamily(name)])[0];
  if (answer !== undefined && !answer.ok) throw new FamilyError(name, answer.error);
  for (const reply of answer?.replies ?? []) {
    const family = reply.type === GENL_ID_CTRL ? decodeFamily(reply.payload) : undefined;
    if (family !== undefined) return family;
  }
  throw new FamilyError(name, undefined);
}

/** Makes the messages of one family, one after the other in one buffer: a batch is written without a copy a message. */
export class GenericRequests {
  readonly #family: Pick<GenericFamily, 'id' | 'version'>;
  readonly #writer = new AttributeWriter(1024);
  /** Where the message that is open begins. */
  #start = 0;

  constructor(family: Pick<GenericFamily, 'id' | 'version'>) {
    this.#family = family;
  }

  /** Begins a new batch. */
  begin(): this {
    this.#writer.reset();
    return this;
  }

  /** Adds a message to the batch. */
  add(command: number, write?: (into: AttributeWriter) => void, flags: number = NLM_F_REQUEST): this {
    const writer = this.open(command);
    write?.(writer);
    this.close(flags);
    return this;
  }

  /** Begins a message in the batch; its attributes go into the writer until `close`. */
  open(command: number): AttributeWriter {
    this.#start = this.#writer.beginMessage();
    return writeGenericHeader(this.#writer, command, this.#family.version);
  }

  /** Ends the message that was opened. */
  close(flags: number = NLM_F_REQUEST): void {
    this.#writer.endMessage(this.#start, this.#family.id, flags);
  }

  /** The batch so far: a view, valid until the next `begin` or `add`. */
  get batch(): Buffer {
    return this.#writer.buffer.subarray(0, this.#writer.length);
  }

  /** One message by itself. */
  request(command: number, write?: (into: AttributeWriter) => void): Buffer {
    return Buffer.from(this.begin().add(command, write).batch);
  }

  /** One request for a whole list. */
  dump(command: number, write?: (into: AttributeWriter) => void): Buffer {
    return Buffer.from(this.begin().add(command, write, NLM_F_REQUEST | NLM_F_DUMP).batch);
  }
}
