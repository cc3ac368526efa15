/**
 * Which checkers a Config holds, each with its names and with the key by which it is the same one in the next Config.
 *
 * A key is virtual server, real server, identity (keepalived.md 18.1) and, where a file writes the same checker twice
 * under one server, which of them. Checkers that lvsd cannot run are left out.
 */
import type { Checker } from '../config/checker.js';
import type { Config } from '../config/config.js';
import type { GlobalConfig } from '../config/global.js';
import { realServerName, serviceName, virtualServerName } from '../config/names.js';
import type { CheckSubject } from './schedule-lines.js';
import { type CheckerAddress, checkerIdentity, isRunnable, type ProbeResult, type ProbeTarget } from './verdict.js';

/** The part of Config that checks come from. */
export interface CheckedConfig extends Pick<Config, 'virtualServers'> {
  readonly global: Pick<GlobalConfig, 'checkerLogAllFailures'>;
}

export interface RegisteredChecker {
  /** Stable across reloads and restarts. */
  readonly key: string;
  /** The real server within its virtual server: checkers of one server share it. */
  readonly serverKey: string;
  readonly address: CheckerAddress;
  readonly subject: CheckSubject;
  /** For its probes; `url` is filled in at each run. */
  readonly target: ProbeTarget;
}

/** Every runnable checker of a Config, in file order. */
export function registerCheckers(config: CheckedConfig): readonly RegisteredChecker[] {
  const registered: RegisteredChecker[] = [];
  config.virtualServers.forEach((virtual, virtualIndex) => {
    const virtualName = virtualServerName(virtual);
    virtual.realServers.forEach((real, realIndex) => {
      const realName = realServerName(real, virtual.protocol);
      const serverKey = `${virtualName} ${realName}`;
      const repeats = new Map<string, number>();
      real.checkers.forEach((checker, checkerIndex) => {
        if (!isRunnable(checker)) return;
        const identity = checkerIdentity(checker);
        const repeat = repeats.get(identity) ?? 0;
        repeats.set(identity, repeat + 1);
        const address: CheckerAddress = { virtualServer: virtualIndex, realServer: realIndex, checker: checkerIndex };
        const checked =
          'connect' in checker
            ? serviceName(checker.connect.address, virtual.protocol, checker.connect.port)
            : realName;
        registered.push({
          key: `${serverKey} ${repeat} ${identity}`,
          serverKey,
          address,
          subject: {
            checker,
            virtualServer: virtualName,
            realServer: realName,
            checked,
            logAllFailures: checker.schedule.logAllFailures || config.global.checkerLogAllFailures,
          },
          target: { address, virtualServer: virtualName, realServer: realName, checked, url: 0 },
        });
      });
    });
  });
  return registered;
}

/**
 * How long a run may take at most, milliseconds, before the loop ends it: the safety net behind the probe's own
 * deadlines. HTTP's timeout counts anew for connecting, writing and each piece read, so its net is wider.
 */
export function runLimit(checker: Checker): number {
  const margin = 2000;
  switch (checker.kind) {
    case 'TCP_CHECK':
      return checker.connect.timeout * 1000 + margin;
    case 'HTTP_GET':
    case 'SSL_GET':
      return checker.connect.timeout * 10_000 + margin;
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

/** Every real server of a Config, also those without a checker (they are always up). */
export function serverKeys(config: CheckedConfig): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const virtual of config.virtualServers) {
    const name = virtualServerName(virtual);
    for (const real of virtual.realServers) keys.add(`${name} ${realServerName(real, virtual.protocol)}`);
  }
  return keys;
}
