/**
 * What only the host knows about the VRRP side: interfaces and programs, asked by the hooks of validate-surroundings.ts
 * and said in keepalived's words.
 *
 * As there, nothing is changed in the Config: an interface that does not exist may come, and a program that cannot run
 * is left out where it would run. keepalived looks at programs only when every interface is there (vrrp_daemon.c); so
 * does this, or `-t` would give another exit code.
 */
import type { Config } from '../config/config.js';
import type { Script } from '../config/script.js';
import type { Diagnostic } from './diagnostic.js';
import type { VrrpSide } from './schema/vrrp-drafts.js';
import { diagnosticOf, type ScriptFinding, type Surroundings } from './validate-surroundings.js';

export function checkVrrpSurroundings(config: Config, side: VrrpSide, host: Surroundings): readonly Diagnostic[] {
  const missing = missingInterfaces(config, side, host);
  return missing.length > 0 ? missing : checkVrrpScripts(config, side, host);
}

function diagnostic(
  kind: Diagnostic['class'],
  code: Diagnostic['code'],
  message: string,
  at: Diagnostic['at'],
  more: { readonly suggestion?: string; readonly assumed?: string } = {},
): Diagnostic {
  const { suggestion, assumed } = more;
  return { class: kind, code, message, at, span: 1, expected: undefined, suggestion, assumed };
}

function missingInterfaces(config: Config, side: VrrpSide, host: Surroundings): readonly Diagnostic[] {
  const dynamic = config.global.vrrpDefaults.dynamicInterfaces !== false;
  const known = new Map<string, boolean>();
  const told: Diagnostic[] = [];
  for (const { name, message, at, mayComeLater, fatal } of side.interfaceUses) {
    let exists = known.get(name);
    if (exists === undefined) {
      exists = host.interfaceExists(name, config.global.netNamespace);
      known.set(name, exists);
    }
    if (exists || (dynamic && mayComeLater)) continue;
    told.push(
      diagnostic(fatal === true ? 'unusable' : 'assumed', 'LVSD_CONFIG_INTERFACE', message, at, {
        suggestion: 'dynamic_interfaces in global_defs says that interfaces may come later',
        assumed: 'it will come',
      }),
    );
  }
  if (told.length > 0) {
    const message = 'Non-existent interface specified in configuration';
    told.push(diagnostic('assumed', 'LVSD_CONFIG_INTERFACE', message, undefined));
  }
  return told;
}

function checkVrrpScripts(config: Config, side: VrrpSide, host: Surroundings): readonly Diagnostic[] {
  if (side.instances.size === 0) return [];
  const told: Diagnostic[] = [];
  const found: ScriptFinding['outcome'][] = [];
  const look = (script: Script): ScriptFinding['outcome'] => {
    const { outcome, messages } = host.lookAtScript(script, config.global);
    found.push(outcome);
    told.push(...diagnosticOf(script, { outcome, messages }, true));
    return outcome;
  };
  for (const { name, script, at } of side.scripts.values()) {
    const outcome = look(script);
    // A line that begins with < is a shell's: keepalived lets it be, and it counts for nothing.
    if (script.argv[0]?.startsWith('<') === true) continue;
    // Behind the program an unknown user is not counted, but a program that is not there is.
    const inline = outcome === 'user-unknown' && script.user?.at === undefined;
    const missing = inline
      ? host.lookAtScript({ ...script, user: undefined }, config.global).outcome === 'disabled'
      : outcome === 'disabled';
    if (!missing) continue;
    const message = `Disabling track script ${name} since not found/accessible`;
    told.push(diagnostic('assumed', 'LVSD_CONFIG_SCRIPT', message, at, { assumed: 'it is not tracked' }));
  }
  for (const script of notifyScripts(config, side)) look(script);
  // One that is there and may not be run counts too (seen with 2.2.7).
  const counts = found.some((each) => each !== 'disabled' && each !== 'user-unknown');
  if (config.global.enableScriptSecurity || !counts) return told;
  const more = found.includes('insecure') ? ' There are insecure scripts.' : '';
  const message = `SECURITY VIOLATION - scripts are being executed but script_security not enabled.${more}`;
  const suggestion = 'put enable_script_security into global_defs';
  return [...told, diagnostic('security', 'LVSD_CONFIG_SCRIPT_SECURITY', message, undefined, { suggestion })];
}

/** The programs that are told of changes, each block's in its order. */
function* notifyScripts(config: Config, side: VrrpSide): Iterable<Script> {
  const { global } = config;
  const written = function* (...scripts: readonly (Script | undefined)[]): Iterable<Script> {
    for (const script of scripts) if (script !== undefined) yield script;
  };
  for (const draft of side.instances.values()) {
    yield* written(...Object.values(draft.scripts), draft.scriptDeleted, draft.scriptMasterReceivesLowerPriority);
  }
  for (const group of side.syncGroups.values()) yield* written(...Object.values(group.scripts));
  yield* written(global.notifyFifoScript, global.vrrp.notifyFifoScript);
}
