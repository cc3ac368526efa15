/**
 * lvsd(8) and the completion of bash are what the table of options says (LVSD_UPDATE=1 writes them), groff and bash
 * read them without a word, and every option stands in both.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { bashCompletion, generatedPages, programManual } from '../../../../cmd/lvsd/generated.js';
import { type Option, options } from '../../../../cmd/lvsd/options.js';
import { repoRoot } from '../../../root.js';

for (const { path, text } of generatedPages) {
  test(`${path} is current`, () => {
    const file = join(repoRoot, path);
    if (process.env.LVSD_UPDATE === '1') {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text());
    }
    const wanted = `${path} is old: run "LVSD_UPDATE=1 npm run test:unit generated" and commit it`;
    assert.equal(readFileSync(file, 'utf8'), text(), wanted);
  });
}

test('every option stands in both, unless it is hidden', () => {
  const page = programManual().replaceAll('\\-', '-');
  const completion = bashCompletion();
  for (const { long, hidden } of options as readonly Option[]) {
    assert.equal(page.includes(`\\fB--${long}\\fR`), hidden !== true, long);
    assert.equal(new RegExp(` --${long}[ ')]`).test(completion), hidden !== true, long);
  }
});

test('groff has nothing to say about lvsd(8)', (context) => {
  const done = spawnSync('groff', ['-ww', '-man', '-Tutf8', '-Z'], { input: programManual(), encoding: 'utf8' });
  if (done.error !== undefined) {
    context.skip('groff is not on this machine: what stands in the page was checked, its setting was not');
    return;
  }
  assert.deepEqual([done.status, done.stderr], [0, '']);
});

test('bash completes an option, and a file behind -f', (context) => {
  const complete = (...words: string[]): string => {
    const script = `${bashCompletion()}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lvsd; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const done = spawnSync('bash', ['-c', script, 'bash', 'lvsd', ...words], { encoding: 'utf8', cwd: repoRoot });
    assert.equal(done.stderr, '');
    return done.stdout.trim();
  };
  if (spawnSync('bash', ['-c', 'exit 0']).status !== 0) {
    context.skip('bash is not on this machine');
    return;
  }
  assert.equal(complete('--config-t'), '--config-test');
  assert.equal(complete('-f', 'package.j'), 'package.json');
  assert.equal(complete('--signum', 'STATS_'), 'STATS_CLEAR');
  assert.equal(complete('-i', 'x'), '');
});
