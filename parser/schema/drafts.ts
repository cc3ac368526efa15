/**
 * What a block has said so far, before inheritance, defaults and corrections: one mutable draft a block, thrown away
 * when the block was validated (../validate-virtual-server.ts).
 *
 * Undefined means "not written" everywhere: who inherits from whom is decided when everything is known, because in
 * keepalived's files the order of lines rarely matters. Where it does (the forwarding method of a server is the one
 * that its virtual server had when it was met), the binding takes care.
 */
import type { AddedOptions } from '../../config/added.js';
import type { StatusRange } from '../../config/checker.js';
import type { Position } from '../../config/position.js';
import type { Script, ScriptUser } from '../../config/script.js';
import type {
  Forwarding,
  LocalAddressEntry,
  RealServer,
  Scheduler,
  TransportProtocol,
  VirtualServerTarget,
} from '../../config/virtual-server.js';
import type { AddressFamily, IpAddress } from '../../runtime/addresses.js';
import type { KnownBody } from '../statement.js';

export const unbuiltCheckers = [
  'SMTP_CHECK',
  'DNS_CHECK',
  'UDP_CHECK',
  'PING_CHECK',
  'FILE_CHECK',
  'BFD_CHECK',
] as const;
export type UnbuiltCheckerKind = (typeof unbuiltCheckers)[number];

/** The words that every checker shares (keepalived.md 15.1). */
export interface CheckerWords {
  readonly at: Position;
  connectIp: IpAddress | undefined;
  connectPort: number | undefined;
  bindTo: IpAddress | undefined;
  bindPort: number | undefined;
  bindIf: string | undefined;
  connectTimeout: number | undefined;
  fwmark: number | undefined;
  retry: number | undefined;
  delayBeforeRetry: number | undefined;
  warmup: number | undefined;
  delayLoop: number | undefined;
  alpha: boolean | undefined;
  logAllFailures: boolean | undefined;
}

export interface TcpDraft extends CheckerWords {
  readonly kind: 'TCP_CHECK';
}

export interface UrlDraft {
  readonly at: Position;
  path: string | undefined;
  digest: string | undefined;
  readonly statusCodes: StatusRange[];
  virtualhost: string | undefined;
  tlsCompliant: boolean | undefined;
  pattern: string | undefined;
  patternAt: Position | undefined;
  negate: boolean;
  readonly regexOptions: string[];
  minOffset: number | undefined;
  maxOffset: number | undefined;
  stack: { readonly start: number; readonly max: number } | undefined;
}

export interface HttpDraft extends CheckerWords {
  readonly kind: 'HTTP_GET' | 'SSL_GET';
  readonly urls: UrlDraft[];
  virtualhost: string | undefined;
  httpProtocol: '1.0' | '1.0C' | '1.1';
  enableSni: boolean;
  sniName: string | undefined;
  fastRecovery: boolean;
  tlsCompliant: boolean;
}

export interface MiscDraft extends CheckerWords {
  readonly kind: 'MISC_CHECK';
  script: Script | undefined;
  timeout: number | undefined;
  dynamic: boolean;
  user: ScriptUser | undefined;
}

export interface UnbuiltCheckDraft extends CheckerWords {
  readonly kind: UnbuiltCheckerKind;
  /** The words of the type's own, as written. */
  readonly settings: string[];
  /** The track file or BFD instance that it needs to exist. */
  needs: string | undefined;
}

export type CheckerDraft = TcpDraft | HttpDraft | MiscDraft | UnbuiltCheckDraft;

/** What virtual_server and real_server both may say for the checkers below them. */
export interface ServerWords {
  alpha: boolean | undefined;
  inhibitOnFailure: boolean | undefined;
  weight: number | undefined;
  forwarding: Forwarding | undefined;
  retry: number | undefined;
  delayBeforeRetry: number | undefined;
  warmup: number | undefined;
  delayLoop: number | undefined;
  connectTimeout: number | undefined;
  smtpAlert: boolean | undefined;
  virtualhost: string | undefined;
  snmpName: string | undefined;
}

/** What virtual servers hand down to their servers and checkers; one object for all that hand down the same. */
export type HandedDown = Readonly<ServerWords>;

/** A body of real_server, and what it gave. */
export interface KnownServer extends KnownBody {
  /** As bound where it was met first; its forwarding is undefined where the body sets none. */
  readonly draft: RealServerDraft;
  /** Effective servers, by what their virtual servers hand down. */
  readonly effective: Map<HandedDown, RealServer>;
}

export interface RealServerDraft extends ServerWords {
  readonly address: IpAddress;
  readonly port: number;
  readonly at: Position;
  upperThreshold: number;
  lowerThreshold: number;
  notifyUp: Script | undefined;
  notifyDown: Script | undefined;
  readonly checkers: CheckerDraft[];
  /** Its body was not bound because an equal one was: its checkers are then known.draft's, elsewhere in the file. */
  readonly known: KnownServer | undefined;
}

export interface SorryServerDraft {
  readonly address: IpAddress;
  readonly port: number;
  readonly at: Position;
  forwarding: Forwarding | undefined;
  inhibit: boolean;
}

/** A target without what is known only at the end: a mark's family, a group's ordinal. */
export type TargetDraft =
  | Extract<VirtualServerTarget, { kind: 'address' }>
  | { readonly kind: 'fwmark'; readonly mark: number }
  | { readonly kind: 'group'; readonly group: string };

export interface VirtualServerDraft extends ServerWords {
  readonly target: TargetDraft;
  readonly at: Position;
  /** The address family, once something has fixed it (ip_family, the address, a server that is not tunnelled). */
  family: AddressFamily | undefined;
  protocol: TransportProtocol | undefined;
  scheduler: Scheduler | undefined;
  ops: boolean;
  sched1: boolean;
  sched2: boolean;
  sched3: boolean;
  persistenceTimeout: number | undefined;
  persistenceEngine: string | undefined;
  granularityMask: IpAddress | undefined;
  granularityPrefix: number | undefined;
  omega: boolean;
  quorum: number;
  hysteresis: number;
  quorumUp: Script | undefined;
  quorumDown: Script | undefined;
  haSuspend: boolean;
  sorryServer: SorryServerDraft | undefined;
  readonly realServers: RealServerDraft[];
  localAddressGroup: string | undefined;
  readonly localAddresses: LocalAddressEntry[];
  synProxy: boolean;
  establishedTimeout: number | undefined;
  vipBindDevice: string | undefined;
  /** Words of lvsd's own and of DPVS, if there is one. */
  added: AddedOptions | undefined;
}
