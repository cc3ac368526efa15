/** Requests and their answers, by sequence number. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { closeFd, ownedFdCount } from '../../../native/descriptor.js';
import { type Exchanged, netlinkExchange } from '../../../native/netlink-exchange.js';
import { enterNewNamespace } from '../../../native/process.js';
import { bind, openSocket, send } from '../../../native/socket.js';
import { netlinkAddress } from '../../../native/socket-address.js';
import { AF, SOCK } from '../../../native/socket-options.js';
import { encodeMessage, NLMSG_ERROR } from '../../../netlink/message.js';
import type { NetlinkError } from '../../../netlink/netlink-error.js';
import { type Answer, RequestSocket } from '../../../netlink/request-socket.js';
import { encodeAddressAdd, encodeAddressDelete } from '../../../netlink/rtnetlink-address.js';
import { decodeLink, encodeLinkByName, encodeLinkUp } from '../../../netlink/rtnetlink-link.js';
import { encodeRouteAdd } from '../../../netlink/rtnetlink-route.js';
import { type IpAddress, ipv4FromNumber, parseIpAddress } from '../../../runtime/addresses.js';
import { isLvsdError } from '../../../runtime/errors.js';

const ip = (text: string): IpAddress => parseIpAddress(text) as IpAddress;
const add = (n: number) => encodeAddressAdd({ index: 1, address: ipv4FromNumber(0x0a000000 + n), prefixLength: 32 });
const remove = (n: number) =>
  encodeAddressDelete({ index: 1, address: ipv4FromNumber(0x0a000000 + n), prefixLength: 32 });
const summary = (answers: readonly Answer[]): string[] =>
  answers.map((answer) => (answer.ok ? 'ok' : answer.error.errnoName || answer.error.code));

describe('the request socket, on a network namespace of its own', () => {
  let socket: RequestSocket;
  before(() => {
    enterNewNamespace('network');
    socket = new RequestSocket('route');
    socket.request(encodeLinkUp(1, true));
  });
  after(() => socket.close());

  test('one sendmsg for a batch, one answer for each, a refusal does not stop the rest', () => {
    const { sends, messages } = socket.stats;
    const answers = socket.exchange([add(1), add(1), remove(9), add(2), remove(1), remove(2)]);
    assert.deepEqual(summary(answers), ['ok', 'EEXIST', 'EADDRNOTAVAIL', 'ok', 'ok', 'ok']);
    assert.deepEqual([socket.stats.sends - sends, socket.stats.messages - messages], [1, 6]);
  });

  test('silence means done when only the last one asks', () => {
    const answers = socket.exchange([add(1), add(1), remove(9), add(2), remove(1), remove(2)], {
      acknowledge: 'last',
    });
    assert.deepEqual(summary(answers), ['ok', 'EEXIST', 'EADDRNOTAVAIL', 'ok', 'ok', 'ok']);
    assert.deepEqual(summary(socket.exchange([add(1), remove(1), remove(1)], { acknowledge: 'last' })), [
      'ok',
      'ok',
      'EADDRNOTAVAIL',
    ]);
  });

  test('one buffer with many messages is the same as a list', () => {
    const answers = socket.exchange(Buffer.concat([add(1), add(1), remove(1)]));
    assert.deepEqual(summary(answers), ['ok', 'EEXIST', 'ok']);
    assert.deepEqual(socket.exchange([]), []);
    assert.deepEqual(socket.exchange(Buffer.alloc(0)), []);
  });

  test("the caller's bytes stay as they were", () => {
    const message = add(1);
    const copy = Buffer.from(message);
    socket.exchange([message]);
    socket.request(remove(1));
    assert.ok(message.equals(copy));
  });

  test('a long list goes in slices, in as few calls as fit', async () => {
    const list = Array.from({ length: 5000 }, (_, n) => add(n + 1));
    const { sends } = socket.stats;
    assert.ok(socket.exchange(list).every((answer) => answer.ok));
    assert.equal(socket.stats.sends - sends, Math.ceil(5000 / socket.requestsPerSlice));
    const again = await socket.exchangeInSlices(list, { acknowledge: 'last' });
    assert.ok(again.every((answer) => !answer.ok && answer.error.errnoName === 'EEXIST'));
    const removed = await socket.exchangeInSlices(Array.from({ length: 5000 }, (_, n) => remove(n + 1)));
    assert.ok(removed.every((answer) => answer.ok));
    assert.equal(socket.stats.unanswered, 0);
    assert.equal(socket.stats.overruns, 0);
  });

  test('replies come with the answer', () => {
    const replies = socket.request(encodeLinkByName('lo'));
    assert.equal(replies.length, 1);
    assert.equal(decodeLink((replies[0] as { payload: Buffer }).payload)?.name, 'lo');
    assert.throws(
      () => socket.request(encodeLinkByName('none')),
      (error: unknown) => isLvsdError(error) && error.code === 'LVSD_NETLINK_REFUSED' && /ENODEV/.test(error.message),
    );
  });

  test("a refusal carries the kernel's own sentence", () => {
    const route = encodeRouteAdd({
      destination: ip('192.0.2.0'),
      prefixLength: 24,
      gateway: ip('198.51.100.1'),
      index: 1,
    });
    assert.throws(
      () => socket.request(route),
      (error: unknown) => {
        const refusal = error as NetlinkError;
        assert.equal(refusal.errnoName, 'ENETUNREACH');
        assert.equal(refusal.extack.text, 'Nexthop has invalid gateway');
        assert.match(refusal.message, /Nexthop has invalid gateway/);
        return true;
      },
    );
  });

  test('what another process says is not believed', () => {
    const liar = openSocket(AF.NETLINK, SOCK.RAW, 0);
    try {
      bind(liar, netlinkAddress());
      const payload = Buffer.alloc(20);
      payload.writeInt32LE(-1, 0);
      // The next sequence numbers of the socket under test, all "refused".
      for (let n = 0; n < 5; n++) {
        const sequence = socket.stats.messages + 1 + n;
        const lie = encodeMessage({ type: NLMSG_ERROR, flags: 0, sequence, payload });
        assert.equal(send(liar, lie, netlinkAddress(socket.portId)), lie.length);
      }
      const { foreign } = socket.stats;
      assert.deepEqual(summary(socket.exchange([add(1), remove(1)])), ['ok', 'ok']);
      assert.equal(socket.stats.foreign - foreign, 5);
    } finally {
      closeFd(liar);
    }
  });

  test('bytes that are no request are refused before anything is sent', () => {
    const cut = add(1).subarray(0, 20);
    const done = encodeMessage({ type: 3, flags: 0, sequence: 0, payload: Buffer.alloc(4) });
    for (const bad of [Buffer.alloc(3), cut, done, Buffer.concat([add(1), add(2)])]) {
      const { sends } = socket.stats;
      assert.throws(
        () => socket.exchange([bad]),
        (error: unknown) => isLvsdError(error) && error.code === 'LVSD_NETLINK_BAD_REQUEST',
      );
      assert.equal(socket.stats.sends, sends);
    }
    assert.throws(() => socket.exchange(Buffer.concat([add(1), Buffer.alloc(5)])), /LVSD_NETLINK_BAD|bug in lvsd/);
  });

  test('answers that were lost are told as such, and the socket is fit for the next', () => {
    const forgetful = (...args: Parameters<typeof netlinkExchange>): Exchanged => {
      const exchanged = netlinkExchange(...args);
      return { ...exchanged, used: 36, finished: false, full: false, overruns: 1 };
    };
    const lossy = new RequestSocket('route', { exchange: forgetful });
    const answers = lossy.exchange([add(1), remove(1), add(3)], { acknowledge: 'every' });
    assert.deepEqual(summary(answers), ['ok', 'LVSD_NETLINK_UNANSWERED', 'LVSD_NETLINK_UNANSWERED']);
    assert.deepEqual([lossy.stats.unanswered, lossy.stats.overruns], [2, 1]);
    lossy.close();
    socket.request(remove(3));
  });

  test('a kernel that says nothing is given up after the timeout', () => {
    const deaf = (...args: Parameters<typeof netlinkExchange>): Exchanged => {
      const [fd, , , last, answers] = args;
      return netlinkExchange(fd, null, 0, last, answers, 10);
    };
    const socket = new RequestSocket('route', { exchange: deaf });
    assert.throws(
      () => socket.request(add(1)),
      (error: unknown) => isLvsdError(error) && error.code === 'LVSD_NETLINK_UNANSWERED' && error.retriable,
    );
    socket.close();
  });

  test('a message that cannot be sent is an answer, and the others are done', () => {
    const huge = encodeMessage({ type: 20, flags: 0, sequence: 0, payload: Buffer.alloc(8 << 20) });
    const answers = socket.exchange([add(1), huge, remove(1)]);
    assert.deepEqual(summary(answers), ['ok', 'LVSD_NETLINK_UNANSWERED', 'ok']);
    assert.match((answers[1] as { error: NetlinkError }).error.message, /EMSGSIZE/);
  });

  test('small buffers make small slices, and nothing is lost', () => {
    const small = new RequestSocket('route', { receiveBufferBytes: 8192 });
    assert.ok(small.requestsPerSlice <= 16);
    const list = Array.from({ length: 300 }, (_, n) => remove(n + 1));
    assert.ok(small.exchange(list).every((answer) => !answer.ok && answer.error.errnoName === 'EADDRNOTAVAIL'));
    assert.equal(small.stats.overruns, 0);
    small.close();
  });

  test('a closed socket gives its descriptor back and refuses', () => {
    const before = ownedFdCount();
    const closed = new RequestSocket('generic');
    assert.equal(ownedFdCount(), before + 1);
    closed.close();
    closed.close();
    assert.equal(ownedFdCount(), before);
    assert.throws(
      () => closed.request(add(1)),
      (error: unknown) => isLvsdError(error) && error.code === 'LVSD_NETLINK_CLOSED',
    );
  });
});
