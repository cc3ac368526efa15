// `npm run bench -- NAME [ARG...]`: runs the benchmark bench/NAME.bench.ts beside its peer; it prints JSON lines.
//
// A benchmark starts the machines that it needs itself (setup/vm.mjs, setup/uml.mjs), each measurement in a fresh one.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ensureBuilt, mainOf } from './build.mjs';
import { repoRoot, SetupError } from './cache.mjs';
import { ensurePeers } from './tools.mjs';
import { prepareMachine } from './vm.mjs';

await mainOf(import.meta.url, async ([name, ...args]) => {
  await ensureBuilt();
  const folder = join(repoRoot, 'build/bench');
  const known = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith('.bench.js'))
        .map((file) => basename(file, '.bench.js'))
    : [];
  if (name === undefined || !known.includes(name)) {
    throw new SetupError(`usage: npm run bench -- NAME [ARG...], NAME one of: ${known.join(', ') || '(none yet)'}`);
  }
  await prepareMachine();
  const done = spawnSync(process.execPath, [join(folder, `${name}.bench.js`), ...args], {
    cwd: repoRoot,
    stdio: 'inherit',
    // Where the peers were unpacked, for what runs on the host.
    env: { ...process.env, LVSD_BENCH_PEERS: await ensurePeers() },
  });
  return done.status ?? 1;
});
