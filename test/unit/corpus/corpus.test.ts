/**
 * The corpus in one process: for every open file, in each of the three columns of its index, our exit code of `-t`
 * equals keepalived 2.2.7's, and the lines that keepalived complains about are among ours.
 *
 * The surroundings are played (played-world.ts). Each difference has its reason in corpus-index.ts; one without a reason
 * fails, and so does a reason without a difference. As real processes the same files run in test/long/corpus.test.ts.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { columns, corpusEnvironment, corpusFiles, reasonOf } from '../../differential/corpus-index.js';
import { playedWorld } from '../../differential/played-world.js';
import { missedLines, ourVerdict } from '../../differential/verdict.js';
import { sharedCorpus } from '../../root.js';

/** At least so many of a hundred must agree. */
const SHARE = 0.98;
/**
 * The same for lines. What is left: keepalived loses its place behind a block that it does not know and complains about
 * good lines; and it names the end of a block where lvsd names its beginning.
 */
const LINES_SHARE = 0.94;

if (sharedCorpus === undefined) {
  test('the corpus', (context) => {
    context.diagnostic('there is no shared corpus beside the checkout (../shared/corpus): nothing was compared');
  });
} else {
  const corpus = sharedCorpus;
  const files = corpusFiles(corpus);
  const environment = corpusEnvironment(corpus);
  const home = process.cwd();
  // keepalived ran in the folder of the files, and includes begin there.
  before(() => process.chdir(`${corpus}/open`));
  after(() => process.chdir(home));

  for (const column of columns) {
    test(`exit codes of the column ${column}`, (context) => {
      const surroundings = playedWorld(environment, column !== 'exit_bare', `${corpus}/open`);
      const configId = column === 'exit_i_low' ? 'low' : 'lvsd-test';
      const unexpected: string[] = [];
      let compared = 0;
      let agree = 0;
      for (const file of files) {
        const theirs = file.exit(column);
        if (theirs === undefined) continue;
        compared++;
        const ours = ourVerdict(file.name, { configId, surroundings });
        const reason = reasonOf(file.name, column);
        if (ours.exit === theirs) agree++;
        if ((ours.exit === theirs) !== (reason === undefined)) {
          const told = ours.told.filter((line) => !line.startsWith('note')).slice(0, 3);
          unexpected.push(
            `${file.name}: keepalived ${theirs}, lvsd ${ours.exit} (${told.join(' | ')}) ${reason ?? ''}`,
          );
        }
      }
      context.diagnostic(`${agree} of ${compared} agree (${((100 * agree) / compared).toFixed(1)} %)`);
      assert.ok(compared > 200, 'the index was not read');
      assert.deepEqual(unexpected, []);
      assert.ok(agree >= SHARE * compared, `only ${agree} of ${compared} agree`);
    });
  }

  test('bundles: files with what they include, in their own layout', () => {
    const rows = readFileSync(join(corpus, 'bundles/BUNDLES.tsv'), 'utf8').trimEnd().split('\n').slice(1);
    assert.ok(rows.length > 0, 'the list of bundles was not read');
    for (const row of rows) {
      const [bundle = '', main = '', , , , , exit] = row.split('\t');
      const folder = join(corpus, 'bundles', bundle);
      process.chdir(folder);
      const surroundings = playedWorld(environment, true, folder);
      assert.equal(ourVerdict(main, { configId: 'lvsd-test', surroundings }).exit, exit, bundle);
    }
    process.chdir(join(corpus, 'open'));
  });

  test('lines that keepalived complains about', (context) => {
    const surroundings = playedWorld(environment, true, `${corpus}/open`);
    const short: string[] = [];
    const count = { files: 0, whole: 0, lines: 0, ours: 0 };
    for (const file of files) {
      if (file.exit('exit') === '0' || file.exit('exit') === 'timeout') continue;
      const theirs = file.verdict();
      const missed = missedLines(theirs, ourVerdict(file.name, { configId: 'lvsd-test', surroundings }));
      count.files++;
      count.lines += theirs.lines.size;
      count.ours += theirs.lines.size - missed.length;
      if (missed.length === 0) count.whole++;
      else short.push(`${file.name}: ${missed.length} of ${theirs.lines.size} lines not among ours`);
    }
    for (const line of short) context.diagnostic(line);
    context.diagnostic(`${count.whole} of ${count.files} rejected files: every line of keepalived's is among ours`);
    context.diagnostic(`${count.ours} of ${count.lines} lines`);
    assert.ok(count.whole >= LINES_SHARE * count.files, `only ${count.whole} of ${count.files}`);
    assert.ok(count.ours >= LINES_SHARE * count.lines, `only ${count.ours} of ${count.lines} lines`);
  });
}
