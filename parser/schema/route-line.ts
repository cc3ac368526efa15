/**
 * One line of virtual_routes or static_routes, in the words of `ip route` (keepalived.md 8; vrrp_iproute.c is the
 * source of what is refused, ip-route(8) of what the words mean).
 *
 * Most of what is wrong leaves the whole route out; the rest is told and the option left out, as keepalived does.
 */
import { lockableMetrics, type Prefix, type Route, routeTypes } from '../../config/route.js';
import { type AddressFamily, familyOf, type IpAddress } from '../../runtime/addresses.js';
import type { BindContext } from '../bind-context.js';
import { anyBase, LineReader } from '../line-reader.js';
import type { Statement } from '../statement.js';
import { readPrefixed } from './address-line.js';
import {
  KEEPALIVED_PROTOCOL,
  protocolNumber,
  realmsNumber,
  scopeNumber,
  serviceNumber,
  tableNumber,
} from './iproute-names.js';
import { MAX_UNSIGNED } from './limits.js';
import { readEncapsulation } from './route-encapsulation.js';
import { isMetric, metricOption } from './route-metrics.js';
import { readNextHops } from './route-next-hops.js';
import {
  bounded,
  emptyRoute,
  hopVia,
  MIXED,
  type ReadRouteOption,
  type RouteReading,
  readGateway,
  refuse,
  sameFamily,
} from './route-reading.js';

export const ROUTE_FORM =
  '[inet|inet6] [TYPE] DESTINATION [via ADDRESS] [dev INTERFACE] [src ADDRESS] [table TABLE] [metric N] ... [nexthop via ADDRESS dev INTERFACE weight N ...] [no_track]';

const NO_DETAILS = { assumed: 'the option is left out' };

/**
 * @param kind a static route takes `track_group`
 * @returns undefined after what is wrong was told
 */
export function readRouteLine(
  statement: Statement,
  context: BindContext,
  kind: 'virtual' | 'static',
  noteInterface: (name: string, message: string) => void,
): Route | undefined {
  const reader = new LineReader(statement, context);
  const reading: RouteReading = {
    route: emptyRoute(reader),
    metrics: {},
    locked: [],
    nextHops: [],
    family: undefined,
    destination: undefined,
    destinationText: '',
    kind,
    noteInterface,
  };
  while (reader.more) {
    const word = reader.next() ?? '';
    if (word === 'nexthop') {
      if (reading.nextHops.length > 0) {
        reader.say('LVSD_CONFIG_CONFLICT', 'Cannot specify nexthops with "or" route');
        return reader.refuse('LVSD_CONFIG_SURPLUS_WORD', 'Route has trailing nonsense - nexthop');
      }
      reader.back();
      readNextHops(reading, reader);
      break;
    }
    const read = options.get(word) ?? (isMetric(word) ? metricOption(word) : undefined);
    if (read === undefined) {
      if (!readDestination(reading, word, reader)) return undefined;
    } else if (!read(reading, reader, word)) return undefined;
  }
  return finish(reading, reader);
}

/** An option with one value that a function reads; undefined from it leaves the route out. */
function value(set: (reading: RouteReading, text: string, reader: LineReader) => boolean): ReadRouteOption {
  return (reading, reader) => {
    const text = reader.take();
    return text !== undefined && set(reading, text, reader);
  };
}

/** An option that settles the family before its value is looked at. */
function onlyIPv6(
  message: string,
  set: (reading: RouteReading, text: string, reader: LineReader) => boolean,
): ReadRouteOption {
  const read = value(set);
  return (reading, reader, word) => {
    if (!sameFamily(reading, 'inet6')) return refuse(reader, message, 'LVSD_CONFIG_FAMILY');
    return read(reading, reader, word);
  };
}

function family(name: AddressFamily): ReadRouteOption {
  return (reading, reader) =>
    sameFamily(reading, name) ||
    refuse(reader, `${name} specified for ${name === 'inet' ? 'IPv6' : 'IPv4'} route`, 'LVSD_CONFIG_FAMILY');
}

