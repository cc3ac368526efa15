/**
 * Links (network interfaces) of rtnetlink: read, asked for, set up or down.
 *
 * Pure codec. A link message of the kernel has some hundred attributes; what a director needs is read, the rest is passed
 * over. Source: Linux include/uapi/linux/if_link.h, if.h; RFC 2863 (operational state).
 */
import { type AttributeWriter, forEachAttribute, readString, readU8, readU32 } from './attribute.js';
import { encodeRouteMessage, FAMILY_UNSPECIFIED, RTM_GETLINK, RTM_NEWLINK } from './rtnetlink.js';

const HEADER = 16;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_OPERSTATE = 16;
const IFLA_LINKINFO = 18;
const IFLA_EXT_MASK = 29;
const IFLA_INFO_KIND = 1;
const RTEXT_FILTER_SKIP_STATS = 8;

export const IFF_UP = 0x1;
export const IFF_BROADCAST = 0x2;
export const IFF_LOOPBACK = 0x8;
export const IFF_POINTOPOINT = 0x10;
export const IFF_RUNNING = 0x40;
export const IFF_NOARP = 0x80;
export const IFF_MULTICAST = 0x1000;
export const IFF_LOWER_UP = 0x10000;

export interface Link {
  /** Positive, unique in its namespace, never used again soon. */
  readonly index: number;
  readonly name: string;
  /** IFF_* bits. */
  readonly flags: number;
  /** Set up by an operator (IFF_UP). */
  readonly up: boolean;
  /** Up, and something answers at the other end (IFF_RUNNING): keepalived's notion of an interface that works. */
  readonly running: boolean;
  readonly loopback: boolean;
  /** ARPHRD_*: 1 Ethernet, 772 loopback. */
  readonly hardwareType: number;
  /** Link-layer address as lower-case hex with colons; empty where the link has none. */
  readonly hardwareAddress: string;
  readonly mtu: number;
  /** Index of the link under it (macvlan, vlan), 0 for none. */
  readonly lowerIndex: number;
  /** Index of its bridge, bond or VRF, 0 for none. */
  readonly masterIndex: number;
  /** RFC 2863: 6 is up, 0 unknown. */
  readonly operationalState: number;
  /** `macvlan`, `veth`, `dummy`...; empty for a plain device. */
  readonly kind: string;
}

/**
 * Reads the payload of RTM_NEWLINK or RTM_DELLINK; undefined when it is no link. Messages of the bridge's own family are
 * none: there RTM_DELLINK means that a port has left its bridge, not that the link is gone.
 */
export function decodeLink(payload: Buffer): Link | undefined {
  if (payload.length < HEADER || payload[0] !== FAMILY_UNSPECIFIED) return undefined;
  let name = '';
  let hardwareAddress = '';
  let mtu = 0;
  let lowerIndex = 0;
  let masterIndex = 0;
  let operationalState = 0;
  let kind = '';
  const whole = forEachAttribute(payload, HEADER, payload.length, (type, start, end) => {
    if (type === IFLA_IFNAME) name = readString(payload, start, end);
    else if (type === IFLA_ADDRESS) hardwareAddress = hexOf(payload.subarray(start, end));
    else if (type === IFLA_MTU) mtu = readU32(payload, start, end) ?? 0;
    else if (type === IFLA_LINK) lowerIndex = readU32(payload, start, end) ?? 0;
    else if (type === IFLA_MASTER) masterIndex = readU32(payload, start, end) ?? 0;
    else if (type === IFLA_OPERSTATE) operationalState = readU8(payload, start, end) ?? 0;
    else if (type === IFLA_LINKINFO)
      forEachAttribute(payload, start, end, (inner, from, to) => {
        if (inner === IFLA_INFO_KIND) kind = readString(payload, from, to);
      });
  });
  const index = payload.readInt32LE(4);
  if (!whole || name === '' || index <= 0) return undefined;
  const flags = payload.readUInt32LE(8);
  return {
    index,
    name,
    flags,
    up: (flags & IFF_UP) !== 0,
    running: (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    hardwareType: payload.readUInt16LE(2),
    hardwareAddress,
    mtu,
    lowerIndex,
    masterIndex,
    operationalState,
    kind,
  };
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function header(index: number, flags: number, change: number): Buffer {
  const bytes = Buffer.alloc(HEADER);
  bytes.writeInt32LE(index, 4);
  bytes.writeUInt32LE(flags, 8);
  bytes.writeUInt32LE(change, 12);
  return bytes;
}

const withoutStatistics = (into: AttributeWriter): unknown => into.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);

/** The question for all links, for a dump socket. */
export function encodeLinkDump(): Buffer {
  return encodeRouteMessage(RTM_GETLINK, 0, header(0, 0, 0), withoutStatistics);
}

/** The question for one link by name, for a request socket. */
export function encodeLinkByName(name: string): Buffer {
  return encodeRouteMessage(RTM_GETLINK, 0, header(0, 0, 0), (into) => {
    into.string(IFLA_IFNAME, name);
    withoutStatistics(into);
  });
}

/** Sets a link up or down. */
export function encodeLinkUp(index: number, up: boolean): Buffer {
  return encodeRouteMessage(RTM_NEWLINK, 0, header(index, up ? IFF_UP : 0, IFF_UP));
}
