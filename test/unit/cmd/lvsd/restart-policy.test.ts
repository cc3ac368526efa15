/** keepalived's back-off for a child that dies, and what ends the whole daemon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterDeath, firstRestart, isPermanent, statusOfRefusals } from '../../../../cmd/lvsd/restart-policy.js';

test('short lives wait 0, 1, 2, 4 … 60 seconds, as keepalived does', () => {
  let state = firstRestart;
  const delays: number[] = [];
  for (let i = 0; i < 9; i++) {
    const next = afterDeath(state, 1000);
    delays.push(next.delay / 1000);
    state = next.state;
  }
  assert.deepEqual(delays, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
});

test('a life of a minute or more starts again at once and forgets the past', () => {
  const next = afterDeath({ delaySeconds: 32 }, 60_000);
  assert.equal(next.delay, 0);
  assert.equal(afterDeath(next.state, 1000).delay, 1000);
});

test('FATAL, CONFIG and MISSING_PERMISSION are permanent, a signal or a bug is not', () => {
  assert.deepEqual([1, 2, 4].map(isPermanent), [true, true, true]);
  assert.deepEqual([0, 70, 204, null].map(isPermanent), [false, false, false, false]);
});

test('a start that is refused ends with the status that says what to mend', () => {
  const status = (...codes: readonly string[]): number => statusOfRefusals(codes.map((code) => ({ code })));
  assert.equal(status('LVSD_CONFIG_FILE_MISSING'), 6);
  assert.equal(status('LVSD_CONFIG_MISSING_PARAMETER', 'LVSD_CONFIG_FILE_MISSING'), 2);
  assert.equal(status('LVSD_CONFIG_UNBUILT_TRAFFIC'), 2);
  assert.equal(status('LVSD_IPVS_ABSENT'), 1);
  assert.equal(status('LVSD_IPVS_PERMISSION'), 4);
  assert.equal(status('LVSD_ROLE_DIED'), 1);
});
