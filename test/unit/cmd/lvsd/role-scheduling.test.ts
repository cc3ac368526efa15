/**
 * The scheduling words, given to a process: what /proc says of it afterwards, thread by thread.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { after, test } from 'node:test';
import { nameSupervisor, RoleScheduling, type SchedulingSystem } from '../../../../cmd/lvsd/role-scheduling.js';
import { noScheduling, type ProcessScheduling } from '../../../../config/global-process.js';
import { readCapabilities } from '../../../../native/capabilities.js';
import { SinkLog } from '../../../../runtime/log.js';
import { runChild } from '../../native/run-child.js';

const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** A Node process that waits, with its helper threads. */
async function waiting(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'console.log("here"); setInterval(() => {}, 1e6)'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  assert.ok(child.pid);
  return child.pid;
}

interface Thread {
  readonly tid: number;
  readonly nice: number;
  readonly realtime: number;
  readonly policy: number;
  readonly cpus: string;
}

/** proc(5): fields 19, 40 and 41 of stat. */
function threads(pid: number): readonly Thread[] {
  return readdirSync(`/proc/${pid}/task`).map((tid) => {
    const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    const field = (n: number): number => Number(stat[n - 3]);
    const status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1');
    const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
    return { tid: Number(tid), nice: field(19), realtime: field(40), policy: field(41), cpus: allowed };
  });
}

const limitOf = (pid: number, name: string): readonly string[] =>
  (new RegExp(`^${name} +(\\S+) +(\\S+)`, 'm').exec(readFileSync(`/proc/${pid}/limits`, 'latin1')) ?? []).slice(1);

const RR_RESET_ON_FORK = 2;

test('what the file says is what the kernel has, and goes when the file no longer says it', async (t) => {
  if (process.getuid?.() !== 0) {
    t.diagnostic('not root: nothing was tried');
    return;
  }
  const said: string[] = [];
  const scheduling = new RoleScheduling(new SinkLog([({ text }) => said.push(text)]));
  const pid = await waiting();
  const before = threads(pid);
  assert.ok(before.length > 1, 'a Node process has helper threads');
  const last = cpus().length - 1;
  const mayLock = readCapabilities().effective.includes('SYS_RESOURCE');
  if (!mayLock) t.diagnostic('without CAP_SYS_RESOURCE: the limit of locked memory was not tried');
  const wanted: ProcessScheduling = {
    priority: -5,
    noSwap: mayLock,
    rtPriority: 7,
    cpuAffinity: [last],
    rlimitRttime: 50_000,
  };
  scheduling.apply('checker', wanted, [pid]);
  assert.deepEqual(said, []);
  for (const thread of threads(pid)) {
    assert.equal(thread.cpus, String(last), `CPUs of thread ${thread.tid}`);
    assert.equal(thread.nice, -5, `nice value of thread ${thread.tid}`);
    const main = thread.tid === pid;
    assert.equal(thread.policy, main ? RR_RESET_ON_FORK : 0, `policy of thread ${thread.tid}`);
    assert.equal(thread.realtime, main ? 7 : 0);
  }
  assert.deepEqual(limitOf(pid, 'Max realtime timeout'), ['50000', 'unlimited']);
  if (mayLock) assert.deepEqual(limitOf(pid, 'Max locked memory'), ['unlimited', 'unlimited']);
  scheduling.apply('checker', noScheduling, [pid]);
  assert.deepEqual(threads(pid), before);
  assert.deepEqual(limitOf(pid, 'Max realtime timeout'), ['unlimited', 'unlimited']);
  assert.deepEqual(said, []);
});

function recorded(fail = ''): { readonly calls: string[]; readonly system: SchedulingSystem } {
  const calls: string[] = [];
  const note = (call: string): void => {
    calls.push(call);
    if (fail !== '' && call.startsWith(fail)) throw new Error('not permitted');
  };
  return {
    calls,
    system: {
      nice: (pid, nice) => note(`nice ${pid} ${nice}`),
      affinity: (pid, list) => note(`affinity ${pid} ${list.join(',')}`),
      realtime: (pid, priority) => note(`realtime ${pid} ${priority}`),
      limit: (pid, soft) => note(`limit ${pid} ${soft}`),
      allowLocking: (pid) => note(`lock ${pid}`),
      own: { nice: 3, cpus: [0, 1] },
    },
  };
}

