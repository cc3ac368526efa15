/**
 * The expanded text of a configuration, and the way back from it to what the operator typed.
 *
 * A snapshot is the text after includes, conditions, definitions and loops were worked in, cut into the spans of its
 * top-level blocks. Comments, indentation and braces still stand in it: of a file that uses none of the four, the
 * snapshot's text is the file's own text, not a copy. It is read once by the supervisor and handed to the roles.
 *
 * The map is sparse. A run says "from this snapshot line on, lines come from that file, one for one (step 1) or all
 * from one line (step 0)"; a file without expansions is a single run. Column records exist only for lines in which
 * something was substituted; they lead to the place of use, never into the body of a definition.
 *
 * Here are only the shapes and the look-ups; read.ts makes snapshots, snapshot-codec.ts carries them between processes.
 */
import type { Position } from '../config/position.js';
import type { Diagnostic } from './diagnostic.js';

export interface BlockSpan {
  /** The first word: `virtual_server`, `global_defs`, or a single-line keyword such as `net_namespace`. */
  readonly keyword: string;
  /** Snapshot lines, first is 0, both inclusive. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** Offsets in the text: of the keyword's first character, and behind the closing brace. */
  readonly start: number;
  readonly end: number;
  /** 64 bits, 16 hex digits, over the expanded text (comments too) and how its lines map to files. */
  readonly hash: string;
}

/** Numbers a run takes in `LineMap.runs`: first snapshot line (from 0), file index, first file line (from 1), step. */
export const RUN_STRIDE = 4;
/** Numbers a column record takes: snapshot line, first snapshot column (from 1), source column (from 1), step. */
export const COLUMN_STRIDE = 4;

export interface LineMap {
  /** Ordered by snapshot line; stride RUN_STRIDE. Empty only if the text is empty. */
  readonly runs: Int32Array;
  /** Ordered by snapshot line, then column; stride COLUMN_STRIDE. */
  readonly columns: Int32Array;
  /** What the operator wrote in lines that do not stand in the text as written; key from `originalKey`. */
  readonly originals: ReadonlyMap<string, string>;
}

export interface Snapshot {
  readonly text: string;
  /** Names as keepalived would print them: as given with -f, or as the include found them. Never empty. */
  readonly files: readonly string[];
  readonly blocks: readonly BlockSpan[];
  /** Of reading, expanding and splitting; in the order of finding. */
  readonly diagnostics: readonly Diagnostic[];
  readonly lineMap: LineMap;
}

export function originalKey(file: number, line: number): string {
  return `${file}:${line}`;
}

/** The index of the last record whose first number is <= key, or -1. */
function lastAtOrBefore(records: Int32Array, stride: number, key: number): number {
  let low = 0;
  let high = records.length / stride - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (records[middle * stride]! <= key) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}

/**
 * Where the operator wrote what stands at a place of the snapshot.
 *
 * @param line snapshot line, first is 0
 * @param column column in that line, first is 1
 */
export function positionOf(snapshot: Pick<Snapshot, 'files' | 'lineMap'>, line: number, column: number): Position {
  const { runs, columns } = snapshot.lineMap;
  const run = Math.max(0, lastAtOrBefore(runs, RUN_STRIDE, line)) * RUN_STRIDE;
  const first = runs[run] ?? 0;
  const fileLine = (runs[run + 2] ?? 1) + (line - first) * (runs[run + 3] ?? 1);
  const file = snapshot.files[runs[run + 1] ?? 0] ?? '';
  return { file, line: fileLine, column: columns.length === 0 ? column : sourceColumn(columns, line, column) };
}

/** Whether the lines of a span stand in one file one after the other, as they were written. */
export function isLinear(
  snapshot: Pick<Snapshot, 'lineMap'>,
  span: Pick<BlockSpan, 'firstLine' | 'lastLine'>,
): boolean {
  const { runs, columns } = snapshot.lineMap;
  const run = Math.max(0, lastAtOrBefore(runs, RUN_STRIDE, span.firstLine)) * RUN_STRIDE;
  if (runs[run + 3] !== 1 || (runs[run + RUN_STRIDE] ?? Number.POSITIVE_INFINITY) <= span.lastLine) return false;
  if (columns.length === 0) return true;
  const record = lastAtOrBefore(columns, COLUMN_STRIDE, span.lastLine) * COLUMN_STRIDE;
  return record < 0 || columns[record]! < span.firstLine;
}

