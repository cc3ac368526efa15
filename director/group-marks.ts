/**
 * nftables_ipvs: which firewall mark a group of virtual servers has for a protocol, and what maps its addresses to it. Pure.
 *
 * As with keepalived, a group without marks of its own gets one for each protocol that a virtual server uses it with, from
 * nftables_ipvs_start_fwmark on in file order; both families share it. It keeps its mark for as long as it is in the
 * file, and marks that the file itself names are passed over. The services are planned by plan.ts like any other mark's.
 */
import type { Config } from '../config/config.js';
import type { GroupEntry, TransportProtocol, VirtualServer } from '../config/virtual-server.js';
import type { MarkElement, MarkTable } from '../host/mark-tables.js';
import type { ServiceKey } from '../ipvs-netlink/model.js';
import { type AddressFamily, familyOf } from '../runtime/addresses.js';
import { type Fwmark, fwmark } from '../runtime/units.js';

/** By group and protocol (`markKey`). */
export type GroupMarks = ReadonlyMap<string, Fwmark>;

export const noMarks: GroupMarks = new Map();

const LAST_MARK = 4294967295;
const LAST_PORT = 65535;

/** What a mark belongs to: the group that a virtual server serves, with its protocol; undefined for other servers. */
export function markKey({ target, protocol }: VirtualServer): string | undefined {
  return target.kind === 'group' ? `${target.group} ${protocol}` : undefined;
}

/** A virtual server of the configuration before, with the services that it had. */
interface Before {
  readonly server: VirtualServer;
  readonly services: readonly ServiceKey[];
}

/** The marks of a configuration. @param before what was in force: its marks stay */
export function groupMarks(config: Config, before: Iterable<Before>): GroupMarks {
  const { table, startMark } = config.global.nftablesIpvs;
  if (table === undefined) return noMarks;
  const earlier = new Map<string, Fwmark>();
  for (const { server, services } of before) {
    const [service] = services;
    const key = markKey(server);
    if (key !== undefined && service?.kind === 'fwmark') earlier.set(key, service.mark);
  }
  const keys = new Set<string>();
  for (const server of config.virtualServers) {
    const key = markKey(server);
    if (key !== undefined && hasOnlyAddresses(config, server)) keys.add(key);
  }
  const taken = new Set<number>(marksOfFile(config));
  const marks = new Map<string, Fwmark>();
  for (const key of keys) {
    const mark = earlier.get(key);
    if (mark === undefined || taken.has(mark)) continue;
    taken.add(mark);
    marks.set(key, mark);
  }
  let next = startMark;
  for (const key of keys) {
    if (marks.has(key)) continue;
    while (taken.has(next)) next = next === LAST_MARK ? 1 : next + 1;
    taken.add(next);
    marks.set(key, fwmark(next));
  }
  return marks;
}

/** Whether the group that a virtual server serves is there, and names addresses only. */
function hasOnlyAddresses(config: Config, { target }: VirtualServer): boolean {
  const group = target.kind === 'group' ? config.groups.get(target.group) : undefined;
  return group?.entries.every((entry) => entry.kind === 'range') ?? false;
}

function* marksOfFile(config: Config): Iterable<number> {
  for (const { target } of config.virtualServers) if (target.kind === 'fwmark') yield target.mark;
  for (const group of config.groups.values())
    for (const entry of group.entries) if (entry.kind === 'fwmark') yield entry.mark;
}

type RangeEntry = Extract<GroupEntry, { kind: 'range' }>;

function elementOf({ first, last, port }: RangeEntry, mark: Fwmark): MarkElement {
  // Without a port the service is every port of the address.
  return port === 0
    ? { first, last, firstPort: 0, lastPort: LAST_PORT, mark }
    : { first, last, firstPort: port, lastPort: port, mark };
}

/**
 * The tables that give these marks.
 * @param marks as `groupMarks` made them for this configuration
 */
export function markTables(config: Config, marks: GroupMarks): readonly MarkTable[] {
  const { table: name, priority } = config.global.nftablesIpvs;
  if (name === undefined) return [];
  const tables: MarkTable[] = [];
  for (const family of ['inet', 'inet6'] as const) {
    const maps = mapsOf(config, marks, family);
    if (maps.size === 0) continue;
    tables.push({
      family,
      name,
      priority,
      counters: config.global.nftablesCounters,
      maps: [...maps].map(([protocol, elements]) => ({ protocol, elements: [...elements.values()] })),
    });
  }
  return tables;
}

/** By protocol, then by what an element matches: the first in the file has what two groups name. */
function mapsOf(
  config: Config,
  marks: GroupMarks,
  family: AddressFamily,
): ReadonlyMap<TransportProtocol, ReadonlyMap<string, MarkElement>> {
  const maps = new Map<TransportProtocol, Map<string, MarkElement>>();
  for (const server of config.virtualServers) {
    const { target, protocol } = server;
    const mark = marks.get(markKey(server) ?? '');
    if (target.kind !== 'group' || mark === undefined) continue;
    if (server.family !== undefined && server.family !== family) continue;
    for (const entry of config.groups.get(target.group)?.entries ?? []) {
      if (entry.kind !== 'range' || familyOf(entry.first) !== family) continue;
      const elements = maps.get(protocol) ?? new Map<string, MarkElement>();
      maps.set(protocol, elements);
      const key = `${entry.first} ${entry.last} ${entry.port}`;
      if (!elements.has(key)) elements.set(key, elementOf(entry, mark));
    }
  }
  return maps;
}
