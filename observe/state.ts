/**
 * The state document: what lvsd is doing now, as one JSON value that programs may rely on.
 *
 * It is what `lvsctl status --json` prints, what `GET /v1/status` answers, and what the text status, the metrics and
 * the dump files are made from. Whoever knows the state (the director and the supervisor) fills it; nothing here asks
 * for anything. `docs/status-schema.md` is its public description, and a test holds the two together.
 *
 * Rules of the format: `schema` grows only when a key changes its meaning or goes away; new keys may appear at any
 * time. Instants are seconds since 1970 with fractions (as keepalived's own JSON has them), durations are seconds and
 * say so in their names, and null means "does not apply" or "not known": a key is never left out.
 */

/** The version of the document. A reader refuses a number that it does not know. */
export const stateSchema = 1;

/** Seconds since 1970 (CLOCK_REALTIME), with fractions. */
export type Instant = number;

export interface StateDocument {
  readonly schema: typeof stateSchema;
  /** When this was put together. */
  readonly at: Instant;
  readonly daemon: DaemonState;
  readonly roles: readonly RoleState[];
  readonly virtualServers: readonly VirtualServerState[];
  readonly ipvs: IpvsState;
}

export interface DaemonState {
  readonly version: string;
  readonly pid: number;
  /** Counts configurations that were put into force, from 1. */
  readonly generation: number;
  readonly instance: string | null;
  readonly networkNamespace: string | null;
  /** Every file that was read for the configuration in force, the main one first. */
  readonly configFiles: readonly string[];
  readonly startedAt: Instant;
  /** Null until the first reload. */
  readonly lastReload: ReloadState | null;
  readonly reloads: { readonly applied: number; readonly refused: number };
  /** How late the supervisor's event loop ran at most since the last document. */
  readonly loopLagSeconds: number | null;
}

export type ReloadResult = 'applied' | 'unchanged' | 'refused';

export interface ReloadState {
  readonly at: Instant;
  readonly result: ReloadResult;
  readonly durationSeconds: number;
  /** The generation in force after it. */
  readonly generation: number;
  readonly diagnostics: readonly DiagnosticState[];
}

/** One message about the configuration, in the form that crosses process borders. */
export interface DiagnosticState {
  /** The class of parser/diagnostic.ts: missing and unusable refuse, the others are told. */
  readonly class: 'missing' | 'unusable' | 'assumed' | 'security' | 'note';
  readonly code: string;
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** What to write instead, or what was assumed. */
  readonly cure: string | null;
}

export type RolePhase = 'starting' | 'running' | 'waiting to restart' | 'stopping';

export interface RoleState {
  /** `director`, `checker 0`, `runner`. */
  readonly name: string;
  /** Null while no process runs. */
  readonly pid: number | null;
  readonly phase: RolePhase;
  readonly since: Instant;
  readonly restarts: number;
  /** Null before the first heartbeat. */
  readonly heartbeatAgeSeconds: number | null;
  readonly loopLagSeconds: number | null;
}

export type TargetState =
  | { readonly kind: 'address'; readonly address: string; readonly port: number }
  | { readonly kind: 'fwmark'; readonly mark: number; readonly family: 'inet' | 'inet6' }
  | { readonly kind: 'group'; readonly group: string; readonly ordinal: number };

export interface VirtualServerState {
  /** keepalived's name: `[10.0.0.1]:tcp:80`, `FWM 5`, `[group]:0`. */
  readonly name: string;
  readonly target: TargetState;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly scheduler: string;
  readonly forwarding: 'NAT' | 'DR' | 'TUN' | 'FNAT' | 'SNAT';
  readonly quorum: QuorumState;
  readonly sorryServer: { readonly name: string; readonly active: boolean } | null;
  /** True while ha_suspend holds its checkers. */
  readonly suspended: boolean;
  readonly realServers: readonly RealServerState[];
  readonly counters: TrafficCounters | null;
}

export interface QuorumState {
  /** Live weight that is needed. */
  readonly needed: number;
  /** Live weight that is there: the sum of the effective weights of live servers. */
  readonly have: number;
  readonly hysteresis: number;
  readonly up: boolean;
  /** Since when it is as it is; null if it never changed. */
  readonly since: Instant | null;
}

