/**
 * global_defs as far as the LVS side acts on it (keepalived.md 7), the words of lvsd's own, and the SSL block.
 *
 * Undefined always means "not written": the default then is keepalived's and stands where it is used.
 */
import type { IpAddress } from '../runtime/addresses.js';
import type { Port, Seconds } from '../runtime/units.js';
import type { DbusSettings, MailSettings, NotifyFifo, SnmpSettings } from './global-notification.js';
import type {
  AutoPriority,
  DumpSettings,
  ProcessNames,
  ProcessScheduling,
  ReceiveBuffer,
  ReloadControl,
} from './global-process.js';
import type { VrrpSettings } from './global-vrrp.js';
import type { Position } from './position.js';
import type { Script, ScriptUser } from './script.js';
import type { VrrpDefaults } from './vrrp-defaults.js';

/** IPVS timeouts, seconds, 0..2678400; undefined leaves the kernel's. */
export interface LvsTimeouts {
  readonly tcp: Seconds | undefined;
  readonly tcpFin: Seconds | undefined;
  readonly udp: Seconds | undefined;
}

export interface LvsSyncDaemon {
  readonly interface: string;
  /** The VRRP instance whose state decides master or backup; undefined runs both. */
  readonly instance: string | undefined;
  /** 0..255. */
  readonly syncId: number | undefined;
  /** Bytes, 1..65507. */
  readonly maxLength: number | undefined;
  readonly port: Port | undefined;
  readonly ttl: number | undefined;
  readonly group: IpAddress | undefined;
  readonly at: Position;
}

/** nftables_ipvs: groups of virtual servers as maps of nftables, with one firewall mark each (keepalived.md 7.5). */
export interface NftablesIpvs {
  /** Name of the tables, one a family, at most 255 bytes; undefined: groups are services of their addresses. */
  readonly table: string | undefined;
  /** Priority of the chain on the input hook. */
  readonly priority: number;
  /** The first mark, 1..4294967295; each group and protocol takes the next. */
  readonly startMark: number;
}

export interface GlobalConfig {
  readonly routerId: string | undefined;
  readonly scriptUser: ScriptUser | undefined;
  readonly enableScriptSecurity: boolean;
  readonly useSymlinkPaths: boolean;
  readonly startupScript: Script | undefined;
  readonly startupScriptTimeout: Seconds | undefined;
  readonly shutdownScript: Script | undefined;
  readonly shutdownScriptTimeout: Seconds | undefined;
  readonly umask: number | undefined;
  readonly randomSeed: number | undefined;
  /** The default of every smtp_alert; smtp_alert_checker goes before it for servers. */
  readonly smtpAlert: boolean | undefined;
  readonly smtpAlertChecker: boolean | undefined;
  readonly checkerLogAllFailures: boolean;
  readonly rsInitNotifies: boolean;
  readonly lvsFlush: boolean;
  readonly lvsFlushOnStop: 'off' | 'table' | 'virtual-servers';
  readonly lvsTimeouts: LvsTimeouts | undefined;
  readonly lvsSyncDaemon: LvsSyncDaemon | undefined;
  readonly notifyFifo: NotifyFifo | undefined;
  readonly notifyFifoScript: Script | undefined;
  readonly lvsNotifyFifo: NotifyFifo | undefined;
  readonly lvsNotifyFifoScript: Script | undefined;
  readonly processNames: ProcessNames;
  readonly checkerScheduling: ProcessScheduling;
  readonly vrrpScheduling: ProcessScheduling;
  readonly bfdScheduling: ProcessScheduling;
  readonly autoPriority: AutoPriority;
  readonly setSupplementaryGroups: boolean;
  readonly reloadControl: ReloadControl;
  readonly iprouteUsrDirectory: string | undefined;
  readonly iprouteEtcDirectory: string | undefined;
  readonly mail: MailSettings;
  readonly snmp: SnmpSettings;
  readonly dbus: DbusSettings;
  readonly lvsCommandBuffer: ReceiveBuffer;
  readonly lvsMonitorBuffer: ReceiveBuffer;
  readonly nftablesIpvs: NftablesIpvs;
  /** nftables_counters: rules and maps of lvsd count what passes them. */
  readonly nftablesCounters: boolean;
  /** What virtual routers inherit. */
  readonly vrrpDefaults: VrrpDefaults;
  /** What holds for the VRRP side as a whole. */
  readonly vrrp: VrrpSettings;
  /** reload_check_config: warnings are fatal at reload; the log file if one was named. */
  readonly reloadCheckConfig: { readonly logFile: string | undefined } | undefined;
  readonly dumps: DumpSettings;
  /** Top-level words. */
  readonly netNamespace: string | undefined;
  /** `true` is the word without a name: the default namespace. */
  readonly netNamespaceIpvs: string | true | undefined;
  readonly instance: string | undefined;
  readonly usePidDir: boolean;
  readonly childWaitTime: Seconds;
  readonly linkbeatUsePolling: boolean;
  readonly namespaceWithIpsets: boolean;
  /** linkbeat_interfaces, in file order. */
  readonly linkbeatInterfaces: readonly LinkbeatInterface[];
  /** Words of lvsd's own (architecture, "words added to the grammar"). */
  readonly lvsDrift: 'repair' | 'report';
  readonly controlSocket: string | undefined;
  readonly metricsListen: { readonly address: IpAddress; readonly port: Port } | undefined;
  /** Words under net.ipv4.vs with the value to hold while lvsd runs. */
  readonly ipvsSysctls: readonly { readonly name: string; readonly value: number; readonly at: Position }[];
}

/** One line of linkbeat_interfaces: whose link state is polled, and how (keepalived.md 8). */
export interface LinkbeatInterface {
  readonly name: string;
  /** Undefined: the first of the three that the device answers. */
  readonly method: 'MII' | 'ETHTOOL' | 'IOCTL' | undefined;
  readonly at: Position;
}

/** The top-level SSL block: lvsd's side of a TLS check (keepalived.md 8). */
export interface SslConfig {
  readonly password: string | undefined;
  readonly caFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly at: Position;
}
