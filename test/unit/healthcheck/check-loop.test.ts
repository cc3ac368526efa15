// The loop: starts, answers, its safety net, our own trouble, suspension, reload.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RealServer } from '../../../config/virtual-server.js';
import type { CheckedConfig } from '../../../healthcheck/check-loop-register.js';
import { FakeServers } from './fake-servers.js';
import { http, misc, real, tcp, virtual } from './virtual-servers.js';

const words = { delayLoop: 10, warmup: 0, retry: 1, delayBeforeRetry: 1, timeout: 2 };
const checked = (n: number) => real(n, { checkers: [tcp({ ...words, ip: `10.1.0.${n}` })] });
const configOf = (...servers: RealServer[]): CheckedConfig => ({
  virtualServers: [virtual(servers)],
  global: { checkerLogAllFailures: false },
});
const name = (n: number) => `[10.1.0.${n}]:tcp:80`;

test('a server that answers is heard of once; the log says so', () => {
  const fake = new FakeServers();
  fake.loop.reconfigure(configOf(checked(1)), 5);
  fake.clock.advance(35_000);
  assert.deepEqual(fake.log.lines, [
    'Activating healthchecker for service [10.1.0.1]:tcp:80 for VS [10.0.0.1]:tcp:80',
    'TCP connection to [10.1.0.1]:tcp:80 success.',
  ]);
  assert.equal(fake.heard.length, 1);
  assert.equal(fake.heard[0]?.generation, 5);
  assert.deepEqual(
    fake.starts.map((start) => start.at),
    [1000, 11_002, 21_004, 31_006],
  );
});

test('the global checker_log_all_failures counts as the checker’s own', () => {
  const fake = new FakeServers();
  fake.behaviour.set(name(1), 'refuses');
  fake.loop.reconfigure({ ...configOf(checked(1)), global: { checkerLogAllFailures: true } }, 1);
  fake.clock.advance(2000);
  assert.ok(fake.log.lines.includes('refused'));
});

test('a probe that never ends is ended by the loop: TCP counts as timeout, a script says nothing', () => {
  const fake = new FakeServers();
  fake.behaviour.set(name(1), 'hangs');
  fake.behaviour.set(name(2), 'hangs');
  const script = real(2, { checkers: [misc('/check', { ...words, timeout: 3 })] });
  fake.loop.reconfigure(configOf(checked(1), script), 1);
  fake.clock.advance(9000);
  assert.deepEqual(
    fake.heard.map(({ change }) => [change.at[1], change.up]),
    [[0, false]],
  );
  assert.equal(fake.loop.statistics().hung, 2);
  assert.equal(fake.cancelled, 2);
});

test('our own trouble is one line in ten seconds and fails nobody', () => {
  const fake = new FakeServers();
  const servers = Array.from({ length: 50 }, (_, i) => checked(i + 1));
  for (let n = 1; n <= 50; n++) fake.behaviour.set(name(n), n === 50 ? 'throws' : 'trouble');
  fake.loop.reconfigure(configOf(...servers), 1);
  fake.clock.advance(15_000);
  assert.equal(fake.heard.length, 0);
  assert.equal(fake.loop.statistics().inconclusive, 100);
  const lines = fake.log.lines.filter((line) => !line.startsWith('Activating'));
  assert.equal(lines.length, 2);
  assert.match(lines[1] ?? '', /and 49 more checks that could not be made/);
});

test('no more probes at once than allowed; the others come as room is made', () => {
  const fake = new FakeServers({ maxInFlight: 10 });
  const servers = Array.from({ length: 100 }, (_, i) => checked(i + 1));
  fake.loop.reconfigure(configOf(...servers), 1);
  fake.clock.advance(5000);
  assert.equal(fake.mostInFlight, 10);
  assert.equal(fake.heard.length, 100);
});

test('HTTP asks for its urls in turn', () => {
  const fake = new FakeServers();
  fake.loop.reconfigure(configOf(real(1, { checkers: [http(['/a', '/b', '/c'], words)] })), 1);
  fake.clock.advance(32_000);
  assert.deepEqual(
    fake.starts.map((start) => start.url),
    [0, 1, 2, 0],
  );
});

test('suspended checks do not run, and their probes in flight are ended', () => {
  const fake = new FakeServers();
  fake.behaviour.set(name(1), 'silent');
  fake.loop.reconfigure(configOf(checked(1)), 1);
  fake.clock.advance(1500);
  fake.loop.setSuspended(0, true);
  assert.equal(fake.cancelled, 1);
  fake.clock.advance(100_000);
  assert.equal(fake.starts.length, 1);
  assert.equal(fake.heard.length, 0);
  assert.equal(fake.clock.pending, 0);
  fake.loop.setSuspended(0, false);
  fake.clock.advance(12_100);
  assert.equal(fake.heard.length, 1);
  assert.deepEqual(
    fake.log.lines.filter((line) => line.includes('healthchecker')).map((line) => line.split(' ')[0]),
    ['Activating', 'Suspending', 'Activating'],
  );
});

