/** Who owns a descriptor, and that it is closed once. */
import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { adoptFd, closeFd, type Fd, ownedFdCount, ownsFd, releaseFd } from '../../../native/descriptor.js';
import { socketPair } from '../../../native/descriptor-passing.js';
import { watch, watchCount } from '../../../native/readiness.js';
import { openSocket } from '../../../native/socket.js';
import { SystemCallError } from '../../../native/system-call-error.js';

const isErrno = (name: string) => (error: unknown) => error instanceof SystemCallError && error.errnoName === name;

test('what is opened is owned, and closed once', () => {
  const before = ownedFdCount();
  const fd = openSocket(2, 1, 0);
  assert.equal(ownedFdCount(), before + 1);
  closeFd(fd);
  assert.equal(ownedFdCount(), before);
  assert.throws(() => closeFd(fd), isErrno('EBADF'));
});

test('a descriptor of somebody else is never closed', () => {
  const fd = openSync('/dev/null', 'r');
  try {
    assert.throws(() => closeFd(fd as Fd), isErrno('EBADF'));
    assert.ok(fstatSync(fd).isCharacterDevice());
  } finally {
    closeSync(fd);
  }
});

test('a released descriptor stays open and is not ours', () => {
  const [a, b] = socketPair();
  const number = releaseFd(a);
  assert.equal(ownsFd(number), false);
  assert.throws(() => releaseFd(a), isErrno('EBADF'));
  closeSync(number);
  closeFd(b);
});

test('an inherited descriptor is adopted once', () => {
  const fd = adoptFd(openSync('/dev/null', 'r'));
  assert.throws(() => adoptFd(fd), isErrno('EEXIST'));
  closeFd(fd);
  assert.throws(() => adoptFd(fd), isErrno('EBADF'));
});

test('closing a watched descriptor ends its watch', () => {
  const [a, b] = socketPair();
  watch(a, { readable: true }, () => undefined);
  assert.equal(watchCount(), 1);
  closeFd(a);
  assert.equal(watchCount(), 0);
  closeFd(b);
});

test('a net.Socket takes over a connected descriptor', async () => {
  const server = net.createServer((peer) => peer.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as net.AddressInfo;
    const { inetAddress } = await import('../../../native/socket-address.js');
    const { connect, socketError } = await import('../../../native/socket.js');
    const fd = openSocket(2, 1, 0);
    const begun = connect(fd, inetAddress('127.0.0.1' as never, port as never));
    assert.ok(begun === 0 || begun === -115);
    await new Promise<void>((resolve) => {
      const watching = watch(fd, { writable: true }, () => {
        watching.stop();
        resolve();
      });
    });
    assert.equal(socketError(fd), 0);
    const socket = new net.Socket({ fd: releaseFd(fd), readable: true, writable: true });
    let text = '';
    for await (const chunk of socket) text += chunk;
    assert.equal(text, 'hello');
  } finally {
    server.close();
  }
});

test('every descriptor that the addon opens is close-on-exec', async () => {
  const [a, b] = socketPair();
  const { readFileSync } = await import('node:fs');
  try {
    for (const fd of [a, b]) {
      const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0';
      assert.equal(Number.parseInt(flags, 8) & 0o2000000, 0o2000000);
    }
    assert.ok(readdirSync('/proc/self/fd').length > 0);
  } finally {
    closeFd(a);
    closeFd(b);
  }
});
