/**
 * What this host knows about a configuration: the hooks of parser/validate-surroundings.ts for `lvsd -t`. Reads the
 * host, runs nothing but getent(1) for names that /etc/passwd does not have.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { checkScript, ScriptMemo } from '../../observe/script-security.js';
import { credentialsOf } from '../../observe/script-user.js';
import type { Surroundings } from '../../parser/validate-surroundings.js';
import { parseIpAddress } from '../../runtime/addresses.js';

/** The search path of scripts named without a slash. */
export const scriptSearchPath = (): string => process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin';

/** Asks this host. @param namespace the network namespace that lvsd would run in: its interfaces are not seen from here */
export function hostSurroundings(namespace: string | undefined): Surroundings {
  const memo = new ScriptMemo();
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
    interfaceExists: (name) => namespace !== undefined || existsSync(`/sys/class/net/${name}`),
    resolves,
    cpuCount: () => cpus().length,
  };
}

/** A resolver that does not answer must not hold a test of the configuration for long. */
const RESOLVER_PATIENCE_MS = 5000;

/** Asks as programs of this host ask, with getent(1); where there is none, nothing is said. */
function resolves(host: string): boolean {
  if (parseIpAddress(host) !== undefined) return true;
  if (host.startsWith('-')) return false;
  const asked = spawnSync('getent', ['ahosts', host], { stdio: 'ignore', timeout: RESOLVER_PATIENCE_MS });
  return asked.error === undefined || !('code' in asked.error) || asked.error.code !== 'ENOENT'
    ? asked.status === 0
    : true;
}
