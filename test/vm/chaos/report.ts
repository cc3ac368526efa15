/**
 * Host side of the chaos cases: boots the VM once, and makes one named test of each case that was run in it.
 */
import assert from 'node:assert/strict';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { repoRoot, runInVm } from '../../root.js';
import type { CaseLine } from './cases.js';

/**
 * Declares the tests of a rung.
 * @param rung `core` or `long`
 * @param least so many cases must have run
 * @param timeoutSeconds for the whole boot
 */
export async function declareCases(rung: 'core' | 'long', least: number, timeoutSeconds: number): Promise<void> {
  const here = relative(repoRoot, dirname(fileURLToPath(import.meta.url)));
  const run = await runInVm(join(here, 'main.js'), [rung], { timeoutSeconds });
  const lines: CaseLine[] = [];
  let ended: number | undefined;
  for (const text of run.stdout.split('\n')) {
    if (!text.startsWith('{')) continue;
    const value = JSON.parse(text) as CaseLine | { readonly end: number };
    if ('end' in value) ended = value.end;
    else lines.push(value);
  }
  for (const line of lines) {
    test(line.case, (context) => {
      context.diagnostic(`${line.seconds.toFixed(1)} s`);
      for (const note of line.notes) context.diagnostic(note);
      assert.ok(line.ok, line.error);
    });
  }
  test(`every ${rung} case of chaos was run in one boot`, () => {
    assert.equal(ended, lines.length, `status ${run.status}\n${run.stderr}`);
    assert.ok(lines.length >= least, `only ${lines.length} cases`);
    assert.equal(run.status, 0, run.stderr);
  });
}
