// The table that lvsd makes equals keepalived 2.2.7's, over every configuration of fixtures/tables/ and the LVS half of
// the shared corpus: `npm run test:long tables`. Without the corpus only our own are compared, and that is said.
//
// LVSD_TABLES_ONLY=WORD takes only files whose path contains WORD. A boot carries 20 files: what was compared in one that
// ended is not lost when another fails.

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { keptResult } from '../kept-results.js';
import { sharedCorpus } from '../root.js';
import { compareTables, fixtureFiles } from '../vm/tables/host-side.js';

const FILES_A_BOOT = 20;
/** keepalived's verdicts with which it runs: accepted, complaints, security complaints. */
const RUNS = new Set(['0', '5', '6']);
/** Checkers that lvsd acts on; the others have their own issue. */
const CHECKERS = new Set(['-', 'TCP_CHECK', 'HTTP_GET', 'SSL_GET', 'MISC_CHECK']);
/** Longer files are the load benchmark's matter. */
const MOST_LINES = 1500;

const DISABLED_CHECK = 'an alpha server whose MISC_CHECK has no script is up at once, with keepalived after a reload';
/** See docs/differences.md, Checks. */
const OTHER_AT_START = new Map([
  ['pqarmitage__keepalived-devel-tools__configs_1082.conf', DISABLED_CHECK],
  ['pqarmitage__keepalived-devel-tools__configs_1226a.conf', DISABLED_CHECK],
]);

/** Files of the corpus that keepalived runs with and whose checkers lvsd has, as compare.js wants them. */
function corpusFiles(corpus: string): string[] {
  const [head = '', ...rows] = readFileSync(join(corpus, 'INDEX.tsv'), 'utf8').trim().split('\n');
  const names = head.split('\t');
  return rows
    .map((row) => new Map(row.split('\t').map((value, i) => [names[i] ?? '', value] as const)))
    .filter(
      (row) =>
        row.get('kind') === 'lvs' &&
        row.get('split') === 'open' &&
        RUNS.has(row.get('exit') ?? '') &&
        Number(row.get('lines')) <= MOST_LINES &&
        (row.get('checkers') ?? '-').split(',').every((checker) => CHECKERS.has(checker)),
    )
    .map((row) => `corpus:${join(corpus, 'open', row.get('file') ?? '')}`);
}

const chosen = (words: readonly string[]): string[] =>
  words.filter((word) => word.includes(process.env.LVSD_TABLES_ONLY ?? ''));

test('our own configurations', async (context) => {
  const files = chosen(fixtureFiles());
  await compareTables(context, files, { timeoutSeconds: 1800, least: files.length });
});

if (sharedCorpus === undefined) {
  test('the corpus', (context) => {
    context.skip('there is no shared corpus beside the checkout (../shared/corpus), so its files were not compared');
  });
} else {
  const all = chosen(corpusFiles(sharedCorpus));
  const files = all.filter((file) => {
    const kept = keptResult('tables', file);
    if (kept !== undefined)
      test(basename(file), (context) => context.skip(`an earlier run of this build found ${kept}`));
    return kept === undefined;
  });
  // What lvsd refuses is never kept: a run that goes on may have nothing but that left.
  const resumed = files.length < all.length;
  for (let from = 0; from < files.length; from += FILES_A_BOOT) {
    const some = files.slice(from, from + FILES_A_BOOT);
    test(`the corpus, files ${from + 1} to ${from + some.length} of ${files.length}`, async (context) => {
      await compareTables(context, some, {
        timeoutSeconds: 3000,
        least: resumed ? 0 : 1,
        otherAtStart: OTHER_AT_START,
      });
    });
  }
}
