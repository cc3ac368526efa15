// IPVS as Debian's kernel has it: everything that ipvs-netlink does, compared with what ipvsadm shows. The work is done by
// test/vm/ipvs/scenario.ts inside the VM; one boot for all of it.

import assert from 'node:assert/strict';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { repoRoot, runInVm } from '../root.js';

test('ipvs-netlink on the real IPVS', async (context) => {
  const here = relative(repoRoot, dirname(fileURLToPath(import.meta.url)));
  const run = await runInVm(join(here, 'ipvs', 'scenario.js'), [], { timeoutSeconds: 240 });
  for (const line of run.stdout.split('\n')) if (line.includes('speed ')) context.diagnostic(line);
  assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
  assert.match(run.stdout, /\bpass 1\d\b/, 'all scenarios ran');
});
