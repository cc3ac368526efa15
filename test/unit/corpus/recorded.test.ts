/**
 * keepalived 2.2.7's answers to a sample of the systematic faults, recorded (fixtures/differential/recorded.tsv): our exit
 * code is the same, and the lines that it complains about are among ours. For machines without the corpus and without
 * the binary; beside the binary itself the faults run in test/netns/grammar-differential.test.ts.
 *
 * LVSD_UPDATE=1 asks the binary again and writes the file: what agrees stands in it, the rest is the netns rung's matter.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooser, type Mutation, singleFaults } from '../../differential/mutations.js';
import { cachedOracle } from '../../differential/oracle.js';
import { hostWith, missedLines, ourVerdict, verdictOfOutput } from '../../differential/verdict.js';
import { knownWords } from '../../differential/words.js';
import { World } from '../../differential/world.js';
import { repoRoot } from '../../root.js';

const path = join(repoRoot, 'fixtures/differential/recorded.tsv');
const HEAD = '# fault, exit code of keepalived 2.2.7, lines that it complains about; written by recorded.test.ts\n';
const SAMPLE = 1200;
const INTERFACES = ['eth0', 'eth1'];
/** What depends on the machine's own programs and accounts. */
const OF_THE_HOST = /script|notify|quorum|misc_path|user|root|\/|smtp_server|affinity|config_save_dir/;

const byName = new Map<string, Mutation>();
for (const mutation of singleFaults(knownWords())) byName.set(mutation.name, mutation);
const surroundings = hostWith(INTERFACES);

async function record(): Promise<void> {
  const oracle = cachedOracle();
  if (oracle === undefined) throw new Error('there is no keepalived 2.2.7 in the cache: node setup/tools.mjs');
  const choose = chooser(1);
  const names = [...byName.keys()].filter((name) => !OF_THE_HOST.test(name));
  const chosen = [...new Set(Array.from({ length: SAMPLE }, () => names[choose(names.length)] ?? ''))].sort();
  const world = await World.create({ interfaces: INTERFACES, namespaces: [], files: [], full: undefined });
  try {
    const texts = chosen.map((name) => byName.get(name)?.text ?? '');
    const results = await world.sweep({ argv: [oracle.program, '-t', '-f'], env: oracle.env, texts });
    const rows = chosen.flatMap((name, i) => {
      const theirs = verdictOfOutput(results[i] ?? { exit: 'not run', output: '' });
      const ours = ourVerdict('0', { text: texts[i] ?? '', surroundings });
      const agree = theirs.exit === ours.exit && missedLines(theirs, ours).length === 0;
      return agree ? [`${name}\t${theirs.exit}\t${[...theirs.lines].sort((a, b) => a - b).join(',')}`] : [];
    });
    writeFileSync(path, `${HEAD}${rows.join('\n')}\n`);
  } finally {
    world.close();
  }
}

test('recorded answers of keepalived', async (context) => {
  if (process.env.LVSD_UPDATE === '1') await record();
  const different: string[] = [];
  let compared = 0;
  for (const row of readFileSync(path, 'utf8').trimEnd().split('\n')) {
    if (row.startsWith('#')) continue;
    const [name = '', exit = '', lines = ''] = row.split('\t');
    const mutation = byName.get(name);
    if (mutation === undefined) continue;
    compared++;
    const theirs = { exit, lines: new Set(lines === '' ? [] : lines.split(',').map(Number)), told: [] };
    const ours = ourVerdict('0', { text: mutation.text, surroundings });
    if (ours.exit !== exit || missedLines(theirs, ours).length > 0) {
      different.push(`${name}: keepalived ${exit} (${lines}), lvsd ${ours.exit}: ${ours.told.join(' | ')}`);
    }
  }
  context.diagnostic(`${compared} faults compared`);
  assert.ok(compared > 500, 'the record does not fit the faults any more: LVSD_UPDATE=1 writes it anew');
  assert.deepEqual(different, []);
});
