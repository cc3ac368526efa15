/**
 * The section `Global definitions` of keepalived's dump files (keepalived.md 4), which keepalived_parent.data consists of
 * and the others begin with.
 *
 * Lines, order and words are those of keepalived 2.2.7, for what the LVS side has. What lvsd has no value for (VRRP,
 * SNMP, DBus, receive buffers) has no line rather than a made-up one.
 */
import type { GlobalConfig } from '../config/global.js';
import type { Script, ScriptUser } from '../config/script.js';

const yesNo = (value: boolean): string => (value ? 'true' : 'false');

const unsetOr = (value: boolean | undefined): string => (value === undefined ? 'unset' : value ? 'on' : 'off');

/** A script as dumps show it: each word in quotes. */
export function dumpedScript(script: Script): string {
  return script.argv.map((word) => `'${word}'`).join(' ');
}

function dumpedUser(user: ScriptUser | undefined): string {
  if (user === undefined) return '';
  return user.group === undefined ? ` user ${user.name}` : ` user ${user.name}:${user.group}`;
}

/** The section, line by line, without newlines. @param namespace of -s or net_namespace, in force */
export function* globalDefinitions(config: GlobalConfig, namespace: string | undefined): Generator<string> {
  yield '------< Global definitions >------';
  yield ` Network namespace = ${namespace ?? '(default)'}`;
  const ipvs = config.netNamespaceIpvs;
  yield ` Network namespace ipvs = ${ipvs === undefined ? '(main namespace)' : ipvs === true ? '(default)' : ipvs}`;
  if (config.instance !== undefined) yield ` Instance name = ${config.instance}`;
  if (config.usePidDir) yield ' Use pid directory';
  if (config.routerId !== undefined) yield ` Router ID = ${config.routerId}`;
  yield ` Default smtp_alert = ${unsetOr(config.smtpAlert)}`;
  yield ` Default smtp_alert_checker = ${unsetOr(config.smtpAlertChecker)}`;
  yield ` Checkers log all failures = ${yesNo(config.checkerLogAllFailures)}`;
  if (config.startupScript !== undefined) {
    const timeout = config.startupScriptTimeout ?? 10;
    yield ` Startup script = ${dumpedScript(config.startupScript)},${dumpedUser(config.startupScript.user)} timeout ${timeout}`;
  }
  if (config.shutdownScript !== undefined) {
    const timeout = config.shutdownScriptTimeout ?? 10;
    yield ` Shutdown script = ${dumpedScript(config.shutdownScript)},${dumpedUser(config.shutdownScript.user)} timeout ${timeout}`;
  }
  const check = config.reloadCheckConfig;
  yield check === undefined
    ? ' No test config before reload'
    : ` Test config before reload, log to ${check.logFile ?? '/dev/null'}`;
  if (config.lvsTimeouts?.tcp !== undefined) yield ` LVS TCP timeout = ${config.lvsTimeouts.tcp}`;
  if (config.lvsTimeouts?.tcpFin !== undefined) yield ` LVS TCP FIN timeout = ${config.lvsTimeouts.tcpFin}`;
  if (config.lvsTimeouts?.udp !== undefined) yield ` LVS UDP timeout = ${config.lvsTimeouts.udp}`;
  const sync = config.lvsSyncDaemon;
  if (sync !== undefined) {
    yield ` LVS syncd interface = ${sync.interface}`;
    if (sync.syncId !== undefined) yield ` LVS syncd syncid = ${sync.syncId}`;
    if (sync.maxLength !== undefined) yield ` LVS syncd maxlen = ${sync.maxLength}`;
    if (sync.group !== undefined) yield ` LVS mcast group = ${sync.group}`;
    if (sync.port !== undefined) yield ` LVS syncd mcast port = ${sync.port}`;
    if (sync.ttl !== undefined) yield ` LVS syncd mcast ttl = ${sync.ttl}`;
  }
  yield ` LVS flush = ${yesNo(config.lvsFlush)}`;
  const onStop = { off: 'disabled', table: 'full', 'virtual-servers': 'VS' }[config.lvsFlushOnStop];
  yield ` LVS flush on stop = ${onStop}`;
  if (config.notifyFifo !== undefined)
    yield ` Global notify fifo = ${config.notifyFifo.path}${dumpedUser(config.notifyFifo.user)}`;
  if (config.notifyFifoScript !== undefined)
    yield ` Global notify fifo script = ${dumpedScript(config.notifyFifoScript)}`;
  if (config.lvsNotifyFifo !== undefined)
    yield ` LVS notify fifo = ${config.lvsNotifyFifo.path}${dumpedUser(config.lvsNotifyFifo.user)}`;
  if (config.lvsNotifyFifoScript !== undefined)
    yield ` LVS notify fifo script = ${dumpedScript(config.lvsNotifyFifoScript)}`;
  yield ` Checker process priority = ${config.checkerScheduling.priority ?? 0}`;
  yield ` Checker don't swap = ${yesNo(config.checkerScheduling.noSwap)}`;
  yield ` Checker realtime priority = ${config.checkerScheduling.rtPriority ?? 0}`;
  yield ` Script security ${config.enableScriptSecurity ? 'enabled' : 'disabled'}`;
  yield ` rs_init_notifies = ${config.rsInitNotifies ? 1 : 0}`;
  if (config.umask !== undefined) yield ` umask = 0${config.umask.toString(8)}`;
}
