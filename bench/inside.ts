/**
 * Runs inside the test machine: starts lvsd and keepalived in turn on one file, each in a network namespace of its own,
 * and says how long they took, one JSON line a start. Started by side-by-side.ts:
 *
 *     node inside.js SIZE MODE ROUNDS INTERVAL        MODE load, reload or counted, INTERVAL milliseconds between looks
 *
 * A fresh namespace for each start, because destinations that were deleted slow each later add for two minutes. Both
 * programs are started once before on ten services, so that both find their files in memory and the emulator has
 * translated their code: the first start in a boot is otherwise dearer by what the machine lacks. All servers are alive
 * (network.ts) and checked once in ten minutes, so that few checks fall into what is measured. Where a reload is measured
 * no server has a checker: keepalived 2.2.7 walks all its checkers for each checker then (its issue 2318: 132 s for 37,205
 * of them on the reporter's machine; here 40 s for 20,000 in the VM), which says nothing of lvsd. The log of each goes to a
 * file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type GenerateOptions, generateConfig, serversOfEach } from './generate-config.js';
import { countWrites } from './kernel-count.js';
import { type Measurement, type Mode, modes, type Program, type Size, sizes } from './measurement.js';
import { enterNetwork } from './network.js';
import { untilRest } from './rest.js';
import { countOf, TableWatch, until } from './table-watch.js';

const LIMIT_MS = 120_000;
const DELAY_LOOP = 600;
/** Of a program that was killed. */
const LEFT_BEHIND = ['/run/keepalived.pid', '/run/checkers.pid', '/run/lvsd'];
/** What each program is started on once before it counts. */
const SMALL = { services: 10, servers: 40 };
const ARGUMENTS = ['-n', '-l', '-C', '-f'];

function root(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    try {
      readFileSync(join(folder, 'package.json'));
      return folder;
    } catch {
      if (folder === '/') throw new Error('there is no package.json above the benchmark');
      folder = dirname(folder);
    }
  }
}

/** LVSD_BENCH_LVSD names another lvsd than this checkout's. */
const programs: Readonly<Record<Program, string>> = {
  lvsd: process.env.LVSD_BENCH_LVSD || join(root(), 'bin/lvsd'),
  keepalived: 'keepalived',
};

interface Plan {
  readonly shape: { readonly services: number; readonly servers: number };
  readonly mode: Mode;
  readonly interval: number;
  readonly folder: string;
}

async function measure(program: Program, plan: Plan): Promise<Measurement> {
  const { folder, interval, mode } = plan;
  const network = enterNetwork();
  const checker = mode === 'load' ? 'TCP_CHECK' : 'none';
  const options: GenerateOptions = { ...plan.shape, delayLoop: DELAY_LOOP, checker };
  const wanted = serversOfEach(options);
  const last = wanted.length - 1;
  const changed = wanted.length >> 1;
  const file = join(folder, 'keepalived.conf');
  const put = (text: string): void => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  put(generateConfig(options));
  const watch = new TableWatch();
  const count = mode === 'counted' ? countWrites() : undefined;
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'w');
  let child: ChildProcess | undefined;
  let ended = false;
  const failed = (what: string): Error => {
    const text = readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n');
    return new Error(`${program}: ${what}${ended ? ' (it ended)' : ''}. The end of its log:\n${text}`);
  };
  try {
    const began = performance.now();
    // A group of its own, so that all its processes can be ended at once.
    child = spawn(programs[program], [...ARGUMENTS, file], { stdio: ['ignore', log, log], detached: true });
    child.once('exit', () => {
      ended = true;
    });
    child.once('error', () => {
      ended = true;
    });
    const waiting = { interval, limit: LIMIT_MS, alive: () => !ended };
    const loaded = await until(() => watch.destinationsOf(last) === wanted[last], waiting);
    if (loaded === undefined) throw failed(`the table was not complete within ${LIMIT_MS / 1000} s`);
    const found = countOf(await watch.read());
    const { services, servers } = plan.shape;
    if (found.services !== services || found.destinations !== servers) {
      throw failed(`the table has ${found.services} services and ${found.destinations} destinations`);
    }
    if (mode === 'load') return { program, mode, seconds: (loaded - began) / 1000 };
    const after = generateConfig({ ...options, changed: { service: changed, weight: 7 } });
    const hup = (): void => {
      if (child?.pid === undefined || !child.kill('SIGHUP')) throw failed('it could not be told to reload');
    };
    await untilRest();
    const load = count?.();
    if (count !== undefined) {
      hup();
      await untilRest();
    }
    const unchanged = count?.();
    put(after);
    const asked = performance.now();
    hup();
    const seen = await until(() => watch.hasWeight(changed, 7), waiting);
    if (seen === undefined) throw failed(`the changed weight was not there within ${LIMIT_MS / 1000} s`);
    const again = countOf(await watch.read());
    if (again.destinations !== servers) throw failed(`after the reload there were ${again.destinations} destinations`);
    if (count === undefined || load === undefined || unchanged === undefined) {
      return { program, mode: 'reload', seconds: (seen - asked) / 1000 };
    }
    await untilRest();
    return { program, mode: 'counted', load, unchanged, reload: count() };
  } finally {
    await endGroup(child, () => ended);
    watch.close();
    network.close();
    closeSync(log);
    if (process.env.LVSD_BENCH_LOG === '1') process.stderr.write(readFileSync(logFile));
  }
}

/** Ends all processes of a program; their table goes with the namespace, and what they left on disk here. */
async function endGroup(child: ChildProcess | undefined, ended: () => boolean): Promise<void> {
  if (child?.pid === undefined) return;
  const gone = ended() ? Promise.resolve() : new Promise((resolve) => child.once('exit', resolve));
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
  await gone;
  for (const left of LEFT_BEHIND) rmSync(left, { recursive: true, force: true });
}

const [size, mode, rounds, interval] = process.argv.slice(2);
const chosen = modes.find((one) => one === mode);
if (size === undefined || !(size in sizes) || chosen === undefined) {
  throw new Error('usage: inside.js SIZE MODE ROUNDS INTERVAL');
}
const only = process.env.LVSD_BENCH_ONLY;
const folder = mkdtempSync(join(tmpdir(), 'lvsd-bench-'));
try {
  for (let round = 0; round < Number(rounds); round++) {
    for (const program of ['lvsd', 'keepalived'] as const) {
      if (only !== undefined && only !== '' && only !== program) continue;
      const plan: Plan = { shape: sizes[size as Size], mode: chosen, interval: Number(interval), folder };
      if (round === 0) await measure(program, { ...plan, shape: SMALL, mode: 'load' });
      process.stdout.write(`${JSON.stringify(await measure(program, plan))}\n`);
      // The namespace that was left is taken down by the kernel meanwhile.
      await pause(2000);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
