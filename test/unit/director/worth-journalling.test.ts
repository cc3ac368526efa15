/** What a director that begins anew must know stands in the journal; what a fresh start presumes anyway does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalEntry, worthJournalling } from '../../../director/worth-journalling.js';
import type { MembershipState } from '../../../healthcheck/membership.js';
import { restoreMembership, stepMembership, wantedDestinations } from '../../../healthcheck/membership.js';
import { context, hear, real, start, tcp, verdict, virtual } from '../healthcheck/virtual-servers.js';

const two = (alpha = false) =>
  virtual([real(1, { checkers: [tcp({ alpha })] }), real(2, { checkers: [tcp({ alpha })] })], { alpha });

function after(state: MembershipState, server: number, up: boolean): MembershipState {
  return hear(state, verdict(server, up)).state;
}

test('the first success of a healthy server writes nothing', () => {
  const { state } = start(two());
  const next = after(state, 0, true);
  assert.equal(worthJournalling(state, next), false);
  assert.deepEqual(journalEntry(next).servers, []);
});

test('a death is written, and so is the return from it', () => {
  const { state } = start(two());
  const dead = after(state, 0, false);
  assert.equal(worthJournalling(state, dead), true);
  assert.equal(journalEntry(dead).servers.length, 1);
  const back = after(dead, 0, true);
  assert.equal(worthJournalling(dead, back), true);
});

test('nothing is written for a verdict that says what is known', () => {
  const dead = after(start(two()).state, 0, false);
  assert.equal(worthJournalling(dead, after(dead, 0, false)), false);
  assert.equal(worthJournalling(dead, dead), false);
});

test('what quorum was told is written', () => {
  const { state } = start(two());
  const told = stepMembership(after(after(state, 0, false), 1, false), { kind: 'presence', present: true }).state;
  assert.equal(worthJournalling(state, told), true);
});

test('with alpha the first success is the news', () => {
  const { state } = start(two(true));
  const up = after(state, 0, true);
  assert.equal(worthJournalling(state, up), true);
  assert.equal(journalEntry(up).servers.length, 1);
});

test('a director that begins anew with the entry wants the same destinations', () => {
  for (const alpha of [false, true]) {
    let { state } = start(two(alpha));
    const addresses = (of: MembershipState): readonly string[] =>
      wantedDestinations(of).map(({ server, weight }) => `${server.address} ${weight}`);
    for (const [server, up] of [
      [0, true],
      [0, false],
      [1, true],
      [1, false],
      [0, true],
    ] as const) {
      state = after(state, server, up);
      const anew = restoreMembership(state.server, journalEntry(state), true, context).state;
      assert.deepEqual(addresses(anew), addresses(state), `alpha ${alpha}, server ${server} ${up ? 'up' : 'down'}`);
      assert.equal(anew.quorumUp, state.quorumUp);
    }
  }
});
