/** Every script that a configuration names, in file order: what is looked at before it is needed at night. */
import type { Config } from '../../config/config.js';
import type { Script } from '../../config/script.js';

export function* scriptsOf(config: Config): Iterable<Script> {
  const { global } = config;
  for (const script of [
    global.startupScript,
    global.shutdownScript,
    global.notifyFifoScript,
    global.lvsNotifyFifoScript,
  ]) {
    if (script !== undefined) yield script;
  }
  for (const virtual of config.virtualServers) {
    if (virtual.quorumUp !== undefined) yield virtual.quorumUp;
    if (virtual.quorumDown !== undefined) yield virtual.quorumDown;
    for (const real of virtual.realServers) {
      if (real.notifyUp !== undefined) yield real.notifyUp;
      if (real.notifyDown !== undefined) yield real.notifyDown;
      for (const checker of real.checkers) if (checker.kind === 'MISC_CHECK') yield checker.script;
    }
  }
}
