/**
 * The words of global_defs about reloads, done by the supervisor (keepalived.md 7.3, keepalived.conf(5)):
 *
 * - reload_file: an empty file stands there while the configuration is read, so that whoever writes configurations can
 *   wait until it is gone;
 * - config_save_dir: what was read is kept, one file a start and reload, for whoever looks for the cause of trouble later;
 * - reload_time_file, reload_repeat: a reload at a time that a file names (reload-time-file.ts).
 *
 * None of them decides about a reload: what cannot be done is told, and the reload goes on.
 */
import { closeSync, constants, fchmodSync, mkdirSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { GlobalConfig } from '../../config/global.js';
import type { Clock } from '../../runtime/clock.js';
import { describeError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import type { LoadedConfiguration } from './configuration.js';
import { ReloadTimeFile } from './reload-time-file.js';

export interface ReloadWordsParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Of the supervisor: stands in the names of kept files. */
  readonly pid: number;
  /** The supervisor's PID file: reload_file without a name stands beside it. */
  readonly pidFile: string;
  readonly reload: () => void;
}

export class ReloadWords {
  readonly #parts: ReloadWordsParts;
  #kept = 0;
  #timeFile: ReloadTimeFile | undefined;

  constructor(parts: ReloadWordsParts) {
    this.#parts = parts;
  }

  /** The first configuration was read: nobody need wait any longer, and it is kept. */
  started(first: LoadedConfiguration): void {
    this.#removeReloadFile(first.global);
    this.#keep(first);
  }

  /**
   * Reads a configuration under the words of the one in force.
   * @param load reads; what it throws goes on to the caller
   */
  read(inForce: GlobalConfig | undefined, load: () => LoadedConfiguration): LoadedConfiguration {
    this.#makeReloadFile(inForce);
    try {
      const loaded = load();
      this.#keep(loaded);
      return loaded;
    } finally {
      this.#removeReloadFile(inForce);
    }
  }

  /** A configuration is in force, the new one or still the old: its reload_time_file is watched from now on. */
  inForce({ reloadControl }: GlobalConfig): void {
    this.#timeFile?.close();
    const { timeFile, repeat } = reloadControl;
    this.#timeFile = timeFile === undefined ? undefined : new ReloadTimeFile(timeFile, repeat, this.#parts);
  }

  /** Ends the watching. */
  close(): void {
    this.#timeFile?.close();
  }

  #reloadFile(global: GlobalConfig | undefined): string | undefined {
    const file = global?.reloadControl.holdFile;
    return file === true ? join(dirname(this.#parts.pidFile), 'keepalived.reload') : file;
  }

  #makeReloadFile(global: GlobalConfig | undefined): void {
    const path = this.#reloadFile(global);
    if (path === undefined) return;
    try {
      const fd = openSync(
        path,
        constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
        0o644,
      );
      // Whoever waits for it need not be root.
      fchmodSync(fd, 0o644);
      closeSync(fd);
    } catch (error) {
      this.#parts.log.warning(`Failed to create reload file (${path}): ${describeError(error)}`);
    }
  }

  #removeReloadFile(global: GlobalConfig | undefined): void {
    const path = this.#reloadFile(global);
    if (path === undefined) return;
    try {
      unlinkSync(path);
    } catch {
      // Somebody removed it, or it could not be made, which was told.
    }
  }

  /** `keepalived.conf.PID.N` with the text after includes and definitions; N counts from 0, the start. */
  #keep({ global, snapshot }: LoadedConfiguration): void {
    const number = this.#kept++;
    const folder = global.reloadControl.saveDirectory;
    if (folder === undefined) return;
    try {
      // As keepalived: made if only the last part is absent.
      if (statSync(folder, { throwIfNoEntry: false }) === undefined) mkdirSync(folder, 0o700);
      const path = join(folder, `keepalived.conf.${this.#parts.pid}.${number}`);
      const fd = openSync(
        path,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
        0o600,
      );
      try {
        const bytes = Buffer.from(`# ${snapshot.files[0] ?? ''}\n${snapshot.text}`);
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      this.#parts.log.warning(`Failed to keep the configuration in config_save_dir ${folder}: ${describeError(error)}`);
    }
  }
}