/** `default`, `any`, `all` have the family of the rest of the line. */
function readPrefix(text: string, reader: LineReader): Prefix | 'default' | undefined {
  if (text === 'default' || text === 'any' || text === 'all') return 'default';
  if (text === 'default6') {
    const message = "'default6' is deprecated - please replace with 'inet6 default'";
    reader.note('LVSD_CONFIG_DEPRECATED', message, 'inet6 default');
    return { address: '::' as IpAddress, length: 0 };
  }
  const parsed = readPrefixed(reader, text, { withPrefix: true });
  return parsed === undefined ? undefined : { address: parsed.address, length: parsed.prefix };
}

/** Any byte is read as the number of a type (RTN_*), also one that no type has; nothing between quotes is 0. */
function typeNumber(text: string): number | undefined {
  const number = text === '' ? 0 : anyBase(text);
  return number === undefined || number > 255 ? undefined : number;
}

function readDestination(reading: RouteReading, first: string, reader: LineReader): boolean {
  let text: string | undefined = first;
  if (first === 'to') text = reader.take('DESTINATION');
  if (text === undefined) return false;
  const named = routeTypes.find((type) => type === text);
  const number = first === 'to' ? undefined : typeNumber(text);
  if (named !== undefined || number !== undefined) {
    // 1 is the first that has a name.
    reading.route.type = named ?? routeTypes[(number ?? 0) - 1] ?? reading.route.type;
    text = reader.take('DESTINATION');
    if (text === undefined) return false;
  }
  const destination = readPrefix(text, reader);
  if (destination === undefined) return refuse(reader, `unknown route keyword ${text}`, 'LVSD_CONFIG_UNKNOWN_OPTION');
  reading.destinationText = text;
  reading.destination = destination;
  return (
    destination === 'default' ||
    sameFamily(reading, familyOf(destination.address)) ||
    refuse(reader, `${MIXED} (${text})`, 'LVSD_CONFIG_FAMILY')
  );
}

function via(reading: RouteReading, reader: LineReader, word: string): boolean {
  if (word === 'gw') {
    reader.say('LVSD_CONFIG_DEPRECATED', '"gw" for routes is deprecated. Please use "via"', { assumed: 'via' });
  }
  const gateway = readGateway(reading, reader, (text) => `invalid route via address ${text}`);
  if (gateway === undefined) return false;
  reading.route.gateway = gateway;
  return true;
}

/** `A or B`, the old way to write two next hops. */
function or(reading: RouteReading, reader: LineReader): boolean {
  reader.say('LVSD_CONFIG_DEPRECATED', '"or" for routes is deprecated. Please use "nexthop"', { assumed: 'nexthop' });
  const text = reader.take('ADDRESS');
  if (text === undefined) return false;
  if (reading.nextHops.length > 0) {
    reader.say('LVSD_CONFIG_DUPLICATE', '"or" route already specified - ignoring subsequent', NO_DETAILS);
    return true;
  }
  const parsed = readPrefixed(reader, text, { withPrefix: false });
  if (parsed === undefined) return refuse(reader, `Invalid "or" address ${text}`, 'LVSD_CONFIG_BAD_ADDRESS');
  reading.nextHops.push(hopVia(reading.route.gateway), hopVia(parsed.address));
  reading.route.gateway = undefined;
  return true;
}

/** keepalived reads it and adds the route as any other. */
const noEffect: ReadRouteOption = () => true;

const device = value((reading, name) => {
  reading.noteInterface(name, `WARNING - interface ${name} for VROUTE nexthop doesn't exist`);
  reading.route.device = name;
  return true;
});

const service = value((reading, text, reader) => {
  reading.route.tos = serviceNumber(text);
  return reading.route.tos !== undefined || refuse(reader, `TOS value ${text} is invalid`);
});

const priority = value((reading, text, reader) => {
  reading.route.priority = bounded(text, MAX_UNSIGNED);
  return reading.route.priority !== undefined || refuse(reader, `Invalid metric ${text} specified for route`);
});

