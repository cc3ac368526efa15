/**
 * Links, addresses and VIPs of a real kernel, in a network namespace of this process's own.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, beforeEach, test } from 'node:test';
import { HostMonitor } from '../../host/host-monitor.js';
import { VipAddresses } from '../../host/vip-addresses.js';
import { netlinkExchange } from '../../native/netlink-exchange.js';
import { enterNewNamespace } from '../../native/process.js';
import { DumpSocket } from '../../netlink/dump-socket.js';
import { RequestSocket } from '../../netlink/request-socket.js';
import { type IpAddress, ipv4FromNumber, parseIpAddress } from '../../runtime/addresses.js';

const address = (text: string): IpAddress => parseIpAddress(text) as IpAddress;

function ip(words: string): void {
  const done = spawnSync('ip', words.split(' '));
  assert.equal(done.status, 0, `ip ${words}: ${done.stderr}`);
}

let requests: RequestSocket;
before(() => {
  enterNewNamespace('network');
  ip('link set lo up');
  requests = new RequestSocket('route');
});
after(() => requests.close());
beforeEach(() => {
  spawnSync('ip', ['link', 'delete', 'eth9']);
});

/** Runs `act` with a monitor and waits until `enough` is true of the lines that its events made. */
async function watched(
  act: (monitor: HostMonitor) => void,
  enough: (lines: readonly string[]) => boolean,
  receiveBufferBytes = 1 << 20,
): Promise<string[]> {
  const lines: string[] = [];
  let monitor: HostMonitor | undefined;
  try {
    await new Promise<void>((resolve) => {
      const note = (line: string): void => {
        lines.push(line);
        if (enough(lines)) resolve();
      };
      monitor = new HostMonitor(
        {
          onLink: (event) => {
            const state = event.link.up ? 'up' : 'down';
            note(`${event.kind} ${event.link.name} ${state} ${event.link.running ? 'running' : 'idle'}`);
          },
          onAddress: (event) => note(`${event.address} ${event.present ? 'present' : 'gone'}`),
          onLost: () => note('lost'),
        },
        { receiveBufferBytes },
      );
      act(monitor);
    });
  } finally {
    monitor?.close();
  }
  return lines;
}

test('an interface comes, goes up, down and away, and comes again as another', async () => {
  let first: number | undefined;
  let replaced = false;
  const lines = await watched(
    (monitor) => {
      assert.equal(monitor.links.byName('eth9'), undefined);
      assert.equal(monitor.links.byName('lo')?.index, 1);
      ip('link add eth9 type veth peer name peer9');
      monitor.reread();
      first = monitor.links.byName('eth9')?.index;
      ip('link set peer9 up');
      ip('link set eth9 up');
    },
    (all) => {
      // The kernel tells "running" from a work queue of its own: what comes next waits for it.
      if (!replaced && all.at(-1) === 'changed eth9 up running') {
        replaced = true;
        ip('link set eth9 down');
        ip('link delete eth9');
        ip('link add eth9 type veth peer name peer9');
      }
      return all.filter((line) => line.startsWith('appeared eth9')).length === 2;
    },
  );
  const mine = lines.filter((line) => line.includes(' eth9 '));
  assert.equal(mine[0], 'appeared eth9 down idle');
  assert.ok(mine.includes('changed eth9 up running'));
  assert.ok(mine.lastIndexOf('changed eth9 down idle') > mine.indexOf('changed eth9 up running'));
  assert.ok(mine.some((line) => line.startsWith('disappeared eth9')));
  assert.equal(mine.at(-1), 'appeared eth9 down idle');
  const monitor = new HostMonitor();
  assert.notEqual(monitor.links.byName('eth9')?.index, first);
  monitor.close();
});

test('a VIP is seen to come and go, also with its interface', async () => {
  const vip = address('192.0.2.10');
  const lines = await watched(
    (monitor) => {
      assert.equal(monitor.addresses.has(vip), false);
      ip('link add eth9 type veth peer name peer9');
      ip('address add 192.0.2.10/32 dev lo');
      ip('address add 192.0.2.10/32 dev eth9');
      ip('address delete 192.0.2.10/32 dev lo');
      ip('link delete eth9');
    },
    (all) => all.includes('192.0.2.10 gone'),
  );
  assert.deepEqual(
    lines.filter((line) => line.startsWith('192.0.2.10')),
    ['192.0.2.10 present', '192.0.2.10 gone'],
  );
});

