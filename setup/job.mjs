// A job: what a test machine is asked to run, written down where the machine's first process finds it.
//
// A job's folder lies on the host and is seen inside at the same path. It holds boot.sh (where the parts of the machine
// are), channels.sh (which devices lead out), and job.sh (environment, folder, and the script to become).
// The answer comes back over the control channel as lines: "ready", then "exit N". Shared by vm.mjs and uml.mjs.

import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, extname, join, resolve } from 'node:path';
import { SetupError } from './cache.mjs';

/** Exit statuses of vm.mjs and uml.mjs that are not the script's own; the same as timeout(1), env(1) and the shell use. */
export const EXIT = {
  /** the script ran longer than LVSD_VM_TIMEOUT */
  timedOut: 124,
  /** the machine did not boot, or its kernel panicked */
  machineFailed: 125,
  /** the script is there and cannot be executed */
  notExecutable: 126,
  /** no such script */
  notFound: 127,
};

const INTERPRETERS = { '.sh': 'sh', '.js': 'node', '.mjs': 'node', '.cjs': 'node' };

/** How a script can be unusable before any machine is started. */
export class ScriptError extends SetupError {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Quotes a word for the shell. */
export function shellWord(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The command to run for SCRIPT: a file (run by its extension's interpreter when it is not executable), or the name of
 * a program found on the PATH of the machine.
 * @param {string} script
 * @param {readonly string[]} searched folders in which a bare name is looked up
 * @returns {string[]} the words of the command
 */
export function commandFor(script, searched) {
  const file = resolve(script);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isFile()) {
    if (isExecutable(file)) return [file];
    const interpreter = INTERPRETERS[extname(file)];
    if (interpreter !== undefined) return [interpreter, file];
    throw new ScriptError(`${file} cannot be executed: chmod +x it, or name it .sh, .js or .mjs.`, EXIT.notExecutable);
  }
  if (stat !== undefined) throw new ScriptError(`${file} is not a file.`, EXIT.notExecutable);
  if (!script.includes('/') && searched.some((folder) => isExecutable(join(folder, script)))) return [script];
  throw new ScriptError(`There is no script ${file}, and no program of that name for the test VM.`, EXIT.notFound);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Folders in which the machine finds programs: where this node is, the usual ones, and the unpacked peers. */
export function searchedFolders(peers) {
  const usual = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return {
    onMachine: [...new Set([dirname(process.execPath), ...usual])].join(delimiter),
    onHost: [dirname(process.execPath), ...usual, ...usual.map((each) => join(peers, each))],
  };
}

/**
 * Writes a job's folder.
 * @param {{ command: readonly string[], path: string, boot: Record<string, string>, channels: string }} job
 *   `boot` variables of boot.sh; `channels` the text of channels.sh
 * @returns {{ folder: string, console: string, log: string, remove: () => void }} `console` is where the machine is to
 *   write its kernel's log, `log` what the machine's program itself says
 */
export function writeJob(job) {
  sweepStaleJobs();
  const folder = mkdtempSync(join(tmpdir(), `lvsd-vm-${process.pid}-`));
  const own = Object.entries(process.env).filter(([name]) => /^LVSD_[A-Z0-9_]*$/.test(name));
  const environment = {
    HOME: '/root',
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    PATH: job.path,
    LVSD_VM: '1',
    ...Object.fromEntries(own),
  };
  const assigned = (entries) => entries.map(([name, value]) => `${name}=${shellWord(value)}\n`).join('');
  writeFileSync(join(folder, 'boot.sh'), assigned(Object.entries(job.boot)));
  writeFileSync(join(folder, 'channels.sh'), job.channels);
  writeFileSync(
    join(folder, 'job.sh'),
    [
      'exec env -i',
      ...Object.entries(environment).map(([name, value]) => `${name}=${shellWord(value)}`),
      `sh -c 'cd "$0" && exec "$@"' ${shellWord(process.cwd())}`,
      ...job.command.map(shellWord),
    ].join(' \\\n  '),
  );
  return {
    folder,
    console: join(folder, 'console.log'),
    log: join(folder, 'machine.log'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Removes the folders of jobs whose process was killed before it could. */
function sweepStaleJobs() {
  for (const entry of readdirSync(tmpdir())) {
    const pid = /^lvsd-vm-(\d+)-\w{6}$/.exec(entry)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(tmpdir(), entry), { recursive: true, force: true });
  }
}

/** Reads a positive number from the environment. */
export function numberFromEnvironment(name, otherwise) {
  const text = process.env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!(value > 0)) throw new SetupError(`${name} is "${text}"; it must be a number above zero.`);
  return value;
}
