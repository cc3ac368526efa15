/**
 * What this host knows about a configuration: the hooks of parser/validate-surroundings.ts for `lvsd -t`. Reads the
 * host, runs nothing but getent(1) for names that /etc/passwd does not have.
 */
import { readFileSync, statSync } from 'node:fs';
import { cpus, networkInterfaces } from 'node:os';
import { checkScript, ScriptMemo } from '../../observe/script-security.js';
import { credentialsOf } from '../../observe/script-user.js';
import type { PrimaryAddress } from '../../parser/validate-added.js';
import type { Surroundings } from '../../parser/validate-surroundings.js';
import { parseIpAddress } from '../../runtime/addresses.js';
import { processesPart } from '../../runtime/node-parts.js';

/** The search path of scripts named without a slash. */
export const scriptSearchPath = (): string => process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin';

/** Asks this host. @param namespace the network namespace that lvsd would run in: its interfaces are not seen from here */
export function hostSurroundings(namespace: string | undefined): Surroundings {
  const memo = new ScriptMemo();
  let interfaces: ReadonlySet<string> | undefined;
  return {
    lookAtScript(script, global) {
      const strict = global.enableScriptSecurity;
      const answer = credentialsOf(script.user, global.scriptUser, strict);
      if (answer.kind === 'unknown') return { outcome: 'user-unknown', messages: [answer.why] };
      const { useSymlinkPaths } = global;
      const searchPath = scriptSearchPath();
      const check = checkScript(script, answer.credentials, { strict, useSymlinkPaths, searchPath, memo });
      if (check.kind === 'disabled') {
        const outcome = check.reason === 'not-executable' ? check.reason : 'disabled';
        return { outcome, messages: check.messages };
      }
      return { outcome: check.insecure ? 'insecure' : 'runs', messages: check.messages };
    },
    userProblem(user) {
      const answer = credentialsOf(user, undefined, true);
      return answer.kind === 'unknown' ? answer.why : undefined;
    },
    interfaceExists: (name, named) => {
      if (namespace !== undefined || (named !== undefined && isElsewhere(named))) return true;
      interfaces ??= interfaceNames();
      return interfaces.has(name);
    },
    resolves,
    cpuCount: () => cpus().length,
    primaryAddresses: () => (namespace === undefined ? primaryAddresses() : []),
  };
}

/** The interfaces of this process's own network namespace, whatever is mounted at /sys. */
function interfaceNames(): ReadonlySet<string> {
  const lines = readFileSync('/proc/self/net/dev', 'utf8').split('\n').slice(2);
  return new Set(lines.map((line) => line.slice(0, Math.max(0, line.lastIndexOf(':'))).trim()));
}

/** Whether a network namespace of this name is there and is another one than this process's. */
function isElsewhere(namespace: string): boolean {
  try {
    const named = statSync(`/run/netns/${namespace}`);
    const ours = statSync('/proc/self/ns/net');
    return named.ino !== ours.ino || named.dev !== ours.dev;
  } catch {
    // It is not there, or may not be looked at: what is here is all that can be asked.
    return false;
  }
}

/**
 * The first address of each family on each interface but lo: what the host itself speaks with. A host route (/32, /128) is
 * what operators put local addresses on a device with, and none of these.
 */
function primaryAddresses(): readonly PrimaryAddress[] {
  const found: PrimaryAddress[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const family of ['IPv4', 'IPv6']) {
      const first = addresses?.find(
        (each) => each.family === family && !each.internal && !each.address.startsWith('fe80:'),
      );
      const address = parseIpAddress(first?.address ?? '');
      if (address === undefined || first?.cidr?.endsWith(family === 'IPv4' ? '/32' : '/128') === true) continue;
      found.push({ address, interface: name });
    }
  }
  return found;
}

/** A resolver that does not answer must not hold a test of the configuration for long. */
const RESOLVER_PATIENCE_MS = 5000;

/** Asks as programs of this host ask, with getent(1); where there is none, nothing is said. */
function resolves(host: string): boolean {
  if (parseIpAddress(host) !== undefined) return true;
  if (host.startsWith('-')) return false;
  const asked = processesPart().spawnSync('getent', ['ahosts', host], {
    stdio: 'ignore',
    timeout: RESOLVER_PATIENCE_MS,
  });
  return asked.error === undefined || !('code' in asked.error) || asked.error.code !== 'ENOENT'
    ? asked.status === 0
    : true;
}
