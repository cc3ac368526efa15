/**
 * `nexthop ...` at the end of a route: several ways for one destination (keepalived.md 8; vrrp_iproute.c,
 * parse_nexthops).
 */
import type { NextHop } from '../../config/route.js';
import type { LineReader } from '../line-reader.js';
import { realmsNumber } from './iproute-names.js';
import { readEncapsulation } from './route-encapsulation.js';
import { bounded, hopVia, type RouteReading, readGateway, sameFamily } from './route-reading.js';

const NO_DETAILS = { assumed: 'the rest of the line is left out' };

/** Everything from the first `nexthop` on; what is wrong ends it, as keepalived has it, and the hops so far stay. */
export function readNextHops(reading: RouteReading, reader: LineReader): void {
  while (reader.skip('nexthop')) {
    const hop = readNextHop(reading, reader);
    if (hop === undefined) return;
    reading.nextHops.push(hop);
  }
  const rest = reader.next();
  if (rest !== undefined) {
    reader.say('LVSD_CONFIG_SURPLUS_WORD', `Route has trailing nonsense after nexthops - ${rest}`, NO_DETAILS);
  }
}

function readNextHop(reading: RouteReading, reader: LineReader): NextHop | undefined {
  const hop: { -readonly [K in keyof NextHop]: NextHop[K] } = hopVia(undefined);
  for (;;) {
    const word = reader.peek();
    switch (word) {
      case 'via': {
        reader.next();
        const gateway = readGateway(reading, reader, (text) => `invalid nexthop address ${text}`);
        if (gateway === undefined) return undefined;
        hop.gateway = gateway;
        break;
      }
      case 'dev': {
        reader.next();
        const name = reader.take('INTERFACE');
        if (name === undefined) return undefined;
        reading.noteInterface(name, `WARNING - interface ${name} for VROUTE nexthop doesn't exist`);
        hop.device = name;
        break;
      }
      case 'weight': {
        reader.next();
        const text = reader.take('N');
        if (text === undefined) return undefined;
        const weight = bounded(text, 256);
        if (weight === undefined || weight === 0) {
          return reader.refuse('LVSD_CONFIG_BAD_NUMBER', `Invalid weight ${text} specified for route`);
        }
        hop.weight = weight;
        break;
      }
      case 'onlink':
        reader.next();
        hop.onLink = true;
        break;
      case 'encap':
        reader.next();
        hop.encapsulation = readEncapsulation(reader);
        break;
      case 'realms': {
        reader.next();
        const text = reader.take('REALMS');
        if (text === undefined) return undefined;
        const realms = realmsNumber(text);
        if (realms === undefined) return reader.refuse('LVSD_CONFIG_BAD_VALUE', `Invalid realms ${text} for route`);
        if (!sameFamily(reading, 'inet')) {
          return reader.refuse('LVSD_CONFIG_FAMILY', 'realms are only supported for IPv4');
        }
        hop.realms = realms;
        break;
      }
      case 'as':
        reader.next();
        return reader.refuse('LVSD_CONFIG_UNKNOWN_OPTION', "'as [to]' (nat) not supported");
      default:
        return hop;
    }
  }
}
