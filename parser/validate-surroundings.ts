/**
 * What only the host knows about a Config: programs, users and interfaces, asked by hooks, said in keepalived's words.
 *
 * Nothing is changed in the Config: every role parses the same snapshot, and all must get the same value whatever their
 * rights. What cannot run is found out again, and left out, where it would run. How it counts for `-t` was seen with
 * 2.2.7: a script that is not there is left out and costs nothing (0), scripts without script security are 6, and there a
 * script that is there and may not be run counts as one. An unknown user is an error (5), but not behind the script of a
 * notifier: keepalived leaves that script out without a word.
 */
import type { Config } from '../config/config.js';
import type { GlobalConfig } from '../config/global.js';
import type { Script, ScriptUser } from '../config/script.js';
import type { Diagnostic } from './diagnostic.js';
import { type ScriptOwner, scriptsOf, securityViolation } from './scripts-of.js';
import { checkPrimaryAddresses, type PrimaryAddress } from './validate-added.js';

/** What the host makes of a script. */
export interface ScriptFinding {
  /** `insecure`: it runs, and somebody else than root could have changed it. `not-executable`: it is there, and disabled. */
  readonly outcome: 'runs' | 'insecure' | 'not-executable' | 'disabled' | 'user-unknown';
  /** keepalived's line first, then what exactly is wrong and the cure. */
  readonly messages: readonly string[];
}

export interface Surroundings {
  lookAtScript(script: Script, global: GlobalConfig): ScriptFinding;
  /** @param namespace that the file names: another one than this process's cannot be looked into */
  interfaceExists(name: string, namespace?: string): boolean;
  /** Why script_user cannot be taken; undefined if it can. Without it every name is good. */
  userProblem?(user: ScriptUser): string | undefined;
  /** Whether the name of a mail server is known; without it nobody asks. */
  resolves?(host: string): boolean;
  /** The address that each interface uses for itself, one a family; without it none is known. */
  primaryAddresses?(): readonly PrimaryAddress[];
  /** How many CPUs are online; without it any number is good. */
  cpuCount?(): number;
}

function diagnostic(
  kind: Diagnostic['class'],
  code: Diagnostic['code'],
  message: string,
  at: Diagnostic['at'],
  extras: Partial<Pick<Diagnostic, 'suggestion' | 'assumed'>>,
): Diagnostic {
  const { suggestion, assumed } = extras;
  return { class: kind, code, message, at, span: 1, expected: undefined, suggestion, assumed };
}

/** Everything that the host makes of a Config. */
export function checkSurroundings(config: Config, host: Surroundings): readonly Diagnostic[] {
  return [
    ...checkScripts(config, host),
    ...checkInterfaces(config, host),
    ...checkGlobal(config.global, host),
    ...checkPrimaryAddresses(config, host.primaryAddresses?.() ?? []),
  ];
}

/** A user of scripts and a mail server that nobody knows, CPUs that are not there. */
function* checkGlobal(global: GlobalConfig, host: Surroundings): Iterable<Diagnostic> {
  const problem = global.scriptUser === undefined ? undefined : host.userProblem?.(global.scriptUser);
  if (problem !== undefined) {
    yield diagnostic('assumed', 'LVSD_CONFIG_SCRIPT', 'Error setting global script uid/gid', global.scriptUser?.at, {
      suggestion: problem,
      assumed: 'no script runs',
    });
  }
  const { server } = global.mail;
  if (server !== undefined && host.resolves?.(server.host) === false) {
    const message = `Invalid smtp server ${server.host} ${server.port}`;
    yield diagnostic('assumed', 'LVSD_CONFIG_BAD_ADDRESS', message, server.at, {
      suggestion: 'the name is not known to this host: an address always is',
    });
  }
  const count = host.cpuCount?.();
  if (count === undefined) return;
  for (const process of ['checker', 'vrrp', 'bfd'] as const) {
    const cpu = global[`${process}Scheduling`].cpuAffinity?.find((each) => each >= count);
    if (cpu === undefined) continue;
    const message = `Invalid cpu_id:${cpu} specified for ${process} process`;
    yield diagnostic('assumed', 'LVSD_CONFIG_BAD_NUMBER', message, undefined, {
      suggestion: `this host has CPUs 0 to ${count - 1}`,
      assumed: 'only the CPUs that are there',
    });
  }
}

