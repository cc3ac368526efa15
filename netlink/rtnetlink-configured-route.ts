/**
 * Routes as the configuration writes them (virtual_routes, static_routes), as messages that add or delete them.
 *
 * Pure codec, writing only; `rtnetlink-route.ts` reads. Everything that config/route.ts has is written: next hops,
 * encapsulation, metrics with their locks, realms, gateways of the other family. A scope that is not named is global, also
 * for a route without gateway, as keepalived writes it (ip-route(8) would choose link). Source: Linux
 * include/uapi/linux/rtnetlink.h, net/ipv4/fib_frontend.c, net/ipv6/route.c.
 */
import {
  type LockableMetric,
  type NextHop,
  type Prefix,
  type Route,
  type RouteMetric,
  routeTypes,
} from '../config/route.js';
import { type AddressFamily, familyOf, type IpAddress, writeAddress } from '../runtime/addresses.js';
import { AttributeWriter } from './attribute.js';
import { NLM_F_CREATE, NLM_F_EXCL } from './message.js';
import { encodeRouteMessage, FAMILY_INET, FAMILY_INET6, RTM_DELROUTE, RTM_NEWROUTE, SCOPE } from './rtnetlink.js';
import { writeEncapsulation } from './rtnetlink-encapsulation.js';
import { PROTOCOL_KEEPALIVED } from './rtnetlink-route.js';

const HEADER = 12;
const RTA = {
  DST: 1,
  SRC: 2,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  METRICS: 8,
  MULTIPATH: 9,
  FLOW: 11,
  TABLE: 15,
  VIA: 18,
  PREF: 20,
  EXPIRES: 23,
  TTL_PROPAGATE: 26,
} as const;

const RTAX: Readonly<Record<RouteMetric | LockableMetric, number>> = {
  mtu: 2,
  window: 3,
  rtt: 4,
  rttvar: 5,
  ssthresh: 6,
  cwnd: 7,
  advmss: 8,
  reordering: 9,
  hoplimit: 10,
  initcwnd: 11,
  rto_min: 13,
  initrwnd: 14,
  quickack: 15,
  congctl: 16,
  fastopen_no_cookie: 17,
};
const RTAX_LOCK = 1;
const RTAX_FEATURES = 12;
const RTAX_FEATURE_ECN = 1;

const RTNH_F_ONLINK = 4;
const NEXT_HOP_HEADER = 8;

/** The index of an interface. */
export type IndexOf = (device: string) => number;

const numberOf = (family: AddressFamily): number => (family === 'inet' ? FAMILY_INET : FAMILY_INET6);
const widthOf = (family: AddressFamily): 4 | 16 => (family === 'inet' ? 4 : 16);

/** Adds a route; the kernel says EEXIST where another one has its place. */
export function encodeConfiguredRouteAdd(route: Route, indexOf: IndexOf): Buffer {
  return encode(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route, indexOf);
}

/** Deletes a route that is like this one in all that it names; the kernel says ESRCH where there is none. */
export function encodeConfiguredRouteDelete(route: Route, indexOf: IndexOf): Buffer {
  return encode(RTM_DELROUTE, 0, route, indexOf);
}

