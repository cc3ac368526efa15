/**
 * `~SEQ`, `~SEQx` and `~LST` (keepalived.md 5.5): reads the head of a loop and says what its variables are at each turn.
 *
 * Only the shape and the numbers; expand.ts runs the turns. As keepalived 2.2.7: a loop stands at the start of a line,
 * spaces are allowed between its parts, a value of a list has no white space in it.
 */

export interface Loop {
  readonly variables: readonly string[];
  /** How many turns. */
  readonly turns: number;
  /** The values of the variables at a turn, first is 0. */
  values(turn: number): readonly string[];
  /** Offset behind the closing bracket and the white space that follows. */
  readonly restAt: number;
}

export type LoopResult =
  | { readonly kind: 'loop'; readonly loop: Loop }
  /** keepalived's words, without the quoted line. */
  | { readonly kind: 'invalid'; readonly messages: readonly string[] }
  | { readonly kind: 'none' };

const HEAD = /^[ \t\f\v\r]*~(SEQx?|LST)[ \t]*\(/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const NUMBER = /^[+-]?(?:0[xX][0-9a-fA-F]+|\d+)$/;

/**
 * @param text a line whose `~` is its first character that is not blank
 * @param expand replaces definitions in the numbers of a ~SEQ
 */
export function parseLoop(text: string, expand: (text: string) => string): LoopResult {
  const head = HEAD.exec(text);
  if (head === null) return { kind: 'none' };
  const close = text.indexOf(')', head[0].length);
  const word = head[1]!;
  if (close < 0) {
    return { kind: 'invalid', messages: [`~${word === 'LST' ? 'LST' : 'SEQ'} parameter strings too long`] };
  }
  const inside = text.slice(head[0].length, close);
  let restAt = close + 1;
  while (restAt < text.length && text.charCodeAt(restAt) <= 32) restAt++;
  return word === 'LST' ? list(inside, restAt) : sequence(inside, word === 'SEQx', restAt, expand);
}

function sequence(inside: string, hexadecimal: boolean, restAt: number, expand: (text: string) => string): LoopResult {
  const parts = inside.split(',').map((part) => part.trim());
  const [variable = '', ...written] = parts;
  const numbers = written.map((part) => parseNumber(expand(part)));
  if (!VARIABLE.test(variable) || numbers.length < 1 || numbers.length > 3 || numbers.some(Number.isNaN)) {
    return { kind: 'invalid', messages: ['Invalid ~SEQ definition', 'Invalid ~SEQ specification'] };
  }
  const end = numbers.at(-1)!;
  const start = numbers.length > 1 ? numbers[0]! : end < 0 ? -1 : 1;
  const step = numbers.length > 2 ? numbers[1]! : end < start ? -1 : 1;
  if (step === 0 || (end > start && step < 0) || (end < start && step > 0)) {
    return { kind: 'invalid', messages: ['Invalid ~SEQ values', 'Invalid ~SEQ specification'] };
  }
  const print = (value: number): string =>
    hexadecimal ? (value < 0 ? (value >>> 0).toString(16) : value.toString(16)) : String(value);
  return {
    kind: 'loop',
    loop: {
      variables: [variable],
      turns: Math.floor((end - start) / step) + 1,
      values: (turn) => [print(start + turn * step)],
      restAt,
    },
  };
}

/** A number with its base as C writes it: 0x hexadecimal, a leading 0 octal. NaN if it is none. */
function parseNumber(text: string): number {
  if (!NUMBER.test(text)) return Number.NaN;
  const digits = text.replace(/^[+-]/, '');
  const sign = text.startsWith('-') ? -1 : 1;
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8);
  return sign * Number(digits);
}

/** Splits at commas outside braces. */
function fields(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '{') depth++;
    else if (c === '}') depth--;
    else if (c === ',' && depth <= 0) {
      found.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  found.push(text.slice(start).trim());
  return found;
}

const isGroup = (field: string): boolean => field.startsWith('{') && field.endsWith('}') && field.length >= 2;
const inner = (field: string): string[] => fields(field.slice(1, -1));

function list(inside: string, restAt: number): LoopResult {
  const invalid = (...messages: string[]): LoopResult => ({ kind: 'invalid', messages });
  const [first = '', ...turns] = fields(inside);
  const grouped = isGroup(first);
  const variables = grouped ? inner(first) : [first];
  if (!variables.every((name) => VARIABLE.test(name)) || turns.length === 0) {
    return invalid('Invalid ~LST specification');
  }
  const rows = turns.map((turn) => (isGroup(turn) ? inner(turn) : [turn]));
  if (rows.some((row) => row.some((value) => /[\s"]/.test(value)))) return invalid('Invalid ~LST specification');
  if (rows.some((row) => row.length > variables.length)) {
    return invalid('~LST specification has too many values', 'Invalid ~LST specification');
  }
  return {
    kind: 'loop',
    loop: {
      variables,
      turns: rows.length,
      values: (turn) => variables.map((_, k) => rows[turn]?.[k] ?? ''),
      restAt,
    },
  };
}
