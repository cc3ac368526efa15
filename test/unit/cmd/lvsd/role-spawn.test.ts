/** Processes of roles that are started before anybody knows whether they are needed: handed over once, or ended. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { RolesAhead } from '../../../../cmd/lvsd/role-spawn.js';
import { closeFd, ownedFdCount } from '../../../../native/descriptor.js';

const [program, node] = [process.argv[1], process.execPath];
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsd-ahead-'));
  // A role is this process's own program with --role; here that is one that waits, or one that ends at once.
  writeFileSync(join(folder, 'waits.cjs'), 'setInterval(() => {}, 1000);\n');
  writeFileSync(join(folder, 'ends.cjs'), '');
  process.argv[1] = join(folder, 'waits.cjs');
});
after(() => {
  process.argv[1] = program ?? '';
  process.execPath = node;
  rmSync(folder, { recursive: true, force: true });
});

const exitOf = (child: ChildProcess): Promise<NodeJS.Signals | number | null> =>
  new Promise((resolve) => child.once('exit', (status, signal) => resolve(signal ?? status)));

test('a process that was started ahead is handed over once, with its channel', async () => {
  const opened = ownedFdCount();
  const ahead = new RolesAhead();
  ahead.spawn(['runner']);
  const spawned = ahead.take('runner');
  assert.ok(spawned?.child.pid !== undefined);
  assert.deepEqual(spawned.child.spawnargs.slice(-2), ['--role', 'runner']);
  assert.equal(ahead.take('runner'), undefined);
  assert.equal(ahead.take('director'), undefined);
  // What was taken is not ended with the rest.
  ahead.end();
  assert.equal(spawned.child.killed, false);
  const ended = exitOf(spawned.child);
  spawned.child.kill('SIGKILL');
  assert.equal(await ended, 'SIGKILL');
  closeFd(spawned.channel);
  assert.equal(ownedFdCount(), opened);
});

test('one that has ended meanwhile is not handed over, and its channel is closed', async () => {
  const opened = ownedFdCount();
  process.argv[1] = join(folder, 'ends.cjs');
  const ahead = new RolesAhead();
  ahead.spawn(['runner']);
  process.argv[1] = join(folder, 'waits.cjs');
  for (;;) {
    // Nobody but the operating system knows when it ends; until then it would be handed over.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const children = process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap');
    if (children.length === 0) break;
  }
  assert.equal(ahead.take('runner'), undefined);
  assert.equal(ownedFdCount(), opened);
});

test('a program that cannot be run is nobody’s error, and is not handed over', async () => {
  const opened = ownedFdCount();
  process.execPath = join(folder, 'no-such-node');
  const ahead = new RolesAhead();
  ahead.spawn(['runner']);
  process.execPath = node;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ahead.take('runner'), undefined);
  assert.equal(ownedFdCount(), opened);
});

test('what nobody took is ended, and its channels are closed', async () => {
  const opened = ownedFdCount();
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length;
  const ahead = new RolesAhead();
  ahead.spawn(['runner']);
  assert.equal(ownedFdCount(), opened + 1);
  ahead.end();
  assert.equal(ownedFdCount(), opened);
  assert.equal(ahead.take('runner'), undefined);
  assert.equal(
    process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length,
    before,
    'unreferenced',
  );
});
