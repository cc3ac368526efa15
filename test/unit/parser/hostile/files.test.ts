// Files that mean harm: garbage that fills a disk (100 MB of each kind in the long run), files that change while they are
// read. FIFOs, devices, folders and links are in ../language/include.test.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { parseSnapshot } from '../../../../parser/parse.js';
import { exitCodeOf, renderDiagnostics } from '../../../../parser/render-diagnostic.js';
import { openSource } from '../../../../parser/source-file.js';
import { garbage } from './garbage.js';
import { readBytes } from './judge.js';

const MEGABYTES = 1;
/** What is told must be readable: a thousand complaints of each class, each of some lines. */
const MOST_TOLD = 32 * 1024 * 1024;

for (const [name, make] of garbage) {
  test(`${MEGABYTES} MB of garbage end in a diagnostic: ${name}`, () => {
    const snapshot = readBytes(make(MEGABYTES * 1024 * 1024));
    const { diagnostics } = parseSnapshot(snapshot);
    const all = [...snapshot.diagnostics, ...diagnostics];
    assert.notEqual(exitCodeOf(all), 0);
    const told = renderDiagnostics(all, snapshot);
    assert.ok(told.length < MOST_TOLD, `${told.length} characters are told`);
  });
}

test('a file that changes while it is read ends in a text or a refusal, and is read whole at rest', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-changing-'));
  const file = join(folder, 'f');
  const states = ['a', 'b'].map((letter) => `${letter.repeat(79)}\n`.repeat(20_000));
  writeFileSync(file, states[0] ?? '', { mode: 0o600 });
  const writer = new Worker(
    `const { openSync, writeSync } = require('node:fs');
     const { workerData, parentPort } = require('node:worker_threads');
     const fd = openSync(workerData.file, 'r+');
     parentPort.postMessage('begun');
     for (let turn = 1; Date.now() < workerData.until; turn++) writeSync(fd, workerData.states[turn % 2], 0);`,
    { eval: true, workerData: { file, states, until: Date.now() + 1500 } },
  );
  try {
    await new Promise((resolve, reject) => {
      writer.once('message', resolve);
      writer.once('error', reject);
    });
    const seen = new Set<string>();
    for (let attempt = 0; attempt < 40; attempt++) {
      const source = openSource(file);
      seen.add(source.kind === 'text' ? 'whole' : source.kind === 'unreadable' ? source.why : source.kind);
    }
    for (const kind of seen) assert.ok(['whole', 'it changes while it is read'].includes(kind), kind);
    await new Promise((resolve) => writer.once('exit', resolve));
    const last = openSource(file);
    assert.ok(last.kind === 'text' && states.includes(last.text), 'at rest it is read whole');
  } finally {
    await writer.terminate();
    rmSync(folder, { recursive: true, force: true });
  }
});
