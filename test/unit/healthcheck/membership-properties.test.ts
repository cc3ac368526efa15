// What holds for every virtual server and every sequence of events: the table follows from the verdicts alone, the
// sorry server is in exactly when it should be, edges alternate, a reload or restart of the same thing is silent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Checker } from '../../../config/checker.js';
import type { RealServer, VirtualServer } from '../../../config/virtual-server.js';
import {
  type MembershipEffect,
  type MembershipState,
  reloadMembership,
  restoreMembership,
  stepMembership,
  verdictsOf,
  wantedDestinations,
} from '../../../healthcheck/membership.js';
import type { VerdictChange } from '../../../healthcheck/verdict.js';
import { context, hear, misc, real, said, sorry, start, tcp, verdict, virtual } from './virtual-servers.js';

const anyChecker = (n: number): fc.Arbitrary<Checker> =>
  fc.oneof(
    fc.boolean().map((alpha) => tcp({ port: 80 + n, alpha })),
    fc.boolean().map((alpha) => misc(`/check ${n}`, { dynamic: true, alpha })),
  );

const anyServer = (n: number): fc.Arbitrary<RealServer> =>
  fc
    .record({
      weight: fc.integer({ min: 0, max: 5 }),
      inhibit: fc.boolean(),
      checkers: fc.oneof(fc.tuple(anyChecker(0)), fc.tuple(anyChecker(0), anyChecker(1)), fc.constant([])),
    })
    .map((words) => real(n, words));

const anySorry = fc.option(
  fc.tuple(fc.constantFrom('10.9.0.1', '10.1.0.1'), fc.boolean()).map(([ip, inhibit]) => sorry(ip, inhibit)),
  { nil: undefined },
);

const anyVirtual = (maxHysteresis: number): fc.Arbitrary<VirtualServer> =>
  fc
    .record({
      servers: fc
        .integer({ min: 1, max: 5 })
        .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => anyServer(i + 1)))),
      quorum: fc.integer({ min: 0, max: 8 }),
      hysteresis: fc.integer({ min: 0, max: maxHysteresis }),
      sorryServer: anySorry,
      omega: fc.boolean(),
    })
    .map(({ servers, ...words }) => virtual(servers, words));

const anyVerdict: fc.Arbitrary<VerdictChange> = fc
  .record({
    server: fc.integer({ min: 0, max: 5 }),
    checker: fc.integer({ min: 0, max: 1 }),
    up: fc.boolean(),
    weight: fc.option(fc.integer({ min: 0, max: 253 }), { nil: undefined }),
    run: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
  })
  .map(({ server, up, checker, weight, run }) =>
    verdict(server, up, { checker, run, ...(weight === undefined ? {} : { weight }) }),
  );

const anyVerdicts = fc.array(anyVerdict, { maxLength: 40 });

interface Life {
  readonly state: MembershipState;
  readonly effects: readonly MembershipEffect[];
}

function live(
  server: VirtualServer,
  changes: readonly VerdictChange[],
  watch?: (state: MembershipState) => void,
): Life {
  let { state, effects } = start(server);
  watch?.(state);
  for (const change of changes) {
    const step = hear(state, change);
    state = step.state;
    effects = [...effects, ...step.effects];
    watch?.(state);
  }
  return { state, effects };
}

const table = (state: MembershipState) =>
  wantedDestinations(state).map(({ server, weight }) => `${server.address}:${server.port}=${weight}`);

test('the wanted destinations follow from the verdicts alone, in whatever order they came', () => {
  fc.assert(
    fc.property(
      anyVirtual(0),
      anyVerdicts,
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (server, changes, dice) => {
        const last = new Map<string, VerdictChange>();
        for (const change of changes) if (change.run) last.set(change.at.join(), change);
        const shuffle = <T>(list: readonly T[]): T[] =>
          list
            .map((value) => ({ value, order: dice.next().value as number }))
            .sort((a, b) => a.order - b.order)
            .map(({ value }) => value);
        const other = [...shuffle(changes), ...shuffle([...last.values()])];
        const one = live(server, changes).state;
        const two = live(server, other).state;
        assert.deepEqual(table(two), table(one));
        assert.equal(two.quorumUp, one.quorumUp);
      },
    ),
    { numRuns: 500 },
  );
});

