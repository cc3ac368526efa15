/**
 * The daemon on this machine's own kernel, in a network namespace of its own: what needs no IPVS, and what lvsd says
 * where there is none. The bundle of dist/ is run (LVSD_TEST_DIST names another folder).
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { repoRoot } from '../root.js';
import { DatagramReader } from '../vm/chaos/datagrams.js';

const program = join(repoRoot, process.env.LVSD_TEST_DIST ?? 'dist', 'lvsd.cjs');
const service = `virtual_server 192.0.2.1 80 {
  lvs_sched rr
  lvs_method NAT
  protocol TCP
  real_server 192.0.2.2 80 {
    TCP_CHECK {
    }
  }
}
`;

let folder = '';
let pidFile = '';
const endings: (() => void)[] = [];
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsd-daemon-'));
  pidFile = join(folder, 'lvsd.pid');
});
after(() => {
  for (const ending of endings) ending();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const globalDefs = (words = ''): string => `global_defs {\n  control_socket ${folder}/control.sock\n  ${words}\n}\n`;
const words = (path: string): string[] => {
  const pids = ['-p', pidFile, '-c', join(folder, 'checkers.pid')];
  return ['-n', process.execPath, program, '-l', '-D', '-G', ...pids, '-f', path];
};

/** Runs lvsd to its end in a new network namespace. */
function run(path: string, ...more: readonly string[]): { readonly status: number | null; readonly log: string } {
  const done = spawnSync('unshare', [...words(path), ...more], { encoding: 'utf8', timeout: 30_000 });
  return { status: done.status, log: `${done.stdout}${done.stderr}` };
}

interface Running {
  readonly child: ChildProcess;
  log(): string;
  readonly ended: Promise<number | null>;
}

/** Starts lvsd in the foreground in a new network namespace and waits for words in its log (unshare becomes it, so the pid is lvsd's). */
async function start(
  path: string,
  env: Readonly<Record<string, string>> = {},
  firstWords = 'Startup complete',
  ...more: readonly string[]
): Promise<Running> {
  const child = spawn('unshare', [...words(path), '-n', ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  endings.push(() => child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const running = { child, log: () => text, ended };
  await until(running, firstWords, () => text.includes(firstWords));
  return running;
}

async function until(running: Running, what: string, look: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !look(); await pause(10)) {
    if (Date.now() > end) assert.fail(`${what} did not come:\n${running.log()}`);
  }
}

test('a kernel without IPVS: one message with the cure, exit status 1, nothing left behind', (context) => {
  if (existsSync('/proc/net/ip_vs') || spawnSync('modprobe', ['-n', 'ip_vs']).status === 0) {
    context.diagnostic('this kernel has IPVS: what is said where there is none was not looked at');
    return;
  }
  const { status, log } = run(file('service.conf', globalDefs() + service), '-n');
  assert.equal(status, 1, log);
  const said = log.split('\n').filter((line) => line.includes("IPVS: Can't initialize ipvs: Protocol not available"));
  assert.equal(said.length, 1, log);
  assert.match(said[0] as string, /reboot into the installed kernel|modprobe ip_vs/);
  assert.equal(existsSync(pidFile), false);
  assert.equal(existsSync(join(folder, 'checkers.pid')), false);
});

test('a start without CAP_NET_ADMIN ends with 4 and the cure, not with the status of any failed start', () => {
  const wrapper = ['--inh-caps=-net_admin', '--bounding-set=-net_admin', 'unshare'];
  const done = spawnSync('setpriv', [...wrapper, ...words(file('lacking.conf', globalDefs() + service)), '-n'], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.equal(done.status, 4, done.stderr);
  assert.match(done.stderr, /lvsd needs CAP_NET_ADMIN.*start it as root/);
  assert.equal(existsSync(pidFile), false);
});

test('a file that is not there: told, exit status 6, in the background too', () => {
  const path = join(folder, 'absent.conf');
  for (const more of [['-n'], []]) {
    const { status, log } = run(path, ...more);
    assert.equal(status, 6, log);
    assert.match(log, /absent\.conf/);
    assert.equal(existsSync(pidFile), false);
  }
});

test('in the background: exit status 0, the pid file names the daemon; a second start is told that it runs; SIGTERM ends it', async () => {
  const path = file('empty.conf', globalDefs());
  const { status, log } = run(path);
  assert.equal(status, 0, log);
  const end = Date.now() + 20_000;
  while (!existsSync(join(folder, 'control.sock')) && Date.now() < end) await pause(10);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  endings.push(() => {
    if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
  });
  assert.match(readFileSync(`/proc/${pid}/comm`, 'utf8'), /^lvsd\n/);
  for (const more of [['-n'], []]) {
    const second = run(path, ...more);
    assert.equal(second.status, 0);
    assert.match(second.log, /daemon is already running/);
  }
  assert.equal(Number(readFileSync(pidFile, 'utf8')), pid);
  process.kill(pid, 'SIGTERM');
  while (existsSync(`/proc/${pid}`) && Date.now() < end) await pause(10);
  assert.equal(existsSync(`/proc/${pid}`), false);
  assert.equal(existsSync(pidFile), false);
});

test('a pid file that kill -9 left is told and written over', async () => {
  writeFileSync(pidFile, '999999\n');
  const running = await start(file('empty.conf', globalDefs()));
  assert.match(running.log(), /Remove a zombie pid file/);
  assert.equal(Number(readFileSync(pidFile, 'utf8')), running.child.pid);
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 0);
});

test('startup_script before, shutdown_script after, systemd hears of READY, RELOADING and STOPPING; USR2, 36, 63 and 64 end nothing', async () => {
  const script = join(folder, 'edge.sh');
  const told = join(folder, 'told');
  writeFileSync(script, `#!/bin/sh\necho "$1" >> ${told}\n`);
  chmodSync(script, 0o755);
  const notify = DatagramReader.open({ folder, atEnd: (action) => endings.push(action) });
  const global = `script_user root\n  startup_script "${script} startup"\n  shutdown_script "${script} shutdown"`;
  const running = await start(file('scripts.conf', globalDefs(global)), { NOTIFY_SOCKET: notify.path });
  assert.equal(readFileSync(told, 'utf8'), 'startup\n');
  await until(running, 'READY=1', () => notify.has(/^READY=1\nMAINPID=\d+\n/));
  running.child.kill('SIGHUP');
  await until(running, 'RELOADING', () => /RELOADING=1[\s\S]*READY=1/.test(notify.all.join('')));
  for (const signal of ['SIGUSR1', 'SIGUSR2', 36, 63, 64] as const) process.kill(running.child.pid as number, signal);
  await until(running, 'an answer to signal 64', () => running.log().includes('Signal 64 asks for'));
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 0, running.log());
  assert.equal(readFileSync(told, 'utf8'), 'startup\nshutdown\n');
  assert.ok(notify.has(/^STOPPING=1/));
});

test('a word that decides who gets traffic and is not built: exit status 2 and the line; with -C and --ignore-unbuilt it starts', async () => {
  const path = file('vrrp.conf', `${globalDefs()}vrrp_instance V {\n  interface lo\n  virtual_router_id 1\n}\n`);
  const { status, log } = run(path, '-n');
  assert.equal(status, 2, log);
  assert.match(log, /Line 5\).*vrrp_instance/);
  for (const option of ['-C', '--ignore-unbuilt']) {
    const running = await start(path, {}, 'Startup complete', option);
    running.child.kill('SIGTERM');
    assert.equal(await running.ended, 0);
  }
});

