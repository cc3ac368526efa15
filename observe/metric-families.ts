/**
 * Which metrics there are and how each is read from the state document. Pure; `metrics.ts` hands them to prom-client.
 *
 * Names are lvsd's (`lvsd_...`), and node_exporter's `node_ipvs_...` where the meaning is the same, so that existing
 * dashboards go on. Cardinality is bounded: a constant number of series, and a fixed number for each virtual server.
 * Series for each real server are another matter: `real-server-metrics.ts`.
 *
 * Sources: node_exporter's collector for IPVS (names); Prometheus's naming rules (base units, `_total`).
 */
import type { CheckerState, StateDocument, TrafficCounters, VirtualServerState } from './state.js';

export type Labels = Readonly<Record<string, string | number>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (document: StateDocument) => Iterable<Sample>;
}

const plain = (value: number | null): Sample[] => (value === null ? [] : [{ labels: {}, value }]);
const flag = (value: boolean): number => (value ? 1 : 0);

function single(
  type: MetricFamily['type'],
  name: string,
  help: string,
  read: (document: StateDocument) => number | null,
): MetricFamily {
  return { name, type, help, labels: [], read: (document) => plain(read(document)) };
}

function eachVirtualServer(
  type: MetricFamily['type'],
  name: string,
  help: string,
  read: (server: VirtualServerState) => number | null,
): MetricFamily {
  return {
    name,
    type,
    help,
    labels: ['virtual_server'],
    *read(document) {
      for (const server of document.virtualServers) {
        const value = read(server);
        if (value !== null) yield { labels: { virtual_server: server.name }, value };
      }
    },
  };
}

function eachRole(
  type: MetricFamily['type'],
  name: string,
  help: string,
  read: (role: StateDocument['roles'][number]) => number | null,
): MetricFamily {
  return {
    name,
    type,
    help,
    labels: ['role'],
    *read(document) {
      for (const role of document.roles) {
        const value = read(role);
        if (value !== null) yield { labels: { role: role.name }, value };
      }
    },
  };
}

/** One series a kind of checker, over all checkers of that kind. */
function eachCheckerKind(
  type: MetricFamily['type'],
  name: string,
  help: string,
  read: (checker: CheckerState) => number,
): MetricFamily {
  return {
    name,
    type,
    help,
    labels: ['kind'],
    *read(document) {
      const sums = new Map<string, number>();
      for (const virtual of document.virtualServers) {
        for (const real of virtual.realServers) {
          for (const checker of real.checkers) sums.set(checker.kind, (sums.get(checker.kind) ?? 0) + read(checker));
        }
      }
      for (const [kind, value] of sums) yield { labels: { kind }, value };
    },
  };
}

/** Sums over the virtual servers whose counters are known; nothing when none is. */
function trafficSum(pick: (counters: TrafficCounters) => number): (document: StateDocument) => number | null {
  return ({ virtualServers }) => {
    const known = virtualServers.flatMap((server) => (server.counters === null ? [] : [pick(server.counters)]));
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
  };
}

/** The counters that services and destinations share. */
export const traffic: readonly {
  readonly suffix: string;
  readonly what: string;
  readonly pick: (c: TrafficCounters) => number;
}[] = [
  { suffix: 'connections_total', what: 'connections made', pick: (c) => c.connections },
  { suffix: 'incoming_packets_total', what: 'packets from clients', pick: (c) => c.incomingPackets },
  { suffix: 'outgoing_packets_total', what: 'packets to clients', pick: (c) => c.outgoingPackets },
  { suffix: 'incoming_bytes_total', what: 'bytes from clients', pick: (c) => c.incomingBytes },
  { suffix: 'outgoing_bytes_total', what: 'bytes to clients', pick: (c) => c.outgoingBytes },
];

