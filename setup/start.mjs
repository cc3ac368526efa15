// `npm start`: on a fresh clone, fetches and builds what is missing and shows lvsd's main job on real IPVS in the test VM.
//
// What is shown is test/vm/quickstart/demo.ts's matter; this file brings it there. Nothing is done to the host.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, mainOf } from './build.mjs';
import { repoRoot, SetupError } from './cache.mjs';
import { prepareMachine, runMachine } from './vm.mjs';

const DEMO = join(repoRoot, 'build/test/vm/quickstart/demo.js');

await mainOf(import.meta.url, async (args) => {
  await prepareMachine();
  await ensureBuilt();
  if (!existsSync(DEMO)) throw new SetupError('test/vm/quickstart/demo.ts is absent, so there is nothing to show yet.');
  return runMachine(['node', DEMO, ...args]);
});
