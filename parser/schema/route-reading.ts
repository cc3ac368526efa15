/**
 * A route that is being read (route-line.ts), and what its options share: the family that the line settles on, and how a
 * line is given up.
 */
import type { LockableMetric, NextHop, Prefix, Route, RouteMetric } from '../../config/route.js';
import { type AddressFamily, familyOf, type IpAddress } from '../../runtime/addresses.js';
import type { LineReader } from '../line-reader.js';
import { readPrefixed } from './address-line.js';
import { MAIN_TABLE } from './iproute-names.js';

/** What is said where the addresses of a route are of both families. */
export const MIXED = 'Cannot mix IPv4 and IPv6 addresses for route';

type MutableRoute = { -readonly [K in keyof Route]: Route[K] };

/** A route that is being read: what is not settled before the end of the line is undefined. */
export interface RouteReading {
  readonly route: Omit<MutableRoute, 'family' | 'destination'>;
  readonly metrics: Partial<Record<RouteMetric, number>>;
  readonly locked: LockableMetric[];
  readonly nextHops: NextHop[];
  family: AddressFamily | undefined;
  destination: Prefix | 'default' | undefined;
  destinationText: string;
  readonly kind: 'virtual' | 'static';
  readonly noteInterface: (name: string, message: string) => void;
}

/** A route that says nothing yet. */
export function emptyRoute(reader: LineReader): RouteReading['route'] {
  return {
    type: 'unicast',
    from: undefined,
    gateway: undefined,
    device: undefined,
    nextHops: [],
    preferredSource: undefined,
    table: MAIN_TABLE,
    protocol: undefined,
    scope: undefined,
    tos: undefined,
    priority: undefined,
    onLink: false,
    realms: undefined,
    encapsulation: undefined,
    expires: undefined,
    metrics: {},
    locked: [],
    congestionControl: undefined,
    ecn: false,
    preference: undefined,
    ttlPropagate: undefined,
    track: true,
    trackGroup: undefined,
    at: reader.at,
  };
}

/** False where the route is left out; a value that lacks was told. */
export type ReadRouteOption = (reading: RouteReading, reader: LineReader, word: string) => boolean;

/** Settles the family, or says whether it is the same. */
export function sameFamily(reading: RouteReading, family: AddressFamily): boolean {
  reading.family ??= family;
  return reading.family === family;
}

/** A next hop that says only where. */
export function hopVia(gateway: IpAddress | undefined): NextHop {
  return {
    gateway,
    device: undefined,
    weight: undefined,
    onLink: false,
    realms: undefined,
    encapsulation: undefined,
  };
}

/** A decimal number that is not larger than `max`; nothing between quotes is 0, as everywhere in keepalived. */
export function bounded(text: string, max: number): number | undefined {
  const number = /^\+?\d*$/.test(text) ? Number(text) : undefined;
  return number === undefined || Number.isNaN(number) || number > max ? undefined : number;
}

/** The address behind `via`, which may have its family before it. */
export function readGateway(
  reading: RouteReading,
  reader: LineReader,
  wrong: (text: string) => string,
): IpAddress | undefined {
  let text = reader.take('ADDRESS');
  if (text === 'inet' || text === 'inet6') {
    const family = text;
    text = reader.take('ADDRESS');
    if (text !== undefined && !sameFamily(reading, family)) return reader.refuse('LVSD_CONFIG_FAMILY', MIXED);
  }
  if (text === undefined) return undefined;
  const parsed = readPrefixed(reader, text, { withPrefix: false });
  if (parsed === undefined) return reader.refuse('LVSD_CONFIG_BAD_ADDRESS', wrong(text));
  return sameFamily(reading, familyOf(parsed.address)) ? parsed.address : reader.refuse('LVSD_CONFIG_FAMILY', MIXED);
}

/** The route is left out. */
export function refuse(
  reader: LineReader,
  message: string,
  code: `LVSD_CONFIG_${string}` = 'LVSD_CONFIG_BAD_VALUE',
): false {
  reader.say(code, message);
  return false;
}
