/**
 * Lines of a file before they are expanded: which of them expansion has to look at, where their comments begin, and
 * which of them together are one definition.
 *
 * Everything here works on offsets into the file's text and copies nothing that it need not.
 */
import { parseCondition } from './conditions.js';
import { type DefinitionValue, matchDefinition } from './definitions.js';
import { quotedAt } from './substitution.js';
import { EXPANSION_LIMITS } from './text-builder.js';

/** Finds the lines that expansion has to look at. */
export class LineFinder {
  static readonly #marks = ['$', '@', '~', 'include'] as const;
  readonly #text: string;
  readonly #next: number[] = [-2, -2, -2, -2];

  constructor(text: string) {
    this.#text = text;
  }

  /** The start of the first such line that begins at or behind `from`; -1 if there is none. */
  next(from: number): number {
    let best = -1;
    LineFinder.#marks.forEach((mark, k) => {
      let at = this.#next[k]!;
      if (at !== -1 && at < from) {
        at = this.#text.indexOf(mark, from);
        while (at >= 0 && k > 0 && !this.#leads(at)) at = this.#text.indexOf(mark, at + 1);
        this.#next[k] = at;
      }
      if (at >= 0 && (best < 0 || at < best)) best = at;
    });
    return best <= 0 ? best : this.#text.lastIndexOf('\n', best - 1) + 1;
  }

  /** Whether only white space stands before the mark, up to the start of the line or a brace. */
  #leads(at: number): boolean {
    for (let i = at - 1; i >= 0; i--) {
      const c = this.#text.charCodeAt(i);
      if (c === 10 || c === 123 || c === 125) return true;
      if (c > 32) return false;
    }
    return true;
  }
}

/** The offset of the line feed that ends the line, or the end of the text. */
export function lineEnd(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

/** Line feeds in a part of a text. */
export function countLines(text: string, from: number, to: number): number {
  // A part of its own: the search must not go on behind it, to the end of a text that may be one line.
  const part = text.slice(from, to);
  let count = 0;
  for (let i = part.indexOf('\n'); i >= 0; i = part.indexOf('\n', i + 1)) count++;
  return count;
}

/** The line up to its comment, without white space at its end. */
export function withoutComment(line: string): string {
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line.charCodeAt(i);
    if (c === 92) i++;
    else if (c === 34) quoted = !quoted;
    else if (!quoted && (c === 35 || c === 33)) return line.slice(0, i).trimEnd();
  }
  return line.trimEnd();
}

/** Whether expansion can find anything in the line (its marks may all have stood in the comment). */
export function mayChange(cut: string): boolean {
  return cut.includes('$') || /(?:^|[{}])\s*(?:[@~]|include)/.test(cut);
}

/** A definition with all of its lines. */
export interface WholeDefinition {
  readonly name: string;
  readonly value: DefinitionValue;
  /** Offset of the line behind it. */
  readonly next: number;
  /** False if a condition drops it. */
  readonly kept: boolean;
  /** True if the file ends before the definition does. */
  readonly unfinished: boolean;
  /** True if it has more lines than lvsd keeps: what follows is taken for text. */
  readonly tooLong: boolean;
  /** True if its last line has a backslash at its end that does not count, because it stands in a comment. */
  readonly hiddenBackslash: boolean;
}

/**
 * Reads the definition that starts on a line, also behind a condition: a condition that drops the first line of a
 * multi-line definition drops the whole of it (keepalived leaves its body behind as text: docs/differences.md).
 *
 * @param cut the line without its comment
 * @param end offset of its line feed in `text`
 */
export function readDefinition(cut: string, text: string, end: number, configId: string): WholeDefinition | undefined {
  const conditional = /^\s*@\S*\s+/.exec(cut)?.[0].length ?? 0;
  const rest = cut.slice(conditional);
  const match = matchDefinition(rest);
  if (match === undefined) return undefined;
  const kept = parseCondition(cut, configId).kind !== 'drop';
  const first = rest.slice(match.valueAt);
  if (!first.endsWith('\\')) {
    const hiddenBackslash = text.slice(0, end).slice(-100).trimEnd().endsWith('\\');
    const value = [first] as const;
    return { name: match.name, value, next: end + 1, kept, unfinished: false, tooLong: false, hiddenBackslash };
  }
  const lines: string[] = [];
  const keep = (line: string): void => {
    if (line !== '') lines.push(line);
  };
  keep(first.slice(0, -1).trimEnd());
  let next = end + 1;
  let more = true;
  let hiddenBackslash = false;
  const most = EXPANSION_LIMITS.definitionLines;
  while (more && next < text.length && lines.length < most) {
    const stop = lineEnd(text, next);
    const written = text.slice(next, stop);
    next = stop + 1;
    const body = withoutComment(written).trim();
    // A line that is only a comment is not there; a blank one ends the definition.
    if (body === '' && written.trim() !== '') continue;
    more = body.endsWith('\\');
    hiddenBackslash = !more && written.trimEnd().endsWith('\\');
    keep(more ? body.slice(0, -1).trimEnd() : body);
  }
  const [head = '', ...others] = lines;
  const tooLong = more && lines.length >= most;
  const unfinished = more && !tooLong;
  return { name: match.name, value: [head, ...others], next, kept, unfinished, tooLong, hiddenBackslash };
}

/** Where, behind a brace, something stands that counts only at the start of a line. */
const AFTER_BRACE = /[{}][ \t\f\v\r]*(?=[@~]|include[rmwba]?[ \t]|\$[A-Za-z_][A-Za-z0-9_]*=)/g;

/**
 * Text behind a brace is the next line (keepalived.md 5.1). Finds the first brace outside quotes behind which a
 * condition, a loop, a definition or an include stands, and returns the offset of that; -1 if there is none.
 */
export function nextLineAt(text: string): number {
  for (const match of text.matchAll(AFTER_BRACE)) {
    if (!quotedAt(text, match.index) && !isUse(text, match.index)) return match.index + match[0].length;
  }
  return -1;
}

/** Whether the brace belongs to a `${NAME}`. */
function isUse(text: string, at: number): boolean {
  const open = text[at] === '{' ? at : text.lastIndexOf('{', at);
  return open > 0 && text[open - 1] === '$' && !text.slice(open + 1, at).includes('}');
}
