// Two BFD sessions that talk by packets under a virtual clock: loss, delay, doubling, partitions, restarts and reloads, each
// run from its seed. They come up in round trips, stay up, notice a death in time, and always find each other again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BfdSessionConfig, BfdSessions } from '../../bfd/sessions.js';
import { milliseconds } from '../../runtime/units.js';
import { VirtualClock } from '../../runtime/virtual-clock.js';
import { parameters } from '../unit/bfd/sessions.js';
import { seeded } from '../unit/healthcheck/fake-servers.js';
import { ip } from '../unit/vrrp/packets.js';

const ADDRESSES = [ip('10.0.0.1'), ip('10.0.0.2')] as const;

interface Intervals {
  readonly minTx: number;
  readonly minRx: number;
  readonly multiplier: number;
  readonly passive?: boolean;
}

class Pair {
  readonly clock = new VirtualClock();
  readonly ends: BfdSessions[] = [];
  readonly changes: { readonly at: number; readonly end: number; readonly to: string }[] = [];
  loss = 0;
  delay = 2;
  cut = false;
  packets = 0;
  readonly #random: () => number;
  readonly #wakes = [0, 0];
  readonly #intervals: Intervals[];

  constructor(seed: number, a: Intervals, b: Intervals = a) {
    this.#random = seeded(seed);
    this.#intervals = [a, b];
    this.restart(0);
    this.restart(1);
  }

  /** A process that knows nothing begins; the one before it does not say goodbye. */
  restart(end: 0 | 1): void {
    const sessions: BfdSessions = new BfdSessions((effect) => {
      if (effect.kind === 'changed') this.changes.push({ at: this.clock.now(), end, to: effect.to });
      if (effect.kind === 'send' && this.ends[end] === sessions) this.#send(end, effect.bytes);
    }, this.#random);
    this.ends[end] = sessions;
    this.configure(end, this.#intervals[end] as Intervals);
  }

  configure(end: 0 | 1, intervals: Intervals): void {
    this.#intervals[end] = intervals;
    const config: BfdSessionConfig = {
      parameters: parameters({ name: `E${end}`, ...intervals }),
      neighbor: ADDRESSES[end === 0 ? 1 : 0],
      leastTtl: 255,
      multihop: false,
    };
    this.ends[end]?.configure([config], this.clock.now());
    this.#arm(end);
  }

  kill(end: 0 | 1): void {
    this.ends[end] = new BfdSessions(() => {}, this.#random);
  }

  states(): string {
    return this.ends.map((end) => end.all()[0]?.state.session).join(' ');
  }

  #send(from: 0 | 1, bytes: Uint8Array): void {
    const to = from === 0 ? 1 : 0;
    if (this.cut || this.#random() < this.loss) return;
    this.clock.after(milliseconds(this.#random() * this.delay), 'packet', () => {
      this.packets++;
      this.ends[to]?.receive(bytes, ADDRESSES[from], 255, false, this.clock.now());
      this.#arm(to);
    });
  }

  #arm(end: 0 | 1): void {
    const sessions = this.ends[end] as BfdSessions;
    const wake = ++(this.#wakes as [number, number])[end];
    const { deadline } = sessions;
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.clock.after(milliseconds(deadline - this.clock.now()), 'bfd', () => {
      if (this.#wakes[end] !== wake || this.ends[end] !== sessions) return;
      sessions.timer(Math.max(deadline, this.clock.now()));
      this.#arm(end);
    });
  }
}

const quick: Intervals = { minTx: 50, minRx: 50, multiplier: 3 };

test('50 ms x 3: up within a second and a bit, and up for ten minutes without a change', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const pair = new Pair(seed, quick);
    pair.clock.advance(1200);
    assert.equal(pair.states(), 'up up', `seed ${seed}`);
    const before = pair.changes.length;
    pair.clock.advance(600_000);
    assert.equal(pair.changes.length, before, `seed ${seed}`);
    const perSecond = pair.packets / 601.2 / 2;
    assert.ok(perSecond >= 20 && perSecond <= 27, `seed ${seed}: ${perSecond} packets a second`);
  }
});

test('a death is noticed within the detection time, and told', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const pair = new Pair(seed, quick);
    pair.clock.advance(5000 + seed * 7);
    pair.changes.length = 0;
    const died = pair.clock.now();
    pair.kill(1);
    pair.clock.advance(1000);
    const [down] = pair.changes;
    assert.deepEqual([down?.end, down?.to], [0, 'down'], `seed ${seed}`);
    assert.ok((down?.at ?? 0) - died <= 150 + pair.delay, `seed ${seed}: ${(down?.at ?? 0) - died} ms`);
  }
});

test('one loss in a row of three is survived; new intervals on either side change nothing', () => {
  const pair = new Pair(3, quick);
  pair.clock.advance(2000);
  const before = pair.changes.length;
  for (let i = 0; i < 200; i++) {
    pair.cut = true;
    pair.clock.advance(45);
    pair.cut = false;
    pair.clock.advance(160);
  }
  const choices: Intervals[] = [
    quick,
    { minTx: 300, minRx: 20, multiplier: 3 },
    { minTx: 20, minRx: 400, multiplier: 5 },
  ];
  for (let i = 0; i < 60; i++) {
    pair.configure(i % 2 === 0 ? 0 : 1, choices[i % 3] as Intervals);
    pair.clock.advance(37 + i * 11);
  }
  assert.equal(pair.changes.length, before);
  assert.equal(pair.states(), 'up up');
});

test('loss, cuts and restarts, then peace: up on both sides within eight seconds, and for good', (t) => {
  let downs = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed * 31);
    const some = (): Intervals => ({
      minTx: [10, 50, 300][Math.floor(random() * 3)] as number,
      minRx: [10, 50, 300][Math.floor(random() * 3)] as number,
      multiplier: 3 + Math.floor(random() * 3),
    });
    const pair = new Pair(seed, some(), { ...some(), passive: random() < 0.3 });
    for (let i = 0; i < 30; i++) {
      pair.loss = random() < 0.5 ? 0 : random() * 0.6;
      pair.cut = random() < 0.2;
      if (random() < 0.1) pair.restart(random() < 0.5 ? 0 : 1);
      if (random() < 0.1) pair.configure(0, some());
      pair.clock.advance(random() * 1500);
    }
    downs += pair.changes.filter(({ to }) => to === 'down').length;
    pair.loss = 0;
    pair.cut = false;
    // The longest detection time, so that what stood is forgotten, then a second until the next word and some round trips.
    pair.clock.advance(3000 + 5 * 1000);
    assert.equal(pair.states(), 'up up', `seed ${seed}`);
    const before = pair.changes.length;
    pair.clock.advance(20_000);
    assert.equal(pair.changes.length, before, `seed ${seed}`);
  }
  assert.ok(downs > 200, `${downs} times down`);
  t.diagnostic(`${downs} times down in 200 runs`);
});
