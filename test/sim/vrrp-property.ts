// What must hold of a simulated network of VRRP routers: after it heals, two masters are never there for longer than the
// protocol allows, and soon there is one, the right one, and it stays. And at any time: a router that wakes listens first.

import assert from 'node:assert/strict';
import { masterDownInterval } from '../../vrrp/election-timers.js';
import { type Scenario, SimulatedNetwork, scenarioOf } from './vrrp-network.js';

export interface Outcome {
  readonly packets: number;
  /** Milliseconds after the heal during which two masters stood side by side, at most at one time. */
  readonly worst: number;
  readonly bound: number;
  readonly scenario: Scenario;
}

/**
 * How long two masters may stand side by side on a healed network: until the next advert of the better one, which is one
 * interval of its clock and the way of the packet; with AH, whose counters have to meet, two adverts of each more.
 */
function boundOf({ interval, delay, drift, auth }: Scenario): number {
  const adverts = auth === 'ah' ? 5 : 1;
  return adverts * interval * (1 + drift) + 2 * delay + 1;
}

/** Runs one seed. Throws an AssertionError that names it. */
export function checkSeed(seed: number): Outcome {
  const scenario = scenarioOf(seed);
  const { interval, version, downTimerAdverts, preemptDelay, priorities, preempt, grouped } = scenario;
  const network = new SimulatedNetwork(scenario);
  const fail = (text: string): string => `seed ${seed}: ${text} ${JSON.stringify(scenario)}`;
  const chaos = interval * 80;
  network.trouble(chaos);
  network.run(chaos);
  network.heal();
  const down = masterDownInterval(version, interval, Math.min(...priorities), downTimerAdverts) * (1 + scenario.drift);
  const settling = 6 * down + preemptDelay * 2 + (grouped ? 6 * down : 0);
  network.run(chaos + settling);
  const segments = grouped ? [0, 1] : [0];
  const settled = segments.map((segment) => network.masters(segment));
  network.run(chaos + settling + interval * 40);

  const bound = boundOf(scenario);
  let worst = 0;
  for (const segment of segments) {
    const changes = network.changes.filter((change) => change.segment === segment);
    changes.forEach(({ at, masters }, index) => {
      if (masters.length < 2) return;
      // A row of changes with two masters each is one stretch.
      let end = index + 1;
      while (end < changes.length && (changes[end]?.masters.length ?? 0) >= 2) end++;
      const until = changes[end]?.at ?? network.now;
      worst = Math.max(worst, until - Math.max(at, chaos));
    });
    assert.ok(
      worst <= bound,
      fail(`two masters for ${worst.toFixed(1)} ms, at most ${bound.toFixed(1)} ms are allowed;`),
    );
    const masters = settled[segment] as readonly number[];
    assert.equal(masters.length, 1, fail(`masters ${masters.join()} of segment ${segment} after the network settled;`));
    assert.deepEqual(network.masters(segment), masters, fail('the master changed on a quiet network;'));
    const later = changes.filter(({ at }) => at > chaos + settling);
    assert.deepEqual(later, [], fail('masters came and went on a quiet network;'));
    const best = Math.max(...priorities);
    if (preempt)
      assert.equal(priorities[masters[0] as number], best, fail('the master is not the one with the best priority;'));
  }
  assert.equal(network.fights, 0, fail('a router that was stopped spoke before it listened;'));
  assert.equal(network.disagreements, 0, fail('the members of a sync group stood differently;'));
  return { packets: network.packets, worst, bound, scenario };
}
