/**
 * What a long run has finished with this very build, so that one that was ended goes on where it stopped.
 *
 * Only successes are kept, one file each, in the folder that setup/test.mjs names in LVSD_LONG_KEPT: below the cache, by
 * the hash of what is tested and of the compiled tests. Another build begins anew, and so does a run without the folder.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.LVSD_LONG_KEPT;

function place(group: string, name: string): string | undefined {
  if (folder === undefined || folder === '') return undefined;
  return join(folder, `${group}-${createHash('sha256').update(name).digest('hex').slice(0, 24)}`);
}

/** What was said of a finished piece of work; undefined when it has to be done (again). */
export function keptResult(group: string, name: string): string | undefined {
  const path = place(group, name);
  return path !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Keeps that a piece of work succeeded; `outcome` is one line for the reader of the next run. */
export function keepResult(group: string, name: string, outcome: string): void {
  const path = place(group, name);
  if (path === undefined || folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, outcome);
}
