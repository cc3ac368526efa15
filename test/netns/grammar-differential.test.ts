/**
 * keepalived 2.2.7 itself beside our parser: a seeded sample of the systematic faults (every keyword of every block with
 * missing, odd, surplus and doubled arguments), each run through `keepalived -t` in a namespace of its own. All of them
 * run in test/long/grammar-differential.test.ts.
 *
 * The binary is taken from the cache that setup/tools.mjs fills; where it is not, that is said and nothing is compared.
 * LVSD_DIFFERENTIAL_SEED chooses another sample, LVSD_DIFFERENTIAL_ONLY=WORD the faults whose name contains WORD.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentOf, places } from '../differential/documents.js';
import { chooser, type Mutation, singleFaults } from '../differential/mutations.js';
import { cachedOracle } from '../differential/oracle.js';
import { agreement, compareMutations, summaryOf } from '../differential/sweep.js';
import { knownWords } from '../differential/words.js';
import { worldImpossible } from '../differential/world.js';

const SAMPLE = 800;
/** At least so many of a hundred agree. */
const SHARE = 98;
const seed = Number(process.env.LVSD_DIFFERENTIAL_SEED ?? 20261120);
const only = process.env.LVSD_DIFFERENTIAL_ONLY ?? '';

const oracle = cachedOracle();
const impossible =
  worldImpossible() ?? (oracle === undefined ? 'there is no keepalived 2.2.7 in the cache' : undefined);

if (impossible !== undefined || oracle === undefined) {
  test('keepalived beside us', (context) => {
    context.skip(`not compared: ${impossible}`);
  });
} else {
  test('the documents that faults are made from are good for both', async () => {
    const good: Mutation[] = places.map((place) => ({
      name: place.block,
      text: documentOf(place, place.lines),
    }));
    const outcome = await compareMutations(oracle, good);
    assert.deepEqual(outcome.different, []);
    assert.equal(outcome.same, places.length);
  });

  test('a sample of the systematic faults', async (context) => {
    const choose = chooser(seed);
    const all = [...singleFaults(knownWords())].filter(({ name }) => name.includes(only));
    const sample = Array.from({ length: Math.min(SAMPLE, all.length) }, () => all[choose(all.length)] as Mutation);
    const outcome = await compareMutations(oracle, sample);
    for (const line of [...outcome.different, ...summaryOf(outcome)]) context.diagnostic(line);
    assert.ok(agreement(outcome) >= SHARE, `${agreement(outcome).toFixed(2)} % agree, seed ${seed}`);
  });
}
