/** One epoll for all: readiness, errors, descriptors that go away in between. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { closeFd } from '../../../native/descriptor.js';
import { socketPair } from '../../../native/descriptor-passing.js';
import { unwatch, watch, watchCount } from '../../../native/readiness.js';
import { connect, openSocket, receive, send, socketError } from '../../../native/socket.js';
import { inetAddress } from '../../../native/socket-address.js';
import { SystemCallError } from '../../../native/system-call-error.js';
import { nativeFolder, runChild } from './run-child.js';

test('readable, writable, modify and stop', async () => {
  const [a, b] = socketPair();
  const room = Buffer.alloc(16);
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    const watching = watch(a, { writable: true }, (ready) => {
      if (ready.writable) {
        seen.push('writable');
        watching.modify({ readable: true });
        send(b, Buffer.from('x'));
      } else if (ready.readable) {
        seen.push(`read ${receive(a, room).bytes}`);
        watching.stop();
        watching.stop();
        resolve();
      }
    });
  });
  assert.deepEqual(seen, ['writable', 'read 1']);
  assert.equal(watchCount(), 0);
  closeFd(a);
  closeFd(b);
});

test('watching twice is refused, and a closed number can be watched again', () => {
  const [a, b] = socketPair();
  watch(a, { readable: true }, () => undefined);
  assert.throws(
    () => watch(a, { readable: true }, () => undefined),
    (error: unknown) => error instanceof SystemCallError && error.errnoName === 'EEXIST',
  );
  unwatch(a);
  watch(a, { readable: true }, () => undefined).stop();
  closeFd(a);
  closeFd(b);
});

test('an error on a descriptor is delivered as failed, again and again until it is read', async () => {
  const fd = openSocket(2, 1, 0);
  connect(fd, inetAddress('127.0.0.1' as never, 1 as never));
  let calls = 0;
  await new Promise<void>((resolve) => {
    const watching = watch(fd, { readable: true }, (ready) => {
      assert.equal(ready.failed, true);
      calls++;
      if (calls < 3) return;
      watching.stop();
      resolve();
    });
  });
  assert.equal(socketError(fd), 111);
  closeFd(fd);
});

test('the other side closing is delivered', async () => {
  const [a, b] = socketPair();
  const ended = new Promise<boolean>((resolve) => {
    watch(a, { readable: true }, (ready) => {
      unwatch(a);
      resolve(ready.failed);
    });
  });
  closeFd(b);
  assert.equal(await ended, true);
  closeFd(a);
});

test('an exception in a callback reaches uncaughtException, and the watch goes on', async () => {
  const end = await runChild(`
    const { socketPair } = await native('descriptor-passing');
    const { watch } = await native('readiness');
    const { send } = await native('socket');
    const [a, b] = socketPair();
    let caught = 0;
    process.on('uncaughtException', (error) => {
      caught++;
      console.log('caught ' + error.message);
      if (caught === 2) process.exit(0);
    });
    watch(a, { readable: true }, () => { throw new Error('of the callback'); });
    send(b, Buffer.from('x'));
  `);
  assert.deepEqual([end.code, end.stdout], [0, 'caught of the callback\ncaught of the callback\n'], end.stderr);
});

test('a callback that always throws does not starve the others', async () => {
  const end = await runChild(`
    const { socketPair } = await native('descriptor-passing');
    const { watch } = await native('readiness');
    const { send } = await native('socket');
    const pairs = Array.from({ length: 5 }, () => socketPair());
    let caught = 0;
    const served = new Set();
    process.on('uncaughtException', () => { if (++caught > 1000) process.exit(1); });
    pairs.forEach(([a, b], i) => {
      watch(a, { readable: true }, () => {
        if (i % 2 === 0) throw new Error('always');
        served.add(i);
        if (served.size === 2) { console.log('served'); process.exit(0); }
      });
      send(b, Buffer.from('x'));
    });
  `);
  assert.deepEqual([end.code, end.stdout], [0, 'served\n'], end.stderr);
});

test('without a handler an exception in a callback ends the process with its stack', async () => {
  const end = await runChild(`
    const { socketPair } = await native('descriptor-passing');
    const { watch } = await native('readiness');
    const { send } = await native('socket');
    const [a, b] = socketPair();
    watch(a, { readable: true }, () => { throw new Error('nobody catches me'); });
    send(b, Buffer.from('x'));
  `);
  assert.notEqual(end.code, 0);
  assert.equal(end.signal, null);
  assert.match(end.stderr, /nobody catches me/);
});

test('an unreferenced watch lets the process end; a referenced one holds it', async () => {
  const free = await runChild(`
    const { socketPair } = await native('descriptor-passing');
    const { watch } = await native('readiness');
    const [a] = socketPair();
    watch(a, { readable: true }, () => {}).unref();
  `);
  assert.deepEqual([free.code, free.signal], [0, null], free.stderr);
  const held = await runChild(`
    const { socketPair } = await native('descriptor-passing');
    const { watch } = await native('readiness');
    const { send } = await native('socket');
    const [a, b] = socketPair();
    const watching = watch(a, { readable: true }, () => { console.log('still here'); watching.stop(); });
    setTimeout(() => send(b, Buffer.from('x')), 50).unref();
    setTimeout(() => {}, 0);
  `);
  assert.deepEqual([held.code, held.stdout], [0, 'still here\n'], held.stderr);
});

test('20 workers ended in the middle of their watches leave no descriptor and no crash', async () => {
  const script = `
    const { parentPort } = require('node:worker_threads');
    const { pathToFileURL } = require('node:url');
    const native = (name) => import(pathToFileURL(${JSON.stringify(nativeFolder)} + '/' + name + '.js').href);
    (async () => {
      const { socketPair } = await native('descriptor-passing');
      const { watch } = await native('readiness');
      const { send, receive } = await native('socket');
      const { openTimer } = await native('timerfd');
      const room = Buffer.alloc(16);
      for (let i = 0; i < 10; i++) {
        const [a, b] = socketPair();
        watch(a, { readable: true }, () => { receive(a, room); send(b, room); });
        send(b, room);
      }
      openTimer(() => {}).setAfter(1, 1);
      parentPort.postMessage('ready');
    })();
  `;
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 20; i++) {
    const worker = new Worker(script, { eval: true });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    });
    await worker.terminate();
  }
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

test('more ready descriptors than one turn takes are all served', async () => {
  const pairs = Array.from({ length: 600 }, () => socketPair());
  const room = Buffer.alloc(4);
  const served = new Set<number>();
  await new Promise<void>((resolve) => {
    for (const [a, b] of pairs) {
      watch(a, { readable: true }, () => {
        receive(a, room);
        unwatch(a);
        served.add(a);
        if (served.size === pairs.length) resolve();
      });
      send(b, Buffer.from('x'));
    }
  });
  assert.equal(served.size, 600);
  for (const [a, b] of pairs) {
    closeFd(a);
    closeFd(b);
  }
});

test('the addon says what to run when it is not built', async () => {
  const { mkdtempSync, cpSync, rmSync, writeFileSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-addon-'));
  try {
    // Where `npm run build` ran, the addon lies beside its face.
    const notTheAddon = (path: string): boolean => !path.endsWith('.node');
    cpSync(nativeFolder, join(folder, 'native'), { recursive: true, filter: notTheAddon });
    cpSync(join(nativeFolder, '..', 'runtime'), join(folder, 'runtime'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const end = await runChild(`
      try { await import(${JSON.stringify(join(folder, 'native', 'socket.js'))}); } catch (error) { console.log(error.code + ' ' + error.message); }
    `);
    assert.match(end.stdout, /^LVSD_ADDON_MISSING .*npm run build/, end.stderr);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
