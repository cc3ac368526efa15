/**
 * `$NAME=VALUE` and its uses (keepalived.md 5.4), on lines that know their source columns.
 *
 * Substitution is late and recursive: a value is text until the line that uses it is read. Columns of substituted
 * characters are those of the `$`, the place of use. Text keeps its `\#` and `\!` through all of this; the lexer
 * resolves them. A definition that leads to itself is refused, and so is a line that grows beyond its bound.
 */
import { EXPANSION_LIMITS, type MappedLine } from './text-builder.js';

/** A value: one line, or the lines of a multi-line definition. Never empty. */
export type DefinitionValue = readonly [string, ...string[]];

export interface BuiltIns {
  /** Directory of the file that is being read. */
  readonly directory: string;
  readonly configId: string;
  /** A number from 0 to 32767, or between the bounds, both inclusive. */
  random(minimum: number, maximum: number): number;
  environment(name: string): string | undefined;
}

export interface ExpansionFault {
  readonly kind: 'undefined' | 'self-referring' | 'too long' | 'random bounds' | 'no environment variable';
  readonly name: string;
  /** Source column, first is 1. */
  readonly column: number;
}

export interface Substituted {
  readonly line: MappedLine;
  /** The further lines of a multi-line definition that ended the line. */
  readonly rest: readonly string[];
  /** Source column of the use of that definition, and its name. */
  readonly restColumn: number;
  readonly restName: string | undefined;
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const DEFINITION = /^[ \t\f\v\r]*\$([A-Za-z_][A-Za-z0-9_]*)=[ \t]*/;
const RANDOM = /^_RANDOM(?:[ \t]+(-?\d+))?(?:[ \t]+(-?\d+))?$/;
const ENVIRONMENT = /^_ENV[ \t]+([^ \t]+)$/;

/** The name and the offset of the value if the line defines something. */
export function matchDefinition(text: string): { readonly name: string; readonly valueAt: number } | undefined {
  const match = DEFINITION.exec(text);
  return match === null ? undefined : { name: match[1]!, valueAt: match[0].length };
}

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

function splice(line: MappedLine, start: number, end: number, value: string): MappedLine {
  const columns: number[] = [];
  const use = columnAt(line, start);
  for (let i = 0; i < start; i++) columns.push(columnAt(line, i));
  for (let i = 0; i < value.length; i++) columns.push(use);
  for (let i = end; i < line.text.length; i++) columns.push(columnAt(line, i));
  return { text: line.text.slice(0, start) + value + line.text.slice(end), columns };
}

/** Whether offset `index` stands inside double quotes. */
export function quotedAt(text: string, index: number): boolean {
  let quoted = false;
  for (let i = 0; i < index; i++) {
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
}

function useAt(text: string, at: number, limit: number): Use | undefined {
  if (text.charCodeAt(at + 1) === 123) {
    const close = text.indexOf('}', at + 2);
    return close < 0 ? undefined : { end: close + 1, word: text.slice(at + 2, close) };
  }
  NAME.lastIndex = at + 1;
  const match = NAME.exec(text);
  if (match === null) return undefined;
  const end = Math.min(NAME.lastIndex, limit);
  const next = end < limit ? text.charCodeAt(end) : 32;
  // Followed by white space, a comma, a closing bracket or the end; anything else is not a use.
  return next <= 32 || next === 44 || next === 41 ? { end, word: text.slice(at + 1, end) } : undefined;
}

/** `${NAME}` outside quotes (inside them it may be meant for a shell) that is no built-in. */
function isUndefinedName(text: string, at: number, use: Use): boolean {
  return text.charCodeAt(at + 1) === 123 && /^[A-Za-z][A-Za-z0-9_]*$/.test(use.word) && !quotedAt(text, at);
}

export class Definitions {
  readonly #values = new Map<string, DefinitionValue>();

  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  define(name: string, value: DefinitionValue): void {
    this.#values.set(name, value);
  }

  /**
   * Replaces the uses in a line.
   *
   * @param onlyLeading replaces just the use at the line's first character, if one stands there
   * @returns the same `line` object if nothing was replaced
   */
  substitute(
    line: MappedLine,
    builtIns: BuiltIns,
    fault: (fault: ExpansionFault) => void,
    onlyLeading = false,
  ): Substituted {
    let current = line;
    let at = onlyLeading ? line.text.search(/\S/) : line.text.indexOf('$');
    /** Definitions whose text is being looked at; `left` is how far their text ends from the end of the line. */
    const active: { name: string; left: number }[] = [];
    const nothing = { rest: [], restColumn: 0, restName: undefined } as const;
    while (at >= 0) {
      const { text } = current;
      while (active.length > 0 && at >= text.length - active.at(-1)!.left) active.pop();
      const use = useAt(text, at, text.length - (active.at(-1)?.left ?? 0));
      const value = use === undefined ? undefined : this.#value(use.word, builtIns, fault, columnAt(current, at));
      if (use === undefined || value === undefined) {
        if (onlyLeading) break;
        if (use !== undefined && isUndefinedName(text, at, use)) {
          fault({ kind: 'undefined', name: use.word, column: columnAt(current, at) });
        }
        at = text.indexOf('$', at + 1);
        continue;
      }
      if (active.some((outer) => outer.name === use.word)) {
        fault({ kind: 'self-referring', name: use.word, column: columnAt(current, at) });
        return { line: current, ...nothing };
      }
      if (value.length > 1 && use.end < text.trimEnd().length) {
        // A multi-line definition counts only at the end of a line; elsewhere its name is text.
        if (onlyLeading) break;
        at = text.indexOf('$', use.end);
        continue;
      }
      const left = text.length - use.end;
      const escaped = quotedAt(text, at) ? value[0].replace(/\\([#!])/g, '$1') : value[0];
      if (text.length + escaped.length > EXPANSION_LIMITS.lineCharacters) {
        fault({ kind: 'too long', name: use.word, column: columnAt(current, at) });
        return { line: current, ...nothing };
      }
      const useColumn = columnAt(current, at);
      current = splice(current, at, use.end, escaped);
      if (value.length > 1) {
        return { line: current, rest: value.slice(1), restColumn: useColumn, restName: use.word };
      }
      if (onlyLeading) break;
      active.push({ name: use.word, left });
      at = current.text.indexOf('$', at);
    }
    return { line: current, ...nothing };
  }

  #value(
    word: string,
    builtIns: BuiltIns,
    fault: (fault: ExpansionFault) => void,
    column: number,
  ): DefinitionValue | undefined {
    const value = this.#values.get(word);
    if (value !== undefined || !word.startsWith('_')) return value;
    switch (word) {
      case '_PWD':
        return [escapeText(builtIns.directory)];
      case '_INSTANCE':
        return [escapeText(builtIns.configId)];
      case '_HASH':
        return ['\\#'];
      case '_BANG':
        return ['\\!'];
    }
    const random = RANDOM.exec(word);
    if (random !== null) {
      const minimum = Number(random[1] ?? 0);
      const maximum = Number(random[2] ?? 32767);
      if (maximum < minimum) fault({ kind: 'random bounds', name: word, column });
      return [String(maximum < minimum ? minimum : builtIns.random(minimum, maximum))];
    }
    const environment = ENVIRONMENT.exec(word);
    if (environment !== null) {
      const found = builtIns.environment(environment[1]!);
      if (found === undefined) fault({ kind: 'no environment variable', name: environment[1]!, column });
      return found === undefined ? undefined : [escapeText(found)];
    }
    return undefined;
  }
}

/** Text from outside the file, so that it cannot start a comment, a use or a line. */
function escapeText(text: string): string {
  return text
    .replace(/[\r\n]/g, ' ')
    .replace(/[#!]/g, '\\$&')
    .replaceAll('$', '');
}
