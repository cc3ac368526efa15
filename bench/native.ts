/**
 * Whole processes on this machine, measured from outside, and the row that each benchmark prints.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface Program {
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Without what makes Node read the system's certificates at every start; bin/lvsd does without it too. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _unset, ...environment } = process.env;
  return environment;
}

/** The peer: `keepalived -t -f`, Debian's, unpacked by setup/bench.mjs. A file's name is to be added. */
export function keepalivedTest(): Program {
  const peers = process.env.LVSD_BENCH_PEERS ?? '/';
  const keepalived = [join(peers, 'usr/sbin/keepalived'), '/usr/sbin/keepalived'].find((path) => existsSync(path));
  if (keepalived === undefined) throw new Error('keepalived, the peer, is not on this machine');
  const libraries = ['usr/lib/x86_64-linux-gnu', 'usr/lib'].map((part) => join(peers, part)).join(':');
  return {
    command: [keepalived, '-t', '-f'],
    environment: { ...plainEnvironment(), LD_LIBRARY_PATH: libraries },
  };
}

export interface Took {
  /** Seconds from before the start to behind the end; the shell between costs both programs two milliseconds. */
  readonly wall: number;
  /** Seconds of processor time, of the program and of the kernel for it. */
  readonly processor: number;
}

/** Runs a program to its end, with these words behind its own. */
export function timed({ command, environment }: Program, ...words: readonly string[]): Took {
  const began = performance.now();
  const done = spawnSync('sh', ['-c', '"$@" >/dev/null; status=$?; times; exit $status', 'sh', ...command, ...words], {
    encoding: 'utf8',
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const wall = (performance.now() - began) / 1000;
  if (done.status !== 0) throw new Error(`${command.join(' ')} ended with status ${done.status}: ${done.stderr}`);
  const found = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/.exec(done.stdout.trim().split('\n')[1] ?? '');
  if (found === null) throw new Error(`the shell's times were not understood: ${done.stdout}`);
  const processor = Number(found[1]) * 60 + Number(found[2]) + Number(found[3]) * 60 + Number(found[4]);
  return { wall, processor };
}

/** Prints one row. `peer` is null where there is no peer for it. */
export function row(name: string, ours: number, peer: number | null, unit: string): void {
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  const ratio = peer === null || peer === 0 ? null : round(ours / peer);
  const text = JSON.stringify({ name, ours: round(ours), peer: peer === null ? null : round(peer), ratio, unit });
  process.stdout.write(`${text}\n`);
}
