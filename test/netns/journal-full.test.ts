/** The journal on a file system that is full in the middle of a line: a child in a mount namespace with a small tmpfs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const modules = {
  file: new URL('../../director/journal-file.js', import.meta.url).href,
  journal: new URL('../../director/journal.js', import.meta.url).href,
};

const child = (folder: string): string => `
  import { execFileSync } from 'node:child_process';
  import { JournalFile } from ${JSON.stringify(modules.file)};
  import { emptyJournal } from ${JSON.stringify(modules.journal)};
  const folder = ${JSON.stringify(folder)};
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'small', folder]);
  const identity = { bootId: 'b', namespace: '4:1' };
  const journal = new JournalFile(folder + '/journal', identity);
  journal.replace(emptyJournal);
  const own = (name, many) => ({ own: name, s: Array.from({ length: many }, (_, i) => 'service ' + i), d: [] });
  let code = 'nothing was refused';
  try { journal.append([own('torn', 20000)]); } catch (error) { code = error.code; }
  execFileSync('mount', ['-o', 'remount,size=1m', folder]);
  journal.append([own('after', 1)]);
  const read = new JournalFile(folder + '/journal', identity).read();
  console.log(JSON.stringify([code, read.kind, [...read.journal.owned.keys()]]));
`;

test('the line after one that did not fit is read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-journal-full-'));
  try {
    const done = spawnSync('unshare', ['-m', process.execPath, '--input-type=module', '-e', child(folder)], {
      encoding: 'utf8',
    });
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(JSON.parse(done.stdout), ['LVSD_JOURNAL_WRITE', 'journal', ['after']]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
