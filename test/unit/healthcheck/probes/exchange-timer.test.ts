/** How long an exchange may take: each wait, and all of them together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExchangeTimer } from '../../../../healthcheck/probes/exchange-timer.js';
import { milliseconds } from '../../../../runtime/units.js';
import { VirtualClock } from '../../../../runtime/virtual-clock.js';

test('silence ends an exchange after one wait', () => {
  const clock = new VirtualClock();
  const at: number[] = [];
  new ExchangeTimer(clock, milliseconds(1000), () => at.push(clock.now()));
  clock.advance(10_000);
  assert.deepEqual(at, [1000]);
  assert.deepEqual(clock.pending(), []);
});

test('progress prolongs it, up to three waits in all', () => {
  const clock = new VirtualClock();
  const at: number[] = [];
  const timer = new ExchangeTimer(clock, milliseconds(1000), () => at.push(clock.now()));
  for (let i = 0; i < 40; i++) {
    clock.advance(100);
    if (at.length === 0) timer.progress();
  }
  assert.deepEqual(at, [3000]);
});

test('a stopped one does not fire', () => {
  const clock = new VirtualClock();
  const timer = new ExchangeTimer(clock, milliseconds(1000), () => assert.fail('fired'));
  timer.stop();
  clock.advance(10_000);
  assert.deepEqual(clock.pending(), []);
});
