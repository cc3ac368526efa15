/**
 * Encapsulation of routes (`encap` of ip-route(8)): the attributes RTA_ENCAP_TYPE and RTA_ENCAP.
 *
 * Pure codec, writing only. The kernel needs CONFIG_LWTUNNEL for any of them and the kind's own module. Source: Linux
 * include/uapi/linux/lwtunnel.h, mpls_iptunnel.h, ila.h; RFC 3032 (label stack entries).
 */
import type { Encapsulation } from '../config/route.js';
import { familyOf, type IpAddress } from '../runtime/addresses.js';
import type { AttributeWriter } from './attribute.js';

const RTA_ENCAP_TYPE = 21;
const RTA_ENCAP = 22;

const TYPE = { mpls: 1, ip: 2, ila: 3, ip6: 4 } as const;

const MPLS_DESTINATION = 1;
const ILA_LOCATOR = 1;
/** LWTUNNEL_IP_*; LWTUNNEL_IP6_* has hop limit and traffic class under the numbers of TTL and TOS. */
const TUNNEL = { id: 1, destination: 2, source: 3, ttl: 4, tos: 5, flags: 6 } as const;

const BOTTOM_OF_STACK = 0x100;

/** Writes both attributes. */
export function writeEncapsulation(into: AttributeWriter, encapsulation: Encapsulation): void {
  into.u16(RTA_ENCAP_TYPE, TYPE[encapsulation.kind]);
  const nest = into.beginNest(RTA_ENCAP);
  switch (encapsulation.kind) {
    case 'mpls':
      into.bytes(MPLS_DESTINATION, labelStack(encapsulation.labels));
      break;
    case 'ip':
      writeTunnel(into, { ...encapsulation, limit: encapsulation.ttl, service: encapsulation.tos });
      break;
    case 'ip6':
      writeTunnel(into, { ...encapsulation, limit: encapsulation.hopLimit, service: encapsulation.trafficClass });
      break;
    case 'ila':
      into.bytes(ILA_LOCATOR, locatorBytes(encapsulation.locator));
      break;
  }
  into.endNest(nest);
}

interface Tunnel {
  readonly id: string | undefined;
  readonly destination: IpAddress | undefined;
  readonly source: IpAddress | undefined;
  readonly limit: number | undefined;
  readonly service: number | undefined;
  readonly flags: number | undefined;
}

function writeTunnel(into: AttributeWriter, { id, destination, source, limit, service, flags }: Tunnel): void {
  const address = (attribute: number, value: IpAddress): void => {
    into.address(attribute, value, familyOf(value) === 'inet' ? 4 : 16);
  };
  if (id !== undefined) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(id));
    into.bytes(TUNNEL.id, bytes);
  }
  if (destination !== undefined) address(TUNNEL.destination, destination);
  if (source !== undefined) address(TUNNEL.source, source);
  if (limit !== undefined) into.u8(TUNNEL.ttl, limit);
  if (service !== undefined) into.u8(TUNNEL.tos, service);
  if (flags !== undefined) into.be16(TUNNEL.flags, flags);
}

/** Labels of 20 bits, the last one marked. */
function labelStack(labels: readonly number[]): Buffer {
  const bytes = Buffer.alloc(labels.length * 4);
  labels.forEach((label, i) => {
    const last = i === labels.length - 1 ? BOTTOM_OF_STACK : 0;
    bytes.writeUInt32BE(((label << 12) | last) >>> 0, i * 4);
  });
  return bytes;
}

/** Four groups of hexadecimal digits with colons between them: the upper half of an IPv6 address. */
function locatorBytes(locator: string): Buffer {
  const bytes = Buffer.alloc(8);
  locator.split(':').forEach((group, i) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16), i * 2);
  });
  return bytes;
}
