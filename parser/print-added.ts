/**
 * What lvsd and DPVS add to the grammar, as text (print.ts). Secrets are printed: the text must parse to the same Config;
 * whoever shows it to people stars them out (render-diagnostic.ts).
 */
import type { AddedBlocks, AddedOptions } from '../config/added.js';
import type { AnnouncementSettings } from '../config/announcement.js';
import type { ClusterConfig } from '../config/cluster.js';
import type { DpvsOptions, SourceGroup, TunnelGroup } from '../config/dpvs.js';
import type { OspfAuthentication, OspfInstance, OspfInterface } from '../config/ospf.js';
import { type ConfigWriter, quotedWord } from './print-writer.js';

/** The top-level blocks. */
export function printAddedBlocks(to: ConfigWriter, added: AddedBlocks): void {
  for (const instance of added.ospf.values()) printOspf(to, instance);
  for (const each of added.announcements) {
    to.block(`announce_address ${each.address}`, () => {
      if (each.announcer.kind === 'loopback') to.line('loopback');
      else to.value('ospf', each.announcer.instance);
      printAnnouncement(to, each);
    });
  }
  if (added.cluster !== undefined) printCluster(to, added.cluster);
  for (const group of added.denyGroups.values()) printSources(to, 'deny_address_group', group);
  for (const group of added.allowGroups.values()) printSources(to, 'allow_address_group', group);
  for (const group of added.tunnelGroups.values()) printTunnels(to, group);
}

/** The words of one virtual_server. */
export function printAddedOptions(to: ConfigWriter, added: AddedOptions | undefined): void {
  if (added === undefined) return;
  const { announce } = added;
  if (announce !== undefined) {
    const name = announce.announcer.kind === 'loopback' ? 'loopback' : quotedWord(announce.announcer.instance);
    to.block(`announce ${name}`, () => printAnnouncement(to, announce));
  }
  to.value('slow_start', added.slowStart?.duration);
  to.value('drain_timeout', added.drainTimeout);
  to.value('max_down_percent', added.maxDownPercent);
  if (added.dpvs !== undefined) printDpvs(to, added.dpvs);
}

function printAnnouncement(to: ConfigWriter, of: AnnouncementSettings): void {
  to.value('metric', of.metric);
  to.value('metric_type', of.metricType);
  to.value('tag', of.tag);
  to.value('area', of.area);
  to.value('when', of.when);
  to.value('sorry_metric', of.sorryMetric);
  if (of.withdrawOnSorry) to.line('withdraw_on_sorry', 'true');
}

function printOspf(to: ConfigWriter, of: OspfInstance): void {
  to.block(`ospf_instance ${quotedWord(of.name)}`, () => {
    to.value('router_id', of.routerId);
    for (const each of of.interfaces) to.block(`interface ${quotedWord(each.name)}`, () => printInterface(to, each));
    to.line('announce_as', of.announceAs);
    to.line('announce_hold_down', of.announceHoldDown);
    to.line('announce_delay', of.announceDelay);
    to.line('withdraw_delay', of.withdrawDelay);
    if (of.dryRun) to.line('dry_run', 'true');
  });
}

function printInterface(to: ConfigWriter, of: OspfInterface): void {
  to.block(`area ${of.area}`, () => to.line('type', of.areaType));
  to.line('network', of.network);
  to.line('hello_interval', of.helloInterval);
  to.line('dead_interval', of.deadInterval);
  to.line('cost', of.cost);
  if (of.mtuIgnore) to.line('mtu_ignore', 'true');
  if (of.ttlSecurity) to.line('ttl_security', 'true');
  for (const { address, prefix } of of.neighborFilters) to.line('neighbor_filter', `${address}/${prefix}`);
  printAuthentication(to, of.authentication);
  to.value('track_bfd', of.trackBfd);
}

function printAuthentication(to: ConfigWriter, of: OspfAuthentication): void {
  if (of.type === 'none') return;
  to.block('authentication', () => {
    to.line('type', of.type);
    for (const { id, secret } of of.keys) {
      if ('file' in secret) to.line('key_file', id, quotedWord(secret.file));
      else to.line('key', id, quotedWord(secret.text));
    }
    if (of.type !== 'simple') to.line('active_key', of.activeKey);
  });
}

function printCluster(to: ConfigWriter, of: ClusterConfig): void {
  to.block('cluster', () => {
    const { redis } = of;
    if (redis?.kind === 'single') to.line('redis', quotedWord(redis.url));
    else if (redis?.kind === 'sentinel')
      to.line('redis', 'sentinel', ...[redis.master, ...redis.nodes].map(quotedWord));
    else if (redis?.kind === 'cluster') to.line('redis', 'cluster', ...redis.nodes.map(quotedWord));
    to.value('password_file', of.passwordFile);
    to.value('node', of.node);
    to.line('verdict', of.verdict);
  });
}

function printSources(to: ConfigWriter, word: string, of: SourceGroup): void {
  to.block(`${word} ${quotedWord(of.name)}`, () => {
    for (const entry of of.entries) {
      if (entry.kind === 'ipset') to.line(quotedWord(`ipset:${entry.name}`));
      else to.line(entry.first === entry.last ? entry.first : `${entry.first}-${entry.last}`);
    }
  });
}

function printTunnels(to: ConfigWriter, of: TunnelGroup): void {
  to.block(`tunnel_group ${quotedWord(of.name)}`, () => {
    for (const entry of of.entries) {
      to.block(`tunnel_entry ${quotedWord(entry.interface)}`, () => {
        to.value('kind', entry.kind);
        to.value('local', entry.local);
        to.value('remote', entry.remote);
        to.value('if', entry.link);
      });
    }
  });
}

function printDpvs(to: ConfigWriter, of: DpvsOptions): void {
  to.value('daddr_group_name', of.denyGroup);
  to.value('waddr_group_name', of.allowGroup);
  to.flag('expire_quiescent_conn', of.expireQuiescentConnections);
  to.flag('quic', of.quic);
  to.value('hash_target', of.hashTarget);
  to.value('proxy_protocol', of.proxyProtocol);
  to.value('bps', of.bandwidth);
  to.value('limit_proportion', of.limitProportion);
  to.value('src-range', of.sourceRange);
  to.value('dst-range', of.destinationRange);
  to.value('iif', of.inputInterface);
  to.value('oif', of.outputInterface);
}
