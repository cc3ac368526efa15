/**
 * PID files: where they are, who may write them, and the lock that keeps a role from running twice.
 *
 * Paths are keepalived's (keepalived.md 1, checked against 2.2.7): plain files in /run; with an instance or use_pid_dir
 * in /run/keepalived, with `_INSTANCE` in the name; in a network namespace in /run/keepalived/NAMESPACE, which is where
 * keepalived's files are seen from outside its mount namespace. A live process in the file, or a lock on it, refuses the
 * start in keepalived's words; a dead one is a zombie file, told and written over.
 *
 * The lock (flock(2)) is held as long as the process lives, so two starts at the same instant cannot both win, and a
 * file left by kill -9 never blocks. keepalived takes no lock: its process is recognised by its pid.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { GlobalConfig } from '../../config/global.js';
import { tryLock } from '../../native/process.js';
import { LvsdError } from '../../runtime/errors.js';
import type { CommandLine, PidFileOptions } from './command-line.js';

/** keepalived's names of the processes that have a PID file. */
export type PidFileOwner = keyof PidFileOptions;

const baseNames: Readonly<Record<PidFileOwner, string>> = {
  parent: 'keepalived',
  checkers: 'checkers',
  vrrp: 'vrrp',
  bfd: 'bfd',
};

export interface PidFilePlace {
  readonly namespace: string | undefined;
  readonly instance: string | undefined;
  readonly usePidDir: boolean;
  /** -p, -c, -r, -b. */
  readonly options: PidFileOptions;
  /** Default /run. */
  readonly runDirectory?: string;
}

/** Where PID files are by the command line and the configuration that lvsd began with: they stay there. */
export function pidFilePlace(
  commandLine: Pick<CommandLine, 'namespace' | 'pidFiles'>,
  global: Pick<GlobalConfig, 'netNamespace' | 'instance' | 'usePidDir'>,
): PidFilePlace {
  return {
    namespace: commandLine.namespace ?? global.netNamespace,
    instance: global.instance,
    usePidDir: global.usePidDir,
    options: commandLine.pidFiles,
  };
}

/** The path of a process's PID file. */
export function pidFilePath(owner: PidFileOwner, place: PidFilePlace): string {
  const explicit = place.options[owner];
  if (explicit !== undefined) return explicit;
  const run = place.runDirectory ?? '/run';
  const { namespace, instance } = place;
  if (namespace === undefined && instance === undefined && !place.usePidDir) return `${run}/${baseNames[owner]}.pid`;
  const folder = namespace === undefined ? `${run}/keepalived` : `${run}/keepalived/${namespace}`;
  const suffix = instance === undefined ? '' : `_${instance}`;
  return `${folder}/${baseNames[owner]}${suffix}.pid`;
}

/** What the operating system is asked; tests hand in their own. */
export interface PidFileSystem {
  /** Locks an open file without waiting; false when another process holds the lock. */
  readonly tryLock: (fd: number) => boolean;
  /** Whether a process with this pid lives. */
  readonly isAlive: (pid: number) => boolean;
  readonly ownPid: number;
  /** Says one line to the log. */
  readonly tell: (text: string) => void;
}

export function systemFor(tell: (text: string) => void): PidFileSystem {
  return { tryLock: (fd) => tryLock(fd), isAlive, ownPid: process.pid, tell };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as somebody else.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** Raised when the daemon runs already; keepalived logs these words and ends with 0. */
export class AlreadyRunningError extends LvsdError {
  constructor(path: string, pid: number | undefined) {
    super('LVSD_ALREADY_RUNNING', 'daemon is already running', { fields: { path, pid } });
  }
}

/** A PID file that this process wrote and holds locked. */
export class PidFile {
  readonly path: string;
  #fd: number | undefined;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /**
   * Takes the file: checks who is in it, locks it, and writes `pid` into it, mode 0644. Missing folders are made (0755).
   * @param pid the pid to write: the supervisor's own, or a role's
   * @throws AlreadyRunningError a live process is in the file, or holds its lock
   * @throws LvsdError LVSD_PID_FILE the file cannot be written, or is a symbolic link
   */
  static take(path: string, pid: number, system: PidFileSystem): PidFile {
    // A predecessor that ends between our open and our lock takes the file's name away: then begin again.
    for (let attempt = 0; attempt < 10; attempt++) {
      const fd = openPidFile(path);
      try {
        if (!system.tryLock(fd)) throw new AlreadyRunningError(path, readPid(fd));
        if (!isSameFile(fstatSync(fd), path)) {
          closeSync(fd);
          continue;
        }
        const former = readPid(fd);
        if (former !== undefined && former !== system.ownPid && former !== pid && system.isAlive(former)) {
          throw new AlreadyRunningError(path, former);
        }
        if (fstatSync(fd).size > 0) system.tell(`Remove a zombie pid file ${path}`);
        writePid(fd, pid);
        return new PidFile(path, fd);
      } catch (error) {
        closeQuietly(fd);
        if (error instanceof LvsdError) throw error;
        throw cannotWrite(path, error);
      }
    }
    throw cannotWrite(path, undefined);
  }

  /** Writes another pid: a role was started again. */
  rewrite(pid: number): void {
    if (this.#fd !== undefined) writePid(this.#fd, pid);
  }

  /** Removes the file if its name still leads to ours, then lets the lock go. */
  remove(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    try {
      if (isSameFile(fstatSync(fd), this.path)) unlinkSync(this.path);
    } catch {
      // Removed by somebody else, or in a folder that has gone: nothing of ours is left there.
    }
    closeQuietly(fd);
  }
}

function cannotWrite(path: string, cause: unknown): LvsdError {
  return new LvsdError(
    'LVSD_PID_FILE',
    `Cannot write the PID file ${path}. Start lvsd as root, or name a file that it may write with -p (supervisor) or -c (director).`,
    { cause, fields: { path } },
  );
}

function openPidFile(path: string): number {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    return openSync(path, flags, 0o644);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function isSameFile(open: Stats, path: string): boolean {
  const named = statSync(path, { throwIfNoEntry: false });
  return named !== undefined && named.ino === open.ino && named.dev === open.dev;
}

/** The pid in the file; undefined when there is none. */
function readPid(fd: number): number | undefined {
  const room = Buffer.alloc(32);
  const length = readSync(fd, room, 0, room.length, 0);
  const text = room.toString('latin1', 0, length).trim();
  const pid = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  return pid > 0 ? pid : undefined;
}

function writePid(fd: number, pid: number): void {
  ftruncateSync(fd, 0);
  writeSync(fd, `${pid}\n`, 0);
  // The umask of keepalived takes the read bits of others away; programs that watch the daemon need them.
  fchmodSync(fd, 0o644);
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Closed already.
  }
}
