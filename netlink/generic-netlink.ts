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
import { type ExtendedAck, type NetlinkMessage, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST } from './message.js';

export const GENL_ID_CTRL = 0x10;
export const GENL_HEADER_LENGTH = 4;

export const CTRL_CMD_GETFAMILY = 3;
export const CTRL_ATTR_FAMILY_ID = 1;
export const CTRL_ATTR_FAMILY_NAME = 2;
export const CTRL_ATTR_VERSION = 3;
export const CTRL_ATTR_MAXATTR = 5;
export const CTRL_ATTR_OPS = 6;
const CTRL_ATTR_OP_ID = 1;

/** A request without its sequence number: the channel numbers. */
export interface NetlinkRequest {
  readonly type: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** What the kernel said to one request. */
export interface NetlinkAnswer {
  /** Positive errno; 0 when it was done. */
  readonly errno: number;
  readonly extack: ExtendedAck | undefined;
  /** Messages that came besides the acknowledgement. */
  readonly replies: readonly NetlinkMessage[];
}

/**
 * The way to the kernel that this floor and those above it need; `request-socket.ts` and `dump-socket.ts` fulfil it.
 * Both calls are synchronous: the kernel handles a request inside sendmsg, so its answer is there when that returns.
 */
export interface NetlinkChannel {
  /** Sends the requests in as few sendmsg as fit; the answers stand in the order of the requests. */
  exchange(requests: readonly NetlinkRequest[]): readonly NetlinkAnswer[];
  /** Sends one dump request (flags are the channel's to complete) and visits each message of the answer. */
  dump(request: NetlinkRequest, visit: (message: NetlinkMessage) => void): DumpOutcome;
}

export interface DumpOutcome {
  /** Positive errno; 0 when the dump came to its end. */
  readonly errno: number;
  readonly extack: ExtendedAck | undefined;
  /** NLM_F_DUMP_INTR was seen: the table changed under the dump. */
  readonly interrupted: boolean;
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

export function encodeGetFamily(name: string): NetlinkRequest {
  const writer = writeGenericHeader(new AttributeWriter(64), CTRL_CMD_GETFAMILY, 1);
  writer.string(CTRL_ATTR_FAMILY_NAME, name);
  return { type: GENL_ID_CTRL, flags: NLM_F_REQUEST | NLM_F_ACK, payload: writer.take() };
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

/** A family that could not be had; `fields` has `family` and `errno` (positive; 0 for an answer that made no sense). */
export class FamilyError extends LvsdError {
  readonly errno: number;

  constructor(name: string, errno: number, extack: ExtendedAck | undefined) {
    const why = errno === 0 ? 'its answer is no family' : `errno ${errno}`;
    const text = extack?.text === undefined ? '' : ` (${extack.text})`;
    super('LVSD_GENERIC_FAMILY', `The kernel gave no generic netlink family "${name}": ${why}${text}.`, {
      fields: { family: name, errno },
    });
    this.errno = errno;
  }
}

/** Asks the kernel for a family by name. Throws FamilyError (ENOENT: the kernel has none of that name). */
export function resolveFamily(channel: Pick<NetlinkChannel, 'exchange'>, name: string): GenericFamily {
  const answer = channel.exchange([encodeGetFamily(name)])[0];
  if (answer === undefined || answer.errno !== 0) throw new FamilyError(name, answer?.errno ?? 0, answer?.extack);
  for (const reply of answer.replies) {
    const family = reply.type === GENL_ID_CTRL ? decodeFamily(reply.payload) : undefined;
    if (family !== undefined) return family;
  }
  throw new FamilyError(name, 0, answer.extack);
}

/** Makes the requests of one family, with one writer for all of them. */
export class GenericRequests {
  readonly #family: Pick<GenericFamily, 'id' | 'version'>;
  readonly #writer = new AttributeWriter(512);

  constructor(family: Pick<GenericFamily, 'id' | 'version'>) {
    this.#family = family;
  }

  /** A request that is answered with an acknowledgement (and a reply, if the command gives one). */
  request(command: number, write?: (into: AttributeWriter) => void): NetlinkRequest {
    return this.#build(NLM_F_REQUEST | NLM_F_ACK, command, write);
  }

  /** A request for a whole list. */
  dump(command: number, write?: (into: AttributeWriter) => void): NetlinkRequest {
    return this.#build(NLM_F_REQUEST | NLM_F_DUMP, command, write);
  }

  #build(flags: number, command: number, write: ((into: AttributeWriter) => void) | undefined): NetlinkRequest {
    const writer = writeGenericHeader(this.#writer.reset(), command, this.#family.version);
    write?.(writer);
    return { type: this.#family.id, flags, payload: writer.take() };
  }
}
