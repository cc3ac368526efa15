/**
 * `lvsd -t` beside `keepalived -t`, natively: whole processes, on the same file, in turn.
 *
 *   parse-10k          wall time, 10,000 virtual servers with 4 real servers each (320,000 lines)
 *   parse-cpu-10k      processor time of the same: what a busy machine leaves comparable
 *   parse-rss-10k      the most memory that was resident, MB
 *   parse-varied-10k   wall time on a file of that size in which no two real servers say the same: lvsd reads what is
 *                      written alike only once (parser/known-servers.ts), and this is what it costs where nothing is
 *   parse-line-N       microseconds a line in a process that has parsed before, at about N lines; `peer` is lvsd's own at
 *                      1,000 lines, because the bar is that the cost stays flat
 *
 * Figures are medians of ROUNDS (default 7). What is resident is asked of /proc while the process runs, in runs of their
 * own, so that the asking is not timed. keepalived is Debian's, unpacked by setup/bench.mjs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseSnapshot } from '../parser/parse.js';
import { readSnapshot } from '../parser/snapshot.js';
import { generateConfig } from './generate-config.js';
import { median } from './measurement.js';
import { keepalivedTest, type Program, plainEnvironment, row, type Took, timed } from './native.js';

const SERVICES = 10_000;
const SERVERS_EACH = 4;
/** Lines of one virtual server with four real servers in generateConfig's text. */
const LINES_A_SERVICE = 32;
const SIZES = [1000, 10_000, 100_000, 1_000_000];

function root(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === '/') throw new Error('there is no package.json above the benchmark');
    folder = dirname(folder);
  }
  return folder;
}

function programs(): { readonly lvsd: Program; readonly keepalived: Program } {
  const lvsd = process.env.LVSD_BENCH_LVSD || join(root(), 'bin/lvsd');
  return { lvsd: { command: [lvsd, '-t', '-f'], environment: plainEnvironment() }, keepalived: keepalivedTest() };
}

/** The most memory that was resident, MB. */
async function peak({ command, environment }: Program, file: string): Promise<number> {
  const [name = '', ...words] = command;
  const child: ChildProcess = spawn(name, [...words, file], { env: environment, stdio: 'ignore' });
  let most = 0;
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const found = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      most = Math.max(most, Number(found?.[1] ?? 0));
    } catch {
      // It has ended.
    }
    await pause(1);
  }
  if (child.exitCode !== 0) throw new Error(`${name} -t ended with status ${child.exitCode}`);
  return most / 1024;
}

/** The file in which each real server has words of its own. */
function varied(text: string): string {
  let k = 0;
  return text
    .replace(/ {8}weight 1\n/g, () => `        weight ${1 + (k++ % 60_000)}\n`)
    .replace(/connect_timeout 3\n/g, () => `connect_timeout ${1 + (k++ % 4000)}\n            retry ${k % 7}\n`);
}

/** Microseconds a line, once everything is warm. */
function costOfLine(lines: number, rounds: number): number {
  const text = generateConfig({ services: Math.round(lines / LINES_A_SERVICE), serversPerService: SERVERS_EACH });
  const bytes = Buffer.from(text);
  const once = (): number => {
    const began = performance.now();
    // Small files several times, so that the clock's grain does not count.
    const times = Math.max(1, Math.round(50_000 / lines));
    for (let i = 0; i < times; i++) parseSnapshot(readSnapshot('/bench', { readFile: () => bytes }));
    return (1000 * (performance.now() - began)) / times / (text.split('\n').length - 1);
  };
  return median(Array.from({ length: rounds }, once));
}

/** @param args `--rounds N` */
export async function parseRows(args: readonly string[]): Promise<void> {
  const rounds = args[0] === '--rounds' ? Number(args[1]) : 7;
  if (!(rounds >= 1)) throw new Error('options: --rounds N (default 7)');
  const { lvsd, keepalived } = programs();
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-bench-'));
  try {
    const text = generateConfig({ services: SERVICES, serversPerService: SERVERS_EACH });
    const put = (name: string, what: string): string => {
      const file = join(folder, name);
      writeFileSync(file, what, { mode: 0o600 });
      return file;
    };
    const alike = put('alike.conf', text);
    const turns = (file: string): readonly (readonly [Took, Took])[] =>
      Array.from({ length: rounds }, () => [timed(lvsd, file), timed(keepalived, file)] as const);
    const tell = (name: string, all: readonly (readonly [Took, Took])[], of: keyof Took): void => {
      const half = (k: 0 | 1): number => median(all.map((turn) => turn[k][of]));
      row(name, half(0), half(1), of === 'wall' ? 's' : 's of processor time');
    };
    const same = turns(alike);
    tell('parse-10k', same, 'wall');
    tell('parse-cpu-10k', same, 'processor');
    const other = turns(put('varied.conf', varied(text)));
    tell('parse-varied-10k', other, 'wall');
    tell('parse-varied-cpu-10k', other, 'processor');
    const [ours, peer]: [number[], number[]] = [[], []];
    for (let round = 0; round < Math.min(3, rounds); round++) {
      ours.push(await peak(lvsd, alike));
      peer.push(await peak(keepalived, alike));
    }
    row('parse-rss-10k', median(ours), median(peer), 'MB');
    for (let i = 0; i < 3; i++) costOfLine(10_000, 3);
    const first = costOfLine(SIZES[0] as number, rounds);
    for (const size of SIZES) row(`parse-line-${size}`, costOfLine(size, Math.min(5, rounds)), first, 'us a line');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
