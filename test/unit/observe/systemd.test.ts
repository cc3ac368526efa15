/** systemd's notifications on real sockets, and what is sent again when its queue is full. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type OpenDatagram, openDatagram, type SendOutcome } from '../../../observe/datagram.js';
import { Systemd, takeSystemdEnvironment } from '../../../observe/systemd.js';
import { VirtualClock } from '../../../runtime/virtual-clock.js';
import { listenForDatagrams } from './datagram-listener.js';

const unwatched = (notifySocket: string | undefined) => ({ notifySocket, watchdogMicroseconds: undefined });

test('the environment is read and taken away', () => {
  const environment: NodeJS.ProcessEnv = {
    NOTIFY_SOCKET: '/run/n',
    WATCHDOG_USEC: '30000000',
    WATCHDOG_PID: '12',
    PATH: '/bin',
  };
  assert.deepEqual(takeSystemdEnvironment(environment, 12), {
    notifySocket: '/run/n',
    watchdogMicroseconds: 30_000_000,
  });
  assert.deepEqual(environment, { PATH: '/bin' });
});

test('a watchdog of another process, a period of nonsense and a socket of another kind are not ours', () => {
  const watchdog = (more: NodeJS.ProcessEnv) =>
    takeSystemdEnvironment({ NOTIFY_SOCKET: '@n', ...more }, 12).watchdogMicroseconds;
  assert.equal(watchdog({ WATCHDOG_USEC: '5', WATCHDOG_PID: '13' }), undefined);
  assert.equal(watchdog({ WATCHDOG_USEC: '5' }), 5);
  for (const wrong of ['0', '-1', '1e3', '']) assert.equal(watchdog({ WATCHDOG_USEC: wrong }), undefined, wrong);
  assert.equal(takeSystemdEnvironment({ NOTIFY_SOCKET: 'vsock:2:9' }, 12).notifySocket, undefined);
});

test('states arrive on a path and on an abstract name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-notify-'));
  for (const path of [join(folder, 'notify'), `@lvsd-test-${process.pid}`]) {
    const listener = listenForDatagrams(path);
    const clock = new VirtualClock();
    const systemd = new Systemd({
      environment: unwatched(path),
      open: openDatagram,
      clock,
      monotonicMicroseconds: () => 42n,
    });
    try {
      systemd.ready(77, 'serving 2 virtual servers');
      systemd.reloading('reading\nREADY=1');
      systemd.stopping('bye');
      systemd.failed(2, 'no file');
      assert.deepEqual(listener.take(), [
        'READY=1\nMAINPID=77\nSTATUS=serving 2 virtual servers\n',
        'RELOADING=1\nMONOTONIC_USEC=42\nSTATUS=reading READY=1\n',
        'STOPPING=1\nSTATUS=bye\n',
        'ERRNO=2\nSTATUS=no file\n',
      ]);
    } finally {
      systemd.close();
      listener.close();
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

test('RELOADING carries CLOCK_MONOTONIC by default', () => {
  const path = `@lvsd-test-monotonic-${process.pid}`;
  const listener = listenForDatagrams(path);
  const systemd = new Systemd({ environment: unwatched(path), open: openDatagram, clock: new VirtualClock() });
  try {
    const before = process.hrtime.bigint() / 1000n;
    systemd.reloading('x');
    const told = BigInt(/MONOTONIC_USEC=(\d+)/.exec(listener.take()[0] ?? '')?.[1] ?? '0');
    assert.ok(told >= before && told <= process.hrtime.bigint() / 1000n);
  } finally {
    systemd.close();
    listener.close();
  }
});

function scripted(outcomes: SendOutcome[]): { readonly open: OpenDatagram; readonly sent: string[] } {
  const sent: string[] = [];
  const open: OpenDatagram = () => ({
    send(bytes) {
      const outcome = outcomes.shift() ?? 'sent';
      if (outcome === 'sent') sent.push(Buffer.from(bytes).toString().split('\n', 1)[0] ?? '');
      return outcome;
    },
    close: () => {},
  });
  return { open, sent };
}

test('a state that does not get through is sent again, in order; a status line is not', () => {
  const clock = new VirtualClock();
  const { open, sent } = scripted(['full', 'full']);
  const systemd = new Systemd({ environment: unwatched('/n'), open, clock });
  systemd.ready(1, 'a');
  systemd.status('skipped');
  systemd.stopping('b');
  assert.deepEqual(sent, []);
  clock.advance(50);
  assert.deepEqual(sent, []);
  clock.advance(50);
  assert.deepEqual(sent, ['READY=1', 'STOPPING=1']);
});

test('the watchdog beats at half its period, and falls silent when the daemon is not well', () => {
  const clock = new VirtualClock();
  const { open, sent } = scripted([]);
  const systemd = new Systemd({ environment: { notifySocket: '/n', watchdogMicroseconds: 10_000_000 }, open, clock });
  let well = true;
  systemd.startWatchdog(() => well);
  assert.equal(sent.length, 1);
  clock.advance(15_000);
  assert.deepEqual(sent, Array(4).fill('WATCHDOG=1'));
  well = false;
  clock.advance(20_000);
  assert.equal(sent.length, 4);
  well = true;
  clock.advance(5_000);
  assert.equal(sent.length, 5);
  systemd.close();
  clock.advance(60_000);
  assert.equal(sent.length, 5);
});

test('without systemd nothing is opened and no timer runs', () => {
  const clock = new VirtualClock();
  const open: OpenDatagram = () => assert.fail('opened');
  const systemd = new Systemd({ environment: unwatched(undefined), open, clock });
  systemd.ready(1, 'x');
  systemd.status('x');
  systemd.startWatchdog(() => true);
  systemd.stopping('x');
  clock.advance(60_000);
});