/** All of them, in the order in which they are shown. */
export const metricFamilies: readonly MetricFamily[] = [
  {
    name: 'lvsd_build_info',
    type: 'gauge',
    help: 'Always 1; the version of lvsd as a label',
    labels: ['version'],
    read: ({ daemon }) => [{ labels: { version: daemon.version }, value: 1 }],
  },
  single(
    'gauge',
    'lvsd_start_time_seconds',
    'When the supervisor started, seconds since 1970',
    (d) => d.daemon.startedAt,
  ),
  single('gauge', 'lvsd_configuration_generation', 'Configurations put into force, from 1', (d) => d.daemon.generation),
  {
    name: 'lvsd_reloads_total',
    type: 'counter',
    help: 'Reloads since the start, by result',
    labels: ['result'],
    read: ({ daemon }) => [
      { labels: { result: 'applied' }, value: daemon.reloads.applied },
      { labels: { result: 'refused' }, value: daemon.reloads.refused },
    ],
  },
  single('gauge', 'lvsd_last_reload_successful', '1 when the last reload was not refused', ({ daemon }) =>
    daemon.lastReload === null ? null : flag(daemon.lastReload.result !== 'refused'),
  ),
  single(
    'gauge',
    'lvsd_last_reload_timestamp_seconds',
    'When the last reload ended, seconds since 1970',
    ({ daemon }) => (daemon.lastReload === null ? null : daemon.lastReload.at),
  ),
  single('gauge', 'lvsd_last_reload_duration_seconds', 'How long the last reload took', ({ daemon }) =>
    daemon.lastReload === null ? null : daemon.lastReload.durationSeconds,
  ),
  single(
    'gauge',
    'lvsd_event_loop_lag_seconds',
    "How late the supervisor's event loop ran at most",
    (d) => d.daemon.loopLagSeconds,
  ),
  eachRole('gauge', 'lvsd_role_up', '1 while the role runs', (role) => flag(role.phase === 'running')),
  eachRole('counter', 'lvsd_role_restarts_total', 'Times that the role was started again', (role) => role.restarts),
  eachRole(
    'gauge',
    'lvsd_role_heartbeat_age_seconds',
    'Since the last sign of life',
    (role) => role.heartbeatAgeSeconds,
  ),
  eachRole(
    'gauge',
    'lvsd_role_event_loop_lag_seconds',
    "How late the role's event loop ran at most",
    (role) => role.loopLagSeconds,
  ),
  single('gauge', 'lvsd_ipvs_available', '1 while IPVS answers', (d) => flag(d.ipvs.unavailable === null)),
  single('counter', 'lvsd_netlink_messages_total', 'Messages sent to IPVS', (d) => d.ipvs.netlink.messages),
  single('counter', 'lvsd_netlink_sends_total', 'System calls that carried them', (d) => d.ipvs.netlink.sendCalls),
  single('counter', 'lvsd_netlink_errors_total', 'Messages that the kernel refused', (d) => d.ipvs.netlink.errors),
  single(
    'gauge',
    'lvsd_drift_findings',
    'Differences between the table and what should be, now',
    (d) => d.ipvs.drift.findings.length,
  ),
  single('counter', 'lvsd_drift_found_total', 'Differences found since the start', (d) => d.ipvs.drift.found),
  single('counter', 'lvsd_drift_repaired_total', 'Differences put right since the start', (d) => d.ipvs.drift.repaired),
  eachCheckerKind('gauge', 'lvsd_checkers', 'Checkers configured', () => 1),
  eachCheckerKind('gauge', 'lvsd_checkers_down', 'Checkers that are down', (checker) => flag(!checker.up)),
  eachCheckerKind('gauge', 'lvsd_checkers_not_run', 'Checkers that have not run yet', (checker) =>
    flag(!checker.hasRun),
  ),
  eachCheckerKind('counter', 'lvsd_checks_total', 'Checks run by the checkers of today', (checker) => checker.runs),
  eachCheckerKind('counter', 'lvsd_check_failures_total', 'Checks that failed', (checker) => checker.failures),
  eachCheckerKind(
    'counter',
    'lvsd_checks_late_total',
    'Checks that began over a second late',
    (checker) => checker.late,
  ),
  eachVirtualServer('gauge', 'lvsd_virtual_server_up', '1 while it has quorum', (server) => flag(server.quorum.up)),
  eachVirtualServer(
    'gauge',
    'lvsd_virtual_server_quorum_weight',
    'Live weight needed',
    (server) => server.quorum.needed,
  ),
  eachVirtualServer('gauge', 'lvsd_virtual_server_live_weight', 'Live weight there', (server) => server.quorum.have),
  eachVirtualServer(
    'gauge',
    'lvsd_virtual_server_real_servers',
    'Real servers configured',
    (server) => server.realServers.length,
  ),
  eachVirtualServer(
    'gauge',
    'lvsd_virtual_server_real_servers_alive',
    'Real servers alive',
    (server) => server.realServers.filter((real) => real.alive).length,
  ),
  eachVirtualServer('gauge', 'lvsd_virtual_server_sorry_server_active', '1 while the sorry server answers', (server) =>
    server.sorryServer === null ? null : flag(server.sorryServer.active),
  ),
  eachVirtualServer('gauge', 'lvsd_virtual_server_suspended', '1 while ha_suspend holds its checks', (server) =>
    flag(server.suspended),
  ),
  ...traffic.map(({ suffix, what, pick }) =>
    eachVirtualServer('counter', `lvsd_virtual_server_${suffix}`, `IPVS: ${what}`, (server) =>
      server.counters === null ? null : pick(server.counters),
    ),
  ),
  ...traffic.map(({ suffix, what, pick }) =>
    single('counter', `node_ipvs_${suffix}`, `IPVS: ${what}, over the virtual servers of lvsd`, trafficSum(pick)),
  ),
];
