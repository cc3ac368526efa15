/**
 * One line of virtual_ipaddress, virtual_ipaddress_excluded or static_ipaddress: an address and the words of
 * `ip address` behind it (keepalived.md 8, 11).
 *
 * What a line says is independent of its instance, but for two things that the caller adds: a virtual address may ask
 * for a VMAC, a static one for a track_group. Interfaces that a line names are noted for the look at the host.
 */
import type { AddressFlags } from '../../config/virtual-address.js';
import {
  familyOf,
  type IpAddress,
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  isIpv6,
  parseIpAddress,
  parseIpv4,
} from '../../runtime/addresses.js';
import type { BindContext } from '../bind-context.js';
import { LineReader } from '../line-reader.js';
import type { Statement } from '../statement.js';
import { scopeNumber } from './iproute-names.js';
import { MAX_INTERFACE_NAME, MAX_UNSIGNED } from './limits.js';

type MutableFlags = { -readonly [K in keyof AddressFlags]: AddressFlags[K] };

/** A line as it was read. */
export interface AddressLine {
  readonly address: IpAddress;
  readonly prefix: number;
  readonly peer: IpAddress | undefined;
  readonly broadcast: IpAddress | undefined;
  readonly scope: number;
  readonly label: string | undefined;
  readonly flags: AddressFlags;
  readonly preferredLifetime: number | 'forever' | undefined;
  readonly track: boolean;
  readonly device: string | undefined;
  readonly vmac: boolean;
  readonly trackGroup: string | undefined;
}

export const ADDRESS_FORM =
  'ADDRESS[/PREFIX] [brd ADDRESS|+|-] [dev INTERFACE] [scope SCOPE] [label LABEL] [peer ADDRESS] [home] [-nodad] [mngtmpaddr] [noprefixroute] [autojoin] [no_track] [preferred_lft SECONDS|forever]';

interface Reading {
  address: IpAddress;
  text: string;
  prefix: number;
  peer: IpAddress | undefined;
  broadcast: IpAddress | '+' | '-' | undefined;
  scope: number;
  label: string | undefined;
  flags: MutableFlags;
  lifetime: number | 'forever' | undefined;
  track: boolean;
  device: string | undefined;
  vmac: boolean;
  trackGroup: string | undefined;
}

/** Length of a whole address in bits. */
export const addressBits = (address: IpAddress): 32 | 128 => (isIpv6(address) ? 128 : 32);

/**
 * `ADDRESS[/PREFIX]` as keepalived's parse_ipaddress reads it: a prefix that is no good is told and the whole address
 * is meant, an address that is no good is told.
 */
export function readPrefixed(
  reader: LineReader,
  text: string,
  context: { readonly withPrefix: boolean },
): { readonly address: IpAddress; readonly prefix: number } | undefined {
  const slash = context.withPrefix ? text.indexOf('/') : -1;
  const bits = text.includes(':') ? 128 : 32;
  let prefix: number = bits;
  if (slash >= 0) {
    const written = text.slice(slash + 1);
    if (/^\d+$/.test(written) && Number(written) <= bits) prefix = Number(written);
    else {
      reader.say(
        'LVSD_CONFIG_BAD_PREFIX',
        `Invalid address prefix len ${written} for address ${text} - using ${bits}`,
        {
          expected: `a prefix length from 0 to ${bits}`,
          assumed: `/${bits}`,
        },
      );
    }
  }
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  // `192.0.2.1/24::` looks like IPv6 until it is read.
  if (address !== undefined) return { address, prefix: Math.min(prefix, addressBits(address)) };
  return reader.refuse('LVSD_CONFIG_BAD_ADDRESS', `VRRP parsed invalid IP ${text}. skipping IP...`, {
    expected: 'an IPv4 or IPv6 address',
  });
}

/**
 * @param kind a static address takes `track_group`, a virtual one `use_vmac`
 * @param noteInterface called with each interface that the line names
 * @returns undefined after what is wrong was told
 */
