/**
 * One line of virtual_rules or static_rules, in the words of `ip rule` (keepalived.md 8; vrrp_iprule.c is the source of
 * what is refused, ip-rule(8) of what the words mean).
 */
import type { Prefix } from '../../config/route.js';
import type { NumberRange, Rule, RuleAction } from '../../config/rule.js';
import { type AddressFamily, familyOf, type IpAddress } from '../../runtime/addresses.js';
import type { BindContext } from '../bind-context.js';
import { anyBase, LineReader } from '../line-reader.js';
import type { Statement } from '../statement.js';
import { readPrefixed } from './address-line.js';
import { groupNumber, KEEPALIVED_PROTOCOL, realmsNumber, serviceNumber, tableNumber } from './iproute-names.js';
import { MAX_UNSIGNED } from './limits.js';
import { bounded } from './route-reading.js';
import { transportProtocol } from './transport-protocols.js';

export const RULE_FORM =
  '[inet|inet6] [not] [from PREFIX] [to PREFIX] [iif INTERFACE] [oif INTERFACE] [fwmark MARK[/MASK]] [tos N] [ipproto PROTOCOL] [sport FIRST-LAST] [dport FIRST-LAST] preference N table TABLE|goto N|nop|blackhole|unreachable|prohibit|l3mdev [no_track]';

type MutableRule = { -readonly [K in keyof Rule]: Rule[K] };

/** Priorities for rules that say none count down from here, each family for itself (keepalived's RULE_START_PRIORITY). */
export const FIRST_RULE_PRIORITY = 16384;

/** The next free priority of each family, for a whole configuration. */
export interface RulePriorities {
  inet: number;
  inet6: number;
}

interface Reading {
  readonly rule: Omit<MutableRule, 'family' | 'priority' | 'action' | 'from' | 'to'>;
  family: AddressFamily | undefined;
  from: Prefix | 'default' | undefined;
  to: Prefix | 'default' | undefined;
  priority: number | undefined;
  action: RuleAction | undefined;
  /** Words that only a table goes with. */
  tableOption: boolean;
  readonly kind: 'virtual' | 'static';
  readonly noteInterface: (name: string, message: string) => void;
}

type ReadOption = (reading: Reading, reader: LineReader, word: string) => boolean;

const MIXED = 'rule specification has mixed IPv4 and IPv6';
const WITHOUT = { assumed: 'the option is left out' };

/**
 * @param priorities where a rule that says no priority takes one
 * @returns undefined after what is wrong was told
 */
export function readRuleLine(
  statement: Statement,
  context: BindContext,
  kind: 'virtual' | 'static',
  priorities: RulePriorities,
  noteInterface: (name: string, message: string) => void,
): Rule | undefined {
  const reader = new LineReader(statement, context);
  const reading: Reading = {
    rule: {
      invert: false,
      tos: undefined,
      fwmark: undefined,
      inputInterface: undefined,
      outputInterface: undefined,
      realms: undefined,
      suppressPrefixLength: undefined,
      suppressGroup: undefined,
      tunnelId: undefined,
      uids: undefined,
      protocol: undefined,
      ipProtocol: undefined,
      sourcePorts: undefined,
      destinationPorts: undefined,
      track: true,
      trackGroup: undefined,
      at: reader.at,
    },
    family: undefined,
    from: undefined,
    to: undefined,
    priority: undefined,
    action: undefined,
    tableOption: false,
    kind,
    noteInterface,
  };
  while (reader.more) {
    const word = reader.next() ?? '';
    const read = options.get(word) ?? readAction;
    if (!read(reading, reader, word)) return undefined;
  }
  return finish(reading, reader, priorities);
}

function refuse(reader: LineReader, message: string, code: `LVSD_CONFIG_${string}` = 'LVSD_CONFIG_BAD_VALUE'): false {
  reader.say(code, message);
  return false;
}

