/** The line between supervisor and roles: whole messages in order, descriptors with them, nothing leaked at the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Channel } from '../../../../cmd/lvsd/channel.js';
import { closeFd, type Fd, ownedFdCount } from '../../../../native/descriptor.js';
import { readMemfd, sealedMemfd, socketPair } from '../../../../native/descriptor-passing.js';

interface Note {
  readonly n: number;
  readonly text: string;
}

function pair(onMessage: (note: Note, fds: readonly Fd[]) => void, onEnd: () => void = () => {}) {
  const [a, b] = socketPair();
  const sender = new Channel<Note, Note>(a, { onMessage: () => {}, onEnd: () => {} });
  const receiver = new Channel<Note, Note>(b, { onMessage, onEnd });
  return { sender, receiver };
}

test('messages arrive whole and in order, small and far larger than a packet', async () => {
  const got: Note[] = [];
  const texts = ['a', 'ü'.repeat(40_000), 'x'.repeat(3_000_000), 'end'];
  const done = new Promise<void>((resolve) => {
    const { sender, receiver } = pair((note) => {
      got.push(note);
      if (note.text === 'end') {
        sender.close();
        receiver.close();
        resolve();
      }
    });
    texts.forEach((text, n) => {
      assert.equal(sender.send({ n, text }), true);
    });
  });
  await done;
  assert.deepEqual(
    got.map((note) => note.text.length),
    texts.map((text) => text.length),
  );
  assert.deepEqual(
    got.map((note) => note.n),
    [0, 1, 2, 3],
  );
});

test('a descriptor travels with its message and is closed here', async () => {
  const before = ownedFdCount();
  await new Promise<void>((resolve) => {
    const { sender, receiver } = pair((note, fds) => {
      assert.equal(fds.length, 1);
      assert.equal(readMemfd(fds[0] as Fd).toString(), `content ${note.n}`);
      closeFd(fds[0] as Fd);
      sender.close();
      receiver.close();
      resolve();
    });
    sender.send({ n: 5, text: 'with' }, [sealedMemfd('test', Buffer.from('content 5'))]);
  });
  assert.equal(ownedFdCount(), before);
});

test('the end of one side is heard once by the other, and nothing leaks', async () => {
  const before = ownedFdCount();
  await new Promise<void>((resolve) => {
    const { sender, receiver } = pair(
      () => {},
      () => {
        assert.equal(receiver.send({ n: 1, text: 'too late' }), false);
        resolve();
      },
    );
    sender.close();
  });
  assert.equal(ownedFdCount(), before);
});

test('a side that does not read costs a bounded queue, then messages are dropped and counted', () => {
  const [a, b] = socketPair();
  const sender = new Channel<Note, Note>(a, { onMessage: () => {}, onEnd: () => {} });
  for (let n = 0; n < 30_000; n++) sender.send({ n, text: 'unread' });
  assert.ok(sender.dropped > 0);
  assert.ok(sender.queued <= 20_000);
  sender.close();
  closeFd(b);
});