function checkScripts(config: Config, host: Surroundings): readonly Diagnostic[] {
  const told: Diagnostic[] = [];
  const insecureOf = new Map<ScriptOwner, boolean>();
  // Thousands of real servers name the same program: it is looked at, and told, once.
  const known = new Map<string, ScriptFinding>();
  for (const { script, owner } of scriptsOf(config)) {
    const key = JSON.stringify([script.argv, script.user ?? null]);
    let finding = known.get(key);
    if (finding === undefined) {
      finding = host.lookAtScript(script, config.global);
      known.set(key, finding);
      told.push(...diagnosticOf(script, finding, owner === 'check'));
    }
    if (finding.outcome !== 'disabled' && finding.outcome !== 'user-unknown')
      insecureOf.set(owner, insecureOf.get(owner) === true || finding.outcome === 'insecure');
  }
  if (config.global.enableScriptSecurity) return told;
  const suggestion = 'put enable_script_security into global_defs';
  for (const [owner, insecure] of insecureOf) {
    const message = securityViolation(owner, insecure);
    told.push(diagnostic('security', 'LVSD_CONFIG_SCRIPT_SECURITY', message, undefined, { suggestion }));
  }
  return told;
}

/**
 * What is said about a script. A user that nobody knows is an error where a word of its own names it, and where there is
 * none; behind the script itself keepalived does not count it.
 */
export function* diagnosticOf(
  script: Script,
  { outcome, messages }: ScriptFinding,
  notifier: boolean,
): Iterable<Diagnostic> {
  const [message, ...more] = messages;
  if (message === undefined) return;
  const runs = outcome === 'runs' || outcome === 'insecure';
  const inline = notifier && script.user !== undefined && script.user.at === undefined;
  const kind = outcome === 'user-unknown' && !inline ? 'assumed' : 'note';
  yield diagnostic(kind, 'LVSD_CONFIG_SCRIPT', message, script.user?.at ?? script.at, {
    ...(more.length === 0 ? {} : { suggestion: more.join(' ') }),
    ...(runs ? {} : { assumed: 'it is not run' }),
  });
}

function checkInterfaces(config: Config, host: Surroundings): readonly Diagnostic[] {
  const told: Diagnostic[] = [];
  const known = new Set<string>();
  const namespace = config.global.netNamespace;
  const needs = (name: string | undefined, at: Diagnostic['at']): void => {
    if (name === undefined || known.has(name)) return;
    known.add(name);
    if (host.interfaceExists(name, namespace)) return;
    const message = `Interface ${name} does not exist`;
    told.push(diagnostic('note', 'LVSD_CONFIG_INTERFACE', message, at, { assumed: 'it will come' }));
  };
  for (const { name, at } of config.global.linkbeatInterfaces) {
    if (config.global.vrrpDefaults.dynamicInterfaces !== false || host.interfaceExists(name, namespace)) continue;
    const message = `unknown interface ${name} specified for linkbeat interface`;
    told.push(diagnostic('unusable', 'LVSD_CONFIG_INTERFACE', message, at, { assumed: 'it is not polled' }));
  }
  needs(config.global.lvsSyncDaemon?.interface, config.global.lvsSyncDaemon?.at);
  for (const virtual of config.virtualServers) {
    for (const server of virtual.realServers) {
      for (const checker of server.checkers) {
        const connect = 'connect' in checker ? checker.connect : undefined;
        if (connect?.bindIf !== undefined) needs(connect.bindIf, checker.at);
      }
    }
  }
  return told;
}
