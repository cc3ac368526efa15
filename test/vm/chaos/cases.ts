/**
 * Named cases inside the test VM, and their way out: one JSON line a case on stdout, which the host's test file turns
 * into a test of that name (`report.ts`). Each case begins in a network namespace of its own, with an empty IPVS table
 * and no journal, because deleted destinations of the case before would slow the next.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enterNewNamespace } from '../../../native/process.js';
import { describeProcesses, watchForStalls } from './stall-watch.js';

/** What the host reads. */
export interface CaseLine {
  readonly case: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** Figures and counts, shown with the test. */
  readonly notes: readonly string[];
  readonly error?: string;
}

export interface CaseContext {
  /** A folder of this case. */
  readonly folder: string;
  /** Shows a line with the test's outcome. */
  note(text: string): void;
  /** Runs at the end of the case, last first, whatever its outcome. */
  atEnd(action: () => void | Promise<void>): void;
}

export interface Case {
  readonly name: string;
  /** `core` runs in `npm test`, `long` in `npm run test:long chaos`. */
  readonly rung: 'core' | 'long';
  run(context: CaseContext): Promise<void>;
}

/** Runs a shell command that must succeed, within a minute: this process stands still meanwhile. */
export function shell(command: string): string {
  const done = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 60_000 });
  if (done.status !== 0) throw new Error(`${command}: status ${done.status} ${done.error ?? ''}\n${done.stderr}`);
  return done.stdout;
}

/** A fresh network namespace with loopback and a device for the addresses of the tests. */
function freshNetwork(): void {
  enterNewNamespace('network');
  shell('ip link set lo up; ip link add d0 type dummy; ip link set d0 up; ip addr add 10.9.0.254/24 dev d0');
  rmSync('/run/lvsd', { recursive: true, force: true });
  for (const name of ['keepalived', 'checkers']) rmSync(`/run/${name}.pid`, { force: true });
}

/** No case hangs: one that does is named, and the next begins. Generous, because emulation is slow. */
const longestSeconds = { core: 400, long: 4500 } as const;

async function within<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} did not end within ${seconds} s\n${describeProcesses()}`)),
      seconds * 1000,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function runOne(one: Case): Promise<CaseLine> {
  const notes: string[] = [];
  const endings: (() => void | Promise<void>)[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
  const startedAt = Date.now();
  let error: string | undefined;
  const failed = (cause: unknown): void => {
    error = `${error === undefined ? '' : `${error}\n`}${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
  };
  try {
    freshNetwork();
    if (!existsSync('/run')) mkdirSync('/run');
    const run = one.run({ folder, note: (text) => notes.push(text), atEnd: (action) => endings.push(action) });
    await within(longestSeconds[one.rung], 'the case', run);
  } catch (cause) {
    failed(cause);
  }
  for (const ending of endings.reverse()) {
    try {
      await within(60, 'an ending of the case', Promise.resolve(ending()));
    } catch (cause) {
      failed(cause);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  const seconds = (Date.now() - startedAt) / 1000;
  return { case: one.name, ok: error === undefined, seconds, notes, ...(error === undefined ? {} : { error }) };
}

/**
 * Runs the cases of a rung one after the other and prints their lines, and at the end how many there were.
 * @param rung `core`, `long`, or `all`
 * @param filter a regular expression that names must match
 * @param times how often each is run: what fails seldom is looked for
 */
export async function runCases(
  all: readonly Case[],
  rung: string,
  filter: string | undefined,
  times = 1,
): Promise<void> {
  const matching = all.filter(
    (one) => (rung === 'all' || one.rung === rung) && (filter === undefined || new RegExp(filter).test(one.name)),
  );
  const chosen = matching.flatMap((one) => Array.from({ length: times }, () => one));
  watchForStalls();
  for (const one of chosen) process.stdout.write(`${JSON.stringify(await runOne(one))}\n`);
  process.stdout.write(`${JSON.stringify({ end: chosen.length })}\n`);
}
