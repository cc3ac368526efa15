// The simulation of VRRP routers (test/sim/vrrp.test.ts) with a thousand seeds. LVSD_VRRP_SEED=N runs that one alone;
// LVSD_VRRP_FROM=N begins there, so that another thousand can be run.

import { test } from 'node:test';
import { checkSeed } from '../sim/vrrp-property.js';

const only = process.env.LVSD_VRRP_SEED;
const from = Number(only ?? process.env.LVSD_VRRP_FROM ?? 1);
const count = only === undefined ? 1000 : 1;
const AT_ONCE = 100;

for (let first = from; first < from + count; first += AT_ONCE) {
  const last = Math.min(first + AT_ONCE, from + count) - 1;
  test(`VRRP seeds ${first} to ${last}`, (t) => {
    let packets = 0;
    for (let seed = first; seed <= last; seed++) packets += checkSeed(seed).packets;
    t.diagnostic(`${packets} packets`);
  });
}