export function readAddressLine(
  statement: Statement,
  context: BindContext,
  kind: 'virtual' | 'static',
  noteInterface: (name: string, message: string) => void,
): AddressLine | undefined {
  const reader = new LineReader(statement, context);
  const text = reader.next() ?? '';
  const parsed = readPrefixed(reader, text, { withPrefix: true });
  if (parsed === undefined) return undefined;
  const reading: Reading = {
    ...parsed,
    text,
    peer: undefined,
    broadcast: undefined,
    scope: 0,
    label: undefined,
    flags: { home: false, noDad: false, manageTemporary: false, noPrefixRoute: false, autoJoin: false },
    lifetime: undefined,
    track: true,
    device: undefined,
    vmac: false,
    trackGroup: undefined,
  };
  while (reader.more) {
    const word = reader.next() ?? '';
    const flag = flagWords.get(word);
    if (flag !== undefined) reading.flags[flag] = true;
    else if (word === 'no_track') reading.track = false;
    else if (word === 'use_vmac' && kind === 'virtual') reading.vmac = true;
    else if (valueWords.has(word) || (word === 'track_group' && kind === 'static')) {
      const value = reader.next();
      if (value === undefined) {
        return reader.refuse('LVSD_CONFIG_MISSING_VALUE', `No ${word} parameter specified for ${text}`);
      }
      if (!readOption(reading, word, value, reader)) return undefined;
      if (word === 'dev') noteInterface(value, `WARNING - interface ${value} for ip address ${text} doesn't exist`);
    } else {
      reader.say('LVSD_CONFIG_UNKNOWN_OPTION', `Unknown configuration entry '${word}' for ip address - ignoring`, {
        expected: ADDRESS_FORM,
        assumed: 'the word is left out',
      });
    }
  }
  return finish(reading, reader);
}

const flagWords: ReadonlyMap<string, keyof AddressFlags> = new Map([
  ['home', 'home'],
  ['-nodad', 'noDad'],
  ['mngtmpaddr', 'manageTemporary'],
  ['noprefixroute', 'noPrefixRoute'],
  ['autojoin', 'autoJoin'],
]);
const valueWords = new Set(['dev', 'scope', 'broadcast', 'brd', 'label', 'peer', 'preferred_lft']);
const LEFT_OUT = { assumed: 'the option is left out' };

/** False if the line is left out. */
function readOption(reading: Reading, word: string, value: string, reader: LineReader): boolean {
  const { text } = reading;
  const refuse = (code: `LVSD_CONFIG_${string}`, message: string): false => {
    reader.say(code, message);
    return false;
  };
  switch (word) {
    case 'dev':
      if (reading.device !== undefined) {
        return refuse('LVSD_CONFIG_DUPLICATE', `Cannot specify ipaddress device more than once for ${text}`);
      }
      reading.device = value;
      return true;
    case 'scope': {
      const scope = scopeNumber(value);
      if (scope !== undefined) reading.scope = scope;
      else {
        const message = `Invalid scope '${value}' specified for ${text} - ignoring`;
        reader.say('LVSD_CONFIG_BAD_CHOICE', message, {
          expected: 'global, site, link, host or 0 to 255',
          ...LEFT_OUT,
        });
      }
      return true;
    }
    case 'broadcast':
    case 'brd': {
      if (isIpv6(reading.address)) {
        return refuse(
          'LVSD_CONFIG_FAMILY',
          `VRRP is trying to assign a broadcast ${value} to the IPv6 address ${text} !!?? WTF... skipping VIP...`,
        );
      }
      const address = value === '+' || value === '-' ? value : parseIpv4(value);
      if (address === undefined) {
        return refuse(
          'LVSD_CONFIG_BAD_ADDRESS',
          `VRRP is trying to assign invalid broadcast ${value}. skipping VIP...`,
        );
      }
      reading.broadcast = address;
      return true;
    }
    case 'label':
      reading.label = value.slice(0, MAX_INTERFACE_NAME);
      return true;
    case 'peer':
      readPeer(reading, value, reader);
      return true;
    case 'preferred_lft': {
      const lifetime = value === 'forever' ? value : reader.decimal(0, MAX_UNSIGNED);
      if (lifetime !== undefined) reading.lifetime = lifetime;
      else reader.say('LVSD_CONFIG_BAD_NUMBER', `preferred_lft ${value} is invalid`, LEFT_OUT);
      return true;
    }
    default:
      if (reading.trackGroup === undefined) reading.trackGroup = value;
      else reader.say('LVSD_CONFIG_DUPLICATE', `track_group ${value} is a duplicate`, LEFT_OUT);
      return true;
  }
}

