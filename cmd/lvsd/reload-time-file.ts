/**
 * reload_time_file and reload_repeat: a reload at a time that a file names (keepalived.md 7.3). The file is watched by its
 * folder; when the time comes it is removed, unless reload_repeat keeps one that names no day.
 *
 * When the folder is not there, or goes, nothing is watched until the next reload, as with keepalived.
 */
import { existsSync, type FSWatcher, readFileSync, unlinkSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock, Timer } from '../../runtime/clock.js';
import { describeError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { milliseconds } from '../../runtime/units.js';
import { readReloadTime } from './reload-time.js';

/** Several events of one change are looked at together. */
const SETTLE_MS = 50;
/** A timer cannot be set for longer than 24 days; and the clock of the wall may be moved meanwhile. */
const LONGEST_WAIT_MS = 3_600_000;

export interface ReloadTimeFileParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly reload: () => void;
}

export class ReloadTimeFile {
  readonly #parts: ReloadTimeFileParts;
  readonly #path: string;
  readonly #repeat: boolean;
  #watcher: FSWatcher | undefined;
  #settle: Timer | undefined;
  #timer: Timer | undefined;
  #due: { readonly at: number; readonly dated: boolean } | undefined;

  /** Begins to watch, and reads what is there. */
  constructor(path: string, repeat: boolean, parts: ReloadTimeFileParts) {
    this.#parts = parts;
    this.#path = path;
    this.#repeat = repeat;
    const folder = dirname(path);
    try {
      this.#watcher = watch(folder, { persistent: false }, (_event, name) => this.#changed(name));
      this.#watcher.on('error', () => this.#folderIsGone());
    } catch (error) {
      parts.log.info(`Unable to monitor reload timer file directory ${folder}: ${describeError(error)} - ignoring`);
      return;
    }
    this.#read();
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#settle?.cancel();
    this.#timer?.cancel();
  }

  #changed(name: string | null): void {
    if (!existsSync(dirname(this.#path))) {
      this.#folderIsGone();
      return;
    }
    if (name !== null && name !== basename(this.#path)) return;
    this.#settle?.cancel();
    this.#settle = this.#parts.clock.after(milliseconds(SETTLE_MS), 'reload time file', () => this.#read());
  }

  #folderIsGone(): void {
    if (this.#watcher === undefined) return;
    this.#cancel();
    this.close();
    this.#parts.log.info('Directory of reload timer file has disappeared. Monitoring stopped.');
  }

  #read(): void {
    const { clock, log } = this.#parts;
    let text: string;
    try {
      text = readFileSync(this.#path, 'latin1').split('\n', 1)[0] ?? '';
    } catch {
      this.#cancel();
      return;
    }
    if (text === '') {
      this.#cancel();
      return;
    }
    const time = readReloadTime(text, clock.wall());
    if (time.kind !== 'at') {
      log.info(
        time.kind === 'past'
          ? 'Reload date/time is in the past - ignoring'
          : `Invalid reload time '${text.slice(0, 40)}' specified - ignoring (HH:MM:SS, with YYYY-MM-DD and a blank before it or Z behind it)`,
      );
      this.#cancel();
      return;
    }
    if (time.at === this.#due?.at) return;
    log.info(
      this.#due === undefined
        ? `Scheduling reload for ${localTime(time.at)}`
        : `Reload time updated from ${localTime(this.#due.at)} to ${localTime(time.at)}`,
    );
    this.#due = time;
    this.#wait();
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#due !== undefined) this.#parts.log.info(`Cancelling reload scheduled for ${localTime(this.#due.at)}`);
    this.#due = undefined;
  }

  #wait(): void {
    this.#timer?.cancel();
    const { clock } = this.#parts;
    const left = (this.#due?.at ?? 0) - clock.wall();
    if (left <= 0) this.#fire();
    else this.#timer = clock.after(milliseconds(Math.min(left, LONGEST_WAIT_MS)), 'reload time', () => this.#wait());
  }

  #fire(): void {
    const dated = this.#due?.dated ?? false;
    this.#due = undefined;
    // What happens to the file from here on is our own doing, until the reload begins to watch anew.
    this.close();
    if (!this.#repeat || dated) {
      try {
        unlinkSync(this.#path);
      } catch (error) {
        this.#parts.log.warning(`The reload time file cannot be removed: ${describeError(error)}`);
      }
    }
    this.#parts.reload();
  }
}

/** `2026-11-20 14:00:00`, as keepalived logs it. */
function localTime(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
