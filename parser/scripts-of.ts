/**
 * Every script that a configuration names, in file order, and the line that keepalived says when they run without
 * script security (keepalived.md 7.1, 21): what `-t` and the runner look at before it is needed at night.
 */
import type { Config } from '../config/config.js';
import type { Script } from '../config/script.js';

/** Which of keepalived's processes runs it: the parent at start and stop, or the checkers. */
export type ScriptOwner = 'start/shutdown' | 'check';

export interface NamedScript {
  readonly script: Script;
  readonly owner: ScriptOwner;
}

export function scriptsOf(config: Config): readonly NamedScript[] {
  const { global } = config;
  const found: NamedScript[] = [];
  const add = (owner: ScriptOwner, script: Script | undefined): void => {
    if (script !== undefined) found.push({ script, owner });
  };
  add('start/shutdown', global.startupScript);
  add('start/shutdown', global.shutdownScript);
  // Without a virtual server keepalived starts no checker, and nobody looks at these.
  if (config.virtualServers.length > 0) {
    add('check', global.notifyFifoScript);
    add('check', global.lvsNotifyFifoScript);
  }
  for (const virtual of config.virtualServers) {
    add('check', virtual.quorumUp);
    add('check', virtual.quorumDown);
    for (const server of virtual.realServers) {
      add('check', server.notifyUp);
      add('check', server.notifyDown);
      for (const checker of server.checkers) if (checker.kind === 'MISC_CHECK') add('check', checker.script);
    }
  }
  return found;
}

/**
 * keepalived's words for scripts that run while enable_script_security is not set.
 * @param insecure somebody else than root could have changed what root would run
 */
export function securityViolation(owner: ScriptOwner, insecure: boolean): string {
  const more = insecure ? ' There are insecure scripts.' : '';
  return `SECURITY VIOLATION - ${owner} scripts are being executed but script_security not enabled.${more}`;
}
