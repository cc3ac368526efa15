/** The watch for drift covers a table of any size in ten seconds, and leaves an idle director asleep. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driftTick } from '../../../../../cmd/lvsd/roles/kernel-table.js';

const LARGEST_SLICE = 512;

test('every size from none to 65,000 services is covered within ten seconds', () => {
  for (const services of [0, 1, 7, 8, 9, 160, 161, 5000, 37_205, 65_025]) {
    const tick = driftTick(services);
    const slice = Math.min(LARGEST_SLICE, Math.ceil((services * tick) / 8000));
    const round = services === 0 ? 0 : Math.ceil(services / slice) * tick;
    assert.ok(round <= 10_000, `${services} services: ${round} ms`);
  }
});

test('a small table is looked at once a second, not twenty times', () => {
  assert.equal(driftTick(1), 1000);
  assert.equal(driftTick(0), 1000);
  assert.equal(driftTick(65_000), 50);
});
