// Compiled code that the build keeps: taken by a process with the same flags, absent when the rehearsal fails.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { programFlags, startFlags } from '../../../runtime/heap.js';
import { repoRoot } from '../../root.js';

const HEAD = '(function (exports, require, module, __filename, __dirname) {';
const TAKEN = `const { readFileSync } = require('node:fs');
const [, filename, cache] = process.argv;
const cachedData = readFileSync(cache);
const script = new (require('node:vm').Script)(readFileSync(filename, 'latin1'), { filename, cachedData });
process.stdout.write(String(script.cachedDataRejected));`;

/** Has code-cache.mjs keep a program's code, and hands over where. */
function withKept(body: string, use: (program: string, cache: string, status: number | null) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-code-test-'));
  try {
    const [program, cache] = [join(folder, 'program.js'), join(folder, 'out.cache')];
    writeFileSync(program, `${HEAD}${body}})`);
    const words = [join(repoRoot, 'setup/code-cache.mjs'), program, join(folder, 'loader.cjs'), 'director', cache];
    const made = spawnSync(process.execPath, [...programFlags, ...startFlags, ...words], { encoding: 'utf8' });
    use(program, cache, made.status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function taken(flags: readonly string[], program: string, cache: string): string {
  return spawnSync(process.execPath, [...flags, '-e', TAKEN, program, cache], { encoding: 'utf8' }).stdout;
}

test('code that was kept is taken with the same flags, and left with others', () => {
  const body = `const [, , word, role, option, file] = process.argv;
    if (word !== '--role' || role !== 'rehearse-director' || option !== '-f') process.exitCode = 3;
    if (!require('node:fs').readFileSync(file, 'utf8').includes('virtual_server')) process.exitCode = 4;`;
  withKept(body, (program, cache, status) => {
    assert.equal(status, 0);
    assert.equal(taken([...programFlags, ...startFlags], program, cache), 'false');
    assert.equal(taken(['--max-old-space-size=99'], program, cache), 'true');
  });
});

test('a rehearsal that fails leaves no code', () => {
  withKept('process.exitCode = 1;', (_program, cache) => assert.equal(existsSync(cache), false));
  withKept('process.exit(1);', (_program, cache, status) => {
    assert.equal(status, 1);
    assert.equal(existsSync(cache), false);
  });
});

test('bin/lvsd starts node with the flags that the code was kept for', () => {
  const text = readFileSync(join(repoRoot, 'bin/lvsd'), 'utf8').replaceAll(/\\\n\s*/g, '');
  const started = /^exec "\$node" (.*) "\$@"$/m.exec(text);
  assert.deepEqual(started?.[1]?.split(' '), programFlags);
});
