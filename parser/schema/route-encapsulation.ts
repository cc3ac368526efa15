/**
 * `encap` of a route or a next hop: what packets are wrapped in (keepalived.md 8; ip-route(8), ENCAP).
 *
 * keepalived tells what is wrong and goes on without the encapsulation.
 */
import type { Encapsulation } from '../../config/route.js';
import { familyOf, type IpAddress } from '../../runtime/addresses.js';
import { anyBase, type LineReader } from '../line-reader.js';
import { readPrefixed } from './address-line.js';
import { serviceNumber } from './iproute-names.js';

const WITHOUT = { assumed: 'no encapsulation' };
const MAX_LABEL = 0xfffff;

/** Reads behind the word `encap`; undefined if there is none or it is no good. */
export function readEncapsulation(reader: LineReader): Encapsulation | undefined {
  const kind = reader.next();
  switch (kind) {
    case undefined:
      reader.say('LVSD_CONFIG_MISSING_VALUE', 'Missing encap type', { expected: 'mpls, ip, ip6 or ila', ...WITHOUT });
      return undefined;
    case 'mpls':
      return readMpls(reader);
    case 'ila':
      return readIla(reader);
    case 'ip':
      return readTunnel(reader, 'ip');
    case 'ip6':
      return readTunnel(reader, 'ip6');
    default:
      reader.say('LVSD_CONFIG_BAD_CHOICE', `Unknown encap type - ${kind}`, {
        expected: 'mpls, ip, ip6 or ila',
        ...WITHOUT,
      });
      // keepalived takes the next word for what belongs to the encapsulation.
      reader.next();
      return undefined;
  }
}

function readMpls(reader: LineReader): Encapsulation | undefined {
  const text = reader.next();
  if (text === undefined) {
    reader.say('LVSD_CONFIG_MISSING_VALUE', 'missing address for MPLS encapsulation', WITHOUT);
    return undefined;
  }
  const labels = text.split('/').map((each) => anyBase(each) ?? MAX_LABEL + 1);
  if (labels.every((label) => label <= MAX_LABEL)) return { kind: 'mpls', labels };
  reader.say('LVSD_CONFIG_BAD_VALUE', `invalid mpls address ${text} for encapsulation`, {
    expected: 'labels from 0 to 1048575, with / between them',
    ...WITHOUT,
  });
  return undefined;
}

function readIla(reader: LineReader): Encapsulation | undefined {
  const text = reader.next();
  if (text === undefined) {
    reader.say('LVSD_CONFIG_MISSING_VALUE', 'missing locator for ILA encapsulation', WITHOUT);
    return undefined;
  }
  if (/^([0-9a-fA-F]{1,4}:){3}[0-9a-fA-F]{1,4}$/.test(text)) return { kind: 'ila', locator: text.toLowerCase() };
  reader.say('LVSD_CONFIG_BAD_VALUE', `invalid locator ${text} for ila encapsulation`, {
    expected: 'four groups of hexadecimal digits',
    ...WITHOUT,
  });
  return undefined;
}

interface Tunnel {
  id: string | undefined;
  destination: IpAddress | undefined;
  source: IpAddress | undefined;
  service: number | undefined;
  hops: number | undefined;
  flags: number | undefined;
}

const tunnelWords = {
  ip: new Set(['id', 'dst', 'src', 'tos', 'ttl', 'flags']),
  ip6: new Set(['id', 'dst', 'src', 'tc', 'hoplimit', 'flags']),
} as const;

function readTunnel(reader: LineReader, kind: 'ip' | 'ip6'): Encapsulation | undefined {
  const tunnel: Tunnel = {
    id: undefined,
    destination: undefined,
    source: undefined,
    service: undefined,
    hops: undefined,
    flags: undefined,
  };
  let good = true;
  while (tunnelWords[kind].has(reader.peek() ?? '')) {
    const word = reader.next() ?? '';
    const value = reader.next();
    if (value === undefined) {
      reader.back();
      break;
    }
    good = readTunnelWord(tunnel, kind, word, value, reader) && good;
  }
  if (!good) return undefined;
  const { id, destination, source, service, hops, flags } = tunnel;
  if (destination === undefined && id === undefined) {
    reader.say('LVSD_CONFIG_MISSING_VALUE', `address or id missing for ${kind} encapsulation`, WITHOUT);
    return undefined;
  }
  return kind === 'ip'
    ? { kind, id, destination, source, tos: service, ttl: hops, flags }
    : { kind, id, destination, source, trafficClass: service, hopLimit: hops, flags };
}

function readTunnelWord(tunnel: Tunnel, kind: 'ip' | 'ip6', word: string, value: string, reader: LineReader): boolean {
  const wrong = (message: string): false => {
    reader.say('LVSD_CONFIG_BAD_VALUE', message, WITHOUT);
    return false;
  };
  switch (word) {
    case 'id':
      if (!/^\d{1,20}$/.test(value) || BigInt(value) > 0xffffffffffffffffn) {
        return wrong(
          kind === 'ip' ? `encap id ${value} value is invalid` : `id ${value} value invalid for IPv6 encapsulation`,
        );
      }
      tunnel.id = value;
      return true;
    case 'dst':
    case 'src': {
      const parsed = readPrefixed(reader, value, { withPrefix: false });
      if (parsed === undefined) return wrong(`Invalid encap ${kind} ${word} ${value}`);
      if ((familyOf(parsed.address) === 'inet') !== (kind === 'ip')) {
        return wrong(`${kind === 'ip' ? 'IPv6' : 'IPv4'} address ${value} not valid for ${kind} encapsulation`);
      }
      if (word === 'dst') tunnel.destination = parsed.address;
      else tunnel.source = parsed.address;
      return true;
    }
    case 'tos':
    case 'tc': {
      const service = serviceNumber(value);
      if (service === undefined) {
        return wrong(
          kind === 'ip'
            ? `dsfield ${value} not valid for ip encapsulation`
            : `tc value ${value} is invalid for ip6 encapsulation`,
        );
      }
      tunnel.service = service;
      return true;
    }
    case 'ttl':
    case 'hoplimit': {
      const hops = anyBase(value);
      if (hops === undefined || hops > 255) {
        return wrong(
          kind === 'ip'
            ? `ttl ${value} is not valid for ip encapsulation`
            : `Invalid hoplimit ${value} specified for ip6 encapsulation`,
        );
      }
      tunnel.hops = hops;
      return true;
    }
    default: {
      const flags = anyBase(value);
      if (flags === undefined || flags > 0xffff) return wrong(`flags ${value} is not valid for ${kind} encapsulation`);
      tunnel.flags = flags;
      return true;
    }
  }
}