function sourceColumn(columns: Int32Array, line: number, column: number): number {
  let record = lastAtOrBefore(columns, COLUMN_STRIDE, line);
  for (; record >= 0; record--) {
    const at = record * COLUMN_STRIDE;
    if (columns[at] !== line) break;
    const start = columns[at + 1]!;
    if (start <= column) return columns[at + 2]! + (column - start) * columns[at + 3]!;
  }
  return column;
}

/**
 * The line that the operator wrote, for the caret of a diagnostic; undefined if it is not kept (a line that vanished
 * without a word, or no such line).
 */
export function sourceLine(snapshot: Snapshot, at: Position): string | undefined {
  const { runs, originals } = snapshot.lineMap;
  for (let file = 0; file < snapshot.files.length; file++) {
    if (snapshot.files[file] !== at.file) continue;
    const original = originals.get(originalKey(file, at.line));
    if (original !== undefined) return original;
  }
  for (let run = 0; run < runs.length; run += RUN_STRIDE) {
    const firstFileLine = runs[run + 2]!;
    if (snapshot.files[runs[run + 1]!] !== at.file || at.line < firstFileLine) continue;
    const line = runs[run]! + at.line - firstFileLine;
    const next = runs[run + RUN_STRIDE] ?? Number.POSITIVE_INFINITY;
    if (runs[run + 3] === 0 ? at.line !== firstFileLine : line >= next) continue;
    return textLine(snapshot, line);
  }
  return undefined;
}

/** The line feeds of a snapshot that diagnostics were rendered for: every STRIDE-th offset, as far as was asked. */
interface LineStarts {
  readonly offsets: number[];
  /** The last line whose start is known, and that start. */
  line: number;
  start: number;
}

const STRIDE = 256;
const starts = new WeakMap<object, LineStarts>();

/** Offset of the first character of a line; undefined behind the last. Diagnostics come in order, so it goes on. */
function startOf(snapshot: Pick<Snapshot, 'text'>, wanted: number): number | undefined {
  let known = starts.get(snapshot);
  if (known === undefined) {
    known = { offsets: [0], line: 0, start: 0 };
    starts.set(snapshot, known);
  }
  const { text } = snapshot;
  const from = Math.min(Math.floor(wanted / STRIDE), known.offsets.length - 1);
  let line = from * STRIDE;
  let start = known.offsets[from] ?? 0;
  if (known.line <= wanted && known.line > line) {
    line = known.line;
    start = known.start;
  }
  for (; line < wanted; ) {
    const end = text.indexOf('\n', start);
    if (end < 0) return undefined;
    line++;
    start = end + 1;
    if (line === known.offsets.length * STRIDE) known.offsets.push(start);
  }
  if (line > known.line) {
    known.line = line;
    known.start = start;
  }
  return start;
}

/** Longer lines are cut: they are shown, never read again. */
const LONGEST_SHOWN = 1 << 14;

/** Line `line` (from 0) of the expanded text, without its end; undefined behind the last. */
export function textLine(snapshot: Pick<Snapshot, 'text'>, line: number): string | undefined {
  const start = startOf(snapshot, line);
  if (start === undefined) return undefined;
  const text = snapshot.text.slice(start, start + LONGEST_SHOWN);
  const end = text.indexOf('\n');
  const shown = end < 0 ? text : text.slice(0, end);
  return shown.endsWith('\r') ? shown.slice(0, -1) : shown;
}

/** The line that was asked for last, of each snapshot. */
const lastStarts = new WeakMap<object, { readonly offset: number; readonly start: number }>();

/**
 * Offset of the first character of the line that `offset` stands in. Who asks from the front to the back pays for the
 * text once, also where all of it is one line.
 */
export function lineStartOf(snapshot: Pick<Snapshot, 'text'>, offset: number): number {
  const last = lastStarts.get(snapshot);
  const from = last !== undefined && last.offset <= offset ? last : { offset: 0, start: 0 };
  const feed = snapshot.text.slice(from.offset, offset).lastIndexOf('\n');
  const start = feed < 0 ? from.start : from.offset + feed + 1;
  lastStarts.set(snapshot, { offset, start });
  return start;
}
