// The reporter counts tests and not suites, shows failures and the reasons of skips, and misses nothing that dies.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { repoRoot } from '../../root.js';

interface Report {
  readonly status: number | null;
  readonly text: string;
  readonly counts: { readonly passed: number; readonly failed: number; readonly skipped: number };
}

/** Runs one made-up test file under the reporter. */
function reportOn(source: string): Report {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-reporter-test-'));
  try {
    const file = join(folder, 'made-up.test.mjs');
    const counts = join(folder, 'counts');
    writeFileSync(file, `import { describe, it, before } from 'node:test';\n${source}\n`);
    // Without NODE_TEST_CONTEXT: this runner is not a part of the one that runs us.
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const done = spawnSync(
      process.execPath,
      ['--test', `--test-reporter=${join(repoRoot, 'setup/test-reporter.mjs')}`, file],
      { encoding: 'utf8', env: { ...environment, LVSD_TEST_COUNTS: counts } },
    );
    return { status: done.status, text: done.stdout, counts: JSON.parse(readFileSync(counts, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('tests are counted, the suites around them are not', () => {
  const report = reportOn("describe('s', () => { it('a', () => {}); describe('t', () => it('b', () => {})); });");
  assert.deepEqual(report.counts, { passed: 2, failed: 0, skipped: 0 });
  assert.equal(report.status, 0);
});

test('a failure is shown in full and counted once, whatever it is nested in', () => {
  const report = reportOn(
    "describe('s', () => { it('breaks', () => { throw new Error('because of this'); }); it('a', () => {}); });",
  );
  assert.deepEqual(report.counts, { passed: 1, failed: 1, skipped: 0 });
  assert.match(report.text, /FAILED: breaks/);
  assert.match(report.text, /because of this/);
  assert.equal(report.status, 1);
});

test('a skip shows its reason', () => {
  const report = reportOn("it('a', { skip: 'needs a moon' }, () => {});");
  assert.deepEqual(report.counts, { passed: 0, failed: 0, skipped: 1 });
  assert.match(report.text, /skipped: a .*: needs a moon/);
});

test("a suite whose hook fails, and a file that dies, are failures that can't be missed", () => {
  const hook = reportOn("describe('s', () => { before(() => { throw new Error('hook'); }); it('a', () => {}); });");
  assert.ok(hook.counts.failed >= 1);
  assert.equal(hook.status, 1);
  const death = reportOn("it('a', () => {}); process.on('exit', () => { process.exitCode = 3; });");
  assert.ok(death.counts.failed >= 1);
  assert.equal(death.status, 1);
});
