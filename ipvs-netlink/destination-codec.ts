/**
 * Destinations on the wire: the nest IPVS_CMD_ATTR_DEST, both ways.
 *
 * Pure codec; the decoder is total. Tunnel attributes are sent for tunnels only: kernels before 5.3 do not know them,
 * and their absence means ipip there and here. The address family is always sent: without it the kernel takes the
 * service's, and a server of the other family would become a wrong address.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_genl_parse_dest and ip_vs_genl_fill_dest.
 */
import { type AttributeWriter, forEachAttribute, readBe16, readU8, readU16, readU32 } from '../netlink/attribute.js';
import { type AddressFamily, familyOf, isIpv6, readAddress } from '../runtime/addresses.js';
import { type Port, port, weight } from '../runtime/units.js';
import type { Destination, DestinationKey, DestinationTunnel, ForwardingMethod } from './model.js';
import {
  CommandAttribute,
  DestinationAttribute,
  FORWARDING_MASK,
  ForwardingNumber,
  TunnelFlag,
  TunnelNumber,
} from './numbers.js';
import { familyFromNumber, familyNumber } from './service-codec.js';

function writeKey(into: AttributeWriter, key: DestinationKey): void {
  into.address(DestinationAttribute.ADDR, key.address, 16);
  into.be16(DestinationAttribute.PORT, key.port);
  into.u16(DestinationAttribute.ADDR_FAMILY, familyNumber(familyOf(key.address)));
}

/** The nest that only names a destination: for DEL_DEST. */
export function writeDestinationKey(into: AttributeWriter, key: DestinationKey): void {
  const nest = into.beginNest(CommandAttribute.DEST);
  writeKey(into, key);
  into.endNest(nest);
}

/** Offsets in the nest of an IPv4 destination, as `writeWhole` makes it. */
const ADDRESS_AT = 8;
const PORT_AT = 28;
const WEIGHT_AT = 52;
const UPPER_AT = 60;
const LOWER_AT = 68;

let lastForwarding: ForwardingMethod | undefined;
let lastNest: Uint32Array = new Uint32Array(0);

/**
 * The whole nest: for NEW_DEST and SET_DEST. The last one is kept as it was written, because of one service's
 * destinations one differs from the other in a few words.
 */
export function writeDestination(into: AttributeWriter, destination: Destination): void {
  const { forwarding, address, port: number } = destination;
  if (forwarding !== lastForwarding || isIpv6(address)) {
    const nest = writeWhole(into, destination);
    if (isIpv6(address)) return;
    lastForwarding = forwarding;
    lastNest = into.copy(nest);
    return;
  }
  const at = into.length;
  into.append(lastNest);
  into.patchAddress(at + ADDRESS_AT, address);
  into.patch(at + PORT_AT, ((number & 0xff) << 8) | (number >>> 8));
  into.patch(at + WEIGHT_AT, destination.weight);
  into.patch(at + UPPER_AT, destination.upperThreshold);
  into.patch(at + LOWER_AT, destination.lowerThreshold);
}

function writeWhole(into: AttributeWriter, destination: Destination): number {
  const nest = into.beginNest(CommandAttribute.DEST);
  writeKey(into, destination);
  const forwarding = destination.forwarding;
  into.u32(DestinationAttribute.FWD_METHOD, forwardingNumber(forwarding));
  into.u32(DestinationAttribute.WEIGHT, destination.weight);
  into.u32(DestinationAttribute.U_THRESH, destination.upperThreshold);
  into.u32(DestinationAttribute.L_THRESH, destination.lowerThreshold);
  if (forwarding.method === 'tunnel') writeTunnel(into, forwarding.tunnel);
  into.endNest(nest);
  return nest;
}

function forwardingNumber(forwarding: ForwardingMethod): number {
  return forwarding.method === 'other' ? forwarding.number : ForwardingNumber[forwarding.method];
}

function writeTunnel(into: AttributeWriter, tunnel: DestinationTunnel): void {
  switch (tunnel.type) {
    case 'ipip':
      return;
    case 'gue':
      into.u8(DestinationAttribute.TUN_TYPE, TunnelNumber.gue);
      into.be16(DestinationAttribute.TUN_PORT, tunnel.port);
      into.u16(DestinationAttribute.TUN_FLAGS, TunnelFlag[tunnel.checksum]);
      return;
    case 'gre':
      into.u8(DestinationAttribute.TUN_TYPE, TunnelNumber.gre);
      into.u16(DestinationAttribute.TUN_FLAGS, TunnelFlag[tunnel.checksum]);
      return;
    case 'other':
      into.u8(DestinationAttribute.TUN_TYPE, tunnel.number);
      into.be16(DestinationAttribute.TUN_PORT, tunnel.port);
      into.u16(DestinationAttribute.TUN_FLAGS, tunnel.flags);
      return;
  }
}

/** What a destination carries besides what it was told. */
export interface ConnectionCounts {
  readonly active: number;
  readonly inactive: number;
  readonly persistent: number;
}

export type DestinationReject = 'not-attributes' | 'no-key' | 'short-address' | 'no-settings';

export type DecodedDestination =
  | { readonly ok: true; readonly destination: Destination; readonly connections: ConnectionCounts }
  | { readonly ok: false; readonly reject: DestinationReject };

