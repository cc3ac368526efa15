// Three to nine VRRP routers under a virtual clock, 50 seeds: loss, delay, duplication, partitions, crashes, stops, clock
// drift; sync groups on two segments. A thousand seeds: `npm run test:long vrrp-sim`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSeed } from './vrrp-property.js';

const SEEDS = 50;

test(`never two masters for longer than the protocol allows, then one that stays: ${SEEDS} seeds`, (t) => {
  let packets = 0;
  let worst = 0;
  let grouped = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = checkSeed(seed);
    packets += outcome.packets;
    worst = Math.max(worst, outcome.worst / outcome.bound);
    if (outcome.scenario.grouped) grouped++;
  }
  assert.ok(packets > 20_000, `${packets} packets`);
  assert.ok(grouped > 5, `${grouped} with sync groups`);
  t.diagnostic(
    `${packets} packets; two masters side by side for at most ${(worst * 100).toFixed(0)} % of what is allowed`,
  );
});

test('a seed is the same run every time', () => {
  assert.deepEqual(checkSeed(7), checkSeed(7));
});
