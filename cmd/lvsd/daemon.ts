/**
 * From the command line to a running supervisor: background, pid file, log, signals, systemd, lvsctl's socket.
 *
 * keepalived's order of lines and of checks at start (keepalived.md 1, 2, 4). A daemon in the background is this program
 * started once more without a terminal; the one that the operator started ends at once with 0, as keepalived's does.
 */
import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { enterNamespace } from '../../native/process.js';
import { onSignal } from '../../native/signals.js';
import { defaultControlSocket } from '../../observe/control-protocol.js';
import type { ControlSocket } from '../../observe/control-socket.js';
import { openDatagram } from '../../observe/datagram.js';
import { Systemd } from '../../observe/systemd.js';
import { systemClock } from '../../runtime/clock.js';
import { describeError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { type CommandLine, unbuiltOptions } from './command-line.js';
import { type LoadedConfiguration, loadConfiguration } from './configuration.js';
import { type BegunDaemon, daemonUmask, IN_BACKGROUND } from './daemon-begin.js';
import { endEarlyHangup } from './early-hangup.js';
import { type LogSettings, openLog } from './logging.js';
import type { RoleName, Welcome } from './messages.js';
import { AlreadyRunningError, PidFile, pidFilePath, pidFilePlace, systemFor } from './pid-file.js';
import { ReloadWords } from './reload-words.js';
import { exitCode } from './restart-policy.js';
import { HOME_NAMESPACE_FD } from './role-spawn.js';
import { Supervisor } from './supervisor.js';
import { version } from './version.js';

/** keepalived's real-time signals: each would end a process that does not listen (keepalived.md 4). */
const vrrpSignals = [
  { number: 36, asks: 'the JSON state of VRRP (lvsctl status --json has that of virtual servers)' },
  { number: 63, asks: 'VRRP statistics to be written and cleared' },
  { number: 64, asks: 'a thread dump' },
] as const;

/** @param begun undefined for a process that only starts the daemon in the background */
export async function startDaemon(commandLine: CommandLine, begun: BegunDaemon | undefined): Promise<void> {
  if (begun === undefined) {
    if (mayGoToBackground(commandLine)) goToBackground();
    return;
  }
  try {
    await serve(commandLine, begun);
  } finally {
    begun.ahead.end();
  }
}

async function serve(commandLine: CommandLine, { environment, ahead }: BegunDaemon): Promise<void> {
  const first = read(commandLine);
  if (first === undefined) return;
  const { global } = first;
  // Both are inherited: who was started before they were known is not what is wanted.
  const ipvs = global.netNamespaceIpvs;
  if (
    global.netNamespace !== undefined ||
    ipvs !== undefined ||
    (commandLine.umask === undefined && global.umask !== undefined)
  )
    ahead.end();
  process.umask(daemonUmask(commandLine, global.umask));
  const namespace = commandLine.namespace ?? global.netNamespace;
  const logSettings: LogSettings = {
    detail: commandLine.logDetail > 0,
    console: commandLine.logConsole && commandLine.foreground,
    syslog: commandLine.syslog ? commandLine.facility : undefined,
    logFile: commandLine.logFile,
    instance: global.instance,
    namespace,
  };
  const log = openLog(logSettings, undefined);
  const pidFile = takePidFile(commandLine, first, log);
  if (pidFile === undefined) return;
  tellStart(commandLine, log);
  // `net_namespace_ipvs` without a name: the table is where lvsd began, and the rest in net_namespace.
  const home = ipvs === true && namespace !== undefined ? openSync('/proc/thread-self/ns/net', 'r') : undefined;
  if (namespace !== undefined) {
    try {
      enterNamespace(`/run/netns/${namespace}`, 'network');
    } catch (error) {
      log.error(
        `Cannot enter the network namespace ${namespace}: ${describeError(error)}. Make it with: ip netns add ${namespace}`,
      );
      pidFile.remove();
      process.exit(exitCode.fatal);
    }
  }

  const systemd = new Systemd({
    environment,
    open: openDatagram,
    clock: systemClock,
  });
  const suffix = [namespace, global.instance].filter((part) => part !== undefined).join('_');
  const ipvsNamespace =
    home === undefined
      ? typeof ipvs === 'string'
        ? `/run/netns/${ipvs}`
        : undefined
      : `/proc/self/fd/${HOME_NAMESPACE_FD}`;
  const welcome = (role: RoleName): Welcome => ({
    type: 'welcome',
    role,
    log: logSettings,
    checkerOnly: !commandLine.subsystems.vrrp,
    ignoreUnbuilt: commandLine.ignoreUnbuilt,
    keepTable: commandLine.keepIpvsAtStop,
    journal: suffix === '' ? '/run/lvsd/journal' : `/run/lvsd/journal_${suffix}`,
    ipvsNamespace,
  });
  let control: ControlSocket | undefined;
  const reloadWords = new ReloadWords({
    clock: systemClock,
    log,
    pid: process.pid,
    pidFile: pidFile.path,
    reload: () => void supervisor.reload(),
  });
  reloadWords.started(first);
  const supervisor: Supervisor = new Supervisor({
    commandLine,
    clock: systemClock,
    log,
    systemd,
    pidFile,
    first,
    ahead,
    otherNamespace: ipvsNamespace === undefined ? undefined : { home },
    welcome,
    reloadWords,
    exit: (status) => {
      void Promise.resolve(control?.close()).finally(() => process.exit(status));
    },
  });
  listenToSignals(supervisor, commandLine, log);
  process.on('uncaughtException', (error) => {
    log.error(`lvsd met an error that it cannot go on from: ${describeError(error)}\n${error.stack}`);
    pidFile.remove();
    process.exit(exitCode.programError);
  });
  await supervisor.start();
  if (supervisor.stopping) return;
  ahead.end();
  systemd.startWatchdog(() => supervisor.healthy());
  const { openFaces } = await import('./daemon-faces.js');
  control = await openFaces(supervisor, {
    commandLine,
    controlSocket: global.controlSocket ?? (suffix === '' ? defaultControlSocket : `/run/lvsd/control_${suffix}.sock`),
    metricsListen: global.metricsListen,
    log,
  });
}

/**
 * What can be known before the terminal is left is told on it, with its exit status: no file, or a daemon that runs.
 * keepalived too looks at both before it forks.
 */
function mayGoToBackground(commandLine: CommandLine): boolean {
  const first = read(commandLine);
  if (first === undefined) return false;
  const log = terminalLog(commandLine);
  const missing = first.diagnostics.filter(({ code }) => code === 'LVSD_CONFIG_FILE_MISSING');
  if (missing.length > 0) {
    for (const { message } of missing) log.error(message);
    process.exitCode = exitCode.noConfig;
    return false;
  }
  const pidFile = takePidFile(commandLine, first, log);
  pidFile?.remove();
  return pidFile !== undefined;
}

/** Starts this program again without a terminal and lets this process end. */
function goToBackground(): void {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, [IN_BACKGROUND]: '1' },
  });
  child.unref();
}