test('the sorry server is in exactly while the quorum is down; quorum and live weight agree', () => {
  fc.assert(
    fc.property(anyVirtual(9), anyVerdicts, (server, changes) => {
      live(server, changes, (state) => {
        // Counted here anew, from the verdicts.
        let sum = 0;
        for (const one of state.servers) {
          if (one.checkers.some((checker) => !checker.up)) continue;
          let weight: number = one.config.weight;
          for (const checker of one.checkers) weight += (checker.weight ?? one.config.weight) - one.config.weight;
          sum += Math.max(0, weight);
        }
        const quorum = Math.max(1, server.quorum);
        const hysteresis = Math.min(server.hysteresis, quorum - 1);
        if (state.quorumUp) assert.ok(sum > 0 && sum >= quorum - hysteresis);
        else assert.ok(sum < quorum + hysteresis);
        const wanted = wantedDestinations(state);
        assert.equal(
          new Set(table(state).map((line) => line.split('=')[0])).size,
          wanted.length,
          'no destination twice',
        );
        if (server.sorryServer === undefined) return;
        const mine = wanted.filter((one) => one.server === server.sorryServer);
        if (state.quorumUp) {
          assert.ok(mine.every((one) => one.weight === 0));
          return;
        }
        assert.deepEqual(
          mine.map((one) => one.weight),
          [1],
        );
        assert.ok(wanted.every((one) => one.server === server.sorryServer || one.weight === 0));
      });
    }),
    { numRuns: 500 },
  );
});

test('quorum edges alternate, and so do the notices of each real server, through stop', () => {
  fc.assert(
    fc.property(anyVirtual(9), anyVerdicts, (server, changes) => {
      const life = live(server, changes);
      const effects = [...life.effects, ...stepMembership(life.state, { kind: 'stop', flush: 'off' }).effects];
      const last = new Map<string, boolean>();
      for (const effect of effects) {
        if (effect.kind !== 'quorum' && effect.kind !== 'notify-server') continue;
        const who = effect.kind === 'quorum' ? 'quorum' : effect.realServer;
        assert.notEqual(last.get(who), effect.up, `${who} told ${effect.up} twice`);
        last.set(who, effect.up);
      }
    }),
    { numRuns: 500 },
  );
});

test('a reload of an equal config changes nothing and says nothing', () => {
  fc.assert(
    fc.property(anyVirtual(9), anyVerdicts, (server, changes) => {
      const { state } = live(server, changes);
      const step = reloadMembership(state, structuredClone(server), { ...context, generation: 2, wall: 9999 });
      assert.deepEqual(said(step), []);
      assert.deepEqual({ ...step.state, generation: 1 }, state);
    }),
    { numRuns: 300 },
  );
});

test('a restart after a crash goes on where the journal ends, and says nothing', () => {
  fc.assert(
    fc.property(anyVirtual(9), anyVerdicts, (server, changes) => {
      const { state } = live(server, changes);
      const journal = JSON.parse(JSON.stringify(verdictsOf(state)));
      const step = restoreMembership(structuredClone(server), journal, true, context);
      assert.deepEqual(said(step), []);
      assert.deepEqual(step.state, state);
    }),
    { numRuns: 300 },
  );
});

test('after any reload the table is what the verdicts say, and an inhibited server never leaves it', () => {
  fc.assert(
    fc.property(anyVirtual(9), anyVerdicts, anyVirtual(9), anyVerdicts, (server, changes, next, more) => {
      const inhibited = (state: MembershipState) => {
        const addresses = new Set(wantedDestinations(state).map((one) => one.server.address));
        for (const one of state.server.realServers) if (one.inhibitOnFailure) assert.ok(addresses.has(one.address));
      };
      let { state } = live(server, changes, inhibited);
      state = reloadMembership(state, next, { ...context, generation: 2, wall: 1 }).state;
      inhibited(state);
      for (const change of more) {
        state = hear(state, change).state;
        inhibited(state);
      }
      const again = restoreMembership(next, verdictsOf(state), true, context).state;
      assert.deepEqual(table(again), table(state));
      // A reload says what it did: a second one has nothing left to say.
      const twice = reloadMembership(state, structuredClone(next), { ...context, generation: 3, wall: 2 });
      assert.deepEqual(said(twice), []);
    }),
    { numRuns: 300 },
  );
});