function encode(message: number, flags: number, route: Route, indexOf: IndexOf): Buffer {
  const { family, table } = route;
  const header = Buffer.alloc(HEADER);
  header[0] = numberOf(family);
  header[1] = route.destination.length;
  header[2] = route.from?.length ?? 0;
  header[3] = route.tos ?? 0;
  header[4] = table < 256 ? table : 0;
  header[5] = route.protocol ?? PROTOCOL_KEEPALIVED;
  header[6] = route.scope ?? (message === RTM_DELROUTE ? SCOPE.nowhere : SCOPE.global);
  header[7] = routeTypes.indexOf(route.type) + 1;
  header.writeUInt32LE(route.onLink ? RTNH_F_ONLINK : 0, 8);
  return encodeRouteMessage(message, flags, header, (into) => {
    writePrefix(into, RTA.DST, route.destination);
    if (route.from !== undefined) writePrefix(into, RTA.SRC, route.from);
    if (route.gateway !== undefined) writeGateway(into, family, route.gateway);
    if (route.device !== undefined) into.u32(RTA.OIF, indexOf(route.device));
    if (route.preferredSource !== undefined) {
      into.address(RTA.PREFSRC, route.preferredSource, widthOf(familyOf(route.preferredSource)));
    }
    if (route.priority !== undefined) into.u32(RTA.PRIORITY, route.priority);
    if (route.realms !== undefined) into.u32(RTA.FLOW, route.realms);
    if (route.expires !== undefined) into.u32(RTA.EXPIRES, route.expires);
    if (route.preference !== undefined) into.u8(RTA.PREF, route.preference);
    if (route.ttlPropagate !== undefined) into.u8(RTA.TTL_PROPAGATE, route.ttlPropagate ? 1 : 0);
    if (route.encapsulation !== undefined) writeEncapsulation(into, route.encapsulation);
    writeMetrics(into, route);
    if (route.nextHops.length > 0) into.bytes(RTA.MULTIPATH, nextHops(route, indexOf));
    into.u32(RTA.TABLE, table);
  });
}

function writePrefix(into: AttributeWriter, attribute: number, { address, length }: Prefix): void {
  if (length > 0) into.address(attribute, address, widthOf(familyOf(address)));
}

/** A gateway of the other family (an IPv6 router for IPv4) has an attribute of its own, struct rtvia. */
function writeGateway(into: AttributeWriter, family: AddressFamily, gateway: IpAddress): void {
  const of = familyOf(gateway);
  if (of === family) {
    into.address(RTA.GATEWAY, gateway, widthOf(of));
    return;
  }
  const via = Buffer.alloc(2 + widthOf(of));
  via.writeUInt16LE(numberOf(of));
  writeAddress(gateway, via, 2);
  into.bytes(RTA.VIA, via);
}

function writeMetrics(into: AttributeWriter, route: Route): void {
  const { metrics, locked, congestionControl, ecn } = route;
  const named = (Object.entries(metrics) as [RouteMetric, number][]).filter(([, value]) => value !== undefined);
  if (named.length === 0 && locked.length === 0 && congestionControl === undefined && !ecn) return;
  const nest = into.beginNest(RTA.METRICS);
  for (const [metric, value] of named) into.u32(RTAX[metric], value);
  if (ecn) into.u32(RTAX_FEATURES, RTAX_FEATURE_ECN);
  if (congestionControl !== undefined) into.string(RTAX.congctl, congestionControl);
  if (locked.length > 0)
    into.u32(
      RTAX_LOCK,
      locked.reduce((bits, metric) => bits | (1 << RTAX[metric]), 0),
    );
  into.endNest(nest);
}

/** struct rtnexthop and its attributes, one after the other. */
function nextHops({ family, nextHops: hops }: Route, indexOf: IndexOf): Buffer {
  return Buffer.concat(hops.map((hop) => nextHop(family, hop, indexOf)));
}

function nextHop(family: AddressFamily, hop: NextHop, indexOf: IndexOf): Buffer {
  const attributes = new AttributeWriter(64);
  if (hop.gateway !== undefined) writeGateway(attributes, family, hop.gateway);
  if (hop.realms !== undefined) attributes.u32(RTA.FLOW, hop.realms);
  if (hop.encapsulation !== undefined) writeEncapsulation(attributes, hop.encapsulation);
  const header = Buffer.alloc(NEXT_HOP_HEADER);
  header.writeUInt16LE(NEXT_HOP_HEADER + attributes.length, 0);
  header[2] = hop.onLink ? RTNH_F_ONLINK : 0;
  // The kernel counts weights from 0.
  header[3] = (hop.weight ?? 1) - 1;
  header.writeInt32LE(hop.device === undefined ? 0 : indexOf(hop.device), 4);
  return Buffer.concat([header, attributes.take()]);
}
