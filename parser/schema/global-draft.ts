/**
 * What global_defs, the words of the top level and the SSL block have said so far.
 *
 * A file may have several global_defs blocks; they add up in file order.
 */
import type { GlobalConfig, SslConfig } from '../../config/global.js';
import { seconds } from '../../runtime/units.js';

export type GlobalDraft = { -readonly [K in keyof GlobalConfig]: GlobalConfig[K] };
export type SslDraft = { -readonly [K in keyof SslConfig]: SslConfig[K] };

/** Seconds that lvsd waits for its children at stop (keepalived.md 6). */
const CHILD_WAIT = 5;

export function emptyGlobal(): GlobalDraft {
  return {
    routerId: undefined,
    scriptUser: undefined,
    enableScriptSecurity: false,
    useSymlinkPaths: false,
    startupScript: undefined,
    startupScriptTimeout: undefined,
    shutdownScript: undefined,
    shutdownScriptTimeout: undefined,
    umask: undefined,
    randomSeed: undefined,
    smtpAlert: undefined,
    smtpAlertChecker: undefined,
    checkerLogAllFailures: false,
    rsInitNotifies: false,
    lvsFlush: false,
    lvsFlushOnStop: 'off',
    lvsTimeouts: undefined,
    lvsSyncDaemon: undefined,
    notifyFifo: undefined,
    notifyFifoScript: undefined,
    lvsNotifyFifo: undefined,
    lvsNotifyFifoScript: undefined,
    checkerScheduling: { priority: undefined, noSwap: false, rtPriority: undefined },
    reloadCheckConfig: undefined,
    stateDumpFile: undefined,
    netNamespace: undefined,
    netNamespaceIpvs: undefined,
    instance: undefined,
    usePidDir: false,
    childWaitTime: seconds(CHILD_WAIT),
    lvsDrift: 'repair',
    controlSocket: undefined,
    metricsListen: undefined,
    ipvsSysctls: [],
  };
}
