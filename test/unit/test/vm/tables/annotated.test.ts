import assert from 'node:assert/strict';
import test from 'node:test';
import { readAnnotated } from '../../../../vm/tables/annotated.js';
import { differencesOf, type Snapshot, unexpected } from '../../../../vm/tables/snapshot.js';

const TEXT = `#@ about weights
#@ step 0 start
#@ step 1 heavier
#@ step 2 one dies
#@ death 2
#@ listen 0-1 10.1.0.1:80 10.1.0.2:80
#@ listen 2- 10.1.0.1:80
#@ because 1- of its bug
#@ keepalived 1- rules -a x -w 1
virtual_server 10.0.0.1 80 {
    weight 1    #@ 0,2
    weight 2    #@ 1
}`;

test('a line stands in the steps of its mark, and what is not marked in all', () => {
  const { about, steps } = readAnnotated('example', TEXT);
  assert.equal(about, 'weights');
  assert.deepEqual(
    steps.map(({ config }) => config),
    [1, 2, 1].map((weight) => `virtual_server 10.0.0.1 80 {\n    weight ${weight}\n}`),
  );
  assert.deepEqual(
    steps.map(({ listen }) => listen.length),
    [2, 2, 1],
  );
  assert.deepEqual(
    steps.map(({ death }) => death),
    [false, false, true],
  );
  assert.deepEqual(
    steps.map(({ differences }) => differences),
    [[], ...[1, 2].map(() => [{ only: 'keepalived', view: 'rules', line: '-a x -w 1' }])],
  );
});

test('an expected difference without a reason, a mark that is not known and a missing step are errors', () => {
  assert.throws(() => readAnnotated('example', TEXT.replace(/#@ because.*\n/, '')), /step 1 expects a difference/);
  assert.throws(() => readAnnotated('example', TEXT.replace('#@ death', '#@ deaths')), /example:5: .*"#@ deaths 2"/);
  assert.throws(() => readAnnotated('example', TEXT.replace('weight 1    #@ 0,2', 'weight 1 #@ x')), /"x" is no range/);
  assert.throws(() => readAnnotated('example', TEXT.replace('#@ step 1 heavier\n', '')), /step 1 has no/);
});

test('a difference that nobody expected and an expected one that is not there are both told', () => {
  const table = (...rules: string[]): Snapshot => ({ rules, thresholds: [], timeouts: [], daemons: [] });
  const found = differencesOf(table('a', 'b', 'b'), table('a', 'b', 'c'));
  assert.deepEqual(unexpected(found, []), ['only keepalived, rules: b', 'only lvsd, rules: c']);
  const expected = [
    { only: 'keepalived', view: 'rules', line: 'b' },
    { only: 'lvsd', view: 'rules', line: 'd' },
  ] as const;
  assert.deepEqual(unexpected(found, expected), [
    'only lvsd, rules: c',
    'expected, but not there any more: only lvsd, rules: d',
  ]);
});
