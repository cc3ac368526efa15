/**
 * Routes of rtnetlink, as far as a VIP needs them: unicast, blackhole and local routes with one next hop.
 *
 * Pure codec. Multipath and nexthop objects are passed over when read. Source: Linux include/uapi/linux/rtnetlink.h,
 * net/ipv4/fib_frontend.c, net/ipv6/route.c.
 */
import { familyOf, type IpAddress, readAddress } from '../runtime/addresses.js';
import { forEachAttribute, readU32 } from './attribute.js';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from './message.js';
import {
  encodeRouteMessage,
  FAMILY_INET,
  FAMILY_INET6,
  FAMILY_UNSPECIFIED,
  RTM_DELROUTE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  SCOPE,
  type Scope,
} from './rtnetlink.js';

const HEADER = 12;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_TABLE = 15;

const ROUTE_TYPE = { unicast: 1, local: 2, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
export type RouteType = keyof typeof ROUTE_TYPE;

export const TABLE_MAIN = 254;
export const TABLE_LOCAL = 255;
/** RTPROT_STATIC: set by an administrator; keepalived uses 18. */
export const PROTOCOL_STATIC = 4;
export const PROTOCOL_KEEPALIVED = 18;

export interface Route {
  readonly family: 'inet' | 'inet6';
  /** Undefined for a default route. */
  readonly destination: IpAddress | undefined;
  readonly prefixLength: number;
  readonly table: number;
  /** RTPROT_*. */
  readonly protocol: number;
  /** RT_SCOPE_* number. */
  readonly scope: number;
  readonly type: RouteType | 'other';
  readonly gateway: IpAddress | undefined;
  /** Index of the outgoing interface, 0 for none. */
  readonly index: number;
  readonly metric: number;
  readonly source: IpAddress | undefined;
}

/** Reads the payload of RTM_NEWROUTE or RTM_DELROUTE; undefined when it is no IPv4 or IPv6 route. */
export function decodeRoute(payload: Buffer): Route | undefined {
  if (payload.length < HEADER) return undefined;
  const number = payload[0];
  if (number !== FAMILY_INET && number !== FAMILY_INET6) return undefined;
  const family = number === FAMILY_INET ? 'inet' : 'inet6';
  const width = number === FAMILY_INET ? 4 : 16;
  let destination: IpAddress | undefined;
  let gateway: IpAddress | undefined;
  let source: IpAddress | undefined;
  let index = 0;
  let metric = 0;
  let table = payload[4] as number;
  const whole = forEachAttribute(payload, HEADER, payload.length, (type, start, end) => {
    const address = end - start === width ? readAddress(family, payload, start) : undefined;
    if (type === RTA_DST) destination = address;
    else if (type === RTA_GATEWAY) gateway = address;
    else if (type === RTA_PREFSRC) source = address;
    else if (type === RTA_OIF) index = readU32(payload, start, end) ?? 0;
    else if (type === RTA_PRIORITY) metric = readU32(payload, start, end) ?? 0;
    else if (type === RTA_TABLE) table = readU32(payload, start, end) ?? table;
  });
  const prefixLength = payload[1] as number;
  if (!whole || prefixLength > width * 8) return undefined;
  const types = Object.keys(ROUTE_TYPE) as RouteType[];
  return {
    family,
    destination,
    prefixLength,
    table,
    protocol: payload[5] as number,
    scope: payload[6] as number,
    type: types.find((name) => ROUTE_TYPE[name] === payload[7]) ?? 'other',
    gateway,
    index,
    metric,
    source,
  };
}

/** A route to be added or deleted; what is absent is the kernel's default. */
export interface WantedRoute {
  readonly destination: IpAddress;
  readonly prefixLength: number;
  readonly type?: RouteType;
  readonly gateway?: IpAddress;
  readonly index?: number;
  readonly metric?: number;
  readonly source?: IpAddress;
  readonly table?: number;
  readonly protocol?: number;
  readonly scope?: Scope;
}

function encode(type: number, flags: number, route: WantedRoute): Buffer {
  const header = Buffer.alloc(HEADER);
  const table = route.table ?? TABLE_MAIN;
  header[0] = familyOf(route.destination) === 'inet' ? FAMILY_INET : FAMILY_INET6;
  header[1] = route.prefixLength;
  header[4] = table < 256 ? table : 0;
  header[5] = route.protocol ?? PROTOCOL_STATIC;
  header[6] = SCOPE[route.scope ?? (type === RTM_DELROUTE ? 'nowhere' : 'global')];
  header[7] = ROUTE_TYPE[route.type ?? 'unicast'];
  return encodeRouteMessage(type, flags, header, (into) => {
    const address = (attribute: number, value: IpAddress): void => {
      into.address(attribute, value, familyOf(value) === 'inet' ? 4 : 16);
    };
    address(RTA_DST, route.destination);
    if (route.gateway !== undefined) address(RTA_GATEWAY, route.gateway);
    if (route.source !== undefined) address(RTA_PREFSRC, route.source);
    if (route.index !== undefined) into.u32(RTA_OIF, route.index);
    if (route.metric !== undefined) into.u32(RTA_PRIORITY, route.metric);
    into.u32(RTA_TABLE, table);
  });
}

/** Adds a route; `replace` changes the one that is there, else the kernel says EEXIST. */
export function encodeRouteAdd(route: WantedRoute, existing: 'refuse' | 'replace' = 'refuse'): Buffer {
  return encode(RTM_NEWROUTE, NLM_F_CREATE | (existing === 'refuse' ? NLM_F_EXCL : NLM_F_REPLACE), route);
}

export function encodeRouteDelete(route: WantedRoute): Buffer {
  return encode(RTM_DELROUTE, 0, route);
}

/** The question for all routes of both families, for a dump socket. */
export function encodeRouteDump(): Buffer {
  const header = Buffer.alloc(HEADER);
  header[0] = FAMILY_UNSPECIFIED;
  return encodeRouteMessage(RTM_GETROUTE, 0, header);
}
