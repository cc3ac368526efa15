/**
 * What -t says about the scripts that a configuration names: do they exist, may their user run them, could somebody
 * else than root have changed them (keepalived.md 3: exit code 6, 21). Reads the host, runs nothing.
 */
import type { Config } from '../../config/config.js';
import type { Script } from '../../config/script.js';
import { checkScript, ScriptMemo, SECURITY_VIOLATION } from '../../observe/script-security.js';
import { credentialsOf } from '../../observe/script-user.js';
import type { Diagnostic } from '../../parser/diagnostic.js';
import { scriptsOf } from './scripts-of.js';

export function scriptDiagnostics(config: Config): readonly Diagnostic[] {
  const { global } = config;
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  let insecure = false;
  const say = (script: Script | undefined, message: string): void => {
    diagnostics.push({
      class: 'security',
      code: 'LVSD_CONFIG_SCRIPT',
      message,
      at: script?.at,
      span: 1,
      expected: undefined,
      suggestion: undefined,
      assumed: undefined,
    });
  };
  const memo = new ScriptMemo();
  for (const script of scriptsOf(config)) {
    const key = JSON.stringify([script.argv, script.user ?? null]);
    if (seen.has(key)) continue;
    seen.add(key);
    const answer = credentialsOf(script.user, global.scriptUser, global.enableScriptSecurity);
    if (answer.kind === 'unknown') {
      say(script, answer.why);
      continue;
    }
    const check = checkScript(script, answer.credentials, {
      strict: global.enableScriptSecurity,
      useSymlinkPaths: global.useSymlinkPaths,
      searchPath: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin',
      memo,
    });
    for (const message of check.messages) say(script, message);
    if (check.kind === 'usable' && (check.insecure || answer.credentials.uid === 0)) insecure = true;
  }
  if (insecure && !global.enableScriptSecurity) say(undefined, SECURITY_VIOLATION);
  return diagnostics;
}