export interface RealServerState {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly forwarding: 'NAT' | 'DR' | 'TUN' | 'FNAT' | 'SNAT';
  readonly weight: {
    readonly configured: number;
    /** Configured plus what dynamic checkers add. */
    readonly effective: number;
    /** Null: the server is not in the kernel's table. */
    readonly inKernel: number | null;
  };
  readonly alive: boolean;
  readonly since: Instant | null;
  /** Why it is as it is, one line; null for a server that was never down. */
  readonly reason: string | null;
  /** In the table with weight 0 because it is down and has inhibit_on_failure. */
  readonly inhibited: boolean;
  readonly checkers: readonly CheckerState[];
  readonly counters: DestinationCounters | null;
}

export interface CheckerState {
  /** The block's word: TCP_CHECK, HTTP_GET ... */
  readonly kind: string;
  readonly up: boolean;
  /** False until the first check has ended: what readiness probes look for. */
  readonly hasRun: boolean;
  readonly since: Instant | null;
  readonly lastRun: Instant | null;
  /** One line: `connected in 0.4 ms`, `connection refused`. */
  readonly lastResult: string | null;
  /** Failures in a row since the last success, while the checker still counts as up. */
  readonly retriesUsed: number;
  readonly runs: number;
  readonly failures: number;
  /** Runs that began more than a second after they were due. */
  readonly late: number;
}

/** The kernel's counters of a service, whole since it was made (IPVS_SVC_ATTR_STATS64). */
export interface TrafficCounters {
  readonly connections: number;
  readonly incomingPackets: number;
  readonly outgoingPackets: number;
  readonly incomingBytes: number;
  readonly outgoingBytes: number;
  readonly rates: TrafficRates;
}

/** The kernel's estimates, per second. */
export interface TrafficRates {
  readonly connections: number;
  readonly incomingPackets: number;
  readonly outgoingPackets: number;
  readonly incomingBytes: number;
  readonly outgoingBytes: number;
}

export interface DestinationCounters extends TrafficCounters {
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
}

export interface IpvsState {
  /** Null: IPVS answers. Otherwise why it does not. */
  readonly unavailable: string | null;
  readonly drift: DriftState;
  readonly netlink: NetlinkState;
}

export interface DriftState {
  /** `lvs_drift`: put back what is missing, or only tell. */
  readonly policy: 'repair' | 'report';
  /** Differences found since the start, and how many of them were put right. */
  readonly found: number;
  readonly repaired: number;
  readonly lastCheck: Instant | null;
  /** What differs now. */
  readonly findings: readonly DriftFinding[];
}

export interface DriftFinding {
  readonly since: Instant;
  readonly virtualServer: string;
  /** Null when it is about the service itself. */
  readonly realServer: string | null;
  /** What the file and the checks want, and what the kernel has: `weight 3`, `absent`. */
  readonly wanted: string;
  readonly found: string;
  /** `repaired` is put back; `kept` was changed by hand and stays (a lowered weight); `reported` is only told. */
  readonly treatment: 'repaired' | 'kept' | 'reported';
}

export interface NetlinkState {
  /** Messages sent to the IPVS family, and the system calls that carried them. */
  readonly messages: number;
  readonly sendCalls: number;
  readonly errors: number;
  readonly lastError: { readonly at: Instant; readonly text: string } | null;
}

/**
 * The document as JSON text in pieces, one a virtual server, so that a writer of 40,000 real servers can let other work
 * in between. The pieces joined are one JSON value with a newline at its end.
 */
export function* stateAsJson(document: StateDocument): Generator<string, void, undefined> {
  const { virtualServers, ...rest } = document;
  const head = JSON.stringify(rest);
  yield `${head.slice(0, -1)},"virtualServers":[`;
  let separator = '';
  for (const server of virtualServers) {
    yield separator + JSON.stringify(server);
    separator = ',';
  }
  yield ']}\n';
}

/** The same document with only the virtual server of that name; undefined if there is none. */
export function onlyVirtualServer(document: StateDocument, name: string): StateDocument | undefined {
  const found = document.virtualServers.filter((server) => server.name === name);
  return found.length === 0 ? undefined : { ...document, virtualServers: found };
}