const refuse = (reject: DestinationReject): DecodedDestination => ({ ok: false, reject });

const MASQ: ForwardingMethod = { method: 'masq' };
const LOCAL: ForwardingMethod = { method: 'local' };
const DROUTE: ForwardingMethod = { method: 'droute' };
const BYPASS: ForwardingMethod = { method: 'bypass' };
const IPIP: ForwardingMethod = { method: 'tunnel', tunnel: { type: 'ipip' } };

function forwardingFrom(number: number, tunnelType: number, tunnelPort: number, tunnelFlags: number): ForwardingMethod {
  switch (number) {
    case ForwardingNumber.masq:
      return MASQ;
    case ForwardingNumber.local:
      return LOCAL;
    case ForwardingNumber.droute:
      return DROUTE;
    case ForwardingNumber.bypass:
      return BYPASS;
    case ForwardingNumber.tunnel:
      if (tunnelType === TunnelNumber.ipip) return IPIP;
      return { method: 'tunnel', tunnel: tunnelFrom(tunnelType, port(tunnelPort), tunnelFlags) };
    default:
      return { method: 'other', number };
  }
}

function tunnelFrom(number: number, tunnelPort: Port, flags: number): DestinationTunnel {
  if (number === TunnelNumber.gue) {
    if (flags === TunnelFlag.nocsum) return { type: 'gue', port: tunnelPort, checksum: 'nocsum' };
    if (flags === TunnelFlag.csum) return { type: 'gue', port: tunnelPort, checksum: 'csum' };
    if (flags === TunnelFlag.remcsum) return { type: 'gue', port: tunnelPort, checksum: 'remcsum' };
  } else if (number === TunnelNumber.gre && flags === TunnelFlag.nocsum) return { type: 'gre', checksum: 'nocsum' };
  else if (number === TunnelNumber.gre && flags === TunnelFlag.csum) return { type: 'gre', checksum: 'csum' };
  return { type: 'other', number, port: tunnelPort, flags };
}

/**
 * Reads one destination.
 * @param bytes the message's payload
 * @param start first byte inside the nest IPVS_CMD_ATTR_DEST
 * @param end byte after it
 * @param serviceFamily the service's family: kernels before 3.18 do not say the destination's own
 */
export function decodeDestination(
  bytes: Buffer,
  start: number,
  end: number,
  serviceFamily: AddressFamily,
): DecodedDestination {
  let addressAt = -1;
  let addressLength = 0;
  let portNumber: number | undefined;
  let af: number | undefined;
  let method: number | undefined;
  let weightNumber: number | undefined;
  let upper: number | undefined;
  let lower: number | undefined;
  let active = 0;
  let inactive = 0;
  let persistent = 0;
  let tunnelType = 0;
  let tunnelPort = 0;
  let tunnelFlags = 0;
  const whole = forEachAttribute(bytes, start, end, (type, from, to) => {
    switch (type) {
      case DestinationAttribute.ADDR:
        addressAt = from;
        addressLength = to - from;
        break;
      case DestinationAttribute.PORT:
        portNumber = readBe16(bytes, from, to);
        break;
      case DestinationAttribute.ADDR_FAMILY:
        af = readU16(bytes, from, to);
        break;
      case DestinationAttribute.FWD_METHOD:
        method = readU32(bytes, from, to);
        break;
      case DestinationAttribute.WEIGHT:
        weightNumber = readU32(bytes, from, to);
        break;
      case DestinationAttribute.U_THRESH:
        upper = readU32(bytes, from, to);
        break;
      case DestinationAttribute.L_THRESH:
        lower = readU32(bytes, from, to);
        break;
      case DestinationAttribute.ACTIVE_CONNS:
        active = readU32(bytes, from, to) ?? 0;
        break;
      case DestinationAttribute.INACT_CONNS:
        inactive = readU32(bytes, from, to) ?? 0;
        break;
      case DestinationAttribute.PERSIST_CONNS:
        persistent = readU32(bytes, from, to) ?? 0;
        break;
      case DestinationAttribute.TUN_TYPE:
        tunnelType = readU8(bytes, from, to) ?? 0;
        break;
      case DestinationAttribute.TUN_PORT:
        tunnelPort = readBe16(bytes, from, to) ?? 0;
        break;
      case DestinationAttribute.TUN_FLAGS:
        tunnelFlags = readU16(bytes, from, to) ?? 0;
        break;
    }
  });
  if (!whole) return refuse('not-attributes');
  if (addressAt < 0 || portNumber === undefined) return refuse('no-key');
  const family = familyFromNumber(af) ?? serviceFamily;
  if (addressLength < (family === 'inet' ? 4 : 16)) return refuse('short-address');
  if (method === undefined || weightNumber === undefined || upper === undefined || lower === undefined)
    return refuse('no-settings');
  return {
    ok: true,
    destination: {
      address: readAddress(family, bytes, addressAt),
      port: port(portNumber),
      forwarding: forwardingFrom(method & FORWARDING_MASK, tunnelType, tunnelPort, tunnelFlags),
      weight: weight(weightNumber),
      upperThreshold: upper,
      lowerThreshold: lower,
    },
    connections: { active, inactive, persistent },
  };
}
