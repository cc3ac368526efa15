/** Matches in a thread that is ended when one runs away. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { MatchAnswer, RegexRequest } from '../../../../healthcheck/probes/regex.js';
import { WorkerRegexEngine } from '../../../../healthcheck/probes/regex.js';
import { systemClock } from '../../../../runtime/clock.js';
import { milliseconds } from '../../../../runtime/units.js';

const engine = new WorkerRegexEngine(systemClock, milliseconds(300));
after(() => engine.close());

const ask = (pattern: string, subject: string, on = engine): Promise<MatchAnswer> =>
  new Promise((resolve) => {
    const request: RegexRequest = { pattern, options: [], minOffset: undefined, maxOffset: undefined };
    on.match(request, Buffer.from(subject), resolve);
  });

test('a runaway pattern is stopped, and those behind it get their answers from a new thread', async () => {
  await ask('warm', 'up');
  let turns = 0;
  const beat = setInterval(() => turns++, 10);
  const runaway = ask('^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(60));
  const behind = ask('b', 'abc');
  assert.deepEqual(await runaway, { kind: 'gave-up', why: 'stopped after 300 ms' });
  assert.deepEqual(await behind, { kind: 'matched', at: 1 });
  clearInterval(beat);
  assert.ok(turns >= 5, `the event loop went on meanwhile (${turns} turns)`);
});

test('a cancelled question is not answered, and does not disturb the next', async () => {
  let answered = false;
  const request: RegexRequest = { pattern: 'a', options: [], minOffset: undefined, maxOffset: undefined };
  const cancelWaiting = engine.match(request, Buffer.from('a'), () => {
    answered = true;
  });
  cancelWaiting();
  assert.deepEqual(await ask('a', 'xa'), { kind: 'matched', at: 1 });
  assert.equal(answered, false);
});

test('a match that exhausts the library leaves a working one behind', async () => {
  assert.equal((await ask('(*NO_START_OPT)a(?:(?:a|b|ab)*)*c', 'ab'.repeat(100_000))).kind, 'gave-up');
  assert.deepEqual(await ask('c', 'abc'), { kind: 'matched', at: 2 });
});

test('large pages leave no memory behind', async () => {
  const page = `${'x'.repeat(1 << 19)}hello`;
  const round = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) assert.equal((await ask('hel+o', page)).kind, 'matched');
  };
  await round();
  const before = process.memoryUsage().rss;
  await round();
  await round();
  const grown = (process.memoryUsage().rss - before) / 1e6;
  console.log(`# 200 pages of half a megabyte: ${grown.toFixed(1)} MB more`);
  assert.ok(grown < 60, `${grown} MB`);
});
