/**
 * Runs inside the test machine: starts lvsd and keepalived in turn on one file, each in a network namespace of its own,
 * and says how long they took, one JSON line a start. Started by side-by-side.ts:
 *
 *     node inside.js SIZE MODE ROUNDS INTERVAL        MODE timed or counted, INTERVAL milliseconds between looks
 *
 * A fresh namespace for each start, because destinations that were deleted slow each later add for two minutes. Both
 * programs are started once before with -v, so that both find their files in memory. Packets to the servers go to a
 * device that swallows them, as in a network where nobody answers: checks run and none has failed yet when the reload has
 * been seen. The log of each goes to a file. delay_loop is keepalived's own default, 60 seconds.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { enterNewNamespace } from '../native/process.js';
import { type GenerateOptions, generateConfig, serversOfEach } from './generate-config.js';
import { KernelCount } from './kernel-count.js';
import { type Measurement, type Mode, type Program, type Size, sizes } from './measurement.js';
import { countOf, TableWatch, until } from './table-watch.js';

const LIMIT_MS = 120_000;
/** A program that was just started or reloaded is left alone so long: until it waits for its timers only. */
const QUIET_MS = 15_000;
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
  readonly size: Size;
  readonly mode: Mode;
  readonly interval: number;
  readonly folder: string;
}

async function measure(program: Program, plan: Plan): Promise<Measurement> {
  const { folder, interval } = plan;
  enterNewNamespace('network');
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  execFileSync('ip', ['link', 'add', 'swallow', 'type', 'dummy']);
  execFileSync('ip', ['address', 'add', '172.16.0.1/32', 'dev', 'swallow']);
  execFileSync('ip', ['link', 'set', 'swallow', 'up']);
  execFileSync('ip', ['route', 'add', '10.128.0.0/9', 'dev', 'swallow']);
  const options: GenerateOptions = { ...sizes[plan.size], delayLoop: 60, connectTimeout: 30 };
  const wanted = serversOfEach(options);
  const last = wanted.length - 1;
  const changed = wanted.length >> 1;
  const file = join(folder, 'keepalived.conf');
  const put = (text: string): void => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  put(generateConfig(options));
  const after = generateConfig({ ...options, changed: { service: changed, weight: 7 } });
  const watch = new TableWatch();
  const count = plan.mode === 'counted' ? new KernelCount() : undefined;
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
    child = spawn(programs[program], [...ARGUMENTS, file], { stdio: ['ignore', log, log] });
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
    const { services, servers } = sizes[plan.size];
    if (found.services !== services || found.destinations !== servers) {
      throw failed(`the table has ${found.services} services and ${found.destinations} destinations`);
    }
    await pause(QUIET_MS);
    const loadWrites = count?.take();
    const hup = (): void => {
      if (child?.pid === undefined || !child.kill('SIGHUP')) throw failed('it could not be told to reload');
    };
    if (count !== undefined) {
      hup();
      await pause(2 * QUIET_MS);
    }
    const unchangedWrites = count?.take();
    put(after);
    const asked = performance.now();
    hup();
    const seen = await until(() => watch.hasWeight(changed, 7), waiting);
    if (seen === undefined) throw failed(`the changed weight was not there within ${LIMIT_MS / 1000} s`);
    const again = countOf(await watch.read());
    if (again.destinations !== servers) throw failed(`after the reload there were ${again.destinations} destinations`);
    if (count === undefined || loadWrites === undefined || unchangedWrites === undefined) {
      return { program, mode: 'timed', load: (loaded - began) / 1000, reload: (seen - asked) / 1000 };
    }
    await pause(QUIET_MS);
    return { program, mode: 'counted', load: loadWrites, unchanged: unchangedWrites, reload: count.take() };
  } finally {
    if (child !== undefined && !ended) {
      const gone = new Promise((resolve) => child?.once('exit', resolve));
      child.kill('SIGTERM');
      await Promise.race([gone, pause(30_000)]);
      if (!ended) child.kill('SIGKILL');
    }
    count?.close();
    watch.close();
    closeSync(log);
    if (process.env.LVSD_BENCH_LOG === '1') process.stderr.write(readFileSync(logFile));
  }
}

const [size, mode, rounds, interval] = process.argv.slice(2);
if (size === undefined || !(size in sizes) || (mode !== 'timed' && mode !== 'counted')) {
  throw new Error('usage: inside.js SIZE MODE ROUNDS INTERVAL');
}
const only = process.env.LVSD_BENCH_ONLY;
const folder = mkdtempSync(join(tmpdir(), 'lvsd-bench-'));
try {
  for (const program of Object.values(programs)) execFileSync(program, ['-v'], { stdio: 'ignore' });
  for (let round = 0; round < Number(rounds); round++) {
    for (const program of ['lvsd', 'keepalived'] as const) {
      if (only !== undefined && only !== '' && only !== program) continue;
      const plan: Plan = { size: size as Size, mode, interval: Number(interval), folder };
      process.stdout.write(`${JSON.stringify(await measure(program, plan))}\n`);
      // The namespace that was left is taken down by the kernel meanwhile.
      await pause(2000);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
