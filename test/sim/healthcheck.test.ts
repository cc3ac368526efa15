// A thousand real servers under a virtual clock, with membership behind the loop as in the director: deaths are noticed
// in time, a pause of everything fails nobody, reloads do not disturb the schedule. And what fifty thousand checkers
// cost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VirtualServer } from '../../config/virtual-server.js';
import { CheckLoop } from '../../healthcheck/check-loop.js';
import type { CheckedConfig } from '../../healthcheck/check-loop-register.js';
import { type MembershipState, reloadMembership, wantedDestinations } from '../../healthcheck/membership.js';
import { MemoryLog } from '../../runtime/log.js';
import { FakeServers, seeded } from '../unit/healthcheck/fake-servers.js';
import { FreezableClock } from '../unit/healthcheck/freezable-clock.js';
import { address, hear, real, start, tcp, verdict, virtual } from '../unit/healthcheck/virtual-servers.js';

const SERVERS = 1000;
const POOL = 10;
const words = { delayLoop: 5, warmup: 5, retry: 2, delayBeforeRetry: 1, timeout: 3 };
/** delay_loop + timeout + retry x (delay_before_retry + timeout), and the round trip of the last good answer. */
const BOUND = (5 + 3 + 2 * (1 + 3)) * 1000;

const ipOf = (n: number) => `10.1.${n >> 8}.${n & 255}`;
const nameOf = (n: number) => `[${ipOf(n)}]:tcp:80`;

/** `servers` real servers in virtual servers of `pool`, all new objects each time, as after a parse. */
function configOf(servers: number, pool: number, retry = words.retry): CheckedConfig {
  const virtualServers: VirtualServer[] = [];
  for (let first = 0; first < servers; first += pool) {
    const index = first / pool;
    virtualServers.push(
      virtual(
        Array.from({ length: pool }, (_, i) =>
          real(first + i, { checkers: [tcp({ ...words, retry, ip: ipOf(first + i) })] }),
        ),
        {
          target: {
            ...virtual([]).target,
            address: address(`10.0.${index >> 8}.${index & 255}`),
          } as VirtualServer['target'],
        },
      ),
    );
  }
  return { virtualServers, global: { checkerLogAllFailures: false } };
}

test('a dead server is out within delay_loop + timeout + retry x (delay_before_retry + timeout), and nobody else', (t) => {
  const fake = new FakeServers();
  const config = configOf(SERVERS, POOL);
  let states: MembershipState[] = config.virtualServers.map((server, index) => start(server, { index }).state);
  fake.loop.reconfigure(config, 1);
  const random = seeded(42);
  fake.clock.advance(30_000);
  assert.equal(fake.loop.verdicts().length, SERVERS);
  const died = new Map<number, number>();
  for (let i = 0; i < 100; i++) {
    fake.clock.advance(random() * 500);
    const victim = Math.floor(random() * SERVERS);
    if (died.has(victim)) continue;
    died.set(victim, fake.clock.now());
    fake.behaviour.set(nameOf(victim), 'silent');
  }
  fake.clock.advance(BOUND + 1000);
  let worst = 0;
  const out = new Set<number>();
  for (const { at, change } of fake.heard) {
    const [virtualServer, realServer] = change.at;
    states = states.with(virtualServer, hear(states[virtualServer] as MembershipState, change).state);
    if (change.up) continue;
    const victim = virtualServer * POOL + realServer;
    const since = died.get(victim);
    assert.ok(since !== undefined, `${nameOf(victim)} was never dead`);
    worst = Math.max(worst, at - since);
    out.add(victim);
  }
  assert.equal(out.size, died.size);
  assert.ok(worst <= BOUND + 5, `${worst} ms > ${BOUND} ms`);
  assert.equal(states.flatMap((state) => wantedDestinations(state)).length, SERVERS - died.size);
  assert.equal(fake.loop.statistics().pauses, 0);
  t.diagnostic(`${died.size} deaths, slowest ${(worst / 1000).toFixed(2)} s of at most ${BOUND / 1000} s`);
});

