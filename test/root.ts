// Where the tests find the checkout, the shared corpus and the test VM.
//
// The root is found by walking up to package.json, never by counting folders: compiled tests lie at another depth than
// their sources. `runInVm` is the one way in which a test starts a VM; what a VM is and does is setup/vm.mjs's matter.

import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(from: string): string {
  let folder = from;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${from}`);
    folder = parent;
  }
  return folder;
}

/** The checkout's folder, absolute. */
export const repoRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

const corpusPlace = join(repoRoot, '..', 'shared', 'corpus');

/**
 * The shared corpus of configuration files beside the checkout; undefined where there is none. Without symlinks, because
 * `_PWD` in a file is the process's own idea of its folder.
 */
export const sharedCorpus: string | undefined = existsSync(corpusPlace) ? realpathSync(corpusPlace) : undefined;

/** How a run in the test VM ended. */
export interface VmRun {
  /** SCRIPT's exit status; 124 to 127 as setup/vm.mjs documents. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What may be chosen for a run in the test VM. */
export interface VmOptions {
  /** Further environment; variables that begin with LVSD_ are seen by the script too. */
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds after which the VM is ended (status 124). Default 300. */
  readonly timeoutSeconds?: number;
  /** A host folder that the script may write to, at the same path. */
  readonly out?: string;
  /** Runs in user-mode Linux instead of QEMU. */
  readonly uml?: boolean;
}

/**
 * Runs a script as root in the test VM with this checkout at the same path.
 * @param script a file of the checkout (.sh, .js or executable), or a program's name
 * @param args its arguments
 * @returns its status and output; does not reject for a status other than 0
 */
export function runInVm(script: string, args: readonly string[] = [], options: VmOptions = {}): Promise<VmRun> {
  const program = join(repoRoot, 'setup', options.uml === true ? 'uml.mjs' : 'vm.mjs');
  const child = spawn(process.execPath, [program, script, ...args], {
    cwd: repoRoot,
    env: {
      ...process.env,
      LVSD_VM_TIMEOUT: String(options.timeoutSeconds ?? 300),
      ...(options.out === undefined ? {} : { LVSD_VM_OUT: options.out }),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === null) reject(new Error(`the VM's program was ended by ${signal}`));
      else {
        const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');
        resolve({ status: code, stdout: text(stdout), stderr: text(stderr) });
      }
    });
  });
}
