// What a test machine is asked to run: how SCRIPT is found, and that odd words arrive as they were given.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { repoRoot } from '../../root.js';

interface Job {
  readonly folder: string;
  remove(): void;
}

interface JobModule {
  shellWord(word: string): string;
  commandFor(script: string, searched: readonly string[]): string[];
  writeJob(job: { command: string[]; path: string; boot: Record<string, string>; channels: string }): Job;
  numberFromEnvironment(name: string, otherwise: number): number;
}

const job: JobModule = await import(pathToFileURL(join(repoRoot, 'setup/job.mjs')).href);

/** A folder for one test. */
function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-job-test-'));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a script runs as itself when executable, else by its extension', () =>
  withFolder((folder) => {
    const file = (name: string, mode: number): string => {
      writeFileSync(join(folder, name), '');
      chmodSync(join(folder, name), mode);
      return join(folder, name);
    };
    const tool = file('tool', 0o755);
    assert.deepEqual(job.commandFor(tool, []), [tool]);
    assert.deepEqual(job.commandFor(file('a.sh', 0o644), []), ['sh', join(folder, 'a.sh')]);
    assert.deepEqual(job.commandFor(file('a.mjs', 0o644), []), ['node', join(folder, 'a.mjs')]);
    assert.deepEqual(job.commandFor('tool', [folder]), ['tool']);
    assert.throws(() => job.commandFor(file('text', 0o644), []), { status: 126 });
    assert.throws(() => job.commandFor(folder, []), { status: 126 });
    assert.throws(() => job.commandFor(join(folder, 'absent'), [folder]), { status: 127 });
    assert.throws(() => job.commandFor('absent', [folder]), { status: 127 });
  }));

test('any word reaches the command unchanged', () => {
  const word = fc.string({ unit: fc.constantFrom("'", '"', '$', '\\', ' ', '\n', '*', '`', 'a', 'é', '-') });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const made = job.writeJob({
        command: [process.execPath, '-p', 'JSON.stringify(process.argv.slice(1))', '--', ...words],
        path: '/usr/bin:/bin',
        boot: {},
        channels: '',
      });
      try {
        const shown = execFileSync('sh', [join(made.folder, 'job.sh')], { encoding: 'utf8' });
        assert.deepEqual(JSON.parse(shown), words);
      } finally {
        made.remove();
      }
      assert.equal(existsSync(made.folder), false);
    }),
    { numRuns: 12 },
  );
});

test('only variables that begin with LVSD_ are passed on', () => {
  process.env.LVSD_JOB_TEST = "it's here";
  process.env.OTHER_JOB_TEST = 'not this';
  const made = job.writeJob({ command: ['env'], path: '/usr/bin:/bin', boot: {}, channels: '' });
  try {
    const shown = execFileSync('sh', [join(made.folder, 'job.sh')], { encoding: 'utf8' });
    assert.match(shown, /^LVSD_JOB_TEST=it's here$/m);
    assert.match(shown, /^PATH=\/usr\/bin:\/bin$/m);
    assert.doesNotMatch(shown, /OTHER_JOB_TEST/);
  } finally {
    made.remove();
    delete process.env.LVSD_JOB_TEST;
    delete process.env.OTHER_JOB_TEST;
  }
});

test('a number in the environment must be one above zero', () => {
  try {
    assert.equal(job.numberFromEnvironment('LVSD_JOB_TEST', 5), 5);
    process.env.LVSD_JOB_TEST = '7';
    assert.equal(job.numberFromEnvironment('LVSD_JOB_TEST', 5), 7);
    process.env.LVSD_JOB_TEST = 'soon';
    assert.throws(() => job.numberFromEnvironment('LVSD_JOB_TEST', 5), /LVSD_JOB_TEST is "soon"/);
  } finally {
    delete process.env.LVSD_JOB_TEST;
  }
});
