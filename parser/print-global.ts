/**
 * The words of the top level and global_defs as text (print.ts).
 */
import type { GlobalConfig, LvsSyncDaemon, LvsTimeouts, NotifyFifo } from '../config/global.js';
import { isIpv6 } from '../runtime/addresses.js';
import { type ConfigWriter, quotedWord, userWords } from './print-writer.js';

export function printGlobal(to: ConfigWriter, global: GlobalConfig): void {
  to.value('net_namespace', global.netNamespace);
  if (global.netNamespaceIpvs === true) to.line('net_namespace_ipvs');
  else to.value('net_namespace_ipvs', global.netNamespaceIpvs);
  to.value('instance', global.instance);
  to.flag('use_pid_dir', global.usePidDir);
  to.line('child_wait_time', global.childWaitTime);
  to.block('global_defs', () => {
    printIdentity(to, global);
    printLvs(to, global);
    printOwn(to, global);
  });
}

function printIdentity(to: ConfigWriter, global: GlobalConfig): void {
  to.value('router_id', global.routerId);
  if (global.scriptUser !== undefined) to.line('script_user', ...userWords(global.scriptUser).map(quotedWord));
  to.flag('enable_script_security', global.enableScriptSecurity);
  to.boolean('use_symlink_paths', global.useSymlinkPaths);
  to.script('startup_script', global.startupScript);
  to.value('startup_script_timeout', global.startupScriptTimeout);
  to.script('shutdown_script', global.shutdownScript);
  to.value('shutdown_script_timeout', global.shutdownScriptTimeout);
  if (global.umask !== undefined) to.line('umask', `0${global.umask.toString(8)}`);
  to.value('random_seed', global.randomSeed);
  to.boolean('smtp_alert', global.smtpAlert);
  to.boolean('smtp_alert_checker', global.smtpAlertChecker);
  to.boolean('checker_log_all_failures', global.checkerLogAllFailures);
  to.value('checker_priority', global.checkerScheduling.priority);
  to.flag('checker_no_swap', global.checkerScheduling.noSwap);
  to.value('checker_rt_priority', global.checkerScheduling.rtPriority);
  if (global.reloadCheckConfig !== undefined) {
    const { logFile } = global.reloadCheckConfig;
    to.line('reload_check_config', ...(logFile === undefined ? [] : [quotedWord(logFile)]));
  }
  to.value('state_dump_file', global.stateDumpFile);
  printFifo(to, 'notify_fifo', global.notifyFifo);
  to.script('notify_fifo_script', global.notifyFifoScript);
  printFifo(to, 'lvs_notify_fifo', global.lvsNotifyFifo);
  to.script('lvs_notify_fifo_script', global.lvsNotifyFifoScript);
}

function printFifo(to: ConfigWriter, word: string, fifo: NotifyFifo | undefined): void {
  if (fifo === undefined) return;
  to.line(word, quotedWord(fifo.path), ...(fifo.user === undefined ? [] : userWords(fifo.user).map(quotedWord)));
}

function printLvs(to: ConfigWriter, global: GlobalConfig): void {
  to.boolean('rs_init_notifies', global.rsInitNotifies);
  to.boolean('lvs_flush', global.lvsFlush);
  if (global.lvsFlushOnStop !== 'off') {
    to.line('lvs_flush_on_stop', ...(global.lvsFlushOnStop === 'table' ? [] : ['VS']));
  }
  if (global.lvsTimeouts !== undefined) printTimeouts(to, global.lvsTimeouts);
  if (global.lvsSyncDaemon !== undefined) printSyncDaemon(to, global.lvsSyncDaemon);
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
