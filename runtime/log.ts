/**
 * Log lines: what happened, to what, how bad.
 *
 * A process has one `Log`; where its lines go (syslog, console, file) is decided by whoever starts it and handed in as
 * sinks. Lines that operators grep keep keepalived's words to the letter (keepalived.md 21); nothing here rewrites
 * them. A sink that fails never takes the process down.
 */

/** The levels of syslog that lvsd uses (RFC 5424 section 6.2.1); the number is the severity. */
export const severities = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const;
export type LogLevel = keyof typeof severities;

export interface LogRecord {
  readonly level: LogLevel;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly wall: number;
}

export type LogSink = (record: LogRecord) => void;

export interface Log {
  error(text: string): void;
  warning(text: string): void;
  notice(text: string): void;
  info(text: string): void;
  /** Written only with -D (log detail). */
  debug(text: string): void;
}

export class SinkLog implements Log {
  readonly #sinks: readonly LogSink[];
  readonly #detail: boolean;
  readonly #wall: () => number;

  constructor(sinks: readonly LogSink[], options: { readonly detail?: boolean; readonly wall?: () => number } = {}) {
    this.#sinks = sinks;
    this.#detail = options.detail ?? false;
    this.#wall = options.wall ?? Date.now;
  }

  error(text: string): void {
    this.#write('error', text);
  }
  warning(text: string): void {
    this.#write('warning', text);
  }
  notice(text: string): void {
    this.#write('notice', text);
  }
  info(text: string): void {
    this.#write('info', text);
  }
  debug(text: string): void {
    if (this.#detail) this.#write('debug', text);
  }

  #write(level: LogLevel, text: string): void {
    const record: LogRecord = { level, text, wall: this.#wall() };
    for (const sink of this.#sinks) {
      try {
        sink(record);
      } catch {
        // A full disk or a missing syslog must not stop the entrance of a data centre.
      }
    }
  }
}

/** A log that keeps its lines: for tests. */
export class MemoryLog extends SinkLog {
  readonly lines: string[];
  constructor() {
    const lines: string[] = [];
    super([(record) => lines.push(record.text)], { detail: true });
    this.lines = lines;
  }
}
