/** The welcome that roles get in tests: no log, nothing special asked for. */
import type { RoleName, Welcome } from '../../../../cmd/lvsd/messages.js';

export function welcomeOf(role: RoleName, journal: string): Welcome {
  return {
    type: 'welcome',
    role,
    log: {
      detail: true,
      console: false,
      syslog: undefined,
      logFile: undefined,
      instance: undefined,
      namespace: undefined,
    },
    checkerOnly: false,
    ignoreUnbuilt: false,
    keepTable: false,
    journal,
    ipvsNamespace: undefined,
  };
}
