/**
 * The host's half of the differential table tests: which files, one boot for all of them, one subtest for each.
 *
 * A file of fixtures/tables/ must give the same tables. A file of the corpus may also be one that lvsd refuses to start
 * with, as designed (unbalanced braces): that is named with lvsd's reason, and not counted as compared.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { keepResult } from '../../kept-results.js';
import { repoRoot, runInVm } from '../../root.js';
import type { CaseResult } from './run-case.js';

const FOLDER = 'fixtures/tables';

/** The configurations of fixtures/tables/, in order, below the root. */
export function fixtureFiles(): string[] {
  return readdirSync(join(repoRoot, FOLDER))
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .map((name) => `${FOLDER}/${name}`);
}

export interface ComparedTables {
  readonly timeoutSeconds: number;
  /** At least so many must be the same as keepalived's. */
  readonly least: number;
  /** Files whose table differs at the start and no later, with the reason (docs/differences.md). */
  readonly otherAtStart?: ReadonlyMap<string, string>;
  /** How many run at once. */
  readonly together?: number;
}

/** Boots once, runs these cases, and makes a subtest of each. */
export async function compareTables(
  context: TestContext,
  words: readonly string[],
  { timeoutSeconds, least, together, otherAtStart }: ComparedTables,
): Promise<void> {
  const program = relative(repoRoot, join(dirname(fileURLToPath(import.meta.url)), 'compare.js'));
  const env = together === undefined ? {} : { LVSD_TABLES_TOGETHER: String(together) };
  const run = await runInVm(program, words, { timeoutSeconds, env });
  const results = run.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as CaseResult);
  for (const { name, about, outcome, steps, rules, seconds, detail } of results) {
    if (outcome === 'refused' && words.some((word) => word.startsWith('corpus:') && word.endsWith(`/${name}`))) {
      await context.test(`${name}: not compared`, (inner) => inner.skip(`lvsd refuses to start with it: ${detail}`));
      continue;
    }
    const reason = otherAtStart?.get(name);
    if (outcome === 'different' && reason !== undefined) {
      await context.test(`${name}: differs at the start only, as known (${reason})`, () => {
        assert.deepEqual(detail.match(/^step \d+/gm), ['step 0'], detail);
      });
      continue;
    }
    await context.test(`${name}: ${about}, ${steps} steps, ${rules} rules, ${seconds} s`, () => {
      if (outcome === 'different') assert.fail(`the tables differ\n${detail}`);
      assert.equal(outcome, 'same', detail);
      assert.ok(rules > 0, 'an empty table proves nothing');
      const word = words.find((each) => each.endsWith(`/${name}`));
      if (word !== undefined) keepResult('tables', word, `the same tables, ${steps} steps, ${rules} rules`);
    });
  }
  assert.equal(run.status, 0, run.stderr);
  assert.equal(results.length, words.length, `not every case ran to its end\n${run.stderr}`);
  const same = results.filter(({ outcome }) => outcome === 'same').length;
  assert.ok(same >= least, `${same} configurations gave the same tables; at least ${least} must`);
}
