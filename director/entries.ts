/**
 * One virtual server of the director: its membership, and what follows from it for the table. Pure.
 *
 * Entries of one configuration come from the entries of the one before: a virtual server whose block and group did not
 * change keeps its entry, values and all, so that what is equal is identical and everything downstream costs only what
 * differs. What becomes of entries, and when the kernel hears of them, is director.ts's matter.
 */
import type { Config } from '../config/config.js';
import { type VirtualServerName, virtualServerName } from '../config/names.js';
import type { VirtualServer } from '../config/virtual-server.js';
import {
  type MembershipContext,
  type MembershipEffect,
  type MembershipState,
  type MembershipStep,
  wantedDestinations,
} from '../healthcheck/membership.js';
import { type DesiredService, type ServiceKey, serviceKeyText } from '../ipvs-netlink/model.js';
import { type GroupMarks, groupMarks, markKey } from './group-marks.js';
import type { OwnedByVirtualServer } from './journal.js';
import { desiredServices, ownedBy, servicesOf, type WantedServer } from './plan.js';

/** One virtual server. */
export interface Entry {
  state: MembershipState;
  readonly services: readonly ServiceKey[];
  readonly owned: OwnedByVirtualServer;
  wanted: readonly WantedServer[];
  /** Milliseconds since 1970 since when quorum is as it is. */
  quorumSince: number;
  /** What follows from `wanted`, one for each of `services`: the same objects for as long as nothing changes. */
  desired: readonly DesiredService[];
}

export type Entries = ReadonlyMap<VirtualServerName, Entry>;

/** What happened to memberships on the way, in order: log lines, scripts and their kin. */
export type Effects = [MembershipEffect, MembershipState][];

/** How the membership of a virtual server begins under a configuration, unless its entry is taken over as it is. */
export type Begin = (
  server: VirtualServer,
  services: readonly ServiceKey[],
  context: MembershipContext,
) => MembershipStep;

/** What is in force: where unchanged entries come from. */
export interface EntriesBefore {
  readonly config: Config | undefined;
  readonly entries: Entries;
}

/**
 * The entries of a configuration, in file order.
 * @param wall milliseconds since 1970
 * @param effects are added to
 */
export function entriesOf(
  config: Config,
  generation: number,
  before: EntriesBefore,
  wall: number,
  begin: Begin,
  effects: Effects,
): Map<VirtualServerName, Entry> {
  const entries = new Map<VirtualServerName, Entry>();
  const marks = marksAfter(config, before);
  config.virtualServers.forEach((server, index) => {
    const old = before.entries.get(virtualServerName(server));
    if (old?.state.server === server && sameGroup(server, before.config, config, marks, old.services)) {
      entries.set(old.state.name, { ...old, state: { ...old.state, index, generation } });
      return;
    }
    const services = servicesOf(server, config.groups, marks);
    const step = begin(server, services, { index, generation, rsInitNotifies: config.global.rsInitNotifies, wall });
    for (const effect of step.effects) effects.push([effect, step.state]);
    const wanted = wantedDestinations(step.state);
    entries.set(step.state.name, {
      state: step.state,
      quorumSince: old?.state.quorumUp === step.state.quorumUp ? old.quorumSince : wall,
      services,
      owned: asBefore(old?.owned, ownedBy(server, services)),
      wanted,
      desired: desiredServices(server, services, wanted),
    });
  });
  return entries;
}

function sameGroup(
  server: VirtualServer,
  before: Config | undefined,
  now: Config,
  marks: GroupMarks,
  services: readonly ServiceKey[],
): boolean {
  if (server.target.kind !== 'group') return true;
  const { group } = server.target;
  if (before?.groups.get(group) !== now.groups.get(group)) return false;
  const mark = marks.get(markKey(server) ?? '');
  return mark === undefined || services.every((service) => service.kind === 'fwmark' && service.mark === mark);
}

/** The marks of nftables_ipvs under a configuration; those in force stay. */
export function marksAfter(config: Config, before: EntriesBefore): GroupMarks {
  const marked = before.config?.global.nftablesIpvs.table !== undefined;
  return groupMarks(
    config,
    marked ? [...before.entries.values()].map(({ state, services }) => ({ server: state.server, services })) : [],
  );
}

/** Looks again at what the membership of an entry wants. @returns whether the table is to change with it */
export function wantsAnew(entry: Entry): boolean {
  const wanted = wantedDestinations(entry.state);
  if (sameWanted(entry.wanted, wanted)) return false;
  entry.wanted = wanted;
  entry.desired = desiredServices(entry.state.server, entry.services, wanted);
  return true;
}

/** The whole table that some virtual servers want; the first in the file has a service that several name. */
export function tableOf(entries: Entries): Map<string, DesiredService> {
  const table = new Map<string, DesiredService>();
  for (const entry of entries.values()) {
    const { services } = entry.owned;
    for (let i = 0; i < entry.desired.length; i++) {
      const [text, service] = [services[i], entry.desired[i]];
      if (text !== undefined && service !== undefined && !table.has(text)) table.set(text, service);
    }
  }
  return table;
}

/** Whose a service is, by its text: the first in the file has one that several name. */
export function ownersOf(entries: Entries): Map<string, VirtualServerName> {
  const owners = new Map<string, VirtualServerName>();
  for (const [name, entry] of entries)
    for (const text of entry.owned.services) if (!owners.has(text)) owners.set(text, name);
  return owners;
}

/** The services of an entry that are its own, by their texts. */
export function* ownServices(
  entry: Entry,
  owners: ReadonlyMap<string, VirtualServerName>,
): Iterable<readonly [string, DesiredService]> {
  for (const service of entry.desired) {
    const text = serviceKeyText(service.key);
    if (owners.get(text) === entry.state.name) yield [text, service];
  }
}

/** The earlier value where both say the same, so that equal means identical. */
function asBefore(before: OwnedByVirtualServer | undefined, now: OwnedByVirtualServer): OwnedByVirtualServer {
  const same = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === b.length && a.every((text, i) => text === b[i]);
  return before !== undefined && same(before.services, now.services) && same(before.destinations, now.destinations)
    ? before
    : now;
}

function sameWanted(a: readonly WantedServer[], b: readonly WantedServer[]): boolean {
  return a.length === b.length && a.every((one, i) => one.server === b[i]?.server && one.weight === b[i]?.weight);
}
