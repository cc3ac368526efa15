/**
 * What global_defs, the words of the top level and the SSL block have said so far.
 *
 * A file may have several global_defs blocks; they add up in file order.
 */
import type { GlobalConfig, SslConfig } from '../../config/global.js';
import { noReceiveBuffer, noScheduling } from '../../config/global-process.js';
import { noVrrpDefaults } from '../../config/vrrp-defaults.js';
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
    processNames: { parent: undefined, checker: undefined, vrrp: undefined, bfd: undefined },
    checkerScheduling: noScheduling,
    vrrpScheduling: noScheduling,
    bfdScheduling: noScheduling,
    autoPriority: { max: undefined, minDelay: undefined },
    setSupplementaryGroups: false,
    reloadCheckConfig: undefined,
    reloadControl: {
      timeFile: undefined,
      repeat: false,
      holdFile: undefined,
      saveDirectory: undefined,
      snapshotDirectory: undefined,
    },
    dumps: {
      stateFile: undefined,
      statsFile: undefined,
      jsonFile: undefined,
      jsonVersion: undefined,
      useInstance: false,
    },
    iprouteUsrDirectory: undefined,
    iprouteEtcDirectory: undefined,
    mail: {
      recipients: [],
      from: undefined,
      server: undefined,
      heloName: undefined,
      connectTimeout: undefined,
      notOnFault: false,
      notForCheckers: undefined,
    },
    snmp: {
      socket: undefined,
      vrrp: false,
      checker: false,
      rfcV2: false,
      rfcV3: false,
      traps: false,
      virtualServerInterval: undefined,
      realServerInterval: undefined,
    },
    dbus: { enabled: false, serviceName: undefined, noInterfaceName: undefined },
    lvsCommandBuffer: noReceiveBuffer,
    lvsMonitorBuffer: noReceiveBuffer,
    nftablesIpvs: { table: undefined, priority: -1, startMark: 1000 },
    nftablesCounters: false,
    vrrpDefaults: noVrrpDefaults,
    vrrp: {
      disableLocalIgmp: false,
      garpInterval: undefined,
      gnaInterval: undefined,
      minGarp: false,
      firewall: {
        table: undefined,
        priority: undefined,
        matchByIndex: false,
        iptables: undefined,
        ipsets: undefined,
      },
      advertBuffers: undefined,
      advertBuffersMultiplier: undefined,
      startupDelay: undefined,
      delayAfterBoot: undefined,
      logUnknownVrids: false,
      vmacPrefix: undefined,
      vmacAddressPrefix: undefined,
      commandBuffer: noReceiveBuffer,
      monitorBuffer: noReceiveBuffer,
      processMonitorBuffer: noReceiveBuffer,
      notifyFifo: undefined,
      notifyFifoScript: undefined,
      fifoStatesOnReload: false,
    },
    netNamespace: undefined,
    netNamespaceIpvs: undefined,
    instance: undefined,
    usePidDir: false,
    childWaitTime: seconds(CHILD_WAIT),
    linkbeatUsePolling: false,
    namespaceWithIpsets: false,
    linkbeatInterfaces: [],
    lvsDrift: 'repair',
    controlSocket: undefined,
    metricsListen: undefined,
    ipvsSysctls: [],
  };
}
