/** The two phases of a reload as a table: one refusal, death or silence keeps the old configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RoleName } from '../../../../cmd/lvsd/messages.js';
import {
  beginTransaction,
  commitOrder,
  stepTransaction,
  type Transaction,
  type TransactionAction,
  type TransactionEvent,
} from '../../../../cmd/lvsd/reload-transaction.js';

const roles: RoleName[] = ['director', 'checker', 'runner'];

function play(events: readonly TransactionEvent[], of: readonly RoleName[] = roles) {
  let step = beginTransaction(7, of);
  const actions: TransactionAction[] = [...step.actions];
  for (const event of events) {
    if (step.next === undefined) break;
    step = stepTransaction(step.next, event);
    actions.push(...step.actions);
  }
  return { actions, open: step.next };
}

const prepared = (role: RoleName, refused = false, generation = 7): TransactionEvent => ({
  type: 'prepared',
  role,
  generation,
  refusals: refused ? [{ code: 'LVSD_X', message: 'no' }] : [],
});
const committed = (role: RoleName, generation = 7): TransactionEvent => ({
  type: 'committed',
  role,
  generation,
  report: undefined,
});

test('all prepare, then runner, checker and director commit one after the other', () => {
  const { actions, open } = play([
    prepared('checker'),
    prepared('director'),
    prepared('runner'),
    committed('runner'),
    committed('checker'),
    committed('director'),
  ]);
  assert.deepEqual(
    actions.map((a) => (a.do === 'commit' ? a.role : a.do)),
    ['runner', 'checker', 'director', 'finished'],
  );
  assert.equal(open, undefined);
});

test('one refusal keeps the old configuration everywhere, and waits for all so that all errors are told', () => {
  const { actions } = play([prepared('checker', true), prepared('director', true), prepared('runner')]);
  assert.equal(actions.length, 1);
  const last = actions[0];
  assert.ok(last?.do === 'abandon');
  assert.deepEqual([...last.roles].sort(), [...roles].sort());
  assert.equal(last.refusals.length, 2);
});

test('a role that dies while preparing, or stays silent, abandons the reload', () => {
  for (const event of [{ type: 'died', role: 'checker' }, { type: 'timeout' }] as const) {
    const { actions } = play([prepared('director'), event]);
    assert.deepEqual(
      actions.map((a) => a.do),
      ['abandon'],
    );
  }
});

test('a role that dies while committing does not stop the others; the director is waited for, because the table is its work', () => {
  const events: TransactionEvent[] = [
    prepared('checker'),
    prepared('director'),
    prepared('runner'),
    { type: 'died', role: 'director' },
    committed('runner'),
    { type: 'died', role: 'checker' },
    { type: 'died', role: 'director' },
  ];
  const waiting = play(events);
  assert.deepEqual(
    waiting.actions.map((a) => (a.do === 'commit' ? a.role : a.do)),
    ['runner', 'checker', 'director'],
  );
  assert.equal(waiting.open?.phase, 'committing');
  assert.deepEqual(play([...events, committed('director')]).actions.at(-1), {
    do: 'finished',
    generation: 7,
    report: undefined,
    missed: [],
  });
});

test('each role that never commits is given up in its turn and named', () => {
  const late: TransactionEvent = { type: 'timeout' };
  const { actions, open } = play([...roles.map((role) => prepared(role)), late, committed('checker'), late]);
  assert.equal(open, undefined);
  const last = actions.at(-1);
  assert.deepEqual(last?.do === 'finished' ? last.missed : undefined, ['runner', 'director']);
});

test('an answer to an older generation is not taken for this one', () => {
  const { actions, open } = play([prepared('checker', false, 6), prepared('director'), prepared('runner')]);
  assert.deepEqual(actions, []);
  assert.equal(open?.phase, 'preparing');
});

test('property: it never both commits and abandons, commits in order and each role once, whatever comes', () => {
  const event: fc.Arbitrary<TransactionEvent> = fc.oneof(
    fc.record({ role: fc.constantFrom(...roles), refused: fc.boolean() }).map((r) => prepared(r.role, r.refused)),
    fc.constantFrom(...roles).map((r) => committed(r)),
    fc.constantFrom(...roles).map((role) => ({ type: 'died', role }) as const),
    fc.constant({ type: 'timeout' } as const),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), fc.subarray(roles), (events, of) => {
      const { actions, open } = play(events, of);
      const kinds = new Set(actions.map((a) => a.do));
      assert.ok(!(kinds.has('commit') && kinds.has('abandon')));
      assert.ok(!(kinds.has('finished') && kinds.has('abandon')));
      const order = actions.flatMap((a) => (a.do === 'commit' ? [commitOrder.indexOf(a.role)] : []));
      assert.deepEqual(order, [...new Set(order)].sort());
      assert.equal(open === undefined, kinds.has('finished') || kinds.has('abandon'));
      return true;
    }),
  );
});

test('a reload that needs no role finishes at once', () => {
  const { actions } = play([], []);
  assert.deepEqual(
    actions.map((a) => a.do),
    ['finished'],
  );
  const state: Transaction | undefined = play([], []).open;
  assert.equal(state, undefined);
});
