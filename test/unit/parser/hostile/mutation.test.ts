// Spoilt configurations, some thousands of them; millions in the long run (test/long/mutation.test.ts). What once broke
// something stands in fixtures/parser/crashers/ and is tried first.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repoRoot } from '../../../root.js';
import { judge, load } from './judge.js';
import { Mutator, sourceTexts } from './mutations.js';

const MUTATIONS = 2000;

const crashers = join(repoRoot, 'fixtures/parser/crashers');
for (const name of readdirSync(crashers).filter((each) => each.endsWith('.conf'))) {
  test(`once it broke something: ${name}`, () => {
    const bytes = readFileSync(join(crashers, name));
    judge(bytes, load(bytes.toString('utf8').replace(/\S+\s*$/, '')));
  });
}

test(`${MUTATIONS} spoilt configurations`, () => {
  const texts = sourceTexts();
  const mutator = new Mutator(texts);
  for (let number = 1; number <= MUTATIONS; number++) {
    const { before, bytes } = mutator.mutate(number);
    try {
      judge(bytes, number % 4 === 0 ? load(before) : undefined);
    } catch (error) {
      assert.fail(`mutation ${number}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
});

test('the same number gives the same mutation', () => {
  const mutator = new Mutator(sourceTexts());
  for (const number of [1, 77, 123456]) assert.deepEqual(mutator.mutate(number), mutator.mutate(number));
});
