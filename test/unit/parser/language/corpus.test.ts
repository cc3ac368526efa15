// Real files: each is read and parsed without an exception, in bounded time, with every statement at a place that its
// file has. The shared corpus is looked for beside the checkout; the fixtures are always there.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseBlock } from '../../../../parser/block-parser.js';
import { decodeSnapshot, encodeSnapshot, positionOf, readSnapshot } from '../../../../parser/snapshot.js';
import type { Statement } from '../../../../parser/statement.js';
import { repoRoot, sharedCorpus } from '../../../root.js';
import { told, written } from './reading.js';

/** Files that need more than this are a fault; the largest real ones take a twentieth of it. */
const MAX_MILLISECONDS = 5000;

function readWhole(path: string): void {
  const start = performance.now();
  const snapshot = readSnapshot(path, { configId: 'vm' });
  const linesOf = new Map([[path, readFileSync(path, 'latin1').split('\n').length]]);
  const visit = (statement: Statement): void => {
    const at = positionOf(snapshot, statement.line, statement.words[0]!.column);
    assert.ok(at.line >= 1 && at.column >= 1 && at.line <= (linesOf.get(at.file) ?? Number.POSITIVE_INFINITY), path);
    statement.body?.forEach(visit);
  };
  for (const block of snapshot.blocks) {
    const statement = parseBlock(snapshot, block);
    if (statement !== undefined) visit(statement);
  }
  assert.deepEqual(decodeSnapshot(encodeSnapshot(snapshot)), snapshot);
  assert.deepEqual(
    readSnapshot(path, { configId: 'vm', randomSeed: 1 }, snapshot).blocks.length,
    snapshot.blocks.length,
  );
  assert.ok(performance.now() - start < MAX_MILLISECONDS, path);
}

if (sharedCorpus === undefined) {
  console.log('The shared corpus of configuration files is not beside this checkout: only the fixtures are read.');
} else {
  const folder = join(sharedCorpus, 'open');
  const verdicts = join(sharedCorpus, 'verdict');
  test('every file of the shared corpus is read and parsed', () => {
    const names = readdirSync(folder);
    assert.ok(names.length > 0);
    for (const name of names) readWhole(join(folder, name));
  });

  test('braces of the shared corpus balance where keepalived says so', () => {
    for (const name of readdirSync(folder)) {
      const verdict = readFileSync(join(verdicts, `${name}.txt`), 'latin1');
      const { diagnostics } = readSnapshot(join(folder, name), { configId: 'vm' });
      const missing = diagnostics.find(({ code }) => code === 'LVSD_CONFIG_MISSING_BRACE');
      const said = /There (?:are|is) (\d+) missing/.exec(verdict)?.[1];
      assert.equal(missing === undefined ? undefined : /\d+/.exec(missing.message)?.[0], said, name);
    }
  });
}

const fixtures = join(repoRoot, 'fixtures/parser/language');

test('every fixture is read and parsed', () => {
  for (const name of readdirSync(fixtures)) if (name.endsWith('.conf')) readWhole(join(fixtures, name));
});

test('the fixture of a fleet expands to what its .expected says', () => {
  const snapshot = readSnapshot(join(fixtures, 'fleet.conf'), { configId: 'lb1' });
  const found = written({ ...snapshot, files: snapshot.files.map((file) => file.replace(`${fixtures}/`, '')) });
  assert.deepEqual(told(snapshot), []);
  assert.equal(`${found.join('\n')}\n`, readFileSync(join(fixtures, 'fleet.expected'), 'utf8'));
});
