/**
 * Log lines on stderr (-l), as keepalived writes them: `Fri Nov 20 08:30:10 2026: text`; with -t without the stamp
 * (keepalived.md 2).
 *
 * A terminal that is stopped (Ctrl-S) or a pipe that nobody reads must not stop a daemon: a write that would block is
 * given up and counted. What one turn of the event loop logs may go out in one write at its end (`gathered`): a start
 * that names 37,000 checkers costs 900 writes then. What the turn has not written when the process exits is written there.
 */
import { writeSync } from 'node:fs';
import type { LogRecord, LogSink } from '../runtime/log.js';
import { linesOf, stampedLines } from './log-line.js';

export interface ConsoleOptions {
  /** False for -t: the text alone. */
  readonly stamped?: boolean;
  /** Writes the bytes, or throws (EAGAIN, EPIPE). Default: stderr. */
  readonly write?: (text: string) => void;
  /** One write for the lines of one turn, as far as LARGEST_WRITE goes. Default: each line at once. */
  readonly gathered?: boolean;
}

/** Characters; a pipe takes so much whole or not at all (PIPE_BUF), so no line is cut. */
const LARGEST_WRITE = 4096;

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
  let waiting = '';
  let lines = 0;
  const flush = (): void => {
    const text = waiting;
    waiting = '';
    const count = lines;
    lines = 0;
    if (text === '') return;
    try {
      write(text);
    } catch {
      dropped += count;
    }
  };
  if (options.gathered === true) process.on('exit', flush);
  const sink = (record: LogRecord): void => {
    const text = stamped
      ? stampedLines(record)
      : linesOf(record.text)
          .map((line) => `${line}\n`)
          .join('');
    if (waiting.length + text.length > LARGEST_WRITE) flush();
    if (waiting === '' && options.gathered === true) queueMicrotask(flush);
    waiting += text;
    lines++;
    if (options.gathered !== true) flush();
  };
  return Object.assign(sink, { dropped: () => dropped });
}
