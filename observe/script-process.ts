/**
 * One process of a script: started without a shell, as its user, in its own session, with nothing of ours.
 *
 * The environment is ours without what changes how a program is loaded or split (IFS, LD_PRELOAD, LD_LIBRARY_PATH,
 * keepalived.md 13.1) and without what belongs between lvsd, Node and systemd. Standard input, output and error are
 * /dev/null; every other descriptor of ours is close-on-exec. libuv clears the supplementary groups, calls setsid, so
 * that one kill reaches everything the script started, and execvp, which gives a file without an interpreter line to
 * /bin/sh. The directory is /, as a daemon's.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { isNativeError } from 'node:util/types';
import type { ResolvedCommand } from './script-security.js';
import type { ScriptCredentials } from './script-user.js';

/** How one process ended. */
export type ProcessEnd =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly signal: number }
  | { readonly kind: 'not-started'; readonly why: string };

export interface ScriptProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Sends a signal to the whole process group; false when nobody is left to get it. */
  kill(signal: NodeJS.Signals): boolean;
}

const notForScripts =
  /^(IFS|LD_PRELOAD|LD_LIBRARY_PATH|NODE_.*|NOTIFY_SOCKET|WATCHDOG_PID|WATCHDOG_USEC|LISTEN_PID|LISTEN_FDS|LISTEN_FDNAMES|LVSD_ROLE.*)$/;

/** The environment that a script gets. */
export function scriptEnvironment(ours: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(ours).filter(([name]) => !notForScripts.test(name)));
}

const signalNumbers: ReadonlyMap<string, number> = new Map(Object.entries(constants.signals));

/** setpriv(1) of util-linux, which every Debian has; it sets what Node cannot: the signal for a parent's death. */
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/**
 * The same command, made to get SIGTERM when this process dies (prctl(2), PR_SET_PDEATHSIG), as keepalived's scripts
 * do. For scripts that never end by themselves: a second one beside a forgotten first would share its FIFO. It hides
 * why a command could not be started behind status 126 or 127, so checks do without.
 */
export function dyingWithUs(command: ResolvedCommand): ResolvedCommand {
  if (setpriv === undefined) return command;
  return { file: setpriv, argv: ['setpriv', '--pdeathsig', 'TERM', '--', command.file, ...command.argv.slice(1)] };
}

/**
 * Starts a command.
 * @param extra arguments behind the configured ones
 * @param ended called once, never before this returns
 */
export function startProcess(
  command: ResolvedCommand,
  extra: readonly string[],
  user: ScriptCredentials,
  environment: NodeJS.ProcessEnv,
  ended: (end: ProcessEnd) => void,
): ScriptProcess {
  let over = false;
  const end = (how: ProcessEnd): void => {
    if (over) return;
    over = true;
    ended(how);
  };
  const notStarted = (error: unknown): void => {
    const code = isNativeError(error) && 'code' in error ? String(error.code) : String(error);
    end({ kind: 'not-started', why: `Error exec-ing command '${command.file}': ${code}${cureOf(code)}` });
  };
  try {
    const child = spawn(command.file, [...command.argv.slice(1), ...extra], {
      argv0: command.argv[0] ?? command.file,
      cwd: '/',
      env: environment,
      stdio: 'ignore',
      detached: true,
      uid: user.uid,
      gid: user.gid,
    });
    child.once('error', notStarted);
    child.once('exit', (status, signal) =>
      end(
        signal === null
          ? { kind: 'exited', status: status ?? 0 }
          : { kind: 'signalled', signal: signalNumbers.get(signal) ?? 0 },
      ),
    );
    const pid = child.pid;
    return { pid, kill: (signal) => pid !== undefined && killGroup(pid, signal) };
  } catch (error) {
    queueMicrotask(() => notStarted(error));
    return { pid: undefined, kill: () => false };
  }
}

function cureOf(code: string): string {
  switch (code) {
    case 'EAGAIN':
      return ' (too many processes: raise TasksMax= of the unit, or the limit of that user)';
    case 'EACCES':
      return ' (not permitted for that user: see the permissions of the file, its directories and its interpreter)';
    case 'ENOENT':
      return ' (the file or its interpreter is not there)';
    case 'EPERM':
      return ' (lvsd may not become that user)';
    case 'EMFILE':
      return ' (no free file descriptors: raise LimitNOFILE= in the systemd unit)';
    default:
      return '';
  }
}

/** The group has the number of its leader; a number that was never ours cannot come here. */
function killGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
