/**
 * Reads a line again for the keywords that name programs (`script`, `notify_*`, `misc_path`, `quorum_up` ...).
 *
 * Those keywords have their own quoting (keepalived.md 5.1; each rule was checked against keepalived 2.2.7): `"` and
 * `'` quote, also in the middle of a word; a backslash works everywhere, inside both kinds of quotes too. It happens
 * twice: the line is read into keyword, command and user; the command is read into program and arguments. So a blank in
 * an argument needs two layers: `notify "/bin/script 'one argument' two"`.
 *
 * Escapes: \a \b \E \f \n \r \t \v, \nnn octal, \xXX hexadecimal, \cC control; before anything else a backslash stands
 * for nothing, and the character for itself.
 */
import type { Word } from './statement.js';

export interface QuotedWords {
  readonly words: readonly Word[];
  /** The quote that never ends; the word that it began is left out. keepalived then drops the whole keyword. */
  readonly unterminated: '"' | "'" | undefined;
}

const NAMED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/**
 * @param text a statement's `raw`, or a command
 * @param firstColumn column of the text's first character; the words' columns follow from it
 */
export function readQuoted(text: string, firstColumn = 1): QuotedWords {
  const words: Word[] = [];
  let word = '';
  let start = -1;
  let quoted = false;
  let quote = '';
  const finish = (): void => {
    if (start >= 0) words.push({ text: word, quoted, column: firstColumn + start });
    word = '';
    start = -1;
    quoted = false;
  };
  for (let i = 0; i < text.length; ) {
    // A NUL byte is a space everywhere (odd-characters.ts).
    const c = text[i] === '\0' ? ' ' : text[i]!;
    if (quote === '' && /\s/.test(c)) {
      finish();
      i++;
      continue;
    }
    if (start < 0) start = i;
    if (c === '\\' && i + 1 < text.length) {
      const escaped = readEscape(text, i + 1);
      word += escaped.text;
      i = escaped.end;
    } else if (c === quote) {
      quote = '';
      i++;
    } else if (quote === '' && (c === '"' || c === "'")) {
      quote = c;
      quoted = true;
      i++;
    } else {
      word += c;
      i++;
    }
  }
  if (quote === '') finish();
  return { words, unterminated: quote === '"' || quote === "'" ? quote : undefined };
}

/** The program and its arguments; undefined if a quote never ends or nothing is there. */
export function readCommand(command: string): readonly string[] | undefined {
  const { words, unterminated } = readQuoted(command);
  return unterminated !== undefined || words.length === 0 ? undefined : words.map((word) => word.text);
}

/** @param at offset behind the backslash */
function readEscape(text: string, at: number): { readonly text: string; readonly end: number } {
  const c = text[at] === '\0' ? ' ' : text[at]!;
  const named = NAMED[c];
  if (named !== undefined) return { text: named, end: at + 1 };
  const octal = /[0-7]{1,3}/y;
  octal.lastIndex = at;
  const digits = octal.exec(text)?.[0];
  if (digits !== undefined) return { text: character(Number.parseInt(digits, 8)), end: at + digits.length };
  if (c === 'x') {
    const hexadecimal = /[0-9a-fA-F]{1,2}/y;
    hexadecimal.lastIndex = at + 1;
    const found = hexadecimal.exec(text)?.[0];
    if (found !== undefined) return { text: character(Number.parseInt(found, 16)), end: at + 1 + found.length };
  }
  if (c === 'c' && at + 1 < text.length) return { text: character(text.charCodeAt(at + 1) & 31), end: at + 2 };
  return { text: c, end: at + 1 };
}

/** No program can be handed a NUL byte: it stands for nothing. */
const character = (code: number): string => ((code & 255) === 0 ? '' : String.fromCharCode(code & 255));
