/**
 * The words of the top level and global_defs as text (print.ts).
 */
import type { GlobalConfig, LvsSyncDaemon, LvsTimeouts } from '../config/global.js';
import { isIpv6 } from '../runtime/addresses.js';
import { printBuffer, printFifo, printNotification } from './print-global-notification.js';
import { printProcesses } from './print-global-process.js';
import { printVrrpDefaults } from './print-global-vrrp.js';
import { type ConfigWriter, quotedWord, userWords } from './print-writer.js';

export function printGlobal(to: ConfigWriter, global: GlobalConfig): void {
  to.value('net_namespace', global.netNamespace);
  if (global.netNamespaceIpvs === true) to.line('net_namespace_ipvs');
  else to.value('net_namespace_ipvs', global.netNamespaceIpvs);
  to.value('instance', global.instance);
  to.flag('use_pid_dir', global.usePidDir);
  to.line('child_wait_time', global.childWaitTime);
  to.flag('linkbeat_use_polling', global.linkbeatUsePolling);
  to.flag('namespace_with_ipsets', global.namespaceWithIpsets);
  to.block('global_defs', () => {
    printIdentity(to, global);
    printProcesses(to, global);
    printNotification(to, global);
    printLvs(to, global);
    printVrrpDefaults(to, global);
    printOwn(to, global);
  });
  printLinkbeat(to, global);
}

function printIdentity(to: ConfigWriter, global: GlobalConfig): void {
  to.value('router_id', global.routerId);
  if (global.scriptUser !== undefined) to.line('script_user', ...userWords(global.scriptUser).map(quotedWord));
  to.flag('set_supplementary_groups', global.setSupplementaryGroups);
  to.flag('enable_script_security', global.enableScriptSecurity);
  to.boolean('use_symlink_paths', global.useSymlinkPaths);
  to.script('startup_script', global.startupScript);
  to.value('startup_script_timeout', global.startupScriptTimeout);
  to.script('shutdown_script', global.shutdownScript);
  to.value('shutdown_script_timeout', global.shutdownScriptTimeout);
  if (global.umask !== undefined) to.line('umask', `0${global.umask.toString(8)}`);
  to.value('random_seed', global.randomSeed);
  to.boolean('checker_log_all_failures', global.checkerLogAllFailures);
  printFifo(to, 'notify_fifo', global.notifyFifo);
  to.script('notify_fifo_script', global.notifyFifoScript);
  printFifo(to, 'lvs_notify_fifo', global.lvsNotifyFifo);
  to.script('lvs_notify_fifo_script', global.lvsNotifyFifoScript);
}

function printLvs(to: ConfigWriter, global: GlobalConfig): void {
  to.boolean('rs_init_notifies', global.rsInitNotifies);
  to.boolean('lvs_flush', global.lvsFlush);
  if (global.lvsFlushOnStop !== 'off') {
    to.line('lvs_flush_on_stop', ...(global.lvsFlushOnStop === 'table' ? [] : ['VS']));
  }
  if (global.lvsTimeouts !== undefined) printTimeouts(to, global.lvsTimeouts);
  if (global.lvsSyncDaemon !== undefined) printSyncDaemon(to, global.lvsSyncDaemon);
  printBuffer(to, 'lvs_netlink_cmd_rcv_bufs', global.lvsCommandBuffer);
  printBuffer(to, 'lvs_netlink_monitor_rcv_bufs', global.lvsMonitorBuffer);
  const { table, priority, startMark } = global.nftablesIpvs;
  to.value('nftables_ipvs', table);
  to.value('nftables_ipvs_priority', priority);
  to.value('nftables_ipvs_start_fwmark', startMark);
  to.flag('nftables_counters', global.nftablesCounters);
}

function printTimeouts(to: ConfigWriter, timeouts: LvsTimeouts): void {
  const words: (string | number)[] = [];
  if (timeouts.tcp !== undefined) words.push('tcp', timeouts.tcp);
  if (timeouts.tcpFin !== undefined) words.push('tcpfin', timeouts.tcpFin);
  if (timeouts.udp !== undefined) words.push('udp', timeouts.udp);
  to.line('lvs_timeouts', ...words);
}

function printSyncDaemon(to: ConfigWriter, daemon: LvsSyncDaemon): void {
  const words: (string | number)[] = [quotedWord(daemon.interface)];
  if (daemon.instance !== undefined) words.push('inst', quotedWord(daemon.instance));
  if (daemon.syncId !== undefined) words.push('id', daemon.syncId);
  if (daemon.maxLength !== undefined) words.push('maxlen', daemon.maxLength);
  if (daemon.port !== undefined) words.push('port', daemon.port);
  if (daemon.ttl !== undefined) words.push('ttl', daemon.ttl);
  if (daemon.group !== undefined) words.push('group', daemon.group);
  to.line('lvs_sync_daemon', ...words);
}

function printOwn(to: ConfigWriter, global: GlobalConfig): void {
  to.line('lvs_drift', global.lvsDrift);
  to.value('control_socket', global.controlSocket);
  if (global.metricsListen !== undefined) {
    const { address, port } = global.metricsListen;
    to.line('metrics_listen', isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`);
  }
  for (const sysctl of global.ipvsSysctls) to.line('ipvs_sysctl', sysctl.name, sysctl.value);
}

function printLinkbeat(to: ConfigWriter, global: GlobalConfig): void {
  if (global.linkbeatInterfaces.length === 0) return;
  to.block('linkbeat_interfaces', () => {
    for (const { name, method } of global.linkbeatInterfaces)
      to.line(quotedWord(name), ...(method === undefined ? [] : [method]));
  });
}