function value(set: (reading: Reading, text: string, reader: LineReader, word: string) => boolean): ReadOption {
  return (reading, reader, word) => {
    const text = reader.take();
    return text !== undefined && set(reading, text, reader, word);
  };
}

function sameFamily(reading: Reading, family: AddressFamily): boolean {
  reading.family ??= family;
  return reading.family === family;
}

function family(name: AddressFamily): ReadOption {
  return (reading, reader) =>
    sameFamily(reading, name) ||
    refuse(reader, `${name} specified for ${name === 'inet' ? 'IPv6' : 'IPv4'} rule`, 'LVSD_CONFIG_FAMILY');
}

const prefix = value((reading, text, reader, word) => {
  const field = word === 'from' ? 'from' : 'to';
  if (text === 'default' || text === 'any' || text === 'all') {
    reading[field] = 'default';
    return true;
  }
  const parsed = readPrefixed(reader, text, { withPrefix: true });
  if (parsed === undefined) return refuse(reader, `Invalid rule ${field} address ${text}`, 'LVSD_CONFIG_BAD_ADDRESS');
  reading[field] = { address: parsed.address, length: parsed.prefix };
  return sameFamily(reading, familyOf(parsed.address)) || refuse(reader, MIXED, 'LVSD_CONFIG_FAMILY');
});

function act(reading: Reading, reader: LineReader, action: RuleAction): boolean {
  if (reading.action !== undefined) {
    const message =
      action.kind === 'l3mdev'
        ? 'Cannot specify l3mdev with other action'
        : 'Cannot specify more than one of table/nop/goto/blackhole/prohibit/unreachable/l3mdev for rule';
    return refuse(reader, message, 'LVSD_CONFIG_CONFLICT');
  }
  reading.action = action;
  return true;
}

const table = value((reading, text, reader) => {
  const number = tableNumber(text);
  if (number === undefined) return refuse(reader, `Routing table ${text} not found for rule`);
  if (number === 0) return refuse(reader, 'Table 0 is not valid');
  return act(reading, reader, { kind: 'table', table: number });
});

const priority = value((reading, text, reader, word) => {
  const number = numberOf(text);
  if (number === undefined || number > MAX_UNSIGNED) return refuse(reader, `Invalid rule preference ${word} specified`);
  reading.priority = number;
  return true;
});

const service = value((reading, text, reader) => {
  reading.rule.tos = serviceNumber(text);
  return reading.rule.tos !== undefined || refuse(reader, `TOS value ${text} is invalid`);
});

const suppressLength = value((reading, text, reader, word) => {
  const number = bounded(text, 2147483647);
  if (number === undefined) return refuse(reader, `Invalid suppress_prefixlength ${word} specified`);
  reading.rule.suppressPrefixLength = number;
  reading.tableOption = true;
  return true;
});

const suppressGroup = value((reading, text, reader) => {
  reading.rule.suppressGroup = groupNumber(text);
  reading.tableOption = true;
  return reading.rule.suppressGroup !== undefined || refuse(reader, `suppress_group ${text} is invalid`);
});

function device(field: 'inputInterface' | 'outputInterface'): ReadOption {
  return value((reading, name) => {
    reading.noteInterface(name, `WARNING - interface ${name} for rule doesn't exist`);
    reading.rule[field] = name;
    return true;
  });
}

function ports(field: 'sourcePorts' | 'destinationPorts'): ReadOption {
  return value((reading, text, reader, word) => {
    // One port alone is refused, as keepalived does; ip rule takes it.
    const range = text.includes('-') ? rangeOf(text, 65535) : undefined;
    if (range !== undefined) reading.rule[field] = range;
    else
      reader.say('LVSD_CONFIG_BAD_NUMBER', `invalid ${word} range ${text}`, {
        expected: 'FIRST-LAST',
        ...WITHOUT,
      });
    return true;
  });
}

