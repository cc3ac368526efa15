/**
 * A notification FIFO: a named pipe into which a line is written for each change, for programs that read it
 * (keepalived.md 13.2).
 *
 * It is opened for reading and writing, so it can be written to before anybody reads, and non-blocking, so a reader
 * that stands still costs nothing: when the pipe is full (64 KiB) lines are dropped and counted, and the log says so
 * once, and once more when it goes on. The lines are keepalived's without the NUL that its VS and RS lines end in by
 * mistake. What stands at the path already is used only if it is a FIFO of ours or of the configured owner.
 *
 * Which FIFOs exist, and the scripts that read them, is notify-fifo-set.ts.
 */
import { closeSync, constants, fchownSync, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { isNativeError } from 'node:util/types';
import { makeFifo } from '../native/process.js';
import { LvsdError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';

/** Before the umask. */
const MODE = 0o644;
/** A write of at most this much is never cut in two (pipe(7), PIPE_BUF). */
const MOST_LINE_BYTES = 4096;

/** `VS [10.0.0.1]:tcp:80 UP\n` */
export function virtualServerLine(virtualServer: string, up: boolean): string {
  return `VS ${virtualServer} ${up ? 'UP' : 'DOWN'}\n`;
}

/** `RS [10.1.0.1]:tcp:80 [10.0.0.1]:tcp:80 UP\n` */
export function realServerLine(realServer: string, virtualServer: string, up: boolean): string {
  return `RS ${realServer} ${virtualServer} ${up ? 'UP' : 'DOWN'}\n`;
}

export interface FifoOwner {
  readonly uid: number;
  readonly gid: number;
}

export class NotifyFifo {
  readonly path: string;
  /** Lines that found the pipe full. */
  dropped = 0;
  readonly #fd: number;
  readonly #made: boolean;
  readonly #log: Log;
  #full = false;
  #open = true;

  private constructor(path: string, fd: number, made: boolean, log: Log) {
    this.path = path;
    this.#fd = fd;
    this.#made = made;
    this.#log = log;
  }

  /**
   * Makes the FIFO if it is not there, and opens it.
   * @param owner who it shall belong to; undefined leaves it lvsd's own
   * @throws LvsdError LVSD_FIFO when it cannot be made or opened, or something else is at the path
   */
  static open(path: string, owner: FifoOwner | undefined, log: Log): NotifyFifo {
    const fail = (what: string, cure: string, cause?: unknown): LvsdError =>
      new LvsdError('LVSD_FIFO', `${what} ${path}: ${cure}`, { cause, fields: { path } });
    let made: boolean;
    try {
      made = makeFifo(path, MODE);
    } catch (cause) {
      throw fail('Unable to create notify fifo', 'see that its directory exists and that lvsd may write to it', cause);
    }
    let fd: number | undefined;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
      const found = fstatSync(fd);
      const ours = process.geteuid?.() ?? 0;
      if (!found.isFIFO() || (found.uid !== ours && found.uid !== owner?.uid)) {
        const why = 'something else is at that path; if it is not needed, remove it and reload';
        throw fail('notify fifo is not a fifo we own - not using', why);
      }
      if (made && owner !== undefined && (owner.uid !== found.uid || owner.gid !== found.gid)) {
        fchownSync(fd, owner.uid, owner.gid);
      }
      return new NotifyFifo(path, fd, made, log);
    } catch (cause) {
      if (fd !== undefined) closeSync(fd);
      if (made) removeQuietly(path);
      if (cause instanceof LvsdError) throw cause;
      throw fail('Unable to open notify fifo', 'see its permissions and those of its directory', cause);
    }
  }

  /** Writes one line, which ends in a newline. Never blocks. False: it was dropped. */
  write(line: string): boolean {
    if (!this.#open) return false;
    const bytes = Buffer.from(line);
    try {
      if (bytes.length > MOST_LINE_BYTES) throw new RangeError(`a line of ${bytes.length} bytes is too long`);
      writeSync(this.#fd, bytes);
    } catch (error) {
      this.dropped++;
      if (!this.#full) {
        const full = isNativeError(error) && 'code' in error && error.code === 'EAGAIN';
        const why = full ? 'it is full, nobody reads it' : String(error);
        this.#log.warning(`Notify fifo ${this.path}: ${why}; lines are dropped until it takes them again`);
      }
      this.#full = true;
      return false;
    }
    if (this.#full) this.#log.info(`Notify fifo ${this.path}: taking lines again, ${this.dropped} were dropped so far`);
    this.#full = false;
    return true;
  }

  /** Closes it, and removes it if lvsd made it. First the name, so that a reader that opens it again finds nothing. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#made) removeQuietly(this.path);
    closeSync(this.#fd);
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else removed it: that is what was wanted.
  }
}
