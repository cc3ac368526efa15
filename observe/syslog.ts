/**
 * Log lines to syslog, as keepalived sends them: RFC 3164 lines on /dev/log, ident `Keepalived` or
 * `Keepalived_healthcheckers` with the suffix of the instance or the namespace, with the pid, facility by -S
 * (keepalived.md 1 and 2).
 *
 * Logging never blocks and never fails upward. A line that syslog does not take (queue full, restarted, gone) is tried
 * once more on a fresh socket, then counted; when lines go through again, one line tells how many were lost. There is no
 * queue of our own: late log lines mislead, and memory is for the work.
 *
 * Source: RFC 3164 section 4.1 (PRI, TIMESTAMP, TAG; on a local socket there is no HOSTNAME), syslog(3).
 */
import { type LogLevel, type LogRecord, type LogSink, severities } from '../runtime/log.js';
import type { DatagramSender, OpenDatagram } from './datagram.js';
import { clockTime, linesOf, months, paddedDay } from './log-line.js';

/** What -S may say (keepalived.md 2). */
export type SyslogFacility = 'user' | 'daemon' | `local${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`;

const facilityCodes: Readonly<Record<SyslogFacility, number>> = {
  user: 1,
  daemon: 3,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
};

/** Reads the argument of -S: `0`-`7`, `local0`-`local7`, `user`, `daemon`; undefined if it is none of these. */
export function parseFacility(text: string): SyslogFacility | undefined {
  const name = /^[0-7]$/.test(text) ? `local${text}` : text;
  return name in facilityCodes ? (name as SyslogFacility) : undefined;
}

export interface IdentParts {
  /** Undefined is the parent. */
  readonly role?: string | undefined;
  readonly namespace?: string | undefined;
  readonly instance?: string | undefined;
}

/** keepalived's idents for the roles that it has too; lvsd's own roles add their name. */
const roleIdents: ReadonlyMap<string, string> = new Map([
  ['director', 'Keepalived_healthcheckers'],
  ['checker', 'Keepalived_healthcheckers'],
  ['vrrp', 'Keepalived_vrrp'],
  ['bfd', 'Keepalived_bfd'],
]);

/** `Keepalived`, `Keepalived_healthcheckers_blue`: the ident of a process (keepalived.md 1). */
export function syslogIdent(parts: IdentParts): string {
  const base = parts.role === undefined ? 'Keepalived' : (roleIdents.get(parts.role) ?? `Keepalived_${parts.role}`);
  return [base, parts.namespace, parts.instance].filter((part) => part !== undefined && part !== '').join('_');
}

/** Longer lines are cut: RFC 3164 asks for 1024, every syslog of today takes 8 kB. */
const longestDatagram = 8192;

export interface SyslogOptions {
  readonly ident: string;
  readonly facility: SyslogFacility;
  readonly pid: number;
  readonly open: OpenDatagram;
  /** Default: /dev/log. */
  readonly path?: string;
}

/** One datagram: `<30>Nov 20 08:30:10 Keepalived[141]: text`, without a newline. @param wall milliseconds since 1970 */
export function rfc3164Line(
  facility: SyslogFacility,
  level: LogLevel,
  wall: number,
  ident: string,
  pid: number,
  text: string,
): Buffer {
  const at = new Date(wall);
  const priority = facilityCodes[facility] * 8 + severities[level];
  const head = `<${priority}>${months[at.getMonth()]} ${paddedDay(at)} ${clockTime(at)} ${ident}[${pid}]: `;
  const line = Buffer.from(head + text);
  if (line.length <= longestDatagram) return line;
  let end = longestDatagram;
  // Do not cut inside a character: continuation bytes of UTF-8 are 10xxxxxx.
  while (((line[end] as number) & 0xc0) === 0x80) end--;
  return line.subarray(0, end);
}

export class Syslog {
  readonly #options: SyslogOptions;
  readonly #path: string;
  #sender: DatagramSender | undefined;
  #dropped = 0;
  #untold = 0;

  constructor(options: SyslogOptions) {
    this.#options = options;
    this.#path = options.path ?? '/dev/log';
  }

  /** The sink to hand to a SinkLog. It never throws and never waits. */
  readonly sink: LogSink = (record) => {
    for (const text of linesOf(record.text)) this.#line(record, text);
  };

  /** Lines that syslog did not take since the start. */
  dropped(): number {
    return this.#dropped;
  }

  close(): void {
    this.#sender?.close();
    this.#sender = undefined;
  }

  #line(record: LogRecord, text: string): void {
    if (!this.#send(record.level, record.wall, text)) {
      this.#dropped++;
      this.#untold++;
      return;
    }
    if (this.#untold === 0) return;
    const told = `${this.#untold} log lines were lost before this one: syslog did not take them`;
    if (this.#send('warning', record.wall, told)) this.#untold = 0;
  }

  #send(level: LogLevel, wall: number, text: string): boolean {
    const { facility, ident, pid } = this.#options;
    const bytes = rfc3164Line(facility, level, wall, ident, pid, text);
    for (let attempt = 0; attempt < 2; attempt++) {
      this.#sender ??= this.#options.open(this.#path);
      if (this.#sender === undefined) return false;
      const outcome = this.#sender.send(bytes);
      if (outcome === 'sent') return true;
      if (outcome !== 'gone') return false;
      this.close();
    }
    return false;
  }
}
