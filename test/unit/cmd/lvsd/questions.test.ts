/** Questions to roles: each gets its own answer, or none in its time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Questions } from '../../../../cmd/lvsd/questions.js';
import { milliseconds } from '../../../../runtime/units.js';
import { VirtualClock } from '../../../../runtime/virtual-clock.js';

function rig() {
  const clock = new VirtualClock();
  const sent: number[] = [];
  const questions = new Questions(clock);
  const ask = (patience: number): Promise<unknown> =>
    questions.ask(patience, (id) => {
      sent.push(id);
      return true;
    });
  return { clock, sent, questions, ask };
}

test('an answer belongs to its question, in whatever order they come', async () => {
  const { sent, questions, ask } = rig();
  const [one, two] = [ask(1000), ask(1000)];
  questions.answer(sent[1] ?? 0, 'two');
  questions.answer(sent[0] ?? 0, 'one');
  assert.deepEqual(await Promise.all([one, two]), ['one', 'two']);
});

test('without an answer the patience ends the waiting, and a late answer is dropped', async () => {
  const { clock, sent, questions, ask } = rig();
  const waiting = ask(1000);
  let settled = false;
  void waiting.then(() => {
    settled = true;
  });
  clock.advance(milliseconds(999));
  await Promise.resolve();
  assert.equal(settled, false);
  clock.advance(milliseconds(1));
  assert.equal(await waiting, undefined);
  questions.answer(sent[0] ?? 0, 'late');
});

test('a question that could not be sent is answered at once with nothing', async () => {
  const { questions } = rig();
  assert.equal(await questions.ask(1000, () => false), undefined);
});

test('an answer that comes while the question is sent counts', async () => {
  const { questions } = rig();
  const answer = await questions.ask(1000, (id) => {
    questions.answer(id, 'at once');
    return true;
  });
  assert.equal(answer, 'at once');
});