test('30 s in which nothing runs fail nobody; who is dead afterwards is found in time', (t) => {
  // Answers take long, so that many probes are in flight when it happens.
  const fake = new FakeServers({ roundTrip: 1500 });
  fake.loop.reconfigure(configOf(SERVERS, POOL), 1);
  fake.clock.advance(30_000);
  for (let round = 0; round < 5; round++) {
    assert.ok(fake.inFlight > 100, `${fake.inFlight} in flight`);
    fake.freeze(30_000);
    fake.clock.advance(9_000);
  }
  assert.deepEqual(fake.downs(), []);
  const { pauses, repeated } = fake.loop.statistics();
  assert.equal(pauses, 5);
  assert.ok(
    fake.log.lines.some((line) => /was not run for [23]\d\.\d s: \d+ checks in flight are repeated/.test(line)),
  );
  fake.freeze(30_000);
  const died = fake.clock.now();
  for (let n = 0; n < 50; n++) fake.behaviour.set(nameOf(n), 'silent');
  fake.clock.advance(BOUND + 5000);
  assert.equal(fake.downs().length, 50);
  for (const { at } of fake.downs()) assert.ok(at - died <= BOUND + 5000, `${at - died}`);
  t.diagnostic(`${repeated} probes repeated in 5 pauses`);
});

test('a stopped VM whose monotonic clock stood still is seen by the wall clock', () => {
  const fake = new FakeServers({ roundTrip: 1500 });
  fake.loop.reconfigure(configOf(SERVERS, POOL), 1);
  fake.clock.advance(30_000);
  fake.freeze(0);
  fake.clock.jumpWall(30_000);
  fake.clock.advance(20_000);
  assert.deepEqual(fake.downs(), []);
  assert.equal(fake.loop.statistics().pauses, 1);
});

test('failures that are read before our own timer fires are not counted either', () => {
  const fake = new FakeServers({ roundTrip: 1500 });
  fake.loop.reconfigure(configOf(SERVERS, POOL, 0), 1);
  fake.clock.advance(30_000);
  assert.ok(fake.inFlight > 100);
  for (let round = 0; round < 4; round++) {
    fake.freeze(30_000);
    fake.failAll();
    fake.clock.advance(5_000);
  }
  assert.deepEqual(fake.downs(), []);
});

test('a pause that falls into the middle of a turn of the loop is seen too', () => {
  const fake = new FakeServers({ roundTrip: 1500 });
  fake.loop.reconfigure(configOf(SERVERS, POOL, 0), 1);
  fake.clock.advance(30_000);
  for (let round = 0; round < 5; round++) {
    assert.ok(fake.inFlight > 100);
    fake.atNextStart = () => fake.freeze(30_000);
    fake.clock.advance(9_000);
    assert.equal(fake.atNextStart, undefined);
  }
  assert.deepEqual(fake.downs(), []);
  assert.equal(fake.loop.statistics().pauses, 5);
});

test('a machine that stalls for ever does not hide a dead server for ever', () => {
  const fake = new FakeServers();
  fake.loop.reconfigure(configOf(POOL, POOL), 1);
  fake.clock.advance(30_000);
  fake.behaviour.set(nameOf(3), 'silent');
  for (let i = 0; i < 400; i++) {
    fake.clock.advance(400);
    fake.clock.freeze(1000);
  }
  assert.ok(fake.downs().some(({ change }) => change.at[1] === 3));
});

test('the phases of all schedules survive 100 reloads', () => {
  const startsOf = (reloads: number) => {
    const fake = new FakeServers();
    for (let n = 0; n < SERVERS; n += 7) fake.behaviour.set(nameOf(n), 'refuses');
    fake.loop.reconfigure(configOf(SERVERS, POOL), 1);
    for (let i = 0; i < 100; i++) {
      fake.clock.advance(333);
      if (i < reloads) fake.loop.reconfigure(configOf(SERVERS, POOL), i + 2);
    }
    assert.equal(fake.cancelled, 0);
    return fake.starts.map(({ name, at }) => `${name} ${at.toFixed(3)}`).sort();
  };
  assert.deepEqual(startsOf(100), startsOf(0));
});

