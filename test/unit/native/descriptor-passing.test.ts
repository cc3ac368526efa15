/** Descriptors that travel between processes. */
import assert from 'node:assert/strict';
import { fstatSync, openSync, readdirSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { adoptFd, closeFd, type Fd, ownedFdCount } from '../../../native/descriptor.js';
import {
  readMemfd,
  receiveWithDescriptors,
  sealedMemfd,
  sendWithDescriptors,
  socketPair,
} from '../../../native/descriptor-passing.js';
import { receive } from '../../../native/socket.js';
import { isLvsdError } from '../../../runtime/errors.js';

const openFds = (): number => readdirSync('/proc/self/fd').length;

function withPair(run: (a: Fd, b: Fd) => void): void {
  const fds = openFds();
  const owned = ownedFdCount();
  const [a, b] = socketPair();
  try {
    run(a, b);
  } finally {
    closeFd(a);
    closeFd(b);
  }
  assert.equal(ownedFdCount(), owned);
  assert.equal(openFds(), fds);
}

test('a descriptor arrives as another number for the same file', () => {
  withPair((a, b) => {
    const file = adoptFd(openSync('/dev/null', 'r'));
    assert.equal(sendWithDescriptors(a, Buffer.from('take this'), [file]), 9);
    const room = Buffer.alloc(32);
    const got = receiveWithDescriptors(b, room, 4);
    assert.deepEqual([got.bytes, got.surplus, got.cut], [9, 0, false]);
    const [copy] = got.descriptors as [Fd];
    assert.notEqual(copy, file);
    assert.equal(fstatSync(copy).rdev, fstatSync(file).rdev);
    closeFd(copy);
    closeFd(file);
  });
});

test('what comes above the bound is closed and counted', () => {
  withPair((a, b) => {
    const files = Array.from({ length: 6 }, () => adoptFd(openSync('/dev/null', 'r')));
    sendWithDescriptors(a, Buffer.from('x'), files);
    const got = receiveWithDescriptors(b, Buffer.alloc(8), 2);
    assert.deepEqual([got.descriptors.length, got.surplus], [2, 4]);
    for (const fd of [...got.descriptors, ...files]) closeFd(fd);
  });
});

test('descriptors that come to a plain receive do not leak', () => {
  withPair((a, b) => {
    const file = adoptFd(openSync('/dev/null', 'r'));
    sendWithDescriptors(a, Buffer.from('x'), [file]);
    const before = openFds();
    assert.equal(receive(b, Buffer.alloc(8), null, Buffer.alloc(256)).bytes, 1);
    assert.equal(openFds(), before);
    closeFd(file);
  });
});

test('message boundaries hold, an empty queue says EAGAIN, a closed peer 0', () => {
  const [a, b] = socketPair();
  sendWithDescriptors(a, Buffer.from('one'), []);
  sendWithDescriptors(a, Buffer.from('second'), []);
  const room = Buffer.alloc(4);
  assert.equal(receiveWithDescriptors(b, room, 0).bytes, 3);
  const second = receiveWithDescriptors(b, room, 0);
  assert.deepEqual([second.bytes, second.cut], [4, true]);
  assert.equal(receiveWithDescriptors(b, room, 0).bytes, -11);
  closeFd(a);
  assert.equal(receiveWithDescriptors(b, room, 0).bytes, 0);
  closeFd(b);
});

test('more descriptors than one message takes are refused', () => {
  withPair((a) => {
    assert.equal(sendWithDescriptors(a, Buffer.from('x'), new Array(254).fill(a)), -22);
  });
});

test('a sealed memory file is read whole and cannot be changed', () => {
  const content = Buffer.alloc(300_000, 'configuration ');
  const fd = sealedMemfd('snapshot', content);
  assert.ok(readMemfd(fd).equals(content));
  assert.throws(() => writeSync(fd, 'x', 0), /EPERM/);
  assert.throws(
    () => readMemfd(fd, 1000),
    (error: unknown) => isLvsdError(error) && error.code === 'LVSD_MEMFD_TOO_LARGE',
  );
  closeFd(fd);
});

test('what is not sealed is refused', () => {
  const fd = adoptFd(openSync('/dev/zero', 'r'));
  assert.throws(
    () => readMemfd(fd),
    (error: unknown) => isLvsdError(error) && error.code === 'LVSD_MEMFD_NOT_SEALED',
  );
  closeFd(fd);
});
