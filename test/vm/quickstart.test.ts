// What `npm start` shows is true: the demonstration checks each of its steps, and its exit status says whether all held.

import assert from 'node:assert/strict';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { repoRoot, runInVm } from '../root.js';

test('the main job, as npm start shows it', async () => {
  const here = relative(repoRoot, dirname(fileURLToPath(import.meta.url)));
  const run = await runInVm(join(here, 'quickstart', 'demo.js'), [], { timeoutSeconds: 240 });
  assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
  assert.match(run.stdout, /^Every step was as it should be\.$/m);
});