/** `N` or `FIRST-LAST`. */
function rangeOf(text: string, max: number): NumberRange | undefined {
  const parts = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text);
  if (parts === null) return undefined;
  const first = Number(parts[1]);
  const last = parts[2] === undefined ? first : Number(parts[2]);
  return first > max || last > max ? undefined : { first, last };
}

/** In any base; nothing between quotes is 0, as everywhere in keepalived. */
const numberOf = (text: string): number | undefined => (text === '' ? 0 : anyBase(text));

function mark(text: string): Rule['fwmark'] {
  const [first = '', second, ...more] = text.split('/');
  const number = numberOf(first);
  const mask = second === undefined ? undefined : anyBase(second);
  if (number === undefined || number > MAX_UNSIGNED || more.length > 0) return undefined;
  if (second !== undefined && (mask === undefined || mask > MAX_UNSIGNED)) return undefined;
  return { mark: number, mask };
}

const options: ReadonlyMap<string, ReadOption> = new Map<string, ReadOption>([
  ['inet', family('inet')],
  ['inet6', family('inet6')],
  ['from', prefix],
  ['to', prefix],
  ['table', table],
  ['lookup', table],
  ['preference', priority],
  ['order', priority],
  ['priority', priority],
  ['tos', service],
  ['dsfield', service],
  ['suppress_prefixlength', suppressLength],
  ['sup_pl', suppressLength],
  ['suppress_ifgroup', suppressGroup],
  ['sup_group', suppressGroup],
  ['dev', device('inputInterface')],
  ['iif', device('inputInterface')],
  ['oif', device('outputInterface')],
  ['sport', ports('sourcePorts')],
  ['dport', ports('destinationPorts')],
  [
    'not',
    (reading) => {
      reading.rule.invert = true;
      return true;
    },
  ],
  [
    'fwmark',
    value((reading, text, reader) => {
      reading.rule.fwmark = mark(text);
      return reading.rule.fwmark !== undefined || refuse(reader, `Invalid rule fwmark ${text} specified`);
    }),
  ],
  [
    'realms',
    value((reading, text, reader) => {
      reading.rule.realms = realmsNumber(text);
      if (reading.rule.realms === undefined) return refuse(reader, `invalid realms ${text} for rule`);
      reading.tableOption = true;
      return sameFamily(reading, 'inet') || refuse(reader, 'realms is only valid for IPv4', 'LVSD_CONFIG_FAMILY');
    }),
  ],
  [
    'tunnel-id',
    value((reading, text, reader, word) => {
      const id = /^\+?\d{0,20}$/.test(text) ? BigInt(text.replace('+', '')) : -1n;
      if (id < 0n || id > 0xffffffffffffffffn) return refuse(reader, `Invalid tunnel-id ${word} specified`);
      reading.rule.tunnelId = `${id}`;
      return true;
    }),
  ],
  [
    'uidrange',
    value((reading, text, reader, word) => {
      const range = text.includes('-') ? rangeOf(text, MAX_UNSIGNED) : undefined;
      if (range === undefined) return refuse(reader, `Invalid uidrange ${word} specified`);
      reading.rule.uids = range;
      return true;
    }),
  ],
  ['l3mdev', (reading, reader) => act(reading, reader, { kind: 'l3mdev' })],
  [
    'protocol',
    value((reading, text, reader) => {
      const number = reader.decimal(0, 255);
      if (number !== undefined) reading.rule.protocol = number;
      else reader.say('LVSD_CONFIG_BAD_NUMBER', `Invalid protocol ${text}`, WITHOUT);
      return true;
    }),
  ],
  [
    'ipproto',
    value((reading, text, reader) => {
      const number = transportProtocol(text);
      if (number !== undefined) reading.rule.ipProtocol = number;
      else reader.say('LVSD_CONFIG_BAD_VALUE', `Invalid ipproto ${text}`, WITHOUT);
      return true;
    }),
  ],
  [
    'no_track',
    (reading) => {
      reading.rule.track = false;
      return true;
    },
  ],
  [
    'track_group',
    (reading, reader, word) => {
      if (reading.kind === 'virtual') return readAction(reading, reader, word);
      const name = reader.take('NAME');
      if (name === undefined) return false;
      if (reading.rule.trackGroup === undefined) reading.rule.trackGroup = name;
      else reader.say('LVSD_CONFIG_DUPLICATE', `track_group ${name} is a duplicate`, WITHOUT);
      return true;
    },
  ],
]);

