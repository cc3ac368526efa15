/** Names, capabilities, limits, namespaces and clocks of this process. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCapabilities, spawnWithCapabilities } from '../../../native/capabilities.js';
import { bootId, clockMs } from '../../../native/clock.js';
import { interfaceIndex, interfaceName, makeFifo, tryLock, unlock } from '../../../native/process.js';
import { openTimer } from '../../../native/timerfd.js';
import { runChild } from './run-child.js';

const showCapabilities = `
  const { readdirSync, readFileSync } = await import('node:fs');
  const sets = new Set(readdirSync('/proc/self/task').map((tid) =>
    /CapPrm:\\t\\w+\\nCapEff:\\t\\w+/.exec(readFileSync('/proc/self/task/' + tid + '/status', 'latin1'))[0].replace(/\\s+/g, ' ')));
  console.log([...sets].join('; '));
`;

test('a child that is started with capabilities has exactly these in every thread', async () => {
  const before = readCapabilities();
  const end = await runChild(showCapabilities, (file, args) =>
    spawnWithCapabilities(['NET_ADMIN'], () => spawn(file, args)),
  );
  assert.equal(end.stdout, 'CapPrm: 0000000000001000 CapEff: 0000000000001000\n', end.stderr);
  assert.deepEqual(readCapabilities(), before);
  const none = await runChild(showCapabilities, (file, args) => spawnWithCapabilities([], () => spawn(file, args)));
  assert.equal(none.stdout, 'CapPrm: 0000000000000000 CapEff: 0000000000000000\n', none.stderr);
  const ordinary = await runChild(showCapabilities);
  assert.doesNotMatch(ordinary.stdout, /CapEff: 0000000000000000/);
});

test('a restricted thread has what it kept and no more, nor its children', async () => {
  const end = await runChild(`
    const { execFileSync } = await import('node:child_process');
    const { restrictThread, readCapabilities } = await native('capabilities');
    restrictThread(['NET_ADMIN', 'NET_RAW']);
    console.log(readCapabilities().effective.join(' '));
    console.log(/CapBnd:\\t(\\w+)/.exec(execFileSync('cat', ['/proc/self/status']).toString())[1]);
    try { restrictThread(['SYS_ADMIN']); } catch (error) { console.log(error.code); }
  `);
  assert.equal(end.stdout, 'NET_ADMIN NET_RAW\n0000000000003000\nLVSD_CAPABILITY_LACKING\n', end.stderr);
});

test('name, death of the parent, no new privileges, subreaper', async () => {
  const end = await runChild(`
    const { readFileSync } = await import('node:fs');
    const p = await native('process');
    p.setProcessName('lvsd: a very long name');
    p.dieWithParent('SIGTERM');
    p.noNewPrivileges();
    p.becomeSubreaper();
    const status = readFileSync('/proc/self/status', 'latin1');
    console.log(/Name:\\t(.*)/.exec(status)[1] + '|' + /NoNewPrivs:\\t(.*)/.exec(status)[1]);
  `);
  assert.equal(end.stdout, 'lvsd: a very lo|1\n', end.stderr);
});

test('a process group is killed by its negative number', async () => {
  const child = spawn('sh', ['-c', 'sleep 1000 & sleep 1000'], { detached: true });
  const pid = child.pid as number;
  const ended = new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
  process.kill(-pid, 'SIGKILL');
  assert.equal(await ended, 'SIGKILL');
});

test('the scheduler: round-robin with reset on fork where it is permitted', async () => {
  const end = await runChild(`
    const { setScheduling, scheduling } = await native('process');
    try { setScheduling('round-robin', 10); console.log(JSON.stringify(scheduling())); }
    catch (error) { console.log(error.errnoName); }
  `);
  assert.match(end.stdout, /^(\{"policy":"round-robin","resetOnFork":true\}|EPERM)\n$/, end.stderr);
});

test('the limit of descriptors is raised, and the result told', async () => {
  const end = await runChild(`
    const { readFileSync } = await import('node:fs');
    const { raiseDescriptorLimit } = await native('process');
    const got = raiseDescriptorLimit(4096);
    const soft = Number(/Max open files +(\\S+)/.exec(readFileSync('/proc/self/limits', 'latin1'))[1]);
    console.log(got === soft && got >= 1024);
  `);
  assert.equal(end.stdout, 'true\n', end.stderr);
});

test('FIFO and lock', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-process-'));
  try {
    const fifo = join(folder, 'fifo');
    assert.equal(makeFifo(fifo, 0o600), true);
    assert.equal(makeFifo(fifo, 0o600), false);
    assert.ok(statSync(fifo).isFIFO());
    const path = join(folder, 'lock');
    const first = openSync(path, 'w');
    const second = openSync(path, 'w');
    assert.equal(tryLock(first), true);
    assert.equal(tryLock(second), false);
    unlock(first);
    assert.equal(tryLock(second, 'shared'), true);
    closeSync(first);
    closeSync(second);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a new network namespace has only lo', async () => {
  const end = await runChild(`
    const { enterNewNamespace, enterNamespace, interfaceIndex, interfaceName } = await native('process');
    const { readdirSync, readlinkSync } = await import('node:fs');
    const before = readlinkSync('/proc/thread-self/ns/net');
    enterNewNamespace('network');
    console.log(interfaceIndex('lo') + ' ' + interfaceName(1) + ' ' + interfaceName(2));
    enterNamespace('/proc/' + process.ppid + '/ns/net', 'network');
    console.log(readlinkSync('/proc/thread-self/ns/net') === before);
    try { enterNamespace('/proc/self/ns/nothing', 'any'); } catch (error) { console.log(error.errnoName); }
  `);
  assert.equal(end.stdout, '1 lo undefined\ntrue\nENOENT\n', end.stderr);
});

test('interfaces by name and number', () => {
  const index = interfaceIndex('lo');
  assert.ok(index !== undefined && index > 0);
  assert.equal(interfaceName(index), 'lo');
  assert.equal(interfaceIndex('there-is-none'), undefined);
  assert.equal(interfaceIndex('longer-than-fifteen-bytes'), undefined);
  assert.equal(interfaceName(0x7fffffff), undefined);
});

test('clocks and boot id', () => {
  const first = clockMs('monotonic');
  assert.ok(clockMs('monotonic') >= first);
  assert.ok(clockMs('boottime') >= first);
  assert.ok(Math.abs(clockMs('realtime') - Date.now()) < 10_000);
  assert.equal(bootId(), readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
});

test('a timer fires not before its instant, repeats, and is disarmed', async () => {
  const start = clockMs('monotonic');
  let total = 0;
  await new Promise<void>((resolve) => {
    const timer = openTimer((expirations) => {
      assert.ok(clockMs('monotonic') >= start + 20);
      total += expirations;
      if (total < 3) return;
      timer.disarm();
      timer.close();
      resolve();
    });
    timer.setAt(start + 20, 5);
  });
  assert.ok(total >= 3);
  await new Promise<void>((resolve) => {
    const past = openTimer(() => {
      past.close();
      resolve();
    });
    past.setAt(0);
  });
});