function read(commandLine: CommandLine): LoadedConfiguration | undefined {
  try {
    return loadConfiguration(commandLine.configFile, commandLine);
  } catch (error) {
    terminalLog(commandLine).error(describeError(error));
    process.exitCode = exitCode.noConfig;
    return undefined;
  }
}

/** For what is told before the configuration says how to log. */
function terminalLog({ syslog, facility, logFile }: CommandLine): Log {
  const settings = { detail: false, console: true, logFile, instance: undefined, namespace: undefined };
  return openLog({ ...settings, syslog: syslog ? facility : undefined }, undefined);
}

function takePidFile(commandLine: CommandLine, first: LoadedConfiguration, log: Log): PidFile | undefined {
  const path = pidFilePath('parent', pidFilePlace(commandLine, first.global));
  try {
    return PidFile.take(
      path,
      process.pid,
      systemFor((text) => log.info(text)),
    );
  } catch (error) {
    log.error(describeError(error));
    process.exitCode = error instanceof AlreadyRunningError ? exitCode.ok : exitCode.fatal;
    return undefined;
  }
}

function tellStart(commandLine: CommandLine, log: Log): void {
  let kernel = release();
  try {
    kernel = readFileSync('/proc/version', 'utf8').trim();
  } catch {
    // /proc may not be there in a bare container; the release is enough.
  }
  log.info(`Starting lvsd v${version}`);
  log.info(`Running on ${kernel}`);
  log.info(
    `Command line: ${process.argv
      .slice(1)
      .map((word) => `'${word}'`)
      .join(' ')}`,
  );
  log.info(`Configuration file ${commandLine.configFile}`);
  for (const warning of [...commandLine.warnings, ...unbuiltOptions(commandLine).map(({ message }) => message)])
    log.warning(warning);
}

function listenToSignals(supervisor: Supervisor, commandLine: CommandLine, log: Log): void {
  process.on('SIGHUP', () => void supervisor.reload());
  if (endEarlyHangup()) void supervisor.reload();
  process.on('SIGTERM', () => void supervisor.stop());
  if (commandLine.ignoreSigint) process.on('SIGINT', () => {});
  else process.on('SIGINT', () => void supervisor.stop());
  process.on('SIGUSR2', () =>
    log.info('SIGUSR2 asks for VRRP statistics, and lvsd does not run VRRP yet: nothing was written'),
  );
  process.on('SIGPIPE', () => {});
  for (const { number, asks } of vrrpSignals) {
    onSignal(number, () =>
      log.info(`Signal ${number} asks for ${asks}, and lvsd does not run VRRP yet: nothing was written`),
    );
  }
}
