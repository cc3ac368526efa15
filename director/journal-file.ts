/**
 * The journal on disk: /run/lvsd/journal (or beside it, for an instance or a namespace).
 *
 * A whole journal is written to a new file and renamed over the old one; single lines are appended to the open file.
 * A file that is a link, not ours, or too large is never followed. Nothing is synced: /run is memory, and what a
 * crash of the whole machine loses, the machine lost with its table.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { LvsdError } from '../runtime/errors.js';
import {
  emptyJournal,
  formatLines,
  type Journal,
  type JournalLine,
  journalLines,
  type ReadJournal,
  readJournal,
  type TableIdentity,
} from './journal.js';

/** A journal of 65,000 services with 40 servers each stays below this. */
const LARGEST_BYTES = 512 * 1024 * 1024;
/** After this many appended bytes, and as many as the whole had, the file is written anew. */
const COMPACT_AFTER_BYTES = 8 * 1024 * 1024;

export class JournalFile {
  readonly #path: string;
  readonly #identity: TableIdentity;
  #fd: number | undefined;
  #wholeBytes = 0;
  #appendedBytes = 0;
  /** The last line may be there in part: what follows must not become its end. */
  #torn = false;

  constructor(path: string, identity: TableIdentity) {
    this.#path = path;
    this.#identity = identity;
  }

  /** What an earlier lvsd left. A missing file is an empty journal. */
  read(): ReadJournal {
    let fd: number;
    try {
      fd = openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'journal', journal: emptyJournal };
      return { kind: 'damaged', error: this.#cannot('read', cause) };
    }
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile() || stat.uid !== process.geteuid?.() || stat.size > LARGEST_BYTES)
        return { kind: 'damaged', error: this.#cannot('trust', undefined) };
      return readJournal(readFileSync(fd, 'utf8'), this.#identity);
    } catch (cause) {
      return { kind: 'damaged', error: this.#cannot('read', cause) };
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Puts a whole journal in the place of the old one, atomically.
   * @throws LvsdError LVSD_JOURNAL_WRITE
   */
  replace(journal: Journal): void {
    const text = formatLines(journalLines(this.#identity, journal));
    const temporary = `${this.#path}.new`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      rmSync(temporary, { force: true });
      const fd = openSync(
        temporary,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_APPEND,
        0o600,
      );
      try {
        fchmodSync(fd, 0o600);
        writeAll(fd, text);
        renameSync(temporary, this.#path);
      } catch (cause) {
        closeSync(fd);
        throw cause;
      }
      if (this.#fd !== undefined) closeSync(this.#fd);
      this.#fd = fd;
      this.#wholeBytes = text.length;
      this.#appendedBytes = 0;
      this.#torn = false;
    } catch (cause) {
      throw this.#cannot('write', cause);
    }
  }

  /**
   * Adds lines behind what is there.
   * @returns false if there is nothing yet: `replace` was not called, or failed
   * @throws LvsdError LVSD_JOURNAL_WRITE
   */
  append(lines: Iterable<JournalLine>): boolean {
    if (this.#fd === undefined) return false;
    const text = formatLines(lines);
    if (text === '') return true;
    try {
      const whole = this.#torn ? `\n${text}` : text;
      this.#torn = true;
      writeAll(this.#fd, whole);
      this.#torn = false;
      this.#appendedBytes += whole.length;
      return true;
    } catch (cause) {
      throw this.#cannot('write', cause);
    }
  }

  /** Whether so much was appended that the owner should `replace` it when it has time. */
  get wantsCompaction(): boolean {
    return this.#appendedBytes > COMPACT_AFTER_BYTES && this.#appendedBytes > this.#wholeBytes;
  }

  /** Removes the file: nothing in the kernel is ours any more. */
  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #cannot(verb: string, cause: unknown): LvsdError {
    const code = verb === 'write' ? 'LVSD_JOURNAL_WRITE' : 'LVSD_JOURNAL_DAMAGED';
    return new LvsdError(
      code,
      `Cannot ${verb} the journal ${this.#path}. Without it a crash would leave services in the kernel that lvsd no ` +
        'longer knows as its own. See that its directory is on a writable file system, owned by root, with room.',
      { cause, fields: { path: this.#path } },
    );
  }
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  let offset = 0;
  while (offset < bytes.length) offset += writeSync(fd, bytes, offset);
}
