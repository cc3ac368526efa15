/**
 * What does not go together among the words that lvsd adds (architecture, section 6): announcements of one address that
 * contradict each other or a virtual router, slow_start with a hashing scheduler, local addresses that are somebody's
 * already, references to blocks that are not there. Pure; what the host knows comes by a hook.
 *
 * Everything here is `unusable`: two owners of one address, or a weight that moves every hashed connection, must not
 * come into force. Configurations without such words cost one look at each virtual server.
 */
import type { AddedBlocks } from '../config/added.js';
import type { AnnounceAddress, AnnouncementSettings, Announcer, ShortAnnouncement } from '../config/announcement.js';
import type { Config } from '../config/config.js';
import { virtualServerName } from '../config/names.js';
import type { Position } from '../config/position.js';
import type { LocalAddressEntry, VirtualServer } from '../config/virtual-server.js';
import { addressToBigInt, familyOf, type IpAddress } from '../runtime/addresses.js';
import type { Diagnostic } from './diagnostic.js';

/** An address that an interface has as its own. */
export interface PrimaryAddress {
  readonly address: IpAddress;
  readonly interface: string;
}

type Told = (
  code: Diagnostic['code'],
  message: string,
  at: Position,
  extras: Partial<Pick<Diagnostic, 'expected' | 'suggestion'>>,
) => void;

/** Everything that is wrong with the added words of a Config, in the order of the checks. */
export function checkAdded(config: Config): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const tell = teller(diagnostics);
  checkAnnouncements(config, tell);
  for (const server of config.virtualServers) {
    if (server.added !== undefined) checkServer(server, config.added, tell);
  }
  for (const instance of config.added.ospf.values()) {
    for (const { trackBfd, name, at } of instance.interfaces) {
      if (trackBfd === undefined || config.bfd.has(trackBfd)) continue;
      tell('LVSD_CONFIG_OSPF', `track_bfd ${trackBfd} of interface ${name} is no bfd_instance`, at, {
        expected: `bfd_instance ${trackBfd} { ... }`,
      });
    }
  }
  checkLocalAddresses(config, tell);
  return diagnostics;
}

/** Local addresses that an interface has as its primary one: replies to this host itself would be taken for FULLNAT's. */
export function checkPrimaryAddresses(config: Config, primary: readonly PrimaryAddress[]): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const tell = teller(diagnostics);
  for (const entry of localEntries(config)) {
    const taken = primary.find((each) => holds(entry, each.address));
    if (taken === undefined) continue;
    const message = `local address ${taken.address} is the primary address of ${taken.interface}`;
    tell('LVSD_CONFIG_LOCAL_ADDRESSES', message, entry.at, {
      suggestion: 'FULLNAT takes all ports of a local address: use addresses that nobody else on this host uses',
    });
  }
  return diagnostics;
}

function teller(to: Diagnostic[]): Told {
  return (code, message, at, { expected, suggestion }) =>
    to.push({ class: 'unusable', code, message, at, span: 1, expected, suggestion, assumed: undefined });
}

const place = (at: Position): string => `${at.file} line ${at.line}`;

/** What announces one address. */
interface Said extends AnnouncementSettings {
  readonly announcer: Announcer;
  readonly at: Position;
  readonly block: boolean;
}

function checkAnnouncements(config: Config, tell: Told): void {
  const byAddress = new Map<IpAddress, Said[]>();
  const add = (address: IpAddress, said: AnnounceAddress | ShortAnnouncement, isBlock: boolean): void => {
    const all = byAddress.get(address);
    if (all === undefined) byAddress.set(address, [{ ...said, block: isBlock }]);
    else all.push({ ...said, block: isBlock });
  };
  for (const each of config.added.announcements) add(each.address, each, true);
  for (const server of config.virtualServers) {
    const announce = server.added?.announce;
    if (announce === undefined) continue;
    checkAnnouncer(announce, config.added, tell);
    for (const address of announcedBy(server, announce, config, tell)) add(address, announce, false);
  }
  for (const each of config.added.announcements) checkAnnouncer(each, config.added, tell);
  if (byAddress.size === 0) return;
  for (const [address, all] of byAddress) checkContradictions(address, all, tell);
  checkVirtualRouters(config, byAddress, tell);
}

