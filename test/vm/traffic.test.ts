// Real HTTP through lvsd's table, in network namespaces of one VM: client, router, director, three real servers.

import assert from 'node:assert/strict';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { repoRoot, runInVm } from '../root.js';
import type { Finding } from './traffic/run.js';

/** Two rounds of six VIPs, two series of reloads, two deaths. */
const FINDINGS = 16;

test('end to end traffic', async (context) => {
  const program = relative(repoRoot, join(dirname(fileURLToPath(import.meta.url)), 'traffic', 'run.js'));
  const run = await runInVm(program, [], { timeoutSeconds: 420 });
  const findings = run.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Finding);
  for (const { what, trouble, note } of findings) {
    await context.test(note === undefined ? what : `${what}: ${note}`, () => assert.equal(trouble, undefined, trouble));
  }
  assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
  assert.equal(findings.length, FINDINGS, `${run.stdout}\n${run.stderr}`);
});
