/**
 * Log lines on stderr (-l), as keepalived writes them: `Fri Nov 20 08:30:10 2026: text`; with -t without the stamp
 * (keepalived.md 2).
 *
 * A terminal that is stopped (Ctrl-S) or a pipe that nobody reads must not stop a daemon: a write that would block is
 * given up and counted. Nothing is buffered, so a line is either out or lost when the process dies.
 */
import { writeSync } from 'node:fs';
import type { LogRecord, LogSink } from '../runtime/log.js';
import { linesOf, stampedLines } from './log-line.js';

export interface ConsoleOptions {
  /** False for -t: the text alone. */
  readonly stamped?: boolean;
  /** Writes the bytes, or throws (EAGAIN, EPIPE). Default: stderr. */
  readonly write?: (text: string) => void;
}

export interface ConsoleSink extends LogSink {
  /** Lines that the terminal did not take. */
  readonly dropped: () => number;
}

const toStderr = (text: string): void => {
  writeSync(2, text);
};

/** A sink that writes each record to stderr at once. It never throws. */
export function consoleSink(options: ConsoleOptions = {}): ConsoleSink {
  const write = options.write ?? toStderr;
  const stamped = options.stamped ?? true;
  let dropped = 0;
  const sink = (record: LogRecord): void => {
    const text = stamped
      ? stampedLines(record)
      : linesOf(record.text)
          .map((line) => `${line}\n`)
          .join('');
    try {
      write(text);
    } catch {
      dropped++;
    }
  };
  return Object.assign(sink, { dropped: () => dropped });
}
