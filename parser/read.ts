/**
 * Reads a configuration into a snapshot: files opened once, expanded, cut into blocks.
 *
 * The supervisor calls it at start and at each reload; nobody else reads the files. Nothing here throws for what a
 * file holds: every trouble is a diagnostic in the snapshot. A reload hands in the snapshot before: of a file without
 * expansions only what lies between the equal beginning and the equal end is looked at again.
 *
 * keepalived.md 5; expansion of single lines is expand.ts, splitting is blocks.ts.
 */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Position } from '../config/position.js';
import { placedSpan } from './block-span.js';
import { type EarlierSplit, MAX_BLOCKS, MAX_STATEMENTS, type Split, type SplitProblem, splitBlocks } from './blocks.js';
import { boundedMessage, type Diagnostic, type DiagnosticClass } from './diagnostic.js';
import { Expander } from './expand.js';
import { findOddCharacters } from './odd-characters.js';
import { decodeSource, openSource, type SourceFile } from './source-file.js';
import { type BlockSpan, COLUMN_STRIDE, positionOf, RUN_STRIDE, type Snapshot } from './text-map.js';

export interface ReadOptions {
  /** What `@id` lines are compared with; default: the host name up to its first dot. */
  readonly configId?: string;
  /** Makes `${_RANDOM}` repeatable; a `random_seed` line in the file comes first. */
  readonly randomSeed?: number;
  /** What `${_ENV NAME}` sees; default: the environment of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `-e`: every include is checked in every way. */
  readonly allConfigChecks?: boolean;
  /** Reads a file in place of the file system; throws if there is none. Wildcards then match nothing. */
  readonly readFile?: (path: string) => Uint8Array;
}

/**
 * @param path the file as given with -f; it is printed in messages as it is
 * @param previous an earlier snapshot of the same file, to save work
 */
export function readSnapshot(path: string, options: ReadOptions = {}, previous?: Snapshot): Snapshot {
  const open = opener(options.readFile);
  const expander = new Expander({
    configId: options.configId ?? hostname().split('.')[0]!,
    seed: options.randomSeed ?? Date.now() ^ (process.pid << 16),
    environment: options.environment ?? process.env,
    allConfigChecks: options.allConfigChecks ?? false,
    open,
    exists: options.readFile === undefined ? undefined : (name) => open(name).kind === 'text',
  });
  expander.readMain(path, resolve(path));
  const { text, lineMap, files, diagnostics, plain, ascii } = expander.finish();

  const place = { files, lineMap };
  const earlier = plain && previous !== undefined ? compare(previous, text, files) : undefined;
  const split = splitBlocks(text, earlier);
  const found = [
    ...diagnostics,
    ...split.problems.map((problem) =>
      describe(problem, split, text, (line, column) => positionOf(place, line, column)),
    ),
    ...(ascii && !text.includes('\0')
      ? []
      : findOddCharacters(text, (line, column) => positionOf(place, line, column))),
  ];
  const blocks =
    lineMap.runs.length > RUN_STRIDE || lineMap.columns.length > 0 ? withPlaces(split.blocks, lineMap) : split.blocks;
  return { text, files, blocks, diagnostics: found, lineMap };
}

function opener(readFile: ReadOptions['readFile']): (path: string) => SourceFile {
  if (readFile === undefined) return openSource;
  return (path) => {
    try {
      return decodeSource(readFile(path), path);
    } catch {
      return { kind: 'missing' };
    }
  };
}

/** How much of the text is as it was, if the earlier snapshot can be built upon. */
function compare(previous: Snapshot, text: string, files: readonly string[]): EarlierSplit | undefined {
  const { runs } = previous.lineMap;
  const plain = runs.length === RUN_STRIDE && runs[3] === 1 && previous.lineMap.columns.length === 0;
  if (!plain || previous.diagnostics.length > 0 || previous.files.length !== 1 || previous.files[0] !== files[0]) {
    return undefined;
  }
  const old = previous.text;
  const shorter = Math.min(old.length, text.length);
  const prefix = equalLength(shorter, (from, to) => old.slice(from, to) === text.slice(from, to));
  const suffix = equalLength(
    shorter - prefix,
    (from, to) => old.slice(old.length - to, old.length - from) === text.slice(text.length - to, text.length - from),
  );
  return { blocks: previous.blocks, prefix, suffix, growth: text.length - old.length };
}

/** The largest n up to `limit` for which everything in [0, n) is equal; compares in strides, then halves the last. */
function equalLength(limit: number, equal: (from: number, to: number) => boolean): number {
  let at = 0;
  let stride = 1 << 16;
  while (at < limit && stride > 0) {
    const to = Math.min(limit, at + stride);
    if (equal(at, to)) at = to;
    else if (to - at === 1) break;
    else stride = (to - at) >> 1;
  }
  return at;
}