function readPeer(reading: Reading, value: string, reader: LineReader): void {
  if (reading.peer !== undefined) {
    reader.say('LVSD_CONFIG_DUPLICATE', `Peer ${value} - another peer has already been specified`, LEFT_OUT);
    return;
  }
  const parsed = readPrefixed(reader, value, { withPrefix: false });
  if (parsed === undefined) {
    reader.say('LVSD_CONFIG_BAD_ADDRESS', `Invalid peer address ${value}`, LEFT_OUT);
  } else if (familyOf(parsed.address) !== familyOf(reading.address)) {
    reader.say('LVSD_CONFIG_FAMILY', `Peer address ${value} does not match address family`, LEFT_OUT);
  } else {
    if (reading.prefix !== addressBits(reading.address)) {
      const message = 'Cannot specify address prefix when specifying peer address - ignoring';
      reader.say('LVSD_CONFIG_BAD_PREFIX', message, { assumed: `/${parsed.prefix}` });
    }
    reading.peer = parsed.address;
    reading.prefix = parsed.prefix;
  }
}

/** What only the whole line tells. */
function finish(reading: Reading, reader: LineReader): AddressLine {
  const { address, prefix, text } = reading;
  let { scope, label, lifetime } = reading;
  const broadcast = broadcastOf(reading, reader);
  if (isIpv6(address)) {
    if (scope !== 0) {
      const message = `Cannot specify scope for IPv6 addresses (${text}) - ignoring scope`;
      reader.say('LVSD_CONFIG_FAMILY', message, LEFT_OUT);
      scope = 0;
    }
    if (label !== undefined) {
      const message = `Cannot specify label for IPv6 addresses (${text}) - ignoring label`;
      reader.say('LVSD_CONFIG_FAMILY', message, LEFT_OUT);
      label = undefined;
    }
    lifetime ??= prefix === 128 ? 0 : 'forever';
  }
  return {
    address,
    prefix,
    peer: reading.peer,
    broadcast,
    scope,
    label,
    flags: reading.flags,
    preferredLifetime: lifetime,
    track: reading.track,
    device: reading.device,
    vmac: reading.vmac,
    trackGroup: reading.trackGroup,
  };
}

function broadcastOf({ address, prefix, peer, broadcast }: Reading, reader: LineReader): IpAddress | undefined {
  if (broadcast === undefined) return undefined;
  if (peer !== undefined) {
    const message = 'Cannot specify broadcast and peer addresses - ignoring broadcast address';
    reader.say('LVSD_CONFIG_CONFLICT', message, LEFT_OUT);
    return undefined;
  }
  if (broadcast !== '+' && broadcast !== '-') return broadcast;
  if (prefix > 30) {
    const message = `Address prefix length ${prefix} too long for broadcast`;
    reader.say('LVSD_CONFIG_BAD_PREFIX', message, LEFT_OUT);
    return undefined;
  }
  const host = prefix === 0 ? 0xffffffff : (1 << (32 - prefix)) - 1;
  const number = ipv4ToNumber(address as Ipv4);
  return ipv4FromNumber((broadcast === '+' ? number | host : number & ~host) >>> 0);
}
