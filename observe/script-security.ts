/**
 * Which file a script really is, whether its user may run it, and whether somebody else than root could have changed it
 * (keepalived.md 7.1 enable_script_security, 13.1, 21; anchors.md 3b: the target of a symlink counts, not the link).
 *
 * Used by `-t` and at start. It decides and words its messages; whoever calls logs them. Lines begin with keepalived's
 * words, and the line after says what exactly is wrong and how to mend it. The file system is only read.
 */
import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isNativeError } from 'node:util/types';
import type { Script } from '../config/script.js';
import { splitCommands } from './script-commands.js';
import type { ScriptCredentials } from './script-user.js';

/** A program with its arguments, ready for execve. */
export interface ResolvedCommand {
  /** What is executed: absolute. */
  readonly file: string;
  /** What it is told as argv, [0] included. */
  readonly argv: readonly string[];
}

export type ScriptCheck =
  | {
      readonly kind: 'usable';
      readonly commands: readonly ResolvedCommand[];
      /** Root would run what others can change: with script security this is `disabled`, without it a warning. */
      readonly insecure: boolean;
      readonly messages: readonly string[];
    }
  | {
      readonly kind: 'disabled';
      readonly reason: 'missing' | 'not-executable' | 'insecure';
      readonly messages: readonly string[];
    };

export interface SecurityOptions {
  /** enable_script_security */
  readonly strict: boolean;
  /** use_symlink_paths: execute the path as written, not the one it leads to. */
  readonly useSymlinkPaths: boolean;
  /** PATH for bare names. */
  readonly searchPath: string;
  /** One for all scripts of one configuration: thousands of them run the same program, which then is looked at once. */
  readonly memo?: ScriptMemo;
}

/** What was found out about programs. Fit for one pass over a configuration: files change. */
export class ScriptMemo {
  readonly programs = new Map<string, ProgramCheck>();
}

const DEFAULT_SEARCH_PATH = '/bin:/usr/bin';

function statOf(path: string, stat: typeof statSync | typeof lstatSync): Stats | string {
  try {
    return stat(path) as Stats;
  } catch (error) {
    return isNativeError(error) && 'code' in error ? String(error.code) : 'unknown error';
  }
}

/** Whether a user may use one of the three execute (search) bits. */
function mayExecute(stats: Stats, user: ScriptCredentials): boolean {
  if (user.uid === 0) return stats.isDirectory() || (stats.mode & 0o111) !== 0;
  if (user.uid === stats.uid) return (stats.mode & 0o100) !== 0;
  if (user.gid === stats.gid) return (stats.mode & 0o010) !== 0;
  return (stats.mode & 0o001) !== 0;
}

/** The first directory above `file` that the user may not pass, or undefined. */
function closedDirectory(file: string, user: ScriptCredentials): string | undefined {
  const above = dirname(file);
  const higher = above === file ? undefined : closedDirectory(above, user);
  if (higher !== undefined || above === file) return higher;
  const stats = statOf(above, statSync);
  return typeof stats === 'string' || !mayExecute(stats, user) ? above : undefined;
}

/** Every path from / to `file`, itself included. */
function pathsTo(file: string): readonly string[] {
  const above = dirname(file);
  return above === file ? [file] : [...pathsTo(above), file];
}

/** What makes this path unsafe, with the cure, or undefined. A sticky directory (as /tmp) is safe for root's files. */
function unsafePart(file: string): string | undefined {
  for (const path of pathsTo(file)) {
    const stats = statOf(path, lstatSync);
    if (typeof stats === 'string') return `${path} cannot be looked at (${stats})`;
    if (stats.uid !== 0) return `${path} belongs to uid ${stats.uid}, who can change it. Cure: chown root ${path}`;
    if (stats.isSymbolicLink() || (stats.isDirectory() && (stats.mode & 0o1000) !== 0)) continue;
    if ((stats.mode & 0o002) !== 0) return `everybody can write to ${path}. Cure: chmod o-w ${path}`;
    if ((stats.mode & 0o020) !== 0 && stats.gid !== 0) {
      return `group ${stats.gid} can write to ${path}. Cure: chmod g-w ${path}`;
    }
  }
  return undefined;
}

/** The file of a word: itself with a slash, else the first executable one on the search path. */
function findProgram(word: string, user: ScriptCredentials, searchPath: string): string | undefined {
  if (word.includes('/')) return word;
  for (const folder of (searchPath || DEFAULT_SEARCH_PATH).split(':')) {
    const path = resolve(folder || '.', word);
    const stats = statOf(path, statSync);
    if (typeof stats !== 'string' && stats.isFile() && mayExecute(stats, user)) return path;
  }
  return undefined;
}