/** The addresses that the short form speaks of; of a group only those that it names one by one. */
function announcedBy(
  server: VirtualServer,
  announce: ShortAnnouncement,
  config: Config,
  tell: Told,
): readonly IpAddress[] {
  const { target } = server;
  switch (target.kind) {
    case 'address':
      return [target.address];
    case 'fwmark': {
      const message = `announce in virtual_server fwmark ${target.mark} has no address to announce`;
      tell('LVSD_CONFIG_ANNOUNCEMENT', message, announce.at, { expected: 'announce_address ADDRESS { ... }' });
      return [];
    }
    case 'group':
      return (config.groups.get(target.group)?.entries ?? []).flatMap((entry) =>
        entry.kind === 'range' && entry.first === entry.last ? [entry.first] : [],
      );
  }
}

function checkAnnouncer({ announcer, area, at }: Omit<Said, 'block'>, added: AddedBlocks, tell: Told): void {
  if (announcer.kind === 'loopback') return;
  const instance = added.ospf.get(announcer.instance);
  if (instance === undefined) {
    const known = [...added.ospf.keys()];
    tell('LVSD_CONFIG_ANNOUNCEMENT', `announced by ${announcer.instance}, which is no ospf_instance`, at, {
      expected: known.length === 0 ? `ospf_instance ${announcer.instance} { ... }` : known.join(', '),
    });
  } else if (area !== undefined && !instance.interfaces.some((each) => each.area === area)) {
    const areas = [...new Set(instance.interfaces.map((each) => each.area))];
    const message = `area ${area} is on no interface of ospf_instance ${announcer.instance}`;
    tell('LVSD_CONFIG_ANNOUNCEMENT', message, at, { expected: areas.join(', ') });
  }
}

const settingWords = [
  ['metric', 'metric'],
  ['metricType', 'metric_type'],
  ['tag', 'tag'],
  ['area', 'area'],
  ['when', 'when'],
  ['sorryMetric', 'sorry_metric'],
] as const;

const announcerText = (of: Announcer): string => (of.kind === 'loopback' ? 'loopback' : `ospf ${of.instance}`);

/** A block says for all; short forms of one address must say the same, and no other than the block. */
function checkContradictions(address: IpAddress, all: readonly Said[], tell: Told): void {
  const [first, ...others] = all;
  if (first === undefined) return;
  const expected = 'one announcement of an address, or the same in every virtual_server';
  for (const other of others) {
    const against = (what: string): void =>
      tell('LVSD_CONFIG_ANNOUNCEMENT', `${address} is announced twice: ${what} (${place(first.at)})`, other.at, {
        expected,
      });
    if (first.block && other.block) against('a second announce_address');
    else if (announcerText(first.announcer) !== announcerText(other.announcer))
      against(`by ${announcerText(other.announcer)} here, by ${announcerText(first.announcer)} there`);
    else {
      const bothSpeak = (a: unknown, b: unknown): boolean => a !== undefined && b !== undefined;
      const wrong = settingWords.find(
        ([field]) => first[field] !== other[field] && (!first.block || bothSpeak(first[field], other[field])),
      );
      if (wrong !== undefined) {
        const [field, word] = wrong;
        against(`${word} ${other[field] ?? 'unsaid'} here, ${first[field] ?? 'unsaid'} there`);
      } else if (first.withdrawOnSorry !== other.withdrawOnSorry && (!first.block || other.withdrawOnSorry))
        against(`withdraw_on_sorry ${other.withdrawOnSorry} here, ${first.withdrawOnSorry} there`);
    }
  }
}

function checkVirtualRouters(config: Config, announced: ReadonlyMap<IpAddress, readonly Said[]>, tell: Told): void {
  for (const instance of config.vrrp.instances.values()) {
    for (const { address } of [...instance.addresses, ...instance.excludedAddresses]) {
      const said = announced.get(address)?.[0];
      if (said === undefined) continue;
      const message = `${address} is announced, and an address of vrrp_instance ${instance.name} too (${place(instance.at)})`;
      tell('LVSD_CONFIG_ANNOUNCEMENT', message, said.at, {
        expected: 'an address that is announced is on every director; one of a virtual router on the master only',
        suggestion: 'take it out of one of the two',
      });
    }
  }
}

