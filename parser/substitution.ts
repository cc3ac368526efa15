/**
 * Replaces the uses of definitions in a line: late, recursive, and with the column of each character kept.
 *
 * Characters of a value get the column of the `$` that stands in the operator's line, the place of use, however deep the
 * value came from. The line is built once from a stack of texts, so the work is in proportion to what comes out; a value
 * that leads to itself and a line that grows beyond its bound are faults.
 */
import type { DefinitionValue, ExpansionFault } from './definitions.js';
import { EXPANSION_LIMITS, type MappedLine } from './text-builder.js';

export interface Substituted {
  /** The same object as was handed in if nothing was replaced. */
  readonly line: MappedLine;
  readonly replacements: number;
  /** A multi-line definition that ended the line: its further lines, the column of its use. */
  readonly rest: { readonly name: string; readonly column: number; readonly lines: readonly string[] } | undefined;
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

/** Replacements in one line, after which it is taken to have no end. */
const MAX_REPLACEMENTS = 100_000;

/** The source column of character `index` of a line. */
export function columnAt(line: MappedLine, index: number): number {
  return line.columns === undefined ? index + 1 : (line.columns[index] ?? (line.columns.at(-1) ?? 0) + 1);
}

/** The part of a line from `start` to `end`, with its columns. */
export function sliceLine(line: MappedLine, start: number, end = line.text.length): MappedLine {
  if (start === 0 && end === line.text.length) return line;
  const columns: number[] = [];
  for (let i = start; i < end; i++) columns.push(columnAt(line, i));
  return { text: line.text.slice(start, end), columns };
}

/** Whether offset `index` stands inside double quotes. */
export function quotedAt(text: string, index: number): boolean {
  return quotedAfter(text, 0, index, false);
}

function quotedAfter(text: string, from: number, to: number, before: boolean): boolean {
  let quoted = before;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    if (c === 92) i++;
    else if (c === 34) quoted = !quoted;
  }
  return quoted;
}

interface Use {
  readonly end: number;
  /** The word between the braces, or the name. */
  readonly word: string;
  readonly braced: boolean;
}

function useAt(text: string, at: number): Use | undefined {
  if (text.charCodeAt(at + 1) === 123) {
    const close = text.indexOf('}', at + 2);
    return close < 0 ? undefined : { end: close + 1, word: text.slice(at + 2, close), braced: true };
  }
  NAME.lastIndex = at + 1;
  if (NAME.exec(text) === null) return undefined;
  const end = NAME.lastIndex;
  const next = end < text.length ? text.charCodeAt(end) : 32;
  // Followed by white space, a comma, a closing bracket or the end; anything else is not a use.
  return next <= 32 || next === 44 || next === 41 ? { end, word: text.slice(at + 1, end), braced: false } : undefined;
}

/** A text that is being copied: the line itself, or the value of a definition in it. */
interface Source {
  readonly text: string;
  at: number;
  /** Undefined: the line itself. */
  readonly name: string | undefined;
  /** Column of everything in a value. */
  readonly column: number;
}

/**
 * @param lookUp what a word stands for; called with the column of its use
 * @param onlyLeading replaces just the use at the line's first character that is not blank, if one stands there, and
 *   leaves what it stands for as it is
 */
export function substitute(
  line: MappedLine,
  lookUp: (word: string, column: number) => DefinitionValue | undefined,
  fault: (fault: ExpansionFault) => void,
  onlyLeading = false,
): Substituted {
  if (!line.text.includes('$')) return { line, replacements: 0, rest: undefined };
  if (line.text.length > EXPANSION_LIMITS.lineCharacters) {
    fault({ kind: 'too long', name: '', column: columnAt(line, line.text.indexOf('$')) });
    return { line, replacements: 0, rest: undefined };
  }
  const first = onlyLeading ? Math.max(0, line.text.search(/\S/)) : 0;
  const sources: Source[] = [{ text: line.text, at: first, name: undefined, column: 0 }];
  let out = line.text.slice(0, first);
  const columns: number[] = [];
  for (let i = 0; i < first; i++) columns.push(columnAt(line, i));
  let quoted = false;
  let replacements = 0;
  let done = false;
  const copy = (source: Source, to: number): void => {
    if (to <= source.at) return;
    for (let i = source.at; i < to; i++) columns.push(source.name === undefined ? columnAt(line, i) : source.column);
    out += source.text.slice(source.at, to);
    quoted = quotedAfter(source.text, source.at, to, quoted);
    source.at = to;
  };
  for (let source = sources.at(-1); source !== undefined; source = sources.at(-1)) {
    const at = done ? -1 : source.text.indexOf('$', source.at);
    if (at < 0) {
      copy(source, source.text.length);
      sources.pop();
      continue;
    }
    copy(source, at);
    if (onlyLeading) done = true;
    const column = source.name === undefined ? columnAt(line, at) : source.column;
    const use = useAt(source.text, at);
    const value = use === undefined || (onlyLeading && at !== first) ? undefined : lookUp(use.word, column);
    if (use === undefined || value === undefined) {
      if (use !== undefined && !onlyLeading && !quoted && isName(use)) {
        fault({ kind: 'undefined', name: use.word, column });
      }
      copy(source, at + 1);
      continue;
    }
    const last = sources.every((other) => other.text.slice(other === source ? use.end : other.at).trim() === '');
    if (value.length > 1 && !last) {
      // A multi-line definition counts only at the end of a line; elsewhere its name is text.
      copy(source, use.end);
      continue;
    }
    if (sources.some((other) => other.name === use.word)) {
      fault({ kind: 'self-referring', name: use.word, column });
      return { line, replacements, rest: undefined };
    }
    const text = quoted ? value[0].replace(/\\([#!])/g, '$1') : value[0];
    replacements++;
    if (replacements > MAX_REPLACEMENTS || out.length + text.length > EXPANSION_LIMITS.lineCharacters) {
      fault({ kind: 'too long', name: use.word, column });
      return { line, replacements, rest: undefined };
    }
    source.at = use.end;
    sources.push({ text, at: 0, name: use.word, column });
    if (value.length > 1) {
      const head = sources.at(-1)!;
      copy(head, text.length);
      const rest = { name: use.word, column, lines: value.slice(1) };
      return { line: { text: out, columns }, replacements, rest };
    }
  }
  return { line: replacements === 0 ? line : { text: out, columns }, replacements, rest: undefined };
}

/** `${NAME}` that is no built-in; inside quotes it may be meant for a shell, so only those outside are told. */
function isName(use: Use): boolean {
  return use.braced && /^[A-Za-z][A-Za-z0-9_]*$/.test(use.word);
}
