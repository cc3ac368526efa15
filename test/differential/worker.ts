// The inside of a world (world.ts): started in fresh network and mount namespaces, it makes interfaces, overlay, stub
// scripts and users, and then runs one program a job, as many at once as there are processors.
//
// It reads one JSON line a job and answers with one line; it ends with its input, and everything it made with it.

import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, constants, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Job, JobResult, Message, Sweep, WorldPlan } from './world.js';

const STUB = '#!/bin/sh\nexit 0\n';

/** A folder on a file system of this world's own. */
const place = mkdtempSync(join(tmpdir(), 'lvsd-world-'));
/** The root that jobs see, and in it the folder in which they run. */
let root = '';
const folder = '/corpus';

function run(program: string, words: readonly string[], input?: string): void {
  const done = spawnSync(program, words, { encoding: 'utf8', ...(input === undefined ? {} : { input }) });
  if (done.status !== 0) throw new Error(`${program} ${words.join(' ')}: ${done.error?.message ?? done.stderr}`);
}

function makeInterfaces(names: readonly string[]): void {
  const lines = ['link set lo up'];
  const wanted = names.filter((name) => name !== 'lo');
  // Each is the other's peer; one more takes the odd one out.
  const pairs = wanted.length % 2 === 0 ? wanted : [...wanted, 'odd-peer'];
  for (let i = 0; i < pairs.length; i += 2) lines.push(`link add ${pairs[i]} type veth peer name ${pairs[i + 1]}`);
  pairs.forEach((name, i) => {
    lines.push(`link set ${name} up`, `addr add 198.18.${i >> 8}.${i & 255}/32 dev ${name}`);
  });
  run('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
}

/** The mounts that lie directly on the root: they are carried over into the new one. */
function carried(): readonly string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '/')
    .filter((point) => point !== '/' && !point.startsWith(place));
  const outer = points.filter((point) => !points.some((other) => other !== point && point.startsWith(`${other}/`)));
  return [...new Set(outer)].filter((point) => point !== '/sys');
}

function makeRoot(): void {
  run('mount', ['-t', 'tmpfs', 'tmpfs', place]);
  const [upper, work, merged] = ['upper', 'work', 'merged'].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [upper, work, merged]) mkdirSync(each);
  run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=/,upperdir=${upper},workdir=${work}`, merged]);
  for (const point of carried()) run('mount', ['--rbind', point, join(merged, point)]);
  // A sysfs of this network namespace.
  run('mount', ['-t', 'sysfs', 'sysfs', join(merged, 'sys')]);
  root = merged;
  // An empty one: what the machine has there is not the matter.
  rmSync(join(root, 'etc/keepalived'), { recursive: true, force: true });
  mkdirSync(join(root, 'etc/keepalived'), { recursive: true });
  writeFileSync(join(root, 'etc/resolv.conf'), '');
}

function stub(path: string): void {
  const at = join(root, path.startsWith('CWD/') ? join(folder, path.slice(4)) : path);
  if (existsSync(at)) return;
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, STUB, { mode: 0o755 });
}

/** Accounts with uid 0: keepalived 2.2.7 ends itself when it tests a script for another one. */
function addUsers(names: readonly string[]): void {
  const passwd = join(root, 'etc/passwd');
  const group = join(root, 'etc/group');
  const known = (path: string): Set<string> =>
    new Set(
      readFileSync(path, 'utf8')
        .split('\n')
        .map((line) => line.split(':')[0] ?? ''),
    );
  const [users, groups] = [known(passwd), known(group)];
  for (const name of names) {
    if (!users.has(name)) appendFileSync(passwd, `${name}:x:0:0:${name}:/root:/bin/sh\n`);
    if (!groups.has(name)) appendFileSync(group, `${name}:x:0:\n`);
  }
}

/** Names of this namespace itself. */
function nameNamespaces(names: readonly string[]): void {
  mkdirSync(join(root, 'run/netns'), { recursive: true });
  run('mount', ['-t', 'tmpfs', 'tmpfs', join(root, 'run/netns')]);
  for (const name of names) {
    const at = join(root, 'run/netns', name);
    writeFileSync(at, '');
    run('mount', ['--bind', '/proc/self/ns/net', at]);
  }
}

function makeWorld(plan: WorldPlan): void {
  makeInterfaces(plan.interfaces);
  makeRoot();
  mkdirSync(join(root, folder), { recursive: true });
  for (const file of plan.files) copyFileSync(file, join(root, folder, basename(file)));
  nameNamespaces(plan.namespaces);
  if (plan.full === undefined) return;
  for (const path of plan.full.scripts) stub(path);
  for (const name of plan.full.commands) stub(join('/usr/bin', name));
  addUsers(plan.full.users);
}

let serial = 0;

function runJob(job: Job): Promise<JobResult> {
  if (job.write !== undefined) writeFileSync(join(root, folder, job.write.name), job.write.text);
  const log = join(place, `output-${serial++}`);
  const fd = openSync(log, 'w');
  const cwd = folder;
  const words = [root, '/bin/sh', '-c', 'cd "$0" && exec "$@"', cwd, ...job.argv];
  const child = spawn('chroot', words, { stdio: ['ignore', fd, fd], env: { ...process.env, ...job.env } });
  closeSync(fd);
  return new Promise((resolve, reject) => {
    let late = false;
    const clock = setTimeout(
      () => {
        late = true;
        child.kill('SIGKILL');
      },
      (job.seconds ?? 20) * 1000,
    );
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(clock);
      const output = readFileSync(log, 'utf8');
      rmSync(log);
      const number = signal === null ? 0 : constants.signals[signal];
      resolve({ exit: late ? 'timeout' : String(code ?? 128 + number), output });
    });
  });
}

/**
 * Says how each run ended in a file beside its output; the shell forks once a run and does nothing else. The folder that
 * config_save_dir has keepalived make would be there for the faults behind it.
 */
const SWEEP = `cd "$0" || exit
ulimit -c 0; limit=$1; from=$2; step=$3; to=$4; shift 4
while [ "$from" -lt "$to" ]; do
  [ ! -e /nonexistent ] || rm -rf /nonexistent
  timeout -k 1 "$limit" "$@" "text-$from" >"text-$from.out" 2>&1 </dev/null
  echo $? >"text-$from.rc"
  from=$((from + step))
