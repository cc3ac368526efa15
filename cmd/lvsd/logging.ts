/**
 * Where a process of lvsd writes its log: the sinks that the command line asks for.
 *
 * The supervisor and every role make their own from the same settings, so a line reaches syslog under the identity of
 * the process that had something to say, as with keepalived (keepalived.md 1).
 */
import { consoleSink } from '../../observe/console.js';
import { openDatagram } from '../../observe/datagram.js';
import { LogFile, logFileName } from '../../observe/log-file.js';
import { Syslog, type SyslogFacility, syslogIdent } from '../../observe/syslog.js';
import { describeError } from '../../runtime/errors.js';
import { type Log, type LogSink, SinkLog } from '../../runtime/log.js';

export interface LogSettings {
  /** -D */
  readonly detail: boolean;
  /** -l, or -n without syslog */
  readonly console: boolean;
  /** Undefined with -G. */
  readonly syslog: SyslogFacility | undefined;
  readonly logFile: string | undefined;
  readonly instance: string | undefined;
  readonly namespace: string | undefined;
}

/**
 * Opens the sinks. One that cannot be opened is told on the others and left out: a log never keeps lvsd from serving.
 * @param role undefined for the supervisor
 */
export function openLog(settings: LogSettings, role: string | undefined): Log {
  const sinks: LogSink[] = [];
  let trouble: string | undefined;
  const parts = { role, instance: settings.instance, namespace: settings.namespace };
  if (settings.syslog !== undefined) {
    sinks.push(
      new Syslog({ ident: syslogIdent(parts), facility: settings.syslog, pid: process.pid, open: openDatagram }).sink,
    );
  }
  if (settings.console) sinks.push(consoleSink({ gathered: true }));
  if (settings.logFile !== undefined) {
    try {
      sinks.push(new LogFile(logFileName(settings.logFile, parts)).sink);
    } catch (error) {
      trouble = describeError(error);
    }
  }
  const log = new SinkLog(sinks, { detail: settings.detail });
  if (trouble !== undefined) log.error(trouble);
  return log;
}