test('a reload may begin with suspended checks', () => {
  const fake = new FakeServers();
  fake.loop.reconfigure(configOf(checked(1)), 1, { suspended: new Set([0]) });
  fake.clock.advance(60_000);
  assert.equal(fake.starts.length, 0);
});

test('a reload that says nothing about suspension leaves it as it is, also for new checkers', () => {
  const fake = new FakeServers();
  fake.loop.reconfigure(configOf(checked(1)), 1);
  fake.loop.setSuspended(0, true);
  const lines = fake.log.lines.length;
  fake.loop.reconfigure(configOf(checked(1)), 2);
  assert.equal(fake.log.lines.length, lines);
  fake.loop.reconfigure(configOf(checked(1), checked(2)), 3);
  fake.clock.advance(60_000);
  assert.equal(fake.starts.length, 0);
  fake.loop.reconfigure(configOf(checked(1), checked(2)), 4, { suspended: new Set() });
  fake.clock.advance(11_000);
  assert.equal(fake.starts.length, 2);
});

test('a reload keeps what is known, a probe in flight too, and drops what is gone', () => {
  const fake = new FakeServers();
  fake.behaviour.set(name(2), 'silent');
  fake.behaviour.set(name(3), 'silent');
  fake.loop.reconfigure(configOf(checked(1), checked(2), checked(3)), 1);
  fake.clock.advance(1500);
  fake.loop.reconfigure(configOf(checked(3), checked(1)), 2);
  assert.equal(fake.cancelled, 1, 'the probe of the server that left');
  assert.deepEqual(
    fake.loop.verdicts().map(({ at, up }) => [...at, up]),
    [[0, 1, 0, true]],
    'the snapshot has the new indices',
  );
  fake.clock.advance(2000);
  assert.deepEqual(
    fake.heard.map(({ change, generation }) => [generation, change.at[1], change.up]),
    [
      [1, 0, true],
      [2, 0, false],
    ],
    'the answer of a probe from before the reload counts, under its new index',
  );
  assert.equal(fake.starts.filter((start) => start.name === name(3)).length, 1);
});

test('a checker that the file writes twice is two, also after a reload', () => {
  const twice = () => real(1, { checkers: [tcp(words), tcp(words)] });
  const fake = new FakeServers();
  fake.behaviour.set(name(1), 'refuses');
  fake.loop.reconfigure(configOf(twice()), 1);
  fake.clock.advance(3000);
  fake.loop.reconfigure(configOf(twice()), 2);
  assert.deepEqual(
    fake.loop.verdicts().map(({ at, up }) => [...at, up]),
    [
      [0, 0, 0, false],
      [0, 0, 1, false],
    ],
  );
  fake.clock.advance(10_000);
  assert.equal(fake.starts.length, 4);
});

test('a new alpha checker of a server that was up is presumed up; of one that was down, or is new, down', () => {
  const more = (n: number) =>
    real(n, {
      checkers: [tcp({ ...words, ip: `10.1.0.${n}` }), tcp({ ...words, ip: `10.1.0.${n}`, port: 81, alpha: true })],
    });
  const fake = new FakeServers();
  fake.behaviour.set(name(2), 'refuses');
  fake.loop.reconfigure(configOf(checked(1), checked(2)), 1);
  fake.clock.advance(3000);
  fake.loop.reconfigure(configOf(more(1), more(2), more(3)), 2);
  assert.deepEqual(
    fake.loop.checkers().map(({ state }) => state.checker.up),
    [true, true, false, false, true, false],
  );
});

test('restored verdicts are where checkers begin', () => {
  const fake = new FakeServers();
  fake.loop.reconfigure(configOf(checked(1), checked(2)), 1, {
    restored: (key) => (key.includes(name(2)) ? { up: false, weight: undefined, since: 5 } : undefined),
  });
  assert.deepEqual(
    fake.loop.checkers().map(({ state }) => state.checker.up),
    [true, false],
  );
  assert.deepEqual(fake.loop.verdicts(), []);
});

test('stop leaves no timer and no probe', () => {
  const fake = new FakeServers();
  fake.behaviour.set(name(1), 'silent');
  fake.loop.reconfigure(configOf(checked(1), checked(2)), 1);
  fake.clock.advance(1500);
  fake.loop.stop();
  assert.equal(fake.clock.pending, 0);
  assert.equal(fake.inFlight, 0);
});
