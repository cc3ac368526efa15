/**
 * Every systematic fault of the grammar, and seeded combinations of the corpus's own lines, through keepalived 2.2.7 and
 * through our parser: `npm run test:long grammar-differential`.
 *
 * Time-boxed (LVSD_DIFFERENTIAL_SECONDS, default 1500) and resumable: each run goes on behind the blocks that the last one
 * finished, which stand in a file of the cache, as long as the faults are the same.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { corpusLines } from '../differential/corpus-lines.js';
import { places } from '../differential/documents.js';
import { combinations, type Mutation, singleFaults } from '../differential/mutations.js';
import { fetchedOracle } from '../differential/oracle.js';
import { agreement, compareMutations, summaryOf } from '../differential/sweep.js';
import { knownWords } from '../differential/words.js';
import { worldImpossible } from '../differential/world.js';
import { sharedCorpus } from '../root.js';

const SHARE = 98;
/** Between keywords more goes wrong, and some of it for reasons that differ on purpose. */
const COMBINED_SHARE = 95;
const COMBINED = 3000;
const ends = Date.now() + 1000 * Number(process.env.LVSD_DIFFERENTIAL_SECONDS ?? 1500);
const cache = process.env.LVSD_CACHE ?? join(homedir(), '.cache/lvsd');
const statePath = join(cache, 'grammar-differential.json');

interface State {
  readonly faults: string;
  /** Compared and different, by block. */
  readonly done: Record<string, { readonly compared: number; readonly different: readonly string[] }>;
}

const impossible = worldImpossible();
if (impossible !== undefined) {
  test('keepalived beside us', (context) => {
    context.skip(`not compared: ${impossible}`);
  });
} else {
  const all = [...singleFaults(knownWords())];
  const faults = createHash('sha256').update(JSON.stringify(all)).digest('hex');
  const known = existsSync(statePath) ? (JSON.parse(readFileSync(statePath, 'utf8')) as State) : undefined;
  const state: State = known?.faults === faults ? known : { faults, done: {} };

  test('between keywords: combinations of lines of the corpus', async (context) => {
    if (sharedCorpus === undefined) {
      context.skip('there is no shared corpus beside the checkout (../shared/corpus)');
      return;
    }
    const lines = corpusLines(sharedCorpus);
    const some: Mutation[] = [];
    for (const mutation of combinations(lines, Date.now() & 0xffffff)) {
      some.push(mutation);
      if (some.length === COMBINED) break;
    }
    const outcome = await compareMutations(await fetchedOracle(), some, ends);
    for (const line of [...outcome.different, ...summaryOf(outcome)]) context.diagnostic(line);
    assert.ok(agreement(outcome) >= COMBINED_SHARE, `${agreement(outcome).toFixed(2)} % agree`);
  });

  for (const { block } of places) {
    test(`faults in ${block}`, async (context) => {
      if (state.done[block] === undefined) {
        if (Date.now() > ends) {
          context.skip('the time of this run is over: run it again, it goes on here');
          return;
        }
        const own = all.filter(({ name }) => name.startsWith(`${block}: `));
        const outcome = await compareMutations(await fetchedOracle(), own);
        for (const line of summaryOf(outcome)) context.diagnostic(line);
        state.done[block] = { compared: outcome.compared, different: outcome.different };
        mkdirSync(cache, { recursive: true });
        writeFileSync(statePath, JSON.stringify(state));
      }
      const { compared, different } = state.done[block] ?? { compared: 0, different: [] };
      for (const line of different) context.diagnostic(line);
      const share = 100 * (1 - different.length / Math.max(1, compared));
      assert.ok(share >= SHARE, `${share.toFixed(2)} % agree`);
    });
  }
}
