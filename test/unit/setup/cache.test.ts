// The cache's promise: a folder is there whole or not at all, and what a dead set-up left is swept.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { repoRoot } from '../../root.js';

interface CacheModule {
  cachedFolder(name: string, make: (folder: string) => void | Promise<void>): Promise<string>;
  writeCacheFile(name: string, text: string): void;
  readCacheFile(name: string): string | undefined;
}

const cache: CacheModule = await import(pathToFileURL(join(repoRoot, 'setup/cache.mjs')).href);

/** A cache of its own for one test. */
async function withCache(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-cache-test-'));
  const before = process.env.LVSD_CACHE;
  process.env.LVSD_CACHE = folder;
  try {
    await use(folder);
  } finally {
    if (before === undefined) delete process.env.LVSD_CACHE;
    else process.env.LVSD_CACHE = before;
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a folder is made once', () =>
  withCache(async (root) => {
    let made = 0;
    const make = (folder: string): void => {
      made += 1;
      writeFileSync(join(folder, 'file'), 'whole');
    };
    const place = await cache.cachedFolder('kind/thing-1', make);
    assert.equal(place, join(root, 'kind/thing-1'));
    assert.equal(await cache.cachedFolder('kind/thing-1', make), place);
    assert.equal(made, 1);
    assert.equal(readFileSync(join(place, 'file'), 'utf8'), 'whole');
  }));

test('a folder whose making fails is not there, nor any part of it', () =>
  withCache(async (root) => {
    const make = (folder: string): void => {
      writeFileSync(join(folder, 'file'), 'part');
      throw new Error('interrupted');
    };
    await assert.rejects(cache.cachedFolder('kind/thing-1', make), /interrupted/);
    assert.deepEqual(readdirSync(join(root, 'kind')), []);
  }));

test('two makers at once: the first to finish is kept, both get it', () =>
  withCache(async (root) => {
    const place = await cache.cachedFolder('thing', (folder) => {
      writeFileSync(join(folder, 'file'), 'second');
      mkdirSync(join(root, 'thing'));
      writeFileSync(join(root, 'thing', 'file'), 'first');
    });
    assert.equal(readFileSync(join(place, 'file'), 'utf8'), 'first');
    assert.deepEqual(readdirSync(root), ['thing']);
  }));

test('what a killed set-up left is swept, what a living one makes is not', () =>
  withCache(async (root) => {
    const dead = join(root, 'old.partial-4194399');
    const living = join(root, `new.partial-${process.ppid}`);
    mkdirSync(dead);
    mkdirSync(living);
    await cache.cachedFolder('thing', () => {});
    assert.equal(existsSync(dead), false);
    assert.equal(existsSync(living), true);
  }));

test('a cache file is written and read; an absent one is undefined', () =>
  withCache(async () => {
    assert.equal(cache.readCacheFile('a/b'), undefined);
    cache.writeCacheFile('a/b', 'text');
    assert.equal(cache.readCacheFile('a/b'), 'text');
  }));