done`;

async function runSweep({ argv, texts, env, seconds }: Sweep): Promise<readonly JobResult[]> {
  const within = join(folder, `sweep-${serial++}`);
  const outside = join(root, within);
  mkdirSync(outside);
  texts.forEach((text, i) => {
    writeFileSync(join(outside, `text-${i}`), text);
  });
  const step = availableParallelism();
  const shells = Array.from({ length: step }, (_, first) => {
    const words = [String(seconds ?? 2), String(first), String(step), String(texts.length), ...argv];
    const child = spawn('chroot', [root, '/bin/sh', '-c', SWEEP, within, ...words], {
      stdio: 'ignore',
      env: { ...process.env, ...env },
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
  });
  await Promise.all(shells);
  const results = texts.map((_, i) => ({
    exit: readFileSync(join(outside, `text-${i}.rc`), 'utf8').trim(),
    output: readFileSync(join(outside, `text-${i}.out`), 'utf8'),
  }));
  rmSync(outside, { recursive: true });
  return results;
}

const waiting: Message[] = [];
let running = 0;

function answer(id: number, results: readonly JobResult[]): void {
  process.stdout.write(`${JSON.stringify({ id, results })}\n`);
}

function next(): void {
  while (running < availableParallelism()) {
    const message = waiting.shift();
    if (message === undefined) return;
    running++;
    const { job, sweep } = message;
    const done = job !== undefined ? runJob(job).then((one) => [one]) : sweep !== undefined ? runSweep(sweep) : [];
    Promise.resolve(done)
      .catch((cause: unknown): readonly JobResult[] => [{ exit: 'not run', output: String(cause) }])
      .then((results) => {
        running--;
        answer(message.id, results);
        next();
      });
  }
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  const message = JSON.parse(line) as Message;
  if (message.plan !== undefined) {
    makeWorld(message.plan);
    answer(message.id, []);
    return;
  }
  waiting.push(message);
  next();
});
input.on('close', () => {
  process.chdir('/');
  spawnSync('umount', ['-R', '-l', place]);
  rmdirSync(place);
});