const hashing: ReadonlySet<string> = new Set(['mh', 'sh', 'dh']);

function checkServer(server: VirtualServer, blocks: AddedBlocks, tell: Told): void {
  const { slowStart, dpvs } = server.added ?? {};
  if (slowStart !== undefined && hashing.has(server.scheduler)) {
    const message = `slow_start does not go with lvs_sched ${server.scheduler} of ${virtualServerName(server)}`;
    tell('LVSD_CONFIG_SLOW_START', message, slowStart.at, {
      expected: 'a scheduler that weighs, as wlc or wrr',
      suggestion: `each step of a weight moves connections of other servers under ${server.scheduler}`,
    });
  }
  if (dpvs === undefined) return;
  const needs = (group: string | undefined, among: ReadonlyMap<string, unknown>, block: string, word: string): void => {
    if (group === undefined || among.has(group)) return;
    tell('LVSD_CONFIG_DPVS', `${word} ${group} is no ${block}`, server.at, { expected: `${block} ${group} { ... }` });
  };
  needs(dpvs.denyGroup, blocks.denyGroups, 'deny_address_group', 'daddr_group_name');
  needs(dpvs.allowGroup, blocks.allowGroups, 'allow_address_group', 'waddr_group_name');
  if (server.protocol === 'UDP') return;
  const udpOnly = dpvs.quic ? 'quic' : dpvs.hashTarget === 'qid' ? 'hash_target qid' : undefined;
  if (udpOnly === undefined) return;
  tell('LVSD_CONFIG_DPVS', `${udpOnly} needs protocol UDP`, server.at, { expected: 'protocol UDP' });
}

function* localEntries(config: Config): Iterable<LocalAddressEntry> {
  for (const group of config.localAddressGroups.values()) yield* group.entries;
  for (const server of config.virtualServers) yield* server.fullnat.localAddresses;
}

function holds(entry: LocalAddressEntry, address: IpAddress): boolean {
  if (familyOf(entry.first) !== familyOf(address)) return false;
  const value = addressToBigInt(address);
  return addressToBigInt(entry.first) <= value && value <= addressToBigInt(entry.last);
}

/** A range of addresses that clients use, and what it belongs to. */
interface Virtual {
  readonly first: IpAddress;
  readonly last: IpAddress;
  readonly of: string;
}

function* virtualAddresses(config: Config): Iterable<Virtual> {
  for (const server of config.virtualServers) {
    const { target } = server;
    if (target.kind === 'address')
      yield { first: target.address, last: target.address, of: `virtual_server ${virtualServerName(server)}` };
  }
  for (const group of config.groups.values()) {
    for (const entry of group.entries) {
      if (entry.kind === 'range')
        yield { first: entry.first, last: entry.last, of: `virtual_server_group ${group.name}` };
    }
  }
  for (const instance of config.vrrp.instances.values()) {
    for (const { address } of [...instance.addresses, ...instance.excludedAddresses])
      yield { first: address, last: address, of: `vrrp_instance ${instance.name}` };
  }
}

function checkLocalAddresses(config: Config, tell: Told): void {
  const entries = [...localEntries(config)].map((entry) => ({
    entry,
    family: familyOf(entry.first),
    first: addressToBigInt(entry.first),
    last: addressToBigInt(entry.last),
    told: false,
  }));
  if (entries.length === 0) return;
  for (const virtual of virtualAddresses(config)) {
    const family = familyOf(virtual.first);
    const first = addressToBigInt(virtual.first);
    const last = virtual.last === virtual.first ? first : addressToBigInt(virtual.last);
    for (const each of entries) {
      if (each.told || each.family !== family || each.first > last || first > each.last) continue;
      each.told = true;
      const shared = each.first > first ? each.entry.first : virtual.first;
      tell('LVSD_CONFIG_LOCAL_ADDRESSES', `local address ${shared} is an address of ${virtual.of}`, each.entry.at, {
        suggestion: 'FULLNAT takes all ports of a local address: use addresses that nobody else on this host uses',
      });
    }
  }
}
