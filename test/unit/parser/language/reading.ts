/**
 * What the tests of the language share: reading from texts in memory, and a snapshot written out for comparison.
 */
import { parseBlock } from '../../../../parser/block-parser.js';
import { positionOf, type ReadOptions, readSnapshot, type Snapshot } from '../../../../parser/snapshot.js';
import type { Statement } from '../../../../parser/statement.js';

/** Reads `text` as file `f` of a folder `/etc/lvs`; `files` are further files by absolute path. */
export function readText(
  text: string,
  files: Record<string, string> = {},
  options: ReadOptions = {},
  previous?: Snapshot,
): Snapshot {
  const readFile = (path: string): Uint8Array => {
    const found = path === '/etc/lvs/f' ? text : files[path];
    if (found === undefined) throw new Error(`no ${path}`);
    return Buffer.from(found);
  };
  return readSnapshot('/etc/lvs/f', { configId: 'vm', randomSeed: 1, environment: {}, readFile, ...options }, previous);
}

/** One line a statement: `file:line:column word|"quoted word"`, indented by depth, ` {` where a block opens. */
export function written(snapshot: Snapshot, withColumns = true): string[] {
  const lines: string[] = [];
  const write = (statement: Statement, depth: number): void => {
    const first = statement.words[0]!;
    const at = positionOf(snapshot, statement.line, first.column);
    const place = withColumns ? `${at.line}:${at.column} ` : `${at.line} `;
    const file = snapshot.files.length > 1 ? `${at.file.replace(/^\/etc\/lvs\//, '')}:` : '';
    const words = statement.words.map((word) => (word.quoted ? JSON.stringify(word.text) : word.text)).join('|');
    lines.push(`${'  '.repeat(depth)}${file}${place}${words}${statement.body === undefined ? '' : ' {'}`);
    for (const inner of statement.body ?? []) write(inner, depth + 1);
  };
  for (const block of snapshot.blocks) {
    const statement = parseBlock(snapshot, block);
    if (statement !== undefined) write(statement, 0);
  }
  return lines;
}

/** Line number and words only: what keepalived's own messages show. */
export const lines = (text: string, files?: Record<string, string>, options?: ReadOptions): string[] =>
  written(readText(text, files, options), false);

/** `class line:column message` of each diagnostic. */
export function told(snapshot: Snapshot): string[] {
  return snapshot.diagnostics.map(
    ({ class: cls, at, message }) => `${cls} ${at === undefined ? '-' : `${at.line}:${at.column}`} ${message}`,
  );
}
