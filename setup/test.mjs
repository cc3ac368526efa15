// `npm test` and its rungs: `node setup/test.mjs RUNG [NAME]`, RUNG one of all, unit, sim, netns, vm, long.
//
// Fetches what the rung needs, builds, and runs the compiled tests of build/test/RUNG whose path contains NAME.
//   unit   pure cores, no sockets beyond loopback        sim   whole protocols under a virtual clock
//   netns  real sockets in network namespaces (root)     vm    real IPVS: host-side tests that call setup/vm.mjs
//   long   what takes too long for every day; its outcome is added to docs/long-runs.md. One that was ended goes on
//          where it stopped, as long as the build and the tests are the same (test/kept-results.ts)
// `all` is biome, unit, sim, netns and vm. The last line is "N passed, N failed, N skipped" over all rungs.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureModules, mainOf } from './build.mjs';
import { cachePath, repoRoot, SetupError, say } from './cache.mjs';
import { prepareMachine } from './vm.mjs';

/**
 * `budget` in seconds on two cores; `together` test files at once; `limit` seconds for one file. Namespaces and VMs
 * are measured against the clock, so those rungs run one file at a time.
 */
const RUNGS = {
  unit: { budget: 120, together: 2, limit: 180, needs: [] },
  sim: { budget: 60, together: 2, limit: 180, needs: [] },
  netns: { budget: 300, together: 1, limit: 300, needs: [] },
  vm: { budget: 360, together: 1, limit: 900, needs: ['vm'] },
  long: { budget: 4 * 3600, together: 1, limit: 2 * 3600, needs: ['vm'] },
};
const DAILY = ['unit', 'sim', 'netns', 'vm'];

/** The compiled test files of a rung, in order. */
function testFiles(rung, name) {
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith('.test.js')) found.push(path);
    }
  };
  const top = join(repoRoot, 'build/test', rung);
  if (existsSync(top)) walk(top);
  return found.filter((path) => name === undefined || path.slice(top.length).includes(name)).sort();
}

/** Where a long run keeps what it finished with this build and these tests (test/kept-results.ts). */
function keptFolder() {
  const hash = createHash('sha256');
  const add = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) add(path);
      else if (!entry.name.endsWith('.map')) hash.update(entry.name).update(readFileSync(path));
    }
  };
  for (const name of ['dist', 'build/test', 'fixtures']) add(join(repoRoot, name));
  return cachePath('long-runs', hash.digest('hex').slice(0, 16));
}

/** Runs one rung. Returns its counts and how long it took. */
async function runRung(rung, name) {
  const { budget, together, limit, needs } = RUNGS[rung];
  const files = testFiles(rung, name);
  if (files.length === 0) {
    say(`lvsd test: there is no ${rung} test${name === undefined ? '' : ` whose name contains "${name}"`}`);
    return { passed: 0, failed: 0, skipped: 0, seconds: 0 };
  }
  if (needs.includes('vm')) await prepareMachine();
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-test-'));
  const counted = join(folder, 'counts');
  const started = Date.now();
  try {
    const status = await new Promise((resolve, reject) => {
      const child = spawn(
        process.execPath,
        [
          '--enable-source-maps',
          '--test',
          `--test-concurrency=${together}`,
          `--test-timeout=${limit * 1000}`,
          `--test-reporter=${join(repoRoot, 'setup/test-reporter.mjs')}`,
          ...files,
        ],
        {
          cwd: repoRoot,
          stdio: ['ignore', 'inherit', 'inherit'],
          env: {
            ...process.env,
            LVSD_TEST_COUNTS: counted,
            ...(rung === 'long' ? { LVSD_LONG_KEPT: keptFolder() } : {}),
          },
        },
      );
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    const seconds = (Date.now() - started) / 1000;
    const counts = existsSync(counted)
      ? JSON.parse(readFileSync(counted, 'utf8').trim().split('\n').at(-1))
      : { passed: 0, failed: 0, skipped: 0 };
    // A test file that dies outside a test fails the run without a failed test to count.
    if (status !== 0 && counts.failed === 0) counts.failed = 1;
    const { passed, failed, skipped } = counts;
    console.log(`${rung}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds.toFixed(1)} s`);
    if (seconds > budget && name === undefined) {
      console.log(`WARNING: ${rung} took ${seconds.toFixed(0)} s; its budget is ${budget} s on two cores`);
    }
    return { ...counts, seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Formatter and linter over the whole checkout. Returns 1 when they complain, else 0. */
function lint() {
  const started = Date.now();
  const done = spawnSync(join(repoRoot, 'node_modules/.bin/biome'), ['ci', '--colors=off', '.'], {
    cwd: repoRoot,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`biome: ${done.status === 0 ? 'clean' : 'FAILED'} in ${seconds} s`);
  return done.status === 0 ? 0 : 1;
}

/** Adds a row to docs/long-runs.md. */
function noteLongRun(name, counts) {
  const page = join(repoRoot, 'docs/long-runs.md');
  const head =
    '# Long runs\n\nWhat `npm run test:long [NAME]` found, newest last.\n\n| date (UTC) | tests | passed | failed | skipped | seconds |\n|---|---|---|---|---|---|\n';
  const before = existsSync(page) ? readFileSync(page, 'utf8') : head;
  const { passed, failed, skipped, seconds } = counts;
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const row = `| ${date} | ${name ?? 'all'} | ${passed} | ${failed} | ${skipped} | ${Math.round(seconds)} |\n`;
  writeFileSync(page, before + row);
}

async function main([rung = 'all', name]) {
  if (rung !== 'all' && RUNGS[rung] === undefined) {
    throw new SetupError(`There is no rung "${rung}". Rungs: all, ${Object.keys(RUNGS).join(', ')}.`);
  }
  const rungs = rung === 'all' ? DAILY : [rung];
  ensureModules();
  const complaints = rung === 'all' ? lint() : 0;
  await ensureBuilt();
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const each of rungs) {
    const counts = await runRung(each, name);
    for (const key of Object.keys(total)) total[key] += counts[key];
    if (each === 'long' && counts.seconds > 0) noteLongRun(name, counts);
  }
  const failed = total.failed + complaints;
  if (complaints > 0)
    console.log('biome failed; it counts as one failure. `npx biome check --write .` mends most of it.');
  console.log(`${total.passed} passed, ${failed} failed, ${total.skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

await mainOf(import.meta.url, main);
