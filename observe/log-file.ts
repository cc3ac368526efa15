/**
 * The log file of -g: the console's lines, appended to a file (keepalived.md 2, -g and --flush-log-file).
 *
 * The file is opened O_APPEND and O_NOFOLLOW, mode 0600, and opened again when `reopen` is called (SIGHUP, after
 * logrotate) or when a write fails. Each record is one write, so --flush-log-file has nothing left to do. Each role
 * writes to a file of its own, named as keepalived names its children's.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { LvsdError } from '../runtime/errors.js';
import type { LogSink } from '../runtime/log.js';
import { stampedLines } from './log-line.js';

/** keepalived's default for -g without a name. */
export const defaultLogFile = '/tmp/keepalived.log';

/**
 * The name of a role's own log file: `/tmp/keepalived.log` becomes `/tmp/keepalived_check_NS_INSTANCE.log`. The parts
 * go before the last point of the file's name, as keepalived puts them.
 */
export function logFileName(
  base: string,
  parts: {
    readonly role?: string | undefined;
    readonly namespace?: string | undefined;
    readonly instance?: string | undefined;
  },
): string {
  const added = [parts.role, parts.namespace, parts.instance]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => `_${part}`)
    .join('');
  const slash = base.lastIndexOf('/');
  const point = base.lastIndexOf('.');
  return point > slash + 1 ? `${base.slice(0, point)}${added}${base.slice(point)}` : `${base}${added}`;
}

export class LogFile {
  readonly #path: string;
  #fd: number | undefined;
  #dropped = 0;

  /** @throws LvsdError LVSD_LOG_FILE when the file cannot be opened or is a symbolic link */
  constructor(path: string) {
    this.#path = path;
    this.#fd = this.#open();
  }

  /** The sink to hand to a SinkLog. It never throws. */
  readonly sink: LogSink = (record) => {
    const text = stampedLines(record);
    if (this.#write(text)) return;
    this.reopen();
    if (!this.#write(text)) this.#dropped++;
  };

  /** Closes the file and opens the one that now has its name. A failure keeps lines from being written, nothing else. */
  reopen(): void {
    this.close();
    try {
      this.#fd = this.#open();
    } catch {
      this.#fd = undefined;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Records that could not be written. */
  dropped(): number {
    return this.#dropped;
  }

  #write(text: string): boolean {
    if (this.#fd === undefined) return false;
    try {
      writeSync(this.#fd, text);
      return true;
    } catch {
      return false;
    }
  }

  #open(): number {
    const flags =
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    try {
      return openSync(this.#path, flags, 0o600);
    } catch (error) {
      throw new LvsdError(
        'LVSD_LOG_FILE',
        `Cannot open the log file ${this.#path}. Give -g a file that this user may write and that is not a symbolic link.`,
        { cause: error, fields: { path: this.#path } },
      );
    }
  }
}