const options: ReadonlyMap<string, ReadRouteOption> = new Map<string, ReadRouteOption>([
  ['inet', family('inet')],
  ['inet6', family('inet6')],
  ['add', noEffect],
  ['prepend', noEffect],
  ['append', noEffect],
  ['via', via],
  ['gw', via],
  ['or', or],
  ['dev', device],
  ['oif', device],
  ['tos', service],
  ['dsfield', service],
  ['metric', priority],
  ['priority', priority],
  ['preference', priority],
  [
    'src',
    value((reading, text, reader) => {
      const parsed = readPrefixed(reader, text, { withPrefix: false });
      if (parsed === undefined) return refuse(reader, `invalid route src address ${text}`, 'LVSD_CONFIG_BAD_ADDRESS');
      reading.route.preferredSource = parsed.address;
      return sameFamily(reading, familyOf(parsed.address)) || refuse(reader, MIXED, 'LVSD_CONFIG_FAMILY');
    }),
  ],
  [
    'as',
    (_reading, reader) => {
      reader.skip('to');
      reader.say('LVSD_CONFIG_UNKNOWN_OPTION', '"as to" for MPLS only - ignoring', NO_DETAILS);
      return reader.take('ADDRESS') !== undefined;
    },
  ],
  [
    'from',
    value((reading, text, reader) => {
      const from = readPrefix(text, reader);
      if (from === undefined) return refuse(reader, `invalid route from address ${text}`, 'LVSD_CONFIG_BAD_ADDRESS');
      if (from === 'default' || familyOf(from.address) !== 'inet6') {
        return refuse(reader, `route from address only supported with IPv6 (${text})`, 'LVSD_CONFIG_FAMILY');
      }
      reading.route.from = from;
      return sameFamily(reading, 'inet6') || refuse(reader, MIXED, 'LVSD_CONFIG_FAMILY');
    }),
  ],
  [
    'table',
    value((reading, text, reader) => {
      const table = tableNumber(text);
      if (table === undefined) return refuse(reader, `Routing table ${text} not found for route`);
      reading.route.table = table;
      return true;
    }),
  ],
  [
    // Which table a VRF has, only the host knows; it may be named by its table.
    'vrf',
    value((_reading, text, reader) => {
      const expected = 'table N, with the number that ip -d link show says of the VRF';
      reader.say('LVSD_CONFIG_UNKNOWN_OPTION', `VRF ${text} not found for route`, { expected });
      return false;
    }),
  ],
  [
    'protocol',
    value((reading, text, reader) => {
      reading.route.protocol = protocolNumber(text);
      return reading.route.protocol !== undefined || refuse(reader, `Protocol ${text} not found or invalid for route`);
    }),
  ],
  [
    'scope',
    value((reading, text, reader) => {
      reading.route.scope = scopeNumber(text);
      return reading.route.scope !== undefined || refuse(reader, `Scope ${text} not found or invalid for route`);
    }),
  ],
  [
    'onlink',
    (reading) => {
      reading.route.onLink = true;
      return true;
    },
  ],
  [
    'encap',
    (reading, reader) => {
      reading.route.encapsulation = readEncapsulation(reader);
      return true;
    },
  ],
  [
    'expires',
    onlyIPv6('expires is only valid for IPv6', (reading, text, reader) => {
      reading.route.expires = bounded(text, MAX_UNSIGNED);
      return reading.route.expires !== undefined || refuse(reader, `Invalid expires time ${text} specified for route`);
    }),
  ],
  [
    'realms',
    value((reading, text, reader) => {
      reading.route.realms = realmsNumber(text);
      if (reading.route.realms === undefined) return refuse(reader, `Invalid realms ${text} for route`);
      return sameFamily(reading, 'inet') || refuse(reader, 'realms are only valid for IPv4', 'LVSD_CONFIG_FAMILY');
    }),
  ],
  [
    'features',
    value((reading, text, reader) => {
      if (text === 'ecn') reading.route.ecn = true;
      else reader.say('LVSD_CONFIG_BAD_CHOICE', `feature ${text} not supported`, { expected: 'ecn', ...NO_DETAILS });
      return true;
    }),
  ],
  [
    'congctl',
    (reading, reader) => {
      if (reader.skip('lock')) reading.locked.push('congctl');
      reading.route.congestionControl = reader.take('ALGORITHM');
      return reading.route.congestionControl !== undefined;
    },
  ],
  [
    'pref',
    onlyIPv6('pref is only valid for IPv6', (reading, text, reader) => {
      reading.route.preference = routerPreferences.get(text) ?? bounded(text, 255);
      return reading.route.preference !== undefined || refuse(reader, `Invalid pref value ${text} specified for route`);
    }),
  ],
  [
    'ttl-propagate',
    value((reading, text, reader) => {
      reading.route.ttlPropagate = text === 'enabled';
      if (text !== 'enabled' && text !== 'disabled') {
        reader.say('LVSD_CONFIG_BAD_CHOICE', `ttl-propagate value ${text} not recognised`, {
          expected: 'enabled or disabled',
          assumed: 'disabled',
        });
      }
      return true;
    }),
  ],
  [
    'no_track',
    (reading) => {
      reading.route.track = false;
      return true;
    },
  ],
  [
    'track_group',
    (reading, reader, word) => {
      if (reading.kind === 'virtual') return readDestination(reading, word, reader);
      const name = reader.take('NAME');
      if (name === undefined) return false;
      if (reading.route.trackGroup !== undefined) {
        reader.say('LVSD_CONFIG_DUPLICATE', `track_group ${name} is a duplicate`, NO_DETAILS);
        return refuse(reader, `Route has trailing nonsense - ${name}`, 'LVSD_CONFIG_SURPLUS_WORD');
      }
      reading.route.trackGroup = name;
      return true;
    },
  ],
]);

