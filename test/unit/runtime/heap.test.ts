import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { shrinkHeap, startFlags } from '../../../runtime/heap.js';

test('shrinkHeap collects what nobody holds, and leaves no gc function behind', () => {
  let held: object[] | undefined = Array.from({ length: 200_000 }, (_, i) => ({ i }));
  assert.equal(held.length, 200_000);
  const before = process.memoryUsage().heapUsed;
  held = undefined;
  shrinkHeap();
  assert.ok(process.memoryUsage().heapUsed < before);
  assert.equal(typeof (globalThis as { gc?: unknown }).gc, 'undefined');
});

test('node takes the flags of a start', () => {
  const done = spawnSync(process.execPath, [...startFlags, '-e', 'process.stdout.write("ran")'], { encoding: 'utf8' });
  assert.equal(done.stderr, '');
  assert.equal(done.stdout, 'ran');
});
