// Debian packages without installing them.
//
// `apt-get` resolves and downloads into the cache with its own lists and archives there, and `dpkg-deb` unpacks; so no
// maintainer script runs, no service starts, and the host's package database, its lists and its files stay as they were.
// It needs no root for that. The mirrors are the host's own (its sources.list); this file names none.
// What a package needs and the host has installed is not fetched again: the unpacked trees are used on this host, or in a
// VM whose root is this host's.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cachePath, readCacheFile, SetupError, say, writeCacheFile } from './cache.mjs';

const LISTS_STAMP = 'apt/updated';

/** apt's options that move everything it writes into the cache. */
function privateState() {
  const state = cachePath('apt');
  for (const sub of ['lists/partial', 'archives/partial']) mkdirSync(join(state, sub), { recursive: true });
  return [
    ['Dir::State::lists', join(state, 'lists')],
    ['Dir::Cache', state],
    ['Dir::Cache::archives', join(state, 'archives')],
    ['Dir::State::extended_states', join(state, 'extended_states')],
    ['Dir::Log', state],
    // The lists and archives are the caller's own, so there is no other user to drop to and no system lock to take.
    ['APT::Sandbox::User', ''],
    ['Debug::NoLocking', '1'],
    ['Acquire::Retries', '2'],
    ['Acquire::http::Timeout', '30'],
    ['Acquire::Languages', 'none'],
    ['APT::Install-Recommends', '0'],
    ['APT::Update::Post-Invoke-Success', ''],
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

/** Runs one of apt's or dpkg's programs. Returns its status and what it said. */
function run(program, args, options = {}) {
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 256 << 20,
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    ...options,
  });
  if (done.error?.code === 'ENOENT') {
    throw new SetupError(`${program} is not on this machine. lvsd's set-up needs Debian 12 (apt and dpkg).`);
  }
  if (done.error) throw done.error;
  return { ok: done.status === 0, stdout: done.stdout, stderr: done.stderr };
}

/** Fetches the lists of packages into the cache, once (again with `again`). */
export function updateLists(again = false) {
  if (!again && readCacheFile(LISTS_STAMP) !== undefined) return;
  say('lvsd setup: reading the lists of Debian packages ...');
  const done = run('apt-get', [...privateState(), '-q', 'update']);
  if (!done.ok) {
    throw new SetupError(
      `apt-get update failed. Check the network and /etc/apt/sources.list*; it said:\n${tail(done.stderr)}`,
    );
  }
  // apt-get succeeds with warnings when one of several sources is unreachable; a package that then is missing is named later.
  writeCacheFile(LISTS_STAMP, new Date().toISOString());
}

/** Asks apt, with the lists read once more if it does not know the answer at first. */
function withLists(ask) {
  updateLists();
  const first = ask();
  if (first.ok) return first;
  updateLists(true);
  return ask();
}

/**
 * The real package behind a name: a meta package such as linux-image-amd64 depends on the image of the day.
 * @param {string} meta the meta package
 * @param {RegExp} pattern which of its dependencies is meant
 */
export function dependencyOf(meta, pattern) {
  const shown = withLists(() => run('apt-cache', [...privateState(), 'show', '--no-all-versions', meta]));
  const depends = /^Depends: (.*)$/m.exec(shown.stdout)?.[1] ?? '';
  const found = depends
    .split(/[,|]/)
    .map((each) => each.trim().split(/[ (]/)[0])
    .find((name) => pattern.test(name));
  if (found === undefined) {
    throw new SetupError(
      `The package ${meta} is not in the lists of this machine's Debian mirror. lvsd's set-up expects Debian 12 (bookworm, component main).`,
    );
  }
  return found;
}

/** The version that the mirror serves of a package. */
export function candidateVersion(name) {
  const shown = withLists(() => run('apt-cache', [...privateState(), 'show', '--no-all-versions', name]));
  const version = /^Version: (\S+)$/m.exec(shown.stdout)?.[1];
  if (version === undefined) throw new SetupError(`Debian's lists have no package ${name}.`);
  return version;
}

/**
 * Unpacks packages, and what they need that this host has not installed, into `tree`.
 * The tree gets Debian's merged /usr (lib, bin and sbin are links), so that it can lie over a root file system.
 * @param {readonly string[]} names package names
 * @param {string} tree an empty folder
 * @param {{ alone?: boolean }} how `alone`: these packages only, without what they depend on
 * @returns {string[]} the file names of what was unpacked
 */
export function unpackPackages(names, tree, how = {}) {
  const archives = mkdtempSync(join(cacheTemporary(), 'archives-'));
  mkdirSync(join(archives, 'partial'));
  try {
    say(`lvsd setup: downloading ${names.join(', ')} ...`);
    const done = withLists(() =>
      how.alone
        ? run('apt-get', [...privateState(), '-q', 'download', ...names], { cwd: archives })
        : run('apt-get', [
            ...privateState(),
            ...['-o', `Dir::Cache::archives=${archives}`],
            ...['-q', '-y', '--download-only', '--no-remove', '--reinstall', 'install', ...names],
          ]),
    );
    if (!done.ok) {
      throw new SetupError(
        `Could not download ${names.join(', ')} from this machine's Debian mirror. apt-get said:\n${tail(done.stderr)}`,
      );
    }
    const files = readdirSync(archives).filter((file) => file.endsWith('.deb'));
    if (files.length === 0) throw new SetupError(`apt-get downloaded nothing for ${names.join(', ')}.`);
    mergedUsr(tree);
    for (const file of files) unpack(join(archives, file), tree);
    say(`lvsd setup: unpacked ${files.length} package${files.length === 1 ? '' : 's'}`);
    return files;
  } finally {
    rmSync(archives, { recursive: true, force: true });
  }
}

/** Unpacks one .deb; a path through /lib or /sbin lands in /usr, as on an installed system. */
function unpack(deb, tree) {
  const done = run('sh', [
    '-c',
    'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"',
    'sh',
    deb,
    tree,
  ]);
  if (!done.ok) throw new SetupError(`Could not unpack ${deb}: ${tail(done.stderr)}`);
}

function mergedUsr(tree) {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(tree, 'usr', name), { recursive: true });
    if (!existsSync(join(tree, name))) symlinkSync(`usr/${name}`, join(tree, name));
  }
}

/** A folder of the cache for what lives only during one set-up. */
function cacheTemporary() {
  const folder = cachePath('tmp');
  mkdirSync(folder, { recursive: true });
  return folder;
}

function tail(text) {
  return text.trim().split('\n').slice(-12).join('\n');
}
