/**
 * The corpus as real processes: `bin/lvsd -t -f FILE` in the world of the recorded verdicts (a network namespace with
 * every interface; stub scripts and users in an overlay), for each open file and column: `npm run test:long corpus`.
 *
 * Beside the exit code the lines are compared that keepalived complains about. It goes on where it was ended, as long as
 * the program is the same: what was compared stands in LVSD_CORPUS_STATE (default: a file of the cache of downloads).
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import {
  bareCommands,
  type Column,
  type CorpusFile,
  columns,
  corpusEnvironment,
  corpusFiles,
  reasonOf,
} from '../differential/corpus-index.js';
import { verdictOfOutput } from '../differential/verdict.js';
import { World, worldImpossible } from '../differential/world.js';
import { repoRoot, sharedCorpus } from '../root.js';

const SHARE = 0.98;
const AT_ONCE = 40;
const cache = process.env.LVSD_CACHE ?? join(homedir(), '.cache/lvsd');
const statePath = process.env.LVSD_CORPUS_STATE ?? join(cache, 'corpus-run.json');
const bundle = join(repoRoot, 'dist/lvsd.cjs');

/** What was found of one file. */
interface Found {
  readonly exit: string;
  /** Lines of keepalived's that are not among ours. */
  readonly missed: number;
}
interface State {
  readonly program: string;
  readonly found: Record<string, Found>;
}

function stateOf(program: string): State {
  if (existsSync(statePath)) {
    const known = JSON.parse(readFileSync(statePath, 'utf8')) as State;
    if (known.program === program) return known;
  }
  return { program, found: {} };
}

/** Where a bare world is played on a machine without these, the files that need them cannot be compared. */
const MACHINE = ['/bin/busybox', '/bin/pidof', '/sbin/service', '/usr/bin/killall', '/usr/bin/curl'];

async function compare(corpus: string, column: Column, files: readonly CorpusFile[], state: State): Promise<void> {
  const environment = corpusEnvironment(corpus);
  const todo = files.filter((file) => state.found[`${column} ${file.name}`] === undefined);
  if (todo.length === 0) return;
  const scripts = column === 'exit_bare' ? MACHINE : environment.scripts;
  const world = await World.create({
    interfaces: environment.interfaces,
    namespaces: environment.namespaces,
    files: files.map((file) => file.path),
    full: {
      scripts,
      commands: column === 'exit_bare' ? [] : bareCommands(files),
      users: column === 'exit_bare' ? [] : environment.users,
    },
  });
  try {
    const options = column === 'exit_i_low' ? ['-i', 'low'] : [];
    for (let from = 0; from < todo.length; from += AT_ONCE) {
      const some = todo.slice(from, from + AT_ONCE);
      const argv = (file: CorpusFile): readonly string[] => [
        join(repoRoot, 'bin/lvsd'),
        '-t',
        ...options,
        '-f',
        file.name,
      ];
      const results = await Promise.all(some.map((file) => world.run({ argv: argv(file), seconds: 60 })));
      for (const [i, file] of some.entries()) {
        const ours = verdictOfOutput(results[i] ?? { exit: 'not run', output: '' });
        const missed = [...file.verdict().lines].filter((line) => !ours.lines.has(line)).length;
        state.found[`${column} ${file.name}`] = { exit: ours.exit, missed };
      }
      mkdirSync(dirname(statePath), { recursive: true });
      writeFileSync(statePath, JSON.stringify(state));
    }
  } finally {
    world.close();
  }
}

const impossible = worldImpossible() ?? (sharedCorpus === undefined ? 'there is no ../shared/corpus' : undefined);
if (impossible !== undefined || sharedCorpus === undefined) {
  test('the corpus as processes', (context) => {
    context.skip(`not compared: ${impossible}`);
  });
} else {
  const corpus = sharedCorpus;
  const state = stateOf(createHash('sha256').update(readFileSync(bundle)).digest('hex'));
  const all = corpusFiles(corpus);
  for (const column of columns) {
    test(`lvsd -t in the column ${column}`, async (context) => {
      const files = all.filter((file) => file.exit(column) !== undefined);
      await compare(corpus, column, files, state);
      const wrong: string[] = [];
      let agree = 0;
      for (const file of files) {
        const exit = state.found[`${column} ${file.name}`]?.exit;
        if (exit === file.exit(column)) agree++;
        else if (reasonOf(file.name, column) === undefined) {
          wrong.push(`${file.name}: keepalived ${file.exit(column)}, lvsd ${exit}`);
        }
      }
      context.diagnostic(`${agree} of ${files.length} agree (${((100 * agree) / files.length).toFixed(1)} %)`);
      if (column === 'exit') {
        const rejected = files.filter((file) => !['0', 'timeout'].includes(file.exit(column) ?? '0'));
        const whole = rejected.filter((file) => state.found[`${column} ${file.name}`]?.missed === 0);
        context.diagnostic(`${whole.length} of ${rejected.length} rejected files: every line is among ours`);
      }
      assert.deepEqual(wrong, []);
      assert.ok(agree >= SHARE * files.length);
    });
  }
}