test('nothing is done where nothing is said or nothing changed; a new process gets it all', () => {
  const { calls, system } = recorded();
  const scheduling = new RoleScheduling(new SinkLog([]), () => system);
  scheduling.apply('checker', noScheduling, [10, 11]);
  assert.deepEqual(calls, []);
  const wanted = { ...noScheduling, priority: -3 };
  scheduling.apply('checker', wanted, [10, 11]);
  scheduling.apply('checker', { ...wanted }, [10, 11]);
  assert.deepEqual(calls.splice(0), ['nice 10 -3', 'nice 11 -3']);
  scheduling.apply('checker', wanted, [10, 12]);
  assert.deepEqual(calls.splice(0), ['nice 12 -3']);
  scheduling.apply('checker', { ...noScheduling, cpuAffinity: [1] }, [10]);
  assert.deepEqual(calls.splice(0), ['affinity 10 1', 'nice 10 3']);
  scheduling.apply('checker', noScheduling, [10]);
  assert.deepEqual(calls.splice(0), ['affinity 10 0,1']);
});

test('the limit counts with real-time priority only, and stands before it', () => {
  const { calls, system } = recorded();
  const scheduling = new RoleScheduling(new SinkLog([]), () => system);
  scheduling.apply('checker', { ...noScheduling, rlimitRttime: 9000 }, [10]);
  assert.deepEqual(calls.splice(0), []);
  scheduling.apply('checker', { ...noScheduling, rlimitRttime: 9000, rtPriority: 4 }, [10]);
  assert.deepEqual(calls.splice(0), ['limit 10 9000', 'realtime 10 4']);
  scheduling.apply('checker', noScheduling, [10]);
  assert.deepEqual(calls.splice(0), ['limit 10 undefined', 'realtime 10 undefined']);
});

test('what cannot be given is told once, and the rest is given', () => {
  const said: string[] = [];
  const { calls, system } = recorded('realtime');
  const scheduling = new RoleScheduling(new SinkLog([({ text }) => said.push(text)]), () => system);
  scheduling.apply('checker', { ...noScheduling, rtPriority: 4, priority: 1 }, [10, 11]);
  assert.deepEqual(calls, ['nice 10 1', 'realtime 10 4', 'nice 11 1', 'realtime 11 4']);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /^checker_rt_priority 4 could not be given to its process: not permitted/);
});

test('process_name is the name in ps, and goes back', () => {
  const shown = (): string => readFileSync('/proc/self/comm', 'latin1').trim();
  const before = shown();
  nameSupervisor('keepalived');
  assert.equal(shown(), 'keepalived');
  nameSupervisor();
  assert.equal(shown(), 'lvsd');
  nameSupervisor(before);
});

test('no_swap keeps the program in memory, and collecting garbage goes on', async (t) => {
  const own = readCapabilities().effective;
  if (!own.includes('IPC_LOCK') && !own.includes('SYS_RESOURCE')) {
    t.diagnostic('neither CAP_IPC_LOCK nor CAP_SYS_RESOURCE: nothing was locked');
    return;
  }
  const end = await runChild(`
    const { readFileSync } = await import('node:fs');
    const { allowLockingOf, lockProgram } = await native('scheduling');
    if (${own.includes('SYS_RESOURCE')}) allowLockingOf(process.pid);
    const bytes = lockProgram();
    const locked = Number(/VmLck:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024;
    let waste = [];
    for (let i = 0; i < 200; i++) waste = [...waste.slice(-50), new Array(20000).fill(i)];
    console.log(bytes > 10e6, locked >= bytes, waste.length);
  `);
  assert.equal(end.stdout, 'true true 51\n', end.stderr);
});