test('what 50,000 checkers cost', (t) => {
  const clock = new FreezableClock();
  let verdicts = 0;
  const loop = new CheckLoop({
    clock,
    log: new MemoryLog(),
    random: seeded(3),
    startRun: (_checker, _target, done) => {
      done({ ok: true, detail: '' });
      return () => {};
    },
    onVerdict: () => verdicts++,
  });
  const config = configOf(50_000, POOL);
  // Processor time, not the clock on the wall: the machine may have other things to do.
  let began = process.cpuUsage();
  const took = () => process.cpuUsage(began).user / 1000;
  loop.reconfigure(config, 1);
  t.diagnostic(`start: ${took().toFixed(0)} ms`);
  clock.advance(10_000);
  assert.equal(verdicts, 50_000);
  const before = loop.statistics().runs;
  began = process.cpuUsage();
  clock.advance(60_000);
  const runs = loop.statistics().runs - before;
  assert.ok(runs >= 50_000 * 11);
  t.diagnostic(
    `${runs} runs: ${((took() * 1000) / runs).toFixed(2)} us each, ${(took() / 600).toFixed(2)} % of a core`,
  );
  const again = configOf(50_000, POOL);
  began = process.cpuUsage();
  loop.reconfigure(again, 2);
  t.diagnostic(`reload of new objects: ${took().toFixed(0)} ms`);
  began = process.cpuUsage();
  loop.reconfigure(again, 3);
  t.diagnostic(`reload of the same objects: ${took().toFixed(0)} ms`);
  loop.stop();
  assert.equal(clock.pending, 0);
});

test('what membership of 37,205 real servers costs the director', (t) => {
  const made = (weightOfLast: number) =>
    Array.from({ length: 2277 }, (_, index) => {
      const pool = index < 775 ? 17 : 16;
      return virtual(
        Array.from({ length: pool }, (_, i) =>
          real(i + 1, {
            weight: index === 2276 && i === 15 ? weightOfLast : 1,
            checkers: [tcp({ ...words, ip: ipOf(i + 1) })],
          }),
        ),
        {
          target: {
            ...virtual([]).target,
            address: address(`10.0.${index >> 8}.${index & 255}`),
          } as VirtualServer['target'],
        },
      );
    });
  const first = made(1);
  const second = made(5);
  let began = process.cpuUsage();
  const took = () => (process.cpuUsage(began).user / 1000).toFixed(0);
  let states = first.map((server, index) => start(server, { index }).state);
  t.diagnostic(`start: ${took()} ms`);
  began = process.cpuUsage();
  const steps = states.map((state, index) =>
    reloadMembership(state, second[index] as VirtualServer, { index, generation: 2, rsInitNotifies: false, wall: 0 }),
  );
  t.diagnostic(`reload of new objects, one weight changed: ${took()} ms`);
  assert.deepEqual(
    steps.flatMap(({ effects }) => effects),
    [
      {
        kind: 'log',
        level: 'info',
        text: 'Changing weight from 1 to 5 for active service [10.1.0.16]:tcp:80 of VS [10.0.8.228]:tcp:80',
      },
    ],
  );
  states = steps.map(({ state }) => state);
  began = process.cpuUsage();
  const wanted = states.reduce((sum, state) => sum + wantedDestinations(state).length, 0);
  t.diagnostic(`wanted destinations: ${took()} ms`);
  assert.equal(wanted, 37_207);
  began = process.cpuUsage();
  for (const state of states) {
    let next = state;
    for (let n = 0; n < state.servers.length; n++) next = hear(next, verdict(n, false)).state;
    assert.equal(wantedDestinations(next).length, 0);
  }
  t.diagnostic(`all of them die: ${took()} ms`);
});
