/**
 * What only the host knows about a Config: programs, users and interfaces, asked by hooks, said in keepalived's words.
 *
 * Nothing is changed in the Config: every role parses the same snapshot, and all must get the same value whatever their
 * rights. What cannot run is found out again, and left out, where it would run.
 */
import type { Config } from '../config/config.js';
import type { Script } from '../config/script.js';
import type { Diagnostic } from './diagnostic.js';

export interface Surroundings {
  /** What is wrong with a program on this host, in words; undefined if it can be run. */
  scriptProblem(script: Script): string | undefined;
  interfaceExists(name: string): boolean;
  userExists(name: string): boolean;
}

interface Found {
  readonly script: Script;
  readonly owner: 'checks' | 'start';
}

function scriptsOf(config: Config): Found[] {
  const found: Found[] = [];
  const add = (owner: Found['owner'], ...scripts: readonly (Script | undefined)[]): void => {
    for (const script of scripts) if (script !== undefined) found.push({ script, owner });
  };
  const { global } = config;
  add('start', global.startupScript, global.shutdownScript);
  for (const virtual of config.virtualServers) {
    add('checks', virtual.quorumUp, virtual.quorumDown);
    for (const server of virtual.realServers) {
      add('checks', server.notifyUp, server.notifyDown);
      for (const checker of server.checkers) if (checker.kind === 'MISC_CHECK') add('checks', checker.script);
    }
  }
  // Without a virtual server keepalived starts no checker, and nobody looks at these.
  if (config.virtualServers.length > 0) add('checks', global.notifyFifoScript, global.lvsNotifyFifoScript);
  return found;
}

function diagnostic(
  kind: Diagnostic['class'],
  code: Diagnostic['code'],
  message: string,
  at: Diagnostic['at'],
  extras: Partial<Pick<Diagnostic, 'expected' | 'suggestion' | 'assumed'>>,
): Diagnostic {
  return {
    class: kind,
    code,
    message,
    at,
    span: 1,
    expected: extras.expected,
    suggestion: extras.suggestion,
    assumed: extras.assumed,
  };
}

/** Everything that the host makes of a Config. */
export function checkSurroundings(config: Config, host: Surroundings): readonly Diagnostic[] {
  const told: Diagnostic[] = [];
  const runs = new Set<Found['owner']>();
  const problems = new Map<string, string | undefined>();
  for (const { script, owner } of scriptsOf(config)) {
    const user = script.user?.name ?? config.global.scriptUser?.name;
    const key = `${script.argv[0]} ${user ?? ''}`;
    if (!problems.has(key)) problems.set(key, problemOf(script, user, host));
    const problem = problems.get(key);
    if (problem === undefined) runs.add(owner);
    else {
      told.push(
        diagnostic('assumed', 'LVSD_CONFIG_SCRIPT', problem, script.at, {
          expected: `a program that ${user ?? 'the script user'} may run`,
          assumed: 'it is not run',
        }),
      );
    }
  }
  if (!config.global.enableScriptSecurity) {
    const cure = { suggestion: 'put enable_script_security into global_defs' };
    const tell = (what: string): void => {
      const message = `SECURITY VIOLATION - ${what} scripts are being executed but script_security not enabled.`;
      told.push(diagnostic('security', 'LVSD_CONFIG_SCRIPT_SECURITY', message, undefined, cure));
    };
    if (runs.has('start')) tell('start/shutdown');
    if (runs.has('checks')) tell('check');
  }
  const missing = new Set<string>();
  const needs = (name: string | undefined, at: Diagnostic['at']): void => {
    if (name === undefined || missing.has(name) || host.interfaceExists(name)) return;
    missing.add(name);
    const message = `Interface ${name} does not exist`;
    told.push(diagnostic('note', 'LVSD_CONFIG_INTERFACE', message, at, { assumed: 'it will come' }));
  };
  needs(config.global.lvsSyncDaemon?.interface, config.global.lvsSyncDaemon?.at);
  for (const virtual of config.virtualServers) {
    for (const server of virtual.realServers) {
      for (const checker of server.checkers) {
        if ('connect' in checker) needs(checker.connect?.bindIf, checker.at);
      }
    }
  }
  return told;
}

function problemOf(script: Script, user: string | undefined, host: Surroundings): string | undefined {
  if (user !== undefined && !host.userExists(user)) {
    return `Unable to find user ${user} of script ${script.argv[0]} - disabling`;
  }
  return host.scriptProblem(script);
}