type ProgramCheck =
  | {
      readonly kind: 'usable';
      readonly file: string;
      /** The first argument: the word, or what it was found as. */
      readonly name: string;
      readonly insecure: boolean;
      readonly messages: readonly string[];
    }
  | Extract<ScriptCheck, { kind: 'disabled' }>;

/** As `checkProgram`, but once for each program: later answers are the same, without messages. */
function checkOnce(word: string, user: ScriptCredentials, options: SecurityOptions): ProgramCheck {
  const programs = options.memo?.programs;
  if (programs === undefined) return checkProgram(word, user, options);
  const key = `${user.uid}:${user.gid}:${word}`;
  const known = programs.get(key);
  if (known !== undefined) return known;
  const check = checkProgram(word, user, options);
  programs.set(key, { ...check, messages: [] });
  return check;
}

function checkProgram(word: string, user: ScriptCredentials, options: SecurityOptions): ProgramCheck {
  const messages: string[] = [];
  const found = findProgram(word, user, options.searchPath);
  if (found === undefined || word === '') {
    messages.push(
      `Cannot find script ${word} in path - disabling`,
      `Cure: write the full path of ${word || 'the program'}.`,
    );
    return { kind: 'disabled', reason: 'missing', messages };
  }
  if (!word.includes('/')) {
    messages.push(`WARNING - script \`${word}\` resolved by path search to \`${found}\`. Please specify full path.`);
  }
  const written = resolve('/', found);
  let real: string;
  try {
    real = realpathSync(written);
  } catch (error) {
    const code = isNativeError(error) && 'code' in error ? String(error.code) : 'unknown error';
    messages.push(`Script ${word} cannot be accessed - ${code === 'ENOENT' ? 'No such file or directory' : code}`);
    messages.push(`Cure: put the script at ${written}, or correct the path.`);
    return { kind: 'disabled', reason: 'missing', messages };
  }
  const stats = statOf(real, statSync);
  if (typeof stats === 'string') {
    messages.push(`Unable to access script \`${word}\` - disabling`, `${real} cannot be looked at (${stats}).`);
    return { kind: 'disabled', reason: 'missing', messages };
  }
  const closed = closedDirectory(real, user);
  if (!stats.isFile() || !mayExecute(stats, user) || closed !== undefined) {
    messages.push(`WARNING - script '${word}' is not executable for uid:gid ${user.uid}:${user.gid} - disabling.`);
    const cure =
      closed !== undefined
        ? `${closed} is closed to that user`
        : stats.isFile()
          ? `Cure: chmod a+x ${real}`
          : `${real} is not a file`;
    messages.push(`${cure}.`);
    return { kind: 'disabled', reason: 'not-executable', messages };
  }
  const becomesRoot =
    user.uid === 0 ||
    user.gid === 0 ||
    (stats.uid === 0 && (stats.mode & 0o4100) === 0o4100) ||
    (stats.gid === 0 && (stats.mode & 0o2010) === 0o2010);
  const unsafe = becomesRoot ? (unsafePart(written) ?? unsafePart(real)) : undefined;
  if (unsafe !== undefined) {
    messages.push(
      `Unsafe permissions found for script '${word}'${options.strict ? ' - disabling' : ''}.`,
      `${unsafe}.`,
    );
    if (options.strict) return { kind: 'disabled', reason: 'insecure', messages };
  }
  const file = options.useSymlinkPaths ? written : real;
  const name = word.includes('/') ? word : found;
  return { kind: 'usable', file, name, insecure: unsafe !== undefined, messages };
}

/**
 * Resolves and checks a script.
 * @param user who will run it
 * @returns the commands to run, or why it must not run; messages for the log either way (with a memo: once a program)
 */
export function checkScript(script: Script, user: ScriptCredentials, options: SecurityOptions): ScriptCheck {
  const isProgram = (word: string): boolean => findProgram(word, user, options.searchPath) !== undefined;
  const commands: ResolvedCommand[] = [];
  const messages: string[] = [];
  let insecure = false;
  for (const argv of splitCommands(script.argv, isProgram)) {
    const check = checkOnce(argv[0] ?? '', user, options);
    if (check.kind === 'disabled') return check;
    commands.push({ file: check.file, argv: [check.name, ...argv.slice(1)] });
    messages.push(...check.messages);
    insecure ||= check.insecure;
  }
  return { kind: 'usable', commands, insecure, messages };
}
