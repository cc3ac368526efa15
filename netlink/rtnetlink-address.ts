/**
 * Addresses of rtnetlink: read, asked for, added and deleted.
 *
 * Pure codec. An added IPv4 address is its own local and peer address, as `ip addr add` does. A label is IPv4's only.
 * Source: Linux include/uapi/linux/if_addr.h, net/ipv4/devinet.c, net/ipv6/addrconf.c.
 */
import { familyOf, type IpAddress, readAddress, writeAddress } from '../runtime/addresses.js';
import { forEachAttribute, readString, readU32 } from './attribute.js';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from './message.js';
import {
  encodeRouteMessage,
  FAMILY_INET,
  FAMILY_INET6,
  FAMILY_UNSPECIFIED,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
  SCOPE,
  type Scope,
} from './rtnetlink.js';

const HEADER = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;

export const IFA_F_SECONDARY = 0x01;
export const IFA_F_NODAD = 0x02;
export const IFA_F_DADFAILED = 0x08;
export const IFA_F_HOMEADDRESS = 0x10;
export const IFA_F_DEPRECATED = 0x20;
export const IFA_F_TENTATIVE = 0x40;
export const IFA_F_PERMANENT = 0x80;
export const IFA_F_MANAGETEMPADDR = 0x100;
export const IFA_F_NOPREFIXROUTE = 0x200;
export const IFA_F_MCAUTOJOIN = 0x400;

/** An address that stands on an interface. */
export interface InterfaceAddress {
  readonly index: number;
  readonly address: IpAddress;
  /** The other end of a point-to-point address; else the address itself. */
  readonly peer: IpAddress;
  /** 0..32 or 0..128. */
  readonly prefixLength: number;
  /** RT_SCOPE_* number. */
  readonly scope: number;
  /** IFA_F_* bits. */
  readonly flags: number;
  /** IPv4 only; empty for none. */
  readonly label: string;
}

/** Reads the payload of RTM_NEWADDR or RTM_DELADDR; undefined when it is no IPv4 or IPv6 address. */
export function decodeInterfaceAddress(payload: Buffer): InterfaceAddress | undefined {
  if (payload.length < HEADER) return undefined;
  const number = payload[0];
  if (number !== FAMILY_INET && number !== FAMILY_INET6) return undefined;
  const family = number === FAMILY_INET ? 'inet' : 'inet6';
  const width = number === FAMILY_INET ? 4 : 16;
  let local: IpAddress | undefined;
  let peer: IpAddress | undefined;
  let label = '';
  let flags = payload[2] as number;
  const whole = forEachAttribute(payload, HEADER, payload.length, (type, start, end) => {
    if (type === IFA_LOCAL && end - start === width) local = readAddress(family, payload, start);
    else if (type === IFA_ADDRESS && end - start === width) peer = readAddress(family, payload, start);
    else if (type === IFA_LABEL) label = readString(payload, start, end);
    else if (type === IFA_FLAGS) flags = readU32(payload, start, end) ?? flags;
  });
  const address = local ?? peer;
  const prefixLength = payload[1] as number;
  if (!whole || address === undefined || prefixLength > width * 8) return undefined;
  return {
    index: payload.readUInt32LE(4),
    address,
    peer: peer ?? address,
    prefixLength,
    scope: payload[3] as number,
    flags,
    label,
  };
}

/** An address to be added. */
export interface WantedAddress {
  readonly index: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** Its name, or its number 0..255; default global. */
  readonly scope?: Scope | number;
  /** IPv4 only, at most 15 bytes. */
  readonly label?: string;
  readonly broadcast?: IpAddress;
  /** The other end of a point-to-point address; the prefix is then the peer's. */
  readonly peer?: IpAddress;
  /** IFA_F_* bits, as IFA_F_NODAD. */
  readonly flags?: number;
  /** Seconds; 0: deprecated at once, so that nothing chooses it as a source. Default: for ever. */
  readonly preferredLifetime?: number;
}

const FOREVER = 0xffffffff;

function header(address: WantedAddress): Buffer {
  const bytes = Buffer.alloc(HEADER);
  bytes[0] = familyOf(address.address) === 'inet' ? FAMILY_INET : FAMILY_INET6;
  bytes[1] = address.prefixLength;
  bytes[2] = (address.flags ?? 0) & 0xff;
  const scope = address.scope ?? 'global';
  bytes[3] = typeof scope === 'number' ? scope : SCOPE[scope];
  bytes.writeUInt32LE(address.index, 4);
  return bytes;
}

const bytesOf = (address: IpAddress): Buffer => {
  const bytes = Buffer.alloc(familyOf(address) === 'inet' ? 4 : 16);
  writeAddress(address, bytes, 0);
  return bytes;
};

/**
 * Adds an address.
 * @param existing `refuse`: EEXIST when it is there already; `replace`: its flags and lifetime are changed
 */
export function encodeAddressAdd(wanted: WantedAddress, existing: 'refuse' | 'replace' = 'refuse'): Buffer {
  const flags = NLM_F_CREATE | (existing === 'refuse' ? NLM_F_EXCL : NLM_F_REPLACE);
  return encodeRouteMessage(RTM_NEWADDR, flags, header(wanted), (into) => {
    into.bytes(IFA_LOCAL, bytesOf(wanted.address)).bytes(IFA_ADDRESS, bytesOf(wanted.peer ?? wanted.address));
    if (wanted.broadcast !== undefined) into.bytes(IFA_BROADCAST, bytesOf(wanted.broadcast));
    if (wanted.label !== undefined) into.string(IFA_LABEL, wanted.label);
    if (wanted.flags !== undefined) into.u32(IFA_FLAGS, wanted.flags);
    if (wanted.preferredLifetime !== undefined) {
      // struct ifa_cacheinfo: preferred so many seconds, valid for ever, two stamps that are the kernel's.
      into.bytes(IFA_CACHEINFO, new Uint8Array(Uint32Array.of(wanted.preferredLifetime, FOREVER, 0, 0).buffer));
    }
  });
}

/** Deletes an address with this prefix length, and this peer if one is named, from this interface. */
export function encodeAddressDelete(
  address: Pick<InterfaceAddress, 'index' | 'address' | 'prefixLength'> & { readonly peer?: IpAddress },
): Buffer {
  const wanted: WantedAddress = {
    index: address.index,
    address: address.address,
    prefixLength: address.prefixLength,
  };
  return encodeRouteMessage(RTM_DELADDR, 0, header(wanted), (into) => {
    // Without the second the kernel would take any prefix length.
    into.bytes(IFA_LOCAL, bytesOf(address.address)).bytes(IFA_ADDRESS, bytesOf(address.peer ?? address.address));
  });
}

/** The question for all addresses of both families, for a dump socket. */
export function encodeAddressDump(): Buffer {
  const bytes = Buffer.alloc(HEADER);
  bytes[0] = FAMILY_UNSPECIFIED;
  return encodeRouteMessage(RTM_GETADDR, 0, bytes);
}
