/**
 * Configurations that a person, an editor or a disk might have spoilt: real files, changed at random, the same again
 * for the same number. Lines go missing, move and double; words are taken from elsewhere; braces, quotes, loops,
 * definitions and odd characters come in anywhere.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomSource } from '../../../../parser/random.js';
import { allBlocks } from '../../../../parser/schema/index.js';
import { repoRoot, sharedCorpus } from '../../../root.js';

/** Longer files are for the measurements; here they would only make the others rare. */
const MOST_CHARACTERS = 20_000;

const PIECES = [
  ...[
    '{',
    '}',
    '"',
    "'",
    '#',
    '!',
    '\\',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '\0',
    '\u00a0',
    '\u200b',
    '\ufeff',
    '\u201c',
    '\u2019',
  ],
  ...[
    '$',
    '${',
    '$A',
    '${A}',
    '$A=',
    '$A=\\\n',
    '$B=$A',
    '\\\n',
    '@',
    '@^',
    '@lb1 ',
    '@^lb1 ',
    '${_RANDOM 3 1}',
    '${_ENV HOME}',
  ],
  ...[
    '~',
    '~SEQ(i,1,3) ',
    '~SEQx(i,3,-1,1) ',
    '~LST({a,b},{1,2},{3}) ',
    '~LST(',
    'include nope',
    'includea {a,b*}',
    '${_PWD}',
  ],
  ...[
    '0',
    '-1',
    '65536',
    '4294967296',
    '1e9',
    '0x10',
    '0.0000001',
    '99999999999999999999',
    '1.2.3.4',
    '::',
    '1.2.3.4-300',
  ],
  ...[
    'fe80::1%eth0',
    '10.0.0.0/8',
    '255.255.255.255',
    'true',
    'off',
    'inet6',
    '\u00e9',
    '\ud83d\ude00',
    '\ud800',
    '\\x00',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'x'.repeat(300),
    '{{{{',
    '}}}}',
    '"" ""',
    '\\"',
    '`',
    '%s',
  ],
] as const;

/** What is mutated: fixtures, and the shared corpus where it is. */
export function sourceTexts(): string[] {
  const folders = ['fixtures/parser/schema', 'fixtures/parser/language', 'fixtures/tables', 'fixtures/quickstart'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(repoRoot, folder))
      .filter((name) => name.endsWith('.conf'))
      .sort()
      .map((name) => join(repoRoot, folder, name)),
  );
  if (sharedCorpus !== undefined) {
    const open = join(sharedCorpus, 'open');
    files.push(
      ...readdirSync(open)
        .sort()
        .map((name) => join(open, name)),
    );
  }
  return files.map((file) => readFileSync(file, 'utf8')).filter((text) => text.length <= MOST_CHARACTERS);
}

export interface Mutation {
  /** The file that was changed. */
  readonly before: string;
  readonly after: string;
  /** The bytes of `after`, in UTF-8 or, seldom, in Latin-1. */
  readonly bytes: Uint8Array;
}

export class Mutator {
  readonly #texts: readonly string[];
  readonly #words: readonly string[];

  constructor(texts: readonly string[]) {
    this.#texts = texts;
    this.#words = allBlocks.flatMap((block) => [...block.table.keys()]);
  }

  /** @param number any whole number; the same gives the same */
  mutate(number: number): Mutation {
    const random = randomSource(number);
    const below = (count: number): number => random(0, Math.max(0, count - 1));
    const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
    const before = pick(this.#texts);
    let after = before;
    for (let left = 1 + below(4); left > 0; left--) after = this.#once(after, below, pick);
    return { before, after, bytes: Buffer.from(after, below(10) === 0 ? 'latin1' : 'utf8') };
  }

  #once(text: string, below: (count: number) => number, pick: <T>(list: readonly T[]) => T): string {
    const lines = text.split('\n');
    const at = below(lines.length);
    const line = lines[at] ?? '';
    const spliced = (from: number, count: number, ...more: string[]): string => {
      lines.splice(from, count, ...more);
      return lines.join('\n');
    };
    const other = pick(this.#texts).split('\n');
    const column = below(line.length + 1);
    const inLine = (piece: string, gone = 0): string =>
      spliced(at, 1, line.slice(0, column) + piece + line.slice(column + gone));
    switch (below(13)) {
      case 0:
        return spliced(at, 1 + below(3));
      case 1:
        return spliced(at, 0, ...lines.slice(at, at + 1 + below(10)));
      case 2:
        return spliced(at, 0, pick(lines));
      case 3:
        return spliced(at, 0, pick(other));
      case 4:
        return inLine('', 1 + below(4));
      case 5:
      case 6:
        return inLine(pick(PIECES));
      case 7:
        return text.slice(0, below(text.length + 1));
      case 8:
        return spliced(at, 0, ...other.slice(below(other.length)));
      case 9:
        return spliced(
          at,
          1,
          line.replace(/[\w.]+/g, (word) => (below(4) === 0 ? pick(this.#words) : word)),
        );
      case 10:
        return spliced(
          at,
          1,
          line.replace(/[\w.:]+/g, (word) => (below(4) === 0 ? pick(PIECES) : word)),
        );
      case 11:
        return spliced(at, 1, line.split(/\s+/).reverse().join(' '));
      default:
        return spliced(at, 0, `${pick(this.#words)} ${pick(PIECES)}${below(2) === 0 ? ' {' : ''}`);
    }
  }
}