/** ICMPV6_ROUTER_PREF_*. */
const routerPreferences: ReadonlyMap<string, number> = new Map([
  ['low', 3],
  ['medium', 0],
  ['high', 1],
]);

function finish(reading: RouteReading, reader: LineReader): Route | undefined {
  const { route, destination } = reading;
  if (destination === undefined) return reader.refuse('LVSD_CONFIG_NO_SUBJECT', 'Route must have a destination');
  let { track, protocol, trackGroup } = route;
  if (track) {
    if (protocol !== undefined && protocol !== KEEPALIVED_PROTOCOL) {
      const message = `Route cannot be tracked if protocol is not RTPROT_KEEPALIVED(${KEEPALIVED_PROTOCOL}), resetting protocol`;
      reader.say('LVSD_CONFIG_CONFLICT', message, { assumed: `protocol ${KEEPALIVED_PROTOCOL}` });
    }
    protocol = KEEPALIVED_PROTOCOL;
    if (route.device === undefined) {
      const message = `Warning - cannot track route ${reading.destinationText} with no interface specified, not tracking`;
      reader.say('LVSD_CONFIG_NO_TRACK', message, { expected: 'dev INTERFACE, or no_track', assumed: 'no_track' });
      track = false;
    }
  }
  if (trackGroup !== undefined && route.device === undefined) {
    const message = 'Static route cannot have track group if no oif specified';
    reader.say('LVSD_CONFIG_NO_TRACK', message, { expected: 'dev INTERFACE', assumed: 'no track_group' });
    trackGroup = undefined;
  }
  const family = reading.family ?? 'inet';
  const everything: Prefix = { address: (family === 'inet' ? '0.0.0.0' : '::') as IpAddress, length: 0 };
  return {
    ...route,
    family,
    destination: destination === 'default' ? everything : destination,
    protocol,
    track,
    trackGroup,
    nextHops: reading.nextHops,
    metrics: reading.metrics,
    locked: lockableMetrics.filter((metric) => reading.locked.includes(metric)),
  };
}
