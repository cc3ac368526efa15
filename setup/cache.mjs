// The cache: where everything that lvsd fetches or builds outside the checkout is kept, so that it is fetched once.
//
// `${LVSD_CACHE:-~/.cache/lvsd}` holds one folder per thing and version. A folder appears whole or not at all: it is made
// under a temporary name beside its place and renamed when it is complete, so an interrupted set-up leaves nothing that
// looks finished. Two set-ups at the same moment are safe: the second to finish finds the place taken and drops its own.
// This file knows paths and renames; it does not know what is kept (see apt.mjs and tools.mjs).

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout that this file belongs to. */
export const repoRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** A set-up step that could not be done. The message is for a person: what, why, and the cure. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** Says one line of progress. Progress goes to stderr, so that stdout stays the program's. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** The cache folder, absolute. `LVSD_CACHE` names another one. */
export function cacheRoot() {
  const wanted = process.env.LVSD_CACHE;
  if (wanted === undefined || wanted === '') return join(homedir(), '.cache', 'lvsd');
  return isAbsolute(wanted) ? wanted : resolve(wanted);
}

/** A path inside the cache. */
export function cachePath(...parts) {
  return join(cacheRoot(), ...parts);
}

/**
 * The folder `name` of the cache, made by `make(temporaryFolder)` when it is not there yet.
 * @param {string} name path below the cache root
 * @param {(dir: string) => void | Promise<void>} make fills the folder; when it throws nothing is kept
 * @returns {Promise<string>} the folder's path
 */
export async function cachedFolder(name, make) {
  const place = cachePath(name);
  if (existsSync(place)) return place;
  mkdirSync(dirname(place), { recursive: true });
  sweepStale(dirname(place));
  const temporary = `${place}.partial-${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  try {
    await make(temporary);
    try {
      renameSync(temporary, place);
    } catch (error) {
      // Another set-up finished first: a rename onto a folder with content fails, and theirs is as good as ours.
      if (!existsSync(place)) throw error;
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return place;
}

/** Writes a small file of the cache so that a reader sees the old or the new one, never a part. */
export function writeCacheFile(name, text) {
  const place = cachePath(name);
  mkdirSync(dirname(place), { recursive: true });
  const temporary = `${place}.partial-${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, place);
}

/** The text of a cache file, or undefined. */
export function readCacheFile(name) {
  try {
    return readFileSync(cachePath(name), 'utf8');
  } catch {
    return undefined;
  }
}

/** Removes what a set-up that died left half made: its process is gone, so nobody will finish it. */
function sweepStale(folder) {
  for (const entry of readdirSync(folder)) {
    const pid = /\.partial-(\d+)$/.exec(entry)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(folder, entry), { recursive: true, force: true });
  }
}

/** True when `path` is a file or folder. */
export function isThere(path) {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
