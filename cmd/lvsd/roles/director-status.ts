/**
 * The director's part of the state document (observe/state.ts): virtual servers, and IPVS itself. Reads, changes nothing.
 */

import { realServerName } from '../../../config/names.js';
import type { VirtualServer } from '../../../config/virtual-server.js';
import type { Director } from '../../../director/director.js';
import { desiredServices } from '../../../director/plan.js';
import type { CheckerVerdict } from '../../../healthcheck/membership.js';
import {
  effectiveWeight,
  isAlive,
  isSuspended,
  liveWeight,
  type MembershipState,
  nameOf,
  type ServerMembership,
  sorryIsActive,
  thresholds,
} from '../../../healthcheck/membership.js';
import { type DesiredService, type ServiceKey, serviceKeyText } from '../../../ipvs-netlink/model.js';
import type {
  CheckerState,
  IpvsState,
  RealServerState,
  TargetState,
  VirtualServerState,
} from '../../../observe/state.js';
import { isLvsdError } from '../../../runtime/errors.js';
import type { KernelTable } from './kernel-table.js';
import { Traffic } from './traffic.js';

export interface DirectorStatus {
  readonly generation: number;
  readonly virtualServers: readonly VirtualServerState[];
  readonly ipvs: IpvsState;
}

/** What is read of the kernel's table. */
export type TableView = Pick<KernelTable, 'ipvs' | 'dumps' | 'services' | 'drift' | 'counters' | 'lastError'>;

/**
 * The director's part of the status.
 * @param table undefined: IPVS does not answer; what is believed is shown all the same
 */
export function directorStatus(director: Director, table: TableView | undefined, generation: number): DirectorStatus {
  const { states } = director;
  const traffic = readTraffic(
    table,
    states.flatMap((state) => director.servicesAt(state.index)),
  );
  return {
    generation,
    virtualServers: states.map((state) => {
      const services = director.servicesAt(state.index);
      return virtualServerState(state, director.quorumSinceAt(state.index), {
        services,
        kernel: firstService(table, services),
        traffic,
      });
    }),
    ipvs: ipvsState(director, table),
  };
}

/** The counters, or undefined when the kernel cannot be asked: a status without them is better than none. */
function readTraffic(table: TableView | undefined, services: readonly ServiceKey[]): Traffic | undefined {
  if (table === undefined) return undefined;
  try {
    return new Traffic(table.ipvs, table.dumps, services);
  } catch (error) {
    if (isLvsdError(error)) return undefined;
    throw error;
  }
}

/** A virtual server as the kernel has it. */
interface InKernel {
  readonly services: readonly ServiceKey[];
  /** Of a group, its first service stands for all. */
  readonly kernel: DesiredService | undefined;
  readonly traffic: Traffic | undefined;
}

function firstService(table: TableView | undefined, services: readonly ServiceKey[]): DesiredService | undefined {
  const key = services[0];
  return key === undefined ? undefined : table?.services.get(serviceKeyText(key));
}

function targetState(server: VirtualServer): TargetState {
  const { target } = server;
  switch (target.kind) {
    case 'address':
      return { kind: 'address', address: target.address, port: target.port };
    case 'fwmark':
      return { kind: 'fwmark', mark: target.mark, family: target.family };
    case 'group':
      return { kind: 'group', group: target.group, ordinal: target.ordinal };
  }
}

function virtualServerState(
  state: MembershipState,
  quorumSince: number | undefined,
  inKernel: InKernel,
): VirtualServerState {
  const { server } = state;
  const { quorum, hysteresis } = thresholds(server);
  const sorry = server.sorryServer;
  return {
    name: state.name,
    target: targetState(server),
    protocol: server.protocol,
    scheduler: server.scheduler,
    forwarding: server.forwarding.method,
    quorum: {
      needed: quorum,
      have: liveWeight(state),
      hysteresis,
      up: state.quorumUp,
      since: quorumSince === undefined ? null : quorumSince / 1000,
    },
    sorryServer:
      sorry === undefined ? null : { name: realServerName(sorry, server.protocol), active: sorryIsActive(state) },
    suspended: isSuspended(state),
    realServers: state.servers.map((one) => realServerState(state, one, inKernel)),
    counters: inKernel.traffic?.ofServices(inKernel.services) ?? null,
  };
}

function realServerState(
  state: MembershipState,
  server: ServerMembership,
  { services, kernel, traffic }: InKernel,
): RealServerState {
  const key = keyIn(kernel, state, server);
  const alive = isAlive(server);
  const { config } = server;
  return {
    name: nameOf(state, server),
    address: config.address,
    port: config.port,
    forwarding: config.forwarding.method,
    weight: {
      configured: config.weight,
      effective: effectiveWeight(server),
      inKernel: key === undefined ? null : (kernel?.destinations.get(key)?.weight ?? null),
    },
    alive,
    since: server.since / 1000,
    reason: alive ? null : (server.checkers.find((checker) => !checker.up)?.text ?? 'not checked yet'),
    inhibited: !alive && config.inhibitOnFailure,
    checkers: server.checkers.map((checker, i) => checkerState(config.checkers[i]?.kind ?? 'unknown', checker)),
    counters: key === undefined ? null : (traffic?.ofDestination(services, key) ?? null),
  };
}

/** The key of a real server's destination in this service. */
function keyIn(
  kernel: DesiredService | undefined,
  state: MembershipState,
  server: ServerMembership,
): string | undefined {
  if (kernel === undefined) return undefined;
  const as = desiredServices(state.server, [kernel.key], [{ server: server.config, weight: server.config.weight }])[0];
  return as === undefined ? undefined : [...as.destinations.keys()][0];
}

function checkerState(kind: string, verdict: CheckerVerdict): CheckerState {
  return {
    kind,
    up: verdict.up,
    hasRun: verdict.run,
    since: verdict.since / 1000,
    lastRun: null,
    lastResult: verdict.text === '' ? null : verdict.text,
    retriesUsed: 0,
    runs: 0,
    failures: 0,
    late: 0,
  };
}

function ipvsState(director: Director, table: TableView | undefined): IpvsState {
  const policy = director.config?.global.lvsDrift ?? 'repair';
  return {
    unavailable: table === undefined ? 'IPVS does not answer; the log of the start says why' : null,
    drift: {
      policy,
      found: table?.drift.found ?? 0,
      repaired: table?.drift.repaired ?? 0,
      lastCheck: table?.drift.lastLook ?? null,
      findings: table?.drift.shown ?? [],
    },
    netlink: {
      messages: table?.counters.messages ?? 0,
      sendCalls: table?.counters.sends ?? 0,
      errors: table?.counters.refused ?? 0,
      lastError: table?.lastError ?? null,
    },
  };
}