test('kill -9 of a role while the first configuration is shown does not end the start: it is shown again', async () => {
  const path = file('fifo.conf', globalDefs(`lvs_notify_fifo ${folder}/fifo`));
  const running = await start(path, {}, 'Starting Runner child process');
  const pid = Number(/Starting Runner child process, pid=(\d+)/.exec(running.log())?.[1]);
  process.kill(pid, 'SIGKILL');
  await until(running, 'Startup complete', () => running.log().includes('Startup complete'));
  assert.match(running.log(), /Runner child process\(\d+\) died: Respawning/);
  assert.ok(existsSync(join(folder, 'fifo')), 'the runner that came back has the configuration');
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 0);
});

test('a role that dies over every showing of the first configuration ends the start with status 1, not in a loop', async () => {
  const path = file('fifo.conf', globalDefs(`lvs_notify_fifo ${folder}/fifo`));
  const running = await start(path, {}, 'Starting Runner child process');
  const killed = new Set<number>();
  const timer = setInterval(() => {
    for (const [, text] of running.log().matchAll(/Starting Runner child process, pid=(\d+)/g)) {
      const pid = Number(text);
      if (!killed.has(pid)) process.kill(pid, 'SIGKILL');
      killed.add(pid);
    }
  }, 1);
  endings.push(() => clearInterval(timer));
  assert.equal(await running.ended, 1, running.log());
  clearInterval(timer);
  assert.equal(killed.size, 3);
  assert.equal(existsSync(pidFile), false);
});

test('bug: a SIGHUP in the first moments of a start ends nothing and is made good', async () => {
  const path = file('early.conf', globalDefs());
  const child = spawn('unshare', [...words(path), '-n'], { stdio: ['ignore', 'pipe', 'pipe'] });
  endings.push(() => child.kill('SIGKILL'));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk));
  // As soon as the process catches signal 1, long before it has read a file.
  const catches = (): boolean =>
    /^SigCgt:.*[13579bdf]$/m.test(readFileSync(`/proc/${child.pid}/status`, 'latin1')) || child.exitCode !== null;
  for (const end = Date.now() + 20_000; !catches() && Date.now() < end; ) await pause(1);
  child.kill('SIGHUP');
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await until({ child, log: () => text, ended }, 'the reload', () => text.includes('Reloading'));
  child.kill('SIGTERM');
  await ended;
});
