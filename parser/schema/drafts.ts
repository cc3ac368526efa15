/**
 * What a block has said so far, before inheritance, defaults and corrections: one mutable draft a block, thrown away
 * when the block was validated (../validate-virtual-server.ts).
 *
 * Undefined means "not written" everywhere: who inherits from whom is decided when everything is known, because in
 * keepalived's files the order of lines rarely matters. Where it does (the forwarding method of a server is the one
 * that its virtual server had when it was met), the binding takes care.
 */
import type { StatusRange } from '../../config/checker.js';
import type { Position } from '../../config/position.js';
import type { Script, ScriptUser } from '../../config/script.js';
import type {
  Forwarding,
  LocalAddressEntry,
  Scheduler,
  TransportProtocol,
  VirtualServerTarget,
} from '../../config/virtual-server.js';
import type { AddressFamily, IpAddress } from '../../runtime/addresses.js';

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
export class CheckerWords {
  at: Position;
  connectIp: IpAddress | undefined = undefined;
  connectPort: number | undefined = undefined;
  bindTo: IpAddress | undefined = undefined;
  bindPort: number | undefined = undefined;
  bindIf: string | undefined = undefined;
  connectTimeout: number | undefined = undefined;
  fwmark: number | undefined = undefined;
  retry: number | undefined = undefined;
  delayBeforeRetry: number | undefined = undefined;
  warmup: number | undefined = undefined;
  delayLoop: number | undefined = undefined;
  alpha: boolean | undefined = undefined;
  logAllFailures: boolean | undefined = undefined;

  constructor(at: Position) {
    this.at = at;
  }
}

export class TcpDraft extends CheckerWords {
  readonly kind = 'TCP_CHECK';
}

export class UrlDraft {
  readonly at: Position;
  path: string | undefined = undefined;
  digest: string | undefined = undefined;
  statusCodes: StatusRange[] = [];
  virtualhost: string | undefined = undefined;
  tlsCompliant: boolean | undefined = undefined;
  pattern: string | undefined = undefined;
  patternAt: Position | undefined = undefined;
  negate = false;
  regexOptions: string[] = [];
  minOffset: number | undefined = undefined;
  maxOffset: number | undefined = undefined;
  stack: { readonly start: number; readonly max: number } | undefined = undefined;

  constructor(at: Position) {
    this.at = at;
  }
}

export class HttpDraft extends CheckerWords {
  readonly kind: 'HTTP_GET' | 'SSL_GET';
  readonly urls: UrlDraft[] = [];
  virtualhost: string | undefined = undefined;
  httpProtocol: '1.0' | '1.0C' | '1.1' = '1.0';
  enableSni = false;
  sniName: string | undefined = undefined;
  fastRecovery = false;
  tlsCompliant = false;

  constructor(kind: 'HTTP_GET' | 'SSL_GET', at: Position) {
    super(at);
    this.kind = kind;
  }
}

export class MiscDraft extends CheckerWords {
  readonly kind = 'MISC_CHECK';
  script: Script | undefined = undefined;
  timeout: number | undefined = undefined;
  dynamic = false;
  user: ScriptUser | undefined = undefined;
}

export class UnbuiltCheckDraft extends CheckerWords {
  readonly kind: UnbuiltCheckerKind;
  /** The words of the type's own, as written. */
  readonly settings: string[] = [];
  /** The track file or BFD instance that it needs to exist. */
  needs: string | undefined = undefined;

  constructor(kind: UnbuiltCheckerKind, at: Position) {
    super(at);
    this.kind = kind;
  }
}

export type CheckerDraft = TcpDraft | HttpDraft | MiscDraft | UnbuiltCheckDraft;

/** What virtual_server and real_server both may say for the checkers below them. */
export class ServerWords {
  alpha: boolean | undefined = undefined;
  inhibitOnFailure: boolean | undefined = undefined;
  weight: number | undefined = undefined;
  forwarding: Forwarding | undefined = undefined;
  retry: number | undefined = undefined;
  delayBeforeRetry: number | undefined = undefined;
  warmup: number | undefined = undefined;
  delayLoop: number | undefined = undefined;
  connectTimeout: number | undefined = undefined;
  smtpAlert: boolean | undefined = undefined;
  virtualhost: string | undefined = undefined;
  snmpName: string | undefined = undefined;
}

export class RealServerDraft extends ServerWords {
  readonly address: IpAddress;
  readonly port: number;
  readonly at: Position;
  upperThreshold = 0;
  lowerThreshold = 0;
  notifyUp: Script | undefined = undefined;
  notifyDown: Script | undefined = undefined;
  readonly checkers: CheckerDraft[] = [];

  constructor(address: IpAddress, port: number, at: Position) {
    super();
    this.address = address;
    this.port = port;
    this.at = at;
  }
}

export class SorryServerDraft {
  readonly address: IpAddress;
  readonly port: number;
  readonly at: Position;
  forwarding: Forwarding | undefined;
  inhibit = false;

  constructor(address: IpAddress, port: number, forwarding: Forwarding | undefined, at: Position) {
    this.address = address;
    this.port = port;
    this.forwarding = forwarding;
    this.at = at;
  }
}

/** A target without what is known only at the end: a mark's family, a group's ordinal. */
export type TargetDraft =
  | Extract<VirtualServerTarget, { kind: 'address' }>
  | { readonly kind: 'fwmark'; readonly mark: number }
  | { readonly kind: 'group'; readonly group: string };

export class VirtualServerDraft extends ServerWords {
  readonly target: TargetDraft;
  readonly at: Position;
  /** The address family, once something has fixed it (ip_family, the address, a server that is not tunnelled). */
  family: AddressFamily | undefined;
  protocol: TransportProtocol | undefined = undefined;
  scheduler: Scheduler | undefined = undefined;
  ops = false;
  sched1 = false;
  sched2 = false;
  sched3 = false;
  persistenceTimeout: number | undefined = undefined;
  persistenceEngine: string | undefined = undefined;
  granularityMask: IpAddress | undefined = undefined;
  granularityPrefix: number | undefined = undefined;
  omega = false;
  quorum = 1;
  hysteresis = 0;
  quorumUp: Script | undefined = undefined;
  quorumDown: Script | undefined = undefined;
  haSuspend = false;
  sorryServer: SorryServerDraft | undefined = undefined;
  realServers: RealServerDraft[] = [];
  localAddressGroup: string | undefined = undefined;
  localAddresses: LocalAddressEntry[] = [];
  synProxy = false;
  establishedTimeout: number | undefined = undefined;
  vipBindDevice: string | undefined = undefined;

  constructor(target: TargetDraft, family: AddressFamily | undefined, at: Position) {
    super();
    this.target = target;
    this.family = family;
    this.at = at;
  }
}
