/**
 * Addresses, routes and rules as lines in the words of iproute2, as the blocks of the VRRP side hold them
 * (print-vrrp.ts). Names have become numbers when they were read, and stay numbers.
 */
import type { Encapsulation, LockableMetric, NextHop, Prefix, Route, RouteMetric } from '../config/route.js';
import { routeMetrics } from '../config/route.js';
import type { Rule } from '../config/rule.js';
import type { StaticAddress, VirtualAddress } from '../config/virtual-address.js';
import { quotedWord } from './print-writer.js';
import { timeMetrics } from './schema/route-metrics.js';

type Words = (string | number)[];

/** A word and its value, if there is one. */
function option(word: string, value: string | number | undefined): Words {
  if (value === undefined) return [];
  return [word, typeof value === 'string' ? quotedWord(value) : value];
}

const flag = (word: string, holds: boolean): Words => (holds ? [word] : []);
const prefixText = ({ address, length }: Prefix): string => `${address}/${length}`;
const realmsText = (realms: number): string => `${realms >>> 16}/${realms & 0xffff}`;
const hexText = (byte: number): string => `0x${byte.toString(16)}`;

export function addressWords(line: VirtualAddress | StaticAddress): Words {
  const { flags } = line;
  return [
    line.peer === undefined ? `${line.address}/${line.prefix}` : line.address,
    ...option('peer', line.peer),
    ...option('brd', line.broadcast),
    ...option('dev', line.device),
    ...(line.scope === 0 ? [] : ['scope', line.scope]),
    ...option('label', line.label),
    ...flag('home', flags.home),
    ...flag('-nodad', flags.noDad),
    ...flag('mngtmpaddr', flags.manageTemporary),
    ...flag('noprefixroute', flags.noPrefixRoute),
    ...flag('autojoin', flags.autoJoin),
    ...option('preferred_lft', line.preferredLifetime),
    ...flag('no_track', !line.track),
    ...('vmac' in line ? flag('use_vmac', line.vmac) : option('track_group', line.trackGroup)),
  ];
}

function encapsulationWords(of: Encapsulation | undefined): Words {
  if (of === undefined) return [];
  switch (of.kind) {
    case 'mpls':
      return ['encap', 'mpls', of.labels.join('/')];
    case 'ila':
      return ['encap', 'ila', of.locator];
    case 'ip':
      return [
        'encap',
        'ip',
        ...tunnelWords(of),
        ...(of.tos === undefined ? [] : ['tos', hexText(of.tos)]),
        ...option('ttl', of.ttl),
        ...option('flags', of.flags),
      ];
    case 'ip6':
      return [
        'encap',
        'ip6',
        ...tunnelWords(of),
        ...(of.trafficClass === undefined ? [] : ['tc', hexText(of.trafficClass)]),
        ...option('hoplimit', of.hopLimit),
        ...option('flags', of.flags),
      ];
  }
}

function tunnelWords(of: Extract<Encapsulation, { readonly kind: 'ip' | 'ip6' }>): Words {
  return [...option('id', of.id), ...option('dst', of.destination), ...option('src', of.source)];
}

function nextHopWords(hop: NextHop): Words {
  return [
    'nexthop',
    ...option('via', hop.gateway),
    ...option('dev', hop.device),
    ...option('weight', hop.weight),
    ...flag('onlink', hop.onLink),
    ...(hop.realms === undefined ? [] : ['realms', realmsText(hop.realms)]),
    ...encapsulationWords(hop.encapsulation),
  ];
}

/** Bare in the kernel's unit as far as a bare number may go; what is more was written in milliseconds. */
function metricText(metric: RouteMetric, value: number): Words[number] {
  const time = timeMetrics.get(metric);
  return time === undefined || value <= time.longest ? value : `${value / time.scale}ms`;
}

function metricWords({ metrics, locked }: Route): Words {
  const held: ReadonlySet<LockableMetric | RouteMetric> = new Set(locked);
  return routeMetrics.flatMap((metric) => {
    const value = metrics[metric];
    if (value === undefined) return [];
    return [metric, ...flag('lock', held.has(metric)), metricText(metric, value)];
  });
}

export function routeWords(route: Route): Words {
  return [
    route.family,
    route.type,
    prefixText(route.destination),
    ...(route.from === undefined ? [] : ['from', prefixText(route.from)]),
    ...option('via', route.gateway),
    ...option('dev', route.device),
    ...option('src', route.preferredSource),
    'table',
    route.table,
    ...option('protocol', route.protocol),
    ...option('scope', route.scope),
    ...(route.tos === undefined ? [] : ['tos', hexText(route.tos)]),
    ...option('metric', route.priority),
    ...flag('onlink', route.onLink),
    ...(route.realms === undefined ? [] : ['realms', realmsText(route.realms)]),
    ...encapsulationWords(route.encapsulation),
    ...option('expires', route.expires),
    ...metricWords(route),
    ...(route.congestionControl === undefined
      ? []
      : ['congctl', ...flag('lock', route.locked.includes('congctl')), quotedWord(route.congestionControl)]),
    ...(route.ecn ? ['features', 'ecn'] : []),
    ...option('pref', route.preference),
    ...(route.ttlPropagate === undefined ? [] : ['ttl-propagate', route.ttlPropagate ? 'enabled' : 'disabled']),
    ...flag('no_track', !route.track),
    ...option('track_group', route.trackGroup),
    ...route.nextHops.flatMap(nextHopWords),
  ];
}

function actionWords({ action }: Rule): Words {
  switch (action.kind) {
    case 'table':
      return ['table', action.table];
    case 'goto':
      return ['goto', action.priority];
    default:
      return [action.kind];
  }
}

function markText({ mark, mask }: NonNullable<Rule['fwmark']>): string {
  return mask === undefined ? `${mark}` : `${mark}/${mask}`;
}

const rangeWords = (word: string, range: Rule['uids']): Words =>
  range === undefined ? [] : [word, `${range.first}-${range.last}`];

export function ruleWords(rule: Rule): Words {
  return [
    rule.family,
    ...flag('not', rule.invert),
    ...(rule.from === undefined ? [] : ['from', prefixText(rule.from)]),
    ...(rule.to === undefined ? [] : ['to', prefixText(rule.to)]),
    ...option('iif', rule.inputInterface),
    ...option('oif', rule.outputInterface),
    ...(rule.fwmark === undefined ? [] : ['fwmark', markText(rule.fwmark)]),
    ...(rule.tos === undefined ? [] : ['tos', hexText(rule.tos)]),
    ...option('ipproto', rule.ipProtocol),
    ...rangeWords('sport', rule.sourcePorts),
    ...rangeWords('dport', rule.destinationPorts),
    ...(rule.tunnelId === undefined ? [] : ['tunnel-id', rule.tunnelId]),
    ...rangeWords('uidrange', rule.uids),
    'preference',
    rule.priority,
    ...actionWords(rule),
    ...(rule.realms === undefined ? [] : ['realms', realmsText(rule.realms)]),
    ...option('suppress_prefixlength', rule.suppressPrefixLength),
    ...option('suppress_ifgroup', rule.suppressGroup),
    ...option('protocol', rule.protocol),
    ...flag('no_track', !rule.track),
    ...option('track_group', rule.trackGroup),
  ];
}
