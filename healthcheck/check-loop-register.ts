/**
 * Which checkers a Config holds, server by server, each with its names and its identity.
 *
 * A checker is the same one in the next Config when virtual server, real server and identity are equal (keepalived.md
 * 18.1); where a file writes the same checker twice under one server, they are paired in order. Checkers that lvsd
 * cannot run are left out.
 */
import type { Checker } from '../config/checker.js';
import type { Config } from '../config/config.js';
import type { GlobalConfig } from '../config/global.js';
import { type RealServerName, realServerName, serviceName, virtualServerName } from '../config/names.js';
import type { VirtualServer } from '../config/virtual-server.js';
import type { CheckSubject } from './schedule-lines.js';
import { type CheckerAddress, checkerIdentity, isRunnable, type ProbeResult, type ProbeTarget } from './verdict.js';

/** The part of Config that checks come from. */
export interface CheckedConfig extends Pick<Config, 'virtualServers'> {
  readonly global: Pick<GlobalConfig, 'checkerLogAllFailures'>;
}

export interface RegisteredChecker {
  readonly identity: string;
  /** How many checkers of this identity stand before it under the same server. */
  readonly repeat: number;
  readonly address: CheckerAddress;
  readonly subject: CheckSubject;
  /** For its probes; `url` is filled in at each run. */
  readonly target: ProbeTarget;
}

/** One real server of one virtual server; a server without a checker is there too (it is always up). */
export interface RegisteredServer {
  readonly realServer: RealServerName;
  readonly checkers: readonly RegisteredChecker[];
}

/**
 * Every real server of one virtual server with its runnable checkers, in file order.
 *
 * @param virtualIndex its index in the Config
 * @param logAll checker_log_all_failures, the global word
 */
export function registerServers(
  virtual: VirtualServer,
  virtualIndex: number,
  logAll: boolean,
): readonly RegisteredServer[] {
  const virtualServer = virtualServerName(virtual);
  return virtual.realServers.map((real, realIndex): RegisteredServer => {
    const realServer = realServerName(real, virtual.protocol);
    const checkers: RegisteredChecker[] = [];
    real.checkers.forEach((checker, checkerIndex) => {
      if (!isRunnable(checker)) return;
      const identity = checkerIdentity(checker);
      const repeat = checkers.reduce((count, one) => (one.identity === identity ? count + 1 : count), 0);
      const address: CheckerAddress = { virtualServer: virtualIndex, realServer: realIndex, checker: checkerIndex };
      const elsewhere =
        'connect' in checker && (checker.connect.address !== real.address || checker.connect.port !== real.port);
      const checked = elsewhere
        ? serviceName(checker.connect.address, virtual.protocol, checker.connect.port)
        : realServer;
      checkers.push({
        identity,
        repeat,
        address,
        subject: {
          checker,
          virtualServer,
          realServer,
          checked,
          logAllFailures: checker.schedule.logAllFailures || logAll,
        },
        target: { address, virtualServer, realServer, checked, url: 0 },
      });
    });
    return { realServer, checkers };
  });
}

/** The name of a checker in the journal (membership-journal.ts): stable across reloads and restarts. */
export function checkerKey(
  virtualServer: string,
  realServer: string,
  checker: { readonly identity: string; readonly repeat: number },
): string {
  return `${virtualServer} ${realServer} ${checker.repeat} ${checker.identity}`;
}

/**
 * How long a run may take at most, milliseconds, before the loop ends it: the safety net behind the probe's own
 * deadlines. HTTP has its timeout for connecting, for TLS, and three times for the exchange.
 */
export function runLimit(checker: Checker): number {
  const margin = 2000;
  switch (checker.kind) {
    case 'TCP_CHECK':
      return checker.connect.timeout * 1000 + margin;
    case 'HTTP_GET':
    case 'SSL_GET':
      return checker.connect.timeout * 6000 + margin;
    case 'MISC_CHECK':
      // SIGTERM, and SIGKILL two seconds later (keepalived.md 15.8).
      return checker.timeout * 1000 + 2000 + margin;
    default:
      return margin;
  }
}

/** What a run counts as that never ended: a server that trickles for ever is down, a silent runner is our trouble. */
export function hungResult({ subject }: RegisteredChecker): ProbeResult {
  switch (subject.checker.kind) {
    case 'TCP_CHECK':
      return { ok: false, reason: 'timeout', detail: `TCP connection to ${subject.checked} timeout.` };
    case 'HTTP_GET':
    case 'SSL_GET':
      return { ok: false, reason: 'timeout', detail: `Timeout HTTP read server ${subject.checked}.` };
    default:
      return {
        ok: null,
        detail: `The check of ${subject.checked} did not end: it says nothing and is made again later`,
      };
  }
}