test('after an overrun the tables are true again', async () => {
  const vips = new VipAddresses(requests);
  const list = Array.from({ length: 3000 }, (_, n) => ({ address: ipv4FromNumber(0x0a010000 + n), device: 'lo' }));
  const lines = await watched(
    () => assert.ok(vips.add(list).every((result) => result.kind === 'added')),
    (all) => all.includes('lost') && all.length > 3000,
    16384,
  );
  assert.equal(new Set(lines.filter((line) => line.endsWith('present'))).size, 3000);
  assert.ok(vips.remove(list).every((result) => result.kind === 'removed'));
});

test('tables that never rest are read as soon as they do', async () => {
  const vips = new VipAddresses(requests);
  const list = Array.from({ length: 6000 }, (_, n) => ({ address: ipv4FromNumber(0x0a010000 + n), device: 'lo' }));
  const other = { address: address('192.0.2.99'), device: 'lo' };
  let restless = false;
  // Between two reads of one dump somebody else changes the table.
  const exchange = (...args: Parameters<typeof netlinkExchange>) => {
    const exchanged = netlinkExchange(...args);
    if (restless && exchanged.full) {
      vips.add([other]);
      vips.remove([other]);
    }
    return exchanged;
  };
  const lines: string[] = [];
  let monitor: HostMonitor | undefined;
  await new Promise<void>((resolve) => {
    monitor = new HostMonitor(
      {
        onAddress: () => {
          if (list.every((vip) => monitor?.addresses.has(vip.address))) resolve();
        },
        onRereadDelayed: (error) => {
          lines.push(error.code);
          restless = false;
        },
      },
      { receiveBufferBytes: 16384, dump: new DumpSocket('route', { exchange, retries: 1 }) },
    );
    restless = true;
    vips.add(list);
  });
  monitor?.close();
  vips.remove(list);
  assert.deepEqual(lines, ['LVSD_NETLINK_DUMP_INTERRUPTED']);
});

test('VIPs: added once, ours or not, removed only when ours', () => {
  const vips = new VipAddresses(requests);
  ip('link add eth9 type veth peer name peer9');
  ip('address add 192.0.2.77/32 dev eth9');
  const four = { address: address('192.0.2.10'), device: 'eth9', label: 'eth9:vip' };
  const six = { address: address('2001:db8::10'), device: 'eth9' };
  const foreign = { address: address('192.0.2.77'), device: 'eth9' };
  const nowhere = { address: address('192.0.2.11'), device: 'none9' };
  const added = vips.add([four, six, foreign, nowhere]);
  assert.deepEqual(added.slice(0, 3), [{ kind: 'added' }, { kind: 'added' }, { kind: 'present', ours: false }]);
  assert.ok(added[3]?.kind === 'failed' && /there is no interface none9/.test(added[3].error.message));
  assert.deepEqual(vips.add([four, six]), [
    { kind: 'present', ours: true },
    { kind: 'present', ours: true },
  ]);
  assert.deepEqual(vips.ours(), [four, six]);
  const monitor = new HostMonitor();
  try {
    assert.equal(monitor.addresses.entriesOf(four.address)[0]?.label, 'eth9:vip');
    assert.equal(monitor.addresses.entriesOf(four.address)[0]?.prefixLength, 32);
    const v6 = monitor.addresses.entriesOf(six.address)[0];
    assert.ok(v6 !== undefined && v6.prefixLength === 128 && (v6.flags & 0x40) === 0 && (v6.flags & 0x20) !== 0);
  } finally {
    monitor.close();
  }
  ip('address delete 2001:db8::10/128 dev eth9');
  assert.deepEqual(vips.remove([four, six, foreign, nowhere]), [
    { kind: 'removed' },
    { kind: 'absent' },
    { kind: 'foreign' },
    { kind: 'foreign' },
  ]);
  assert.deepEqual(vips.ours(), []);
});

test('a VIP whose interface has gone is absent, not an error; a journal claims what was ours', () => {
  const vip = { address: address('192.0.2.10'), device: 'eth9' };
  ip('link add eth9 type veth peer name peer9');
  new VipAddresses(requests).add([vip]);
  const next = new VipAddresses(requests);
  next.claim([vip]);
  assert.deepEqual(next.add([vip]), [{ kind: 'present', ours: true }]);
  ip('link delete eth9');
  assert.deepEqual(next.remove([vip]), [{ kind: 'absent' }]);
});
