/** PID files: keepalived's paths, who is refused, and the lock between real processes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import {
  AlreadyRunningError,
  PidFile,
  type PidFilePlace,
  type PidFileSystem,
  pidFilePath,
  systemFor,
} from '../../../../cmd/lvsd/pid-file.js';
import { isLvsdError } from '../../../../runtime/errors.js';

const nothing = { parent: undefined, checkers: undefined, vrrp: undefined, bfd: undefined };
const plain: PidFilePlace = { namespace: undefined, instance: undefined, usePidDir: false, options: nothing };

test("paths are keepalived's", () => {
  assert.equal(pidFilePath('parent', plain), '/run/keepalived.pid');
  assert.equal(pidFilePath('checkers', plain), '/run/checkers.pid');
  assert.equal(pidFilePath('vrrp', plain), '/run/vrrp.pid');
  assert.equal(pidFilePath('bfd', plain), '/run/bfd.pid');
  assert.equal(pidFilePath('parent', { ...plain, usePidDir: true }), '/run/keepalived/keepalived.pid');
  assert.equal(pidFilePath('checkers', { ...plain, instance: 'ii' }), '/run/keepalived/checkers_ii.pid');
  assert.equal(pidFilePath('parent', { ...plain, namespace: 't1' }), '/run/keepalived/t1/keepalived.pid');
  assert.equal(
    pidFilePath('parent', { ...plain, namespace: 't1', instance: 'ii' }),
    '/run/keepalived/t1/keepalived_ii.pid',
  );
});

test('-p, -c, -r and -b go before all that, each for its own', () => {
  const place = { ...plain, instance: 'ii', options: { ...nothing, parent: 'rel.pid' } };
  assert.equal(pidFilePath('parent', place), 'rel.pid');
  assert.equal(pidFilePath('checkers', place), '/run/keepalived/checkers_ii.pid');
});

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-pid-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function systemWith(alive: readonly number[]) {
  const told: string[] = [];
  const system: PidFileSystem = {
    ...systemFor((text) => told.push(text)),
    isAlive: (pid) => alive.includes(pid),
    ownPid: 100,
  };
  return { system, told };
}

test('a fresh file is written mode 0644 whatever the umask, folders are made, and it goes at the end', (t) => {
  const path = join(folderFor(t), 'keepalived', 'ns', 'k.pid');
  const { system, told } = systemWith([]);
  const mask = process.umask(0o177);
  t.after(() => process.umask(mask));
  process.umask(0o077);
  const file = PidFile.take(path, 100, system);
  assert.equal(readFileSync(path, 'utf8'), '100\n');
  assert.equal(statSync(path).mode & 0o777, 0o644);
  file.rewrite(7);
  assert.equal(readFileSync(path, 'utf8'), '7\n');
  assert.deepEqual(told, []);
  file.remove();
  assert.equal(existsSync(path), false);
  file.remove();
});

test('a live process in the file is refused in keepalived words, and the file stays', (t) => {
  const path = join(folderFor(t), 'k.pid');
  writeFileSync(path, '42\n');
  assert.throws(
    () => PidFile.take(path, 100, systemWith([42]).system),
    (error) =>
      error instanceof AlreadyRunningError && error.message === 'daemon is already running' && error.fields.pid === 42,
  );
  assert.equal(readFileSync(path, 'utf8'), '42\n');
});

test('a dead process, nonsense, and our own pid (a container that was started again) are a zombie file', (t) => {
  const path = join(folderFor(t), 'k.pid');
  for (const content of ['99999\n', 'nonsense\n', '-5\n', '0', '100\n', '1'.repeat(500)]) {
    writeFileSync(path, content);
    const { system, told } = systemWith([100]);
    const file = PidFile.take(path, 100, system);
    assert.deepEqual(told, [`Remove a zombie pid file ${path}`], content);
    assert.equal(readFileSync(path, 'utf8'), '100\n');
    file.remove();
  }
});

test('a file that another start has taken over is not removed', (t) => {
  const path = join(folderFor(t), 'k.pid');
  const { system } = systemWith([]);
  const first = PidFile.take(path, 100, system);
  unlinkSync(path);
  const second = PidFile.take(path, 101, system);
  first.remove();
  assert.equal(readFileSync(path, 'utf8'), '101\n');
  second.remove();
});

test('a file whose name goes away between open and lock is tried again', (t) => {
  const path = join(folderFor(t), 'k.pid');
  const { system } = systemWith([]);
  let locks = 0;
  const racing: PidFileSystem = {
    ...system,
    tryLock: (fd) => {
      if (++locks === 1) unlinkSync(path);
      return system.tryLock(fd);
    },
  };
  const file = PidFile.take(path, 100, racing);
  assert.equal(locks, 2);
  assert.equal(readFileSync(path, 'utf8'), '100\n');
  file.remove();
});

test('a link is not followed; the error names the options', (t) => {
  const folder = folderFor(t);
  const target = join(folder, 'target');
  writeFileSync(target, 'precious');
  symlinkSync(target, join(folder, 'k.pid'));
  assert.throws(
    () => PidFile.take(join(folder, 'k.pid'), 100, systemWith([]).system),
    (error) => isLvsdError(error) && error.code === 'LVSD_PID_FILE' && error.message.includes('-p'),
  );
  assert.equal(readFileSync(target, 'utf8'), 'precious');
});

test('between real processes: the second is refused while the first lives, and let in after kill -9', async (t) => {
  const path = join(folderFor(t), 'k.pid');
  const module = new URL('../../../../cmd/lvsd/pid-file.js', import.meta.url).href;
  const script = `
    const { PidFile, systemFor } = await import(${JSON.stringify(module)});
    PidFile.take(${JSON.stringify(path)}, process.pid, systemFor(() => {}));
    console.log('taken');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const { system } = systemWith([]);
  // The pid counts as dead here: the lock alone refuses.
  assert.throws(() => PidFile.take(path, 100, system), AlreadyRunningError);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const told: string[] = [];
  const file = PidFile.take(
    path,
    process.pid,
    systemFor((text) => told.push(text)),
  );
  assert.deepEqual(told, [`Remove a zombie pid file ${path}`]);
  file.remove();
});

test('the real system knows who is alive', () => {
  const { isAlive } = systemFor(() => {});
  assert.equal(isAlive(process.pid), true);
  assert.equal(isAlive(1), true);
  assert.equal(isAlive(4_194_305), false, 'above the kernel limit of pids');
});
