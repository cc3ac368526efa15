/** What the tests of scripts share: a folder that root alone can write to, scripts in it, jobs. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Script } from '../../../config/script.js';
import type { ScriptEnd, ScriptJob, ScriptRunner } from '../../../observe/script-runner.js';
import type { ScriptCredentials } from '../../../observe/script-user.js';

export const me: ScriptCredentials = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, name: 'me' };
export const nobody: ScriptCredentials = { uid: 65_534, gid: 65_534, name: 'nobody' };
export const amRoot = me.uid === 0;

export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'lvsd-script-'));

  constructor() {
    chmodSync(this.path, 0o755);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  folder(name: string, mode = 0o755): string {
    mkdirSync(this.file(name));
    chmodSync(this.file(name), mode);
    return this.file(name);
  }

  script(name: string, body: string, mode = 0o755): string {
    writeFileSync(this.file(name), body);
    chmodSync(this.file(name), mode);
    return this.file(name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  /** Waits until a file is there and not empty. */
  async appears(name: string): Promise<string> {
    for (let i = 0; i < 1000; i++) {
      if (existsSync(this.file(name)) && this.read(name) !== '') return this.read(name);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`${name} did not appear`);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function scriptOf(...argv: string[]): Script {
  return { command: argv.join(' '), argv, user: undefined, at: { file: 'test.conf', line: 1, column: 1 } };
}

export function job(file: string, more: Partial<ScriptJob> = {}): ScriptJob {
  return { name: file, commands: [{ file, argv: [file] }], user: me, lane: 'check', ...more };
}

export function run(runner: ScriptRunner, what: ScriptJob): Promise<ScriptEnd> {
  return new Promise((resolve) => {
    runner.run(what, resolve);
  });
}

/** Whether a process exists (a zombie does not count). */
export function alive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits until a process is gone. */
export async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 500 && alive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  return !alive(pid);
}
