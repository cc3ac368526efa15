/**
 * The words of global_defs about processes and reloads on a running daemon: what /proc and the folders show. `--all`
 * starts the roles without a virtual server, so no IPVS is needed. The bundle of dist/ is run (LVSD_TEST_DIST names
 * another folder).
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { repoRoot } from '../root.js';

const program = join(repoRoot, process.env.LVSD_TEST_DIST ?? 'dist', 'lvsd.cjs');
const lastCpu = String(cpus().length - 1);
let folder = '';
let daemon: ChildProcess | undefined;
let log = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsd-words-'));
});
after(() => {
  daemon?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const write = (words: readonly string[]): void =>
  writeFileSync(
    join(folder, 'k.conf'),
    `instance inst\nglobal_defs {\n${['control_socket c.sock', `config_save_dir ${folder}/kept`, `reload_file ${folder}/reading`, 'data_use_instance', ...words].join('\n')}\n}\n`,
  );

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); ) {
    assert.ok(Date.now() < end, `${what}\n${log}`);
    await pause(50);
  }
}

interface Process {
  readonly pid: number;
  readonly name: string;
  readonly nice: number;
  readonly realtime: number;
  readonly cpus: string;
  readonly limit: string;
}

function processOf(pid: number): Process {
  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'latin1');
  const stat = read('stat')
    .replace(/^.*\) /, '')
    .split(' ');
  return {
    pid,
    name: read('comm').trim(),
    nice: Number(stat[16]),
    realtime: Number(stat[37]),
    cpus: /^Cpus_allowed_list:\s*(\S+)/m.exec(read('status'))?.[1] ?? '',
    limit: /^Max realtime timeout +(\S+)/m.exec(read('limits'))?.[1] ?? '',
  };
}

function processes(): readonly Process[] {
  const parent = daemon?.pid ?? 0;
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'latin1').trim().split(' ').map(Number);
  return [parent, ...children].map(processOf);
}

const named = (name: string): readonly Process[] => processes().filter((each) => each.name === name);

test('names, scheduling, kept files and dumps are as the file says, also after a death and a reload', async (t) => {
  if (process.getuid?.() !== 0) {
    t.diagnostic('not root: nothing was tried');
    return;
  }
  write([
    'process_name myparent',
    'checker_process_name mychecker',
    'checker_priority -3',
    `checker_cpu_affinity ${lastCpu}`,
    'checker_rt_priority 5',
    'checker_rlimit_rttime 4000000',
    'enable_dbus',
  ]);
  const pids = ['-p', join(folder, 'l.pid'), '-c', join(folder, 'c.pid')];
  const words = ['-n', process.execPath, program, '-n', '-l', '-D', '-G', '--all', ...pids, '-f', 'k.conf'];
  daemon = spawn('unshare', words, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder },
  });
  for (const stream of [daemon.stdout, daemon.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log += chunk;
    });
  }
  const scheduled = ({ nice, realtime, cpus: on, limit }: Process): boolean =>
    nice === -3 && realtime === 5 && on === lastCpu && limit === '4000000';
  await until(() => log.includes('Startup complete'), 'the start');
  await until(() => named('mychecker').filter(scheduled).length === 2, 'director and checker have what the file says');
  const supervisor = processOf(daemon.pid ?? 0);
  assert.equal(supervisor.name, 'myparent');
  assert.equal(supervisor.realtime, 0);
  assert.match(log, /k\.conf: Line \d+\) lvsd does not act on enable_dbus in global_defs yet\. D-Bus is put off/);

  const victim = named('mychecker')[1];
  assert.ok(victim);
  process.kill(victim.pid, 'SIGKILL');
  await until(
    () => named('mychecker').filter((each) => scheduled(each) && each.pid !== victim.pid).length === 2,
    'a new process has it too',
  );

  daemon.kill('SIGUSR1');
  await until(() => existsSync(join(folder, 'keepalived_check.inst.data')), 'the dump has the instance in its name');

  write([]);
  writeFileSync(join(folder, 'reading'), '');
  daemon.kill('SIGHUP');
  await until(() => log.includes('Reload complete'), 'the reload');
  assert.ok(!existsSync(join(folder, 'reading')), 'reading has ended');
  const plain = ({ nice, realtime, cpus: on, limit }: Process): boolean =>
    nice === supervisor.nice && realtime === 0 && on === supervisor.cpus && limit === supervisor.limit;
  await until(
    () => [...named('lvsd-director'), ...named('lvsd-checker')].filter(plain).length === 2,
    'what the file no longer says is taken back',
  );
  assert.equal(processOf(daemon.pid ?? 0).name, 'lvsd');
  assert.deepEqual(readdirSync(join(folder, 'kept')).sort(), [
    `keepalived.conf.${daemon.pid}.0`,
    `keepalived.conf.${daemon.pid}.1`,
  ]);
  daemon.kill('SIGTERM');
  await until(() => log.includes('Stopped lvsd'), 'the stop');
});
