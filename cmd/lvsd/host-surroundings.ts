/**
 * What this host knows about a configuration: the hooks of parser/validate-surroundings.ts for `lvsd -t`. Reads the
 * host, runs nothing but getent(1) for names that /etc/passwd does not have.
 */
import { existsSync } from 'node:fs';
import { checkScript, ScriptMemo } from '../../observe/script-security.js';
import { credentialsOf } from '../../observe/script-user.js';
import type { Surroundings } from '../../parser/validate-surroundings.js';

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
      if (check.kind === 'disabled') return { outcome: 'disabled', messages: check.messages };
      return { outcome: check.insecure ? 'insecure' : 'runs', messages: check.messages };
    },
    interfaceExists: (name) => namespace !== undefined || existsSync(`/sys/class/net/${name}`),
  };
}
