/**
 * How each draft begins: nothing written. Object literals with every field, always in one order, so that a load of
 * 40,000 servers makes objects of one shape.
 */
import type { Position } from '../../config/position.js';
import type { Forwarding } from '../../config/virtual-server.js';
import type { AddressFamily, IpAddress } from '../../runtime/addresses.js';
import type {
  CheckerWords,
  HttpDraft,
  KnownServer,
  MiscDraft,
  RealServerDraft,
  TargetDraft,
  TcpDraft,
  UnbuiltCheckDraft,
  UnbuiltCheckerKind,
  UrlDraft,
  VirtualServerDraft,
} from './drafts.js';

export function tcpDraft(at: Position): TcpDraft {
  return {
    kind: 'TCP_CHECK',
    at,
    connectIp: undefined,
    connectPort: undefined,
    bindTo: undefined,
    bindPort: undefined,
    bindIf: undefined,
    connectTimeout: undefined,
    fwmark: undefined,
    retry: undefined,
    delayBeforeRetry: undefined,
    warmup: undefined,
    delayLoop: undefined,
    alpha: undefined,
    logAllFailures: undefined,
  };
}

function checkerWords(at: Position): CheckerWords {
  const { kind: _kind, ...words } = tcpDraft(at);
  return words;
}

export function urlDraft(at: Position): UrlDraft {
  return {
    at,
    path: undefined,
    digest: undefined,
    statusCodes: [],
    virtualhost: undefined,
    tlsCompliant: undefined,
    pattern: undefined,
    patternAt: undefined,
    negate: false,
    regexOptions: [],
    minOffset: undefined,
    maxOffset: undefined,
    stack: undefined,
  };
}

export function httpDraft(kind: HttpDraft['kind'], at: Position): HttpDraft {
  return {
    ...checkerWords(at),
    kind,
    urls: [],
    virtualhost: undefined,
    httpProtocol: '1.0',
    enableSni: false,
    sniName: undefined,
    fastRecovery: false,
    tlsCompliant: false,
  };
}

export function miscDraft(at: Position): MiscDraft {
  return {
    ...checkerWords(at),
    kind: 'MISC_CHECK',
    script: undefined,
    timeout: undefined,
    dynamic: false,
    user: undefined,
  };
}

export function unbuiltCheckDraft(kind: UnbuiltCheckerKind, at: Position): UnbuiltCheckDraft {
  return {
    ...checkerWords(at),
    kind,
    settings: [],
    needs: undefined,
  };
}

/** @param forwarding the method that the virtual server has at this place of the file */
export function realServerDraft(
  address: IpAddress,
  port: number,
  forwarding: Forwarding | undefined,
  at: Position,
): RealServerDraft {
  return {
    alpha: undefined,
    inhibitOnFailure: undefined,
    weight: undefined,
    forwarding,
    retry: undefined,
    delayBeforeRetry: undefined,
    warmup: undefined,
    delayLoop: undefined,
    connectTimeout: undefined,
    smtpAlert: undefined,
    virtualhost: undefined,
    snmpName: undefined,
    address,
    port,
    at,
    upperThreshold: 0,
    lowerThreshold: 0,
    notifyUp: undefined,
    notifyDown: undefined,
    checkers: [],
    known: undefined,
  };
}

/** A server whose body is known. @param forwarding as for `realServerDraft` */
export function knownServerDraft(
  known: KnownServer,
  address: IpAddress,
  port: number,
  forwarding: Forwarding | undefined,
  at: Position,
): RealServerDraft {
  const { draft } = known;
  return { ...draft, address, port, at, forwarding: draft.forwarding ?? forwarding, known };
}

export function virtualServerDraft(
  target: TargetDraft,
  family: AddressFamily | undefined,
  at: Position,
): VirtualServerDraft {
  return {
    alpha: undefined,
    inhibitOnFailure: undefined,
    weight: undefined,
    forwarding: undefined,
    retry: undefined,
    delayBeforeRetry: undefined,
    warmup: undefined,
    delayLoop: undefined,
    connectTimeout: undefined,
    smtpAlert: undefined,
    virtualhost: undefined,
    snmpName: undefined,
    target,
    at,
    family,
    protocol: undefined,
    scheduler: undefined,
    ops: false,
    sched1: false,
    sched2: false,
    sched3: false,
    persistenceTimeout: undefined,
    persistenceEngine: undefined,
    granularityMask: undefined,
    granularityPrefix: undefined,
    omega: false,
    quorum: 1,
    hysteresis: 0,
    quorumUp: undefined,
    quorumDown: undefined,
    haSuspend: false,
    sorryServer: undefined,
    realServers: [],
    localAddressGroup: undefined,
    localAddresses: [],
    synProxy: false,
    establishedTimeout: undefined,
    vipBindDevice: undefined,
    added: undefined,
  };
}
