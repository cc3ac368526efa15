// The world of the recorded verdicts, played: what the hooks of `-t` would answer there, without namespaces, overlay or
// root. For tests in one process; the real thing is world.ts.

import { resolve } from 'node:path';
import type { Script, ScriptUser } from '../../config/script.js';
import type { Surroundings } from '../../parser/validate-surroundings.js';
import { parseIpAddress } from '../../runtime/addresses.js';
import type { Environment } from './corpus-index.js';

/** Programs that the bare world had too, of those that the files name: the machine's own. */
const MACHINE = new Set([
  '/bin/bash',
  '/bin/busybox',
  '/bin/echo',
  '/bin/pidof',
  '/bin/ping',
  '/bin/rm',
  '/bin/sh',
  '/bin/sleep',
  '/bin/touch',
  '/bin/true',
  '/sbin/ip',
  '/sbin/service',
  '/usr/bin/curl',
  '/usr/bin/killall',
  '/usr/bin/test',
  '/usr/sbin/ip',
]);
const SEARCHED = ['/bin', '/usr/bin', '/sbin', '/usr/sbin'];

/**
 * @param full with stub scripts and users; otherwise only the interfaces are there
 * @param folder where the files are, and the process: names of scripts without a leading slash begin here
 */
export function playedWorld(environment: Environment, full: boolean, folder: string): Surroundings {
  const interfaces = new Set(['lo', ...environment.interfaces]);
  const users = new Set(full ? [...environment.users, 'root'] : ['root']);
  const programs = new Set(MACHINE);
  if (full) for (const path of environment.scripts) programs.add(path.replace(/^CWD(?=\/)/, folder));
  const exists = (word: string): boolean => {
    if (word.includes('/')) return programs.has(resolve(folder, word));
    return full || SEARCHED.some((path) => programs.has(`${path}/${word}`));
  };
  const unknown = (user: ScriptUser): string | undefined =>
    [user.name, user.group ?? user.name].every((name) => users.has(name)) ? undefined : 'nobody of that name is there';
  return {
    lookAtScript(script: Script, global) {
      const user = script.user ?? global.scriptUser;
      const none = user === undefined && global.enableScriptSecurity && !users.has('keepalived_script');
      const problem = user === undefined ? undefined : unknown(user);
      if (none || problem !== undefined) return { outcome: 'user-unknown', messages: [problem ?? 'no default user'] };
      return { outcome: exists(script.argv[0] ?? '') ? 'runs' : 'disabled', messages: [] };
    },
    userProblem: unknown,
    interfaceExists: (name) => interfaces.has(name),
    resolves: (host) => host === 'localhost' || parseIpAddress(host) !== undefined,
    cpuCount: () => 2,
  };
}
