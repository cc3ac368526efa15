/**
 * Dumps and changes of a real kernel, in a network namespace of this process's own: what is read whole is whole, what
 * changed meanwhile is read again, and an overrun of the monitor is survived and told.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { setTimeout as nextTurn } from 'node:timers/promises';
import { netlinkExchange } from '../../native/netlink-exchange.js';
import { enterNewNamespace } from '../../native/process.js';
import { DumpSocket } from '../../netlink/dump-socket.js';
import type { NetlinkMessage } from '../../netlink/message.js';
import { MonitorSocket } from '../../netlink/monitor-socket.js';
import { RequestSocket } from '../../netlink/request-socket.js';
import { RTNLGRP } from '../../netlink/rtnetlink.js';
import {
  decodeInterfaceAddress,
  encodeAddressAdd,
  encodeAddressDelete,
  encodeAddressDump,
} from '../../netlink/rtnetlink-address.js';
import { decodeLink, encodeLinkDump } from '../../netlink/rtnetlink-link.js';
import { decodeRoute, encodeRouteAdd, encodeRouteDelete, encodeRouteDump } from '../../netlink/rtnetlink-route.js';
import { type IpAddress, ipv4FromNumber, parseIpAddress } from '../../runtime/addresses.js';
import { isLvsdError } from '../../runtime/errors.js';

const MANY = 6000;
const entry = (n: number) => ({ index: 1, address: ipv4FromNumber(0x0a000000 + n), prefixLength: 32 });
const ip = (text: string): IpAddress => parseIpAddress(text) as IpAddress;

let requests: RequestSocket;

before(() => {
  enterNewNamespace('network');
  assert.equal(spawnSync('ip', ['link', 'set', 'lo', 'up']).status, 0);
  requests = new RequestSocket('route');
});
after(() => requests.close());

test('links are what ip(8) shows', { timeout: 30_000 }, async () => {
  const made = spawnSync('ip', 'link add vipnet type veth peer name vippeer'.split(' '));
  assert.equal(made.status, 0, made.stderr.toString());
  spawnSync('ip', 'link set vippeer up'.split(' '));
  spawnSync('ip', 'link set vipnet up mtu 1400 address 02:00:00:00:00:07'.split(' '));
  const dump = new DumpSocket('route');
  try {
    const linkNamed = (name: string) =>
      dump
        .dump(encodeLinkDump())
        .map((message) => decodeLink(message.payload))
        .find((link) => link?.name === name);
    // The kernel sets the operational state from a work queue of its own.
    while (linkNamed('vipnet')?.running === false) await nextTurn(10);
    const found = linkNamed('vipnet');
    assert.ok(found);
    assert.deepEqual(
      [found.mtu, found.hardwareAddress, found.kind, found.up, found.running, found.loopback],
      [1400, '02:00:00:00:00:07', 'veth', true, true, false],
    );
    assert.equal(linkNamed('lo')?.loopback, true);
  } finally {
    dump.close();
    spawnSync('ip', ['link', 'delete', 'vipnet']);
  }
});

test('routes are added, read and deleted', () => {
  const dump = new DumpSocket('route');
  const route = { destination: ip('198.51.100.0'), prefixLength: 24, type: 'blackhole', metric: 7 } as const;
  const count = () =>
    dump
      .dump(encodeRouteDump())
      .map((message) => decodeRoute(message.payload))
      .filter((read) => read?.destination === '198.51.100.0' && read.type === 'blackhole' && read.metric === 7).length;
  try {
    requests.request(encodeRouteAdd(route));
    assert.equal(count(), 1);
    requests.request(encodeRouteDelete(route));
    assert.equal(count(), 0);
  } finally {
    dump.close();
  }
});

test('a large table is read whole; one that changes meanwhile is read again; one that never rests is an error', () => {
  const list = Array.from({ length: MANY }, (_, n) => entry(n + 1));
  assert.ok(requests.exchange(list.map((wanted) => encodeAddressAdd(wanted))).every((answer) => answer.ok));
  let disturbances = 0;
  // Between two reads of one dump (the answer buffer is full) somebody else changes the table.
  const disturbed = (...args: Parameters<typeof netlinkExchange>) => {
    const exchanged = netlinkExchange(...args);
    if (exchanged.full && disturbances > 0) {
      disturbances--;
      requests.request(encodeAddressAdd(entry(0xf00000)));
      requests.request(encodeAddressDelete(entry(0xf00000)));
    }
    return exchanged;
  };
  const dump = new DumpSocket('route', { exchange: disturbed, retries: 3 });
  const addresses = () =>
    new Set(dump.dump(encodeAddressDump()).map((message) => decodeInterfaceAddress(message.payload)?.address));
  try {
    const whole = addresses();
    assert.ok(list.every((wanted) => whole.has(wanted.address)));
    assert.equal(dump.stats.interrupted, 0);
    disturbances = 1;
    const again = addresses();
    assert.ok(list.every((wanted) => again.has(wanted.address)));
    assert.equal(dump.stats.interrupted, 1);
    disturbances = Number.POSITIVE_INFINITY;
    assert.throws(addresses, (error: unknown) => isLvsdError(error) && error.code === 'LVSD_NETLINK_DUMP_INTERRUPTED');
    disturbances = 0;
    assert.equal(addresses().size, whole.size);
  } finally {
    dump.close();
    requests.exchange(list.map((gone) => encodeAddressDelete(gone)));
  }
});

test('a dump that stops half-way is an error, and the next one is whole', () => {
  const list = Array.from({ length: MANY }, (_, n) => entry(n + 1));
  requests.exchange(list.map((wanted) => encodeAddressAdd(wanted)));
  let broken = true;
  const cut = (...args: Parameters<typeof netlinkExchange>) => {
    const exchanged = netlinkExchange(...args);
    return broken ? { ...exchanged, finished: false, full: false } : exchanged;
  };
  const dump = new DumpSocket('route', { exchange: cut });
  try {
    assert.throws(
      () => dump.dump(encodeAddressDump()),
      (error: unknown) => isLvsdError(error) && error.code === 'LVSD_NETLINK_UNANSWERED',
    );
    broken = false;
    assert.ok(dump.dump(encodeAddressDump()).length >= MANY);
  } finally {
    dump.close();
    requests.exchange(list.map((gone) => encodeAddressDelete(gone)));
  }
});

test('the monitor tells changes in order, from the kernel only', async () => {
  const told: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const monitor = new MonitorSocket('route', [RTNLGRP.ipv4Address], {
      onMessages(messages: readonly NetlinkMessage[]) {
        for (const message of messages) {
          told.push(`${message.type} ${decodeInterfaceAddress(message.payload)?.address}`);
        }
        if (told.length < 4) return;
        monitor.close();
        resolve();
      },
      onLost: () => reject(new Error('nothing was lost')),
    });
    requests.exchange([1, 2].flatMap((n) => [encodeAddressAdd(entry(n)), encodeAddressDelete(entry(n))]));
  });
  assert.deepEqual(told, ['20 10.0.0.1', '21 10.0.0.1', '20 10.0.0.2', '21 10.0.0.2']);
});

test('an overrun is survived and told once, after what was queued is gone', async () => {
  let messages = 0;
  let lost = 0;
  const list = Array.from({ length: 2000 }, (_, n) => entry(n + 1));
  await new Promise<void>((resolve) => {
    const monitor = new MonitorSocket(
      'route',
      [RTNLGRP.ipv4Address],
      {
        onMessages: (list) => {
          messages += list.length;
          if (lost === 0) return;
          monitor.close();
          resolve();
        },
        onLost: () => {
          lost++;
          // It goes on: the next change is told.
          setImmediate(() => requests.request(encodeAddressAdd(entry(5000))));
        },
      },
      { receiveBufferBytes: 16384 },
    );
    requests.exchange(list.map((wanted) => encodeAddressAdd(wanted)));
  });
  assert.equal(lost, 1);
  assert.ok(messages < 2000);
  requests.exchange([...list, entry(5000)].map((gone) => encodeAddressDelete(gone)));
});
