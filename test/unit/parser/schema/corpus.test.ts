/**
 * The verdicts of keepalived 2.2.7 on public configuration files of the LVS side, against ours.
 *
 * Scripts, users and interfaces are taken as present, as they were when the verdicts were made. Where lvsd differs on
 * purpose the file stands below with its reason; every other difference fails.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseSnapshot } from '../../../../parser/parse.js';
import { exitCodeOf } from '../../../../parser/render-diagnostic.js';
import type { Surroundings } from '../../../../parser/validate-surroundings.js';
import { sharedCorpus } from '../../../root.js';
import { readText, snapshotOfFile } from './parse-text.js';

const present: Surroundings = {
  lookAtScript: () => ({ outcome: 'runs', messages: [] }),
  interfaceExists: () => true,
};

const resync = 'keepalived loses its place at an unknown block and no longer sees what follows it';
/** Files whose exit code differs, and why. */
const differs: Readonly<Record<string, string>> = {
  'pqarmitage__keepalived-devel-tools__configs_notify866.conf': resync,
};

interface Row {
  readonly file: string;
  readonly kind: string;
  readonly split: string;
  readonly exit: string;
}

function rows(corpus: string): readonly Row[] {
  const [head = '', ...lines] = readText(join(corpus, 'INDEX.tsv')).trimEnd().split('\n');
  const names = head.split('\t');
  const column = (name: string): number => names.indexOf(name);
  return lines.map((line) => {
    const cells = line.split('\t');
    const cell = (name: string): string => cells[column(name)] ?? '';
    return { file: cell('file'), kind: cell('kind'), split: cell('split'), exit: cell('exit') };
  });
}

test('exit codes of the corpus', (t) => {
  if (sharedCorpus === undefined) {
    t.diagnostic('the shared corpus is not there: nothing was compared');
    return;
  }
  const corpus = sharedCorpus;
  const count = { lvs: 0, agree: 0, mixed: 0, mixedAgree: 0 };
  const unexpected: string[] = [];
  for (const row of rows(corpus)) {
    if (row.split !== 'open' || !row.kind.startsWith('lvs')) continue;
    const snapshot = snapshotOfFile(join(corpus, 'open', row.file));
    const parsed = parseSnapshot(snapshot, undefined, { surroundings: present });
    const ours = String(exitCodeOf([...snapshot.diagnostics, ...parsed.diagnostics]));
    if (row.kind !== 'lvs') {
      count.mixed++;
      if (ours === row.exit) count.mixedAgree++;
      continue;
    }
    count.lvs++;
    if (ours === row.exit) count.agree++;
    else
      t.diagnostic(`${row.file}: keepalived ${row.exit}, lvsd ${ours}: ${differs[row.file] ?? 'no reason is known'}`);
    if ((ours === row.exit) !== (differs[row.file] === undefined)) {
      unexpected.push(`${row.file}: keepalived ${row.exit}, lvsd ${ours}`);
    }
  }
  t.diagnostic(
    `lvs: ${count.agree} of ${count.lvs} agree; lvs+vrrp, whose VRRP half is not read yet: ${count.mixedAgree} of ${count.mixed}`,
  );
  assert.ok(count.lvs > 100);
  assert.deepEqual(unexpected, []);
});
