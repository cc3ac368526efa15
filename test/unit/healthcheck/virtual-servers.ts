// Virtual servers for the tests of healthcheck: as the parser would hand them over, with everything filled in.

import type { Checker, CheckSchedule, HttpCheck, MiscCheck, TcpCheck } from '../../../config/checker.js';
import type { Position } from '../../../config/position.js';
import type { Script } from '../../../config/script.js';
import type { RealServer, SorryServer, VirtualServer } from '../../../config/virtual-server.js';
import type {
  MembershipContext,
  MembershipEffect,
  MembershipState,
  MembershipStep,
} from '../../../healthcheck/membership.js';
import { startMembership, stepMembership } from '../../../healthcheck/membership.js';
import type { VerdictChange } from '../../../healthcheck/verdict.js';
import { type IpAddress, parseIpAddress } from '../../../runtime/addresses.js';
import { fwmark, port, seconds, weight } from '../../../runtime/units.js';

export const at: Position = { file: 'test.conf', line: 1, column: 1 };

export function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (parsed === undefined) throw new Error(`not an address: ${text}`);
  return parsed;
}

export function script(command: string): Script {
  return { command, argv: command.split(' '), user: undefined, at };
}

type ScheduleNumbers = {
  [Word in keyof CheckSchedule]?: CheckSchedule[Word] extends boolean ? boolean : number;
};

export function schedule(words: ScheduleNumbers = {}): CheckSchedule {
  return {
    delayLoop: seconds(words.delayLoop ?? 10),
    warmup: seconds(words.warmup ?? words.delayLoop ?? 10),
    retry: words.retry ?? 1,
    delayBeforeRetry: seconds(words.delayBeforeRetry ?? 1),
    alpha: words.alpha ?? false,
    logAllFailures: words.logAllFailures ?? false,
  };
}

const connect = (ip: string, number: number, timeout: number): TcpCheck['connect'] => ({
  address: address(ip),
  port: port(number),
  bindTo: undefined,
  bindPort: undefined,
  bindIf: undefined,
  fwmark: fwmark(0),
  timeout: seconds(timeout),
});

export interface CheckWords extends ScheduleNumbers {
  readonly timeout?: number;
  readonly port?: number;
  readonly ip?: string;
}

export function tcp(words: CheckWords = {}): TcpCheck {
  return {
    kind: 'TCP_CHECK',
    schedule: schedule(words),
    connect: connect(words.ip ?? '10.1.0.1', words.port ?? 80, words.timeout ?? 5),
    at,
  };
}

export function http(
  paths: readonly string[],
  words: CheckWords & { readonly fastRecovery?: boolean } = {},
): HttpCheck {
  return {
    kind: 'HTTP_GET',
    schedule: schedule({ delayBeforeRetry: 3, ...words }),
    connect: connect(words.ip ?? '10.1.0.1', words.port ?? 80, words.timeout ?? 5),
    urls: paths.map((path) => ({
      path,
      digest: undefined,
      statusCodes: [{ first: 200, last: 299 }],
      virtualhost: undefined,
      regex: undefined,
      tlsCompliant: false,
      at,
    })),
    virtualhost: undefined,
    httpProtocol: '1.0',
    enableSni: false,
    sniName: undefined,
    fastRecovery: words.fastRecovery ?? false,
    at,
  };
}

export function misc(command: string, words: CheckWords & { readonly dynamic?: boolean } = {}): MiscCheck {
  return {
    kind: 'MISC_CHECK',
    schedule: schedule({ retry: 0, ...words }),
    script: script(command),
    timeout: seconds(words.timeout ?? 10),
    dynamic: words.dynamic ?? false,
    at,
  };
}

export interface RealWords {
  readonly weight?: number;
  readonly inhibit?: boolean;
  readonly port?: number;
  readonly notify?: boolean;
  readonly checkers?: readonly Checker[];
}

/** Real server 10.1.0.N. */
export function real(n: number, words: RealWords = {}): RealServer {
  const ip = `10.1.${n >> 8}.${n & 255}`;
  return {
    address: address(ip),
    port: port(words.port ?? 80),
    weight: weight(words.weight ?? 1),
    forwarding: { method: 'NAT' },
    upperThreshold: 0,
    lowerThreshold: 0,
    inhibitOnFailure: words.inhibit ?? false,
    notifyUp: words.notify === true ? script(`/up ${n}`) : undefined,
    notifyDown: words.notify === true ? script(`/down ${n}`) : undefined,
    alpha: false,
    smtpAlert: false,
    virtualhost: undefined,
    snmpName: undefined,
    checkers: words.checkers ?? [tcp({ ip })],
    at,
  };
}

export function sorry(ip = '10.9.0.1', inhibit = false): SorryServer {
  return { address: address(ip), port: port(80), forwarding: { method: 'NAT' }, inhibit, at };
}

export function virtual(realServers: readonly RealServer[], words: Partial<VirtualServer> = {}): VirtualServer {
  return {
    target: { kind: 'address', address: address('10.0.0.1'), port: port(80) },
    protocol: 'TCP',
    family: undefined,
    scheduler: 'wlc',
    flags: { ops: false, sched1: false, sched2: false, sched3: false },
    persistence: undefined,
    forwarding: { method: 'NAT' },
    alpha: false,
    omega: false,
    quorum: 1,
    hysteresis: 0,
    quorumUp: script('/quorum up'),
    quorumDown: script('/quorum down'),
    haSuspend: false,
    delayLoop: seconds(10),
    smtpAlert: false,
    virtualhost: undefined,
    snmpName: undefined,
    sorryServer: undefined,
    realServers,
    fullnat: {
      localAddressGroup: undefined,
      localAddresses: [],
      synProxy: false,
      establishedTimeout: undefined,
      vipBindDevice: undefined,
    },
    added: undefined,
    at,
    ...words,
  };
}

export const context: MembershipContext = { index: 0, generation: 1, rsInitNotifies: false, wall: 1000 };

export function start(server: VirtualServer, words: Partial<MembershipContext> = {}): MembershipStep {
  return startMembership(server, true, { ...context, ...words });
}

export function verdict(
  realServer: number,
  up: boolean,
  words: { readonly checker?: number; readonly weight?: number; readonly run?: boolean } = {},
): VerdictChange {
  return {
    at: [0, realServer, words.checker ?? 0],
    up,
    run: words.run ?? true,
    ...(words.weight === undefined ? {} : { weight: words.weight }),
    since: 2000,
    text: up ? 'fine' : 'dead',
  };
}

export function hear(state: MembershipState, change: VerdictChange): MembershipStep {
  return stepMembership(state, { kind: 'verdict', change });
}

/** What a step said, one line each: log lines as they are, notices as `notify RS up`, `quorum up`, FIFO lines as `fifo: ...`. */
export function said(step: MembershipStep): readonly string[] {
  return step.effects.map(spell);
}

function spell(effect: MembershipEffect): string {
  switch (effect.kind) {
    case 'log':
      return effect.text;
    case 'notify-server':
      return `notify ${effect.realServer} ${effect.up ? 'up' : 'down'}${effect.stopping ? ' (waited for)' : ''}: ${effect.script?.script.command ?? '-'}`;
    case 'quorum':
      return `quorum ${effect.up ? 'up' : 'down'}${effect.stopping ? ' (waited for)' : ''}: ${effect.script?.script.command ?? '-'}`;
    case 'fifo':
      return `fifo: ${JSON.stringify(effect.line)}`;
    case 'suspend-checks':
      return effect.suspended ? 'suspend checks' : 'go on with checks';
  }
}
