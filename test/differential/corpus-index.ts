// The shared corpus as data: its index, what its environment held, keepalived's verdicts, and for each file whose exit
// code is not keepalived's the reason. The reasons stand in docs/differences.md too.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Verdict, verdictOfOutput } from './verdict.js';

/** The columns of the index that hold an exit code. */
export type Column = 'exit' | 'exit_bare' | 'exit_i_low';
export const columns: readonly Column[] = ['exit', 'exit_bare', 'exit_i_low'];

export interface CorpusFile {
  readonly name: string;
  readonly path: string;
  readonly kind: string;
  /** keepalived's exit code; undefined where the column says nothing about this file. */
  exit(column: Column): string | undefined;
  /** What keepalived said, in the column `exit`. */
  verdict(): Verdict;
}

export interface Environment {
  readonly interfaces: readonly string[];
  readonly namespaces: readonly string[];
  readonly users: readonly string[];
  readonly scripts: readonly string[];
}

const linesOf = (path: string): readonly string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');

/** The open half of the corpus. */
export function corpusFiles(corpus: string): readonly CorpusFile[] {
  const [head = '', ...rows] = linesOf(join(corpus, 'INDEX.tsv'));
  const names = head.split('\t');
  const found: CorpusFile[] = [];
  for (const row of rows) {
    const cells = row.split('\t');
    const cell = (name: string): string => cells[names.indexOf(name)] ?? '';
    if (cell('split') !== 'open') continue;
    const name = cell('file');
    found.push({
      name,
      path: join(corpus, 'open', name),
      kind: cell('kind'),
      exit: (column) => (cell(column) === '-' ? undefined : cell(column)),
      verdict: () =>
        verdictOfOutput({
          exit: cell('exit'),
          output: readFileSync(join(corpus, 'verdict', `${name}.txt`), 'latin1'),
        }),
    });
  }
  return found;
}

export function corpusEnvironment(corpus: string): Environment {
  const list = (name: string): readonly string[] => linesOf(join(corpus, 'environment', `${name}.txt`));
  return {
    interfaces: list('interfaces'),
    namespaces: list('netns'),
    users: list('users'),
    scripts: list('script-stubs'),
  };
}

/** Words after which a program stands. */
const SCRIPT_WORD =
  /^\s*(?:@\S+\s+)?(?:script|misc_path|notify\w*|quorum_up|quorum_down|\w+_script)\s+["']?\s*([\w.+-]+)(?=[\s"'])/gm;

/** The programs that these files name without a path: in the full world each is in /usr/bin. */
export function bareCommands(files: readonly CorpusFile[]): readonly string[] {
  const found = new Set<string>();
  for (const { path } of files) {
    for (const [, word = ''] of readFileSync(path, 'latin1').matchAll(SCRIPT_WORD)) found.add(word);
  }
  return [...found].sort();
}

const MINE = 'pqarmitage__keepalived-devel-tools__configs_';

/** Files whose exit code is another than keepalived's, and why; `*` stands for every column. */
const reasons: Readonly<Record<string, Readonly<Partial<Record<Column | '*', string>>>>> = {
  [`${MINE}1569-ttl.conf`]: { exit_i_low: 'keepalived 2.4.3 takes a unicast instance without an interface' },
  [`${MINE}1996.conf`]: { '*': 'a definition that leads to itself: keepalived does not end, lvsd says so and ends' },
};

/** Why our exit code for this file is not keepalived's; undefined where it is to be the same. */
export function reasonOf(name: string, column: Column): string | undefined {
  return reasons[name]?.[column] ?? reasons[name]?.['*'];
}