function readAction(reading: Reading, reader: LineReader, first: string): boolean {
  const word = first === 'type' ? reader.take('ACTION') : first;
  switch (word) {
    case undefined:
      return false;
    case 'goto': {
      const text = reader.take('N');
      if (text === undefined) return false;
      const target = anyBase(text);
      if (target === undefined || target > MAX_UNSIGNED) return refuse(reader, `Invalid target ${word} specified`);
      return act(reading, reader, { kind: 'goto', priority: target });
    }
    case 'nop':
    case 'blackhole':
    case 'unreachable':
    case 'prohibit':
      return act(reading, reader, { kind: word });
    case 'unicast':
    case 'local':
    case 'broadcast':
    case 'anycast':
    case 'multicast':
    case 'throw':
    case 'nat':
    case 'xresolve':
      return refuse(reader, `Invalid rule action ${word}`);
    default:
      return refuse(reader, `Unknown rule option ${word}`, 'LVSD_CONFIG_UNKNOWN_OPTION');
  }
}

function finish(reading: Reading, reader: LineReader, priorities: RulePriorities): Rule | undefined {
  const { rule, action } = reading;
  const ignored = (message: string): undefined => reader.refuse('LVSD_CONFIG_CONFLICT', message);
  if (action?.kind === 'goto') {
    const target = action.priority;
    if (reading.priority === undefined)
      return ignored(`Invalid rule - goto target ${target} specified without preference`);
    if (reading.priority >= target)
      return ignored(`Invalid rule - preference ${reading.priority} >= goto target ${target}`);
  }
  if (action === undefined) {
    return reader.refuse('LVSD_CONFIG_NO_SUBJECT', 'No action specified for rule - ignoring', {
      expected: 'table TABLE',
    });
  }
  if (reading.tableOption && action.kind !== 'table' && action.kind !== 'l3mdev') {
    return ignored('suppressor/realm specified for non table action - skipping');
  }
  let { protocol, trackGroup } = rule;
  if (rule.track) {
    if (protocol !== undefined && protocol !== KEEPALIVED_PROTOCOL) {
      const message = `Rule cannot be tracked if protocol is not RTPROT_KEEPALIVED(${KEEPALIVED_PROTOCOL}), resetting protocol`;
      reader.say('LVSD_CONFIG_CONFLICT', message, { assumed: `protocol ${KEEPALIVED_PROTOCOL}` });
    }
    protocol = KEEPALIVED_PROTOCOL;
  }
  if (trackGroup !== undefined && rule.inputInterface === undefined) {
    const message = 'Static rule cannot have track_group if dev/iif not specified';
    reader.say('LVSD_CONFIG_NO_TRACK', message, { expected: 'iif INTERFACE', assumed: 'no track_group' });
    trackGroup = undefined;
  }
  const family = reading.family ?? 'inet';
  let { priority } = reading;
  if (priority === undefined) {
    priority = priorities[family]--;
    const message = `Rule has no preference specified - setting to ${priority}. This is probably not what you want.`;
    reader.say('LVSD_CONFIG_NO_PREFERENCE', message, { expected: 'preference N', assumed: `preference ${priority}` });
  }
  const everything: Prefix = { address: (family === 'inet' ? '0.0.0.0' : '::') as IpAddress, length: 0 };
  const whole = (of: Prefix | 'default' | undefined): Prefix | undefined => (of === 'default' ? everything : of);
  return { ...rule, family, from: whole(reading.from), to: whole(reading.to), priority, action, protocol, trackGroup };
}