/** Blocks whose lines do not simply follow each other in one file get where they come from into their hash. */
function withPlaces(blocks: readonly BlockSpan[], lineMap: Snapshot['lineMap']): BlockSpan[] {
  const { runs, columns } = lineMap;
  let run = 0;
  let column = 0;
  return blocks.map((block) => {
    while (run + RUN_STRIDE < runs.length && runs[run + RUN_STRIDE]! <= block.firstLine) run += RUN_STRIDE;
    while (column < columns.length && columns[column]! < block.firstLine) column += COLUMN_STRIDE;
    const numbers: number[] = [];
    const baseLine = runs[run + 2]! + (block.firstLine - runs[run]!) * runs[run + 3]!;
    for (let k = run; k < runs.length && runs[k]! <= block.lastLine; k += RUN_STRIDE) {
      if (k === run && runs[k + 3] === 1) continue;
      const base = runs[k + 1] === runs[run + 1] ? baseLine : 0;
      numbers.push(runs[k]! - block.firstLine, runs[k + 1]!, runs[k + 2]! - base, runs[k + 3]!);
    }
    for (let k = column; k < columns.length && columns[k]! <= block.lastLine; k += COLUMN_STRIDE) {
      numbers.push(columns[k]! - block.firstLine, columns[k + 1]!, columns[k + 2]!, columns[k + 3]!);
    }
    return numbers.length === 0 ? block : placedSpan(block, numbers);
  });
}

function describe(
  problem: SplitProblem,
  split: Split,
  text: string,
  at: (line: number, column: number) => Position,
): Diagnostic {
  const lineStart = problem.offset === 0 ? 0 : text.lastIndexOf('\n', problem.offset - 1) + 1;
  const where = at(problem.line, problem.offset - lineStart + 1);
  const say = (
    cls: DiagnosticClass,
    code: Diagnostic['code'],
    message: string,
    expected: string | undefined,
    suggestion: string | undefined,
    assumed: string | undefined,
  ): Diagnostic => ({ class: cls, code, message, at: where, span: 1, expected, suggestion, assumed });
  switch (problem.kind) {
    case 'extra close':
      return say(
        'unusable',
        'LVSD_CONFIG_EXTRA_BRACE',
        "Extra '}' found",
        'a keyword',
        'remove it, or look for a block above that was closed too early',
        undefined,
      );
    case 'unexpected open':
      return say(
        'assumed',
        'LVSD_CONFIG_UNEXPECTED_BRACE',
        "Unexpected '{' - ignoring",
        'a keyword before it',
        undefined,
        'the brace and its partner are not there',
      );
    case 'too deep':
      return say(
        'unusable',
        'LVSD_CONFIG_TOO_DEEP',
        'Blocks are nested deeper than lvsd reads',
        'at most 64 levels',
        undefined,
        undefined,
      );
    case 'too large':
      return say(
        'unusable',
        'LVSD_CONFIG_BLOCK_TOO_LARGE',
        'The block has more statements than lvsd reads',
        `at most ${MAX_STATEMENTS}`,
        "look for a missing '}'",
        undefined,
      );
    case 'too many':
      return say(
        'unusable',
        'LVSD_CONFIG_TOO_MANY_BLOCKS',
        'The configuration has more blocks and lines outside of blocks than lvsd reads',
        `at most ${MAX_BLOCKS}`,
        'is this a configuration at all?',
        undefined,
      );
    case 'unterminated quote': {
      const end = text.indexOf('\n', problem.offset);
      const line = boundedMessage(text.slice(lineStart, end < 0 ? text.length : end).trim());
      return say(
        'assumed',
        'LVSD_CONFIG_UNTERMINATED_QUOTE',
        `Unterminated quote '${line}'`,
        "a closing '\"' on the same line",
        undefined,
        'what follows the quote on this line is left out',
      );
    }
    case 'unclosed': {
      const culprit = likelyCulprit(split, text, problem.offset, problem.line);
      const suggestion =
        culprit === undefined
          ? undefined
          : `'${culprit.keyword}' at line ${at(culprit.line, 1).line} begins inside this block: a '}' is missing before it`;
      return say(
        'unusable',
        'LVSD_CONFIG_MISSING_BRACE',
        `There are ${problem.count} missing '}'s or extra '{'s`,
        "'}' to end this block",
        suggestion,
        undefined,
      );
    }
  }
}

/** A line inside an unclosed block that begins as only top-level blocks do: there the brace was forgotten. */
function likelyCulprit(
  split: Split,
  text: string,
  from: number,
  firstLine: number,
): { keyword: string; line: number } | undefined {
  if (split.blocks.length === 0) return undefined;
  const pattern =
    /^[ \t]*(virtual_server(?:_group)?|global_defs|vrrp_instance|vrrp_sync_group|vrrp_script|bfd_instance|local_address_group)[ \t{]/gm;
  pattern.lastIndex = text.indexOf('\n', from) + 1;
  if (pattern.lastIndex === 0) return undefined;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  let line = firstLine;
  for (let i = text.indexOf('\n', from); i >= 0 && i < match.index; i = text.indexOf('\n', i + 1)) line++;
  return { keyword: match[1]!, line };
}
