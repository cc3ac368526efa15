/**
 * The text of one top-level block as tokens, one token a statement.
 *
 * keepalived's language is line based, so the lexer does the words: it splits a line as keepalived's tokenizer does
 * (keepalived.md 5.1), and hands chevrotain only what has structure: a statement without a block, a statement with
 * one, and the brackets of that block. This keeps the parser's work to one token a line.
 *
 * It never fails: nameless `{` and braces too deep are passed over with their partners, a missing `}` is added, a block
 * of more than MAX_STATEMENTS is cut. All of that has been told already when the text was split (blocks.ts).
 */
import { createToken, type IToken, type TokenType } from 'chevrotain';
import { MAX_DEPTH, MAX_STATEMENTS } from './blocks.js';
import type { KnownBodies, KnownBody, Statement, Word } from './statement.js';

export const Line: TokenType = createToken({ name: 'Line', pattern: /\S+/ });
export const Head: TokenType = createToken({ name: 'Head', pattern: /\S+/ });
export const Open: TokenType = createToken({ name: 'Open', pattern: /\{/ });
export const Close: TokenType = createToken({ name: 'Close', pattern: /\}/ });

/** The block whose bodies are remembered (known-servers.ts), where it stands in a top-level block. */
const MEMORABLE = 'real_server';

/** A statement and the token that carries it through the parser are one object: 300,000 of them are made at a load. */
export class StatementToken implements IToken, Statement {
  body: readonly Statement[] | undefined = undefined;
  tokenType: TokenType = Line;
  tokenTypeIdx: number = Line.tokenTypeIdx!;
  readonly words: readonly Word[];
  readonly line: number;
  readonly startOffset: number;
  known: KnownBody | undefined = undefined;
  /** Of bodies that may be remembered; else -1. */
  bodyFrom = -1;
  bodyTo = -1;
  bodyLine = 0;
  readonly #text: string;
  readonly #end: number;

  constructor(text: string, words: readonly Word[], line: number, start: number, end: number) {
    this.words = words;
    this.line = line;
    this.startOffset = start;
    this.#text = text;
    this.#end = end;
  }

  get raw(): string {
    return this.#text.slice(this.startOffset, this.#end);
  }
  get image(): string {
    return this.raw;
  }

  opens(): void {
    this.tokenType = Head;
    this.tokenTypeIdx = Head.tokenTypeIdx!;
  }
}

const bracket = (tokenType: TokenType, image: string): IToken => ({
  image,
  startOffset: 0,
  tokenType,
  tokenTypeIdx: tokenType.tokenTypeIdx!,
});
const OPEN = bracket(Open, '{');
const CLOSE = bracket(Close, '}');

/**
 * @param from offset of the block's keyword
 * @param to offset behind the block
 * @param firstLine snapshot line of `from`
 * @param firstLineStart offset of that line's first character
 * @param known bodies of `real_server` that need not be read; without it every line is
 * @returns tokens with balanced brackets
 */
export function tokenizeBlock(
  text: string,
  from: number,
  to: number,
  firstLine: number,
  firstLineStart: number,
  known?: KnownBodies,
): IToken[] {
  const tokens: IToken[] = [];
  /** The words of the line that is being read. */
  const collected: Row = { words: [], count: 0 };
  let line = firstLine;
  let lineStart = firstLineStart;
  /** The last statement, as long as a `{` would be its own. */
  let pending: StatementToken | undefined;
  /** For each open brace: whether it was handed on. */
  const handed: boolean[] = [];
  const remembering = known?.promising === true;
  /** The real_server whose body is being read. */
  let server: StatementToken | undefined;
  let depth = 0;
  let statements = 0;
  let i = from;
  while (i < to && statements <= MAX_STATEMENTS) {
    const c = text.charCodeAt(i);
    if (c === 10) {
      line++;
      i++;
      lineStart = i;
    } else if (isBlank(c)) i++;
    else if (c === 35 || c === 33) {
      const end = text.indexOf('\n', i);
      i = end < 0 ? to : end;
    } else if (c === 123) {
      const own = pending !== undefined && depth < MAX_DEPTH;
      if (remembering && depth === 1 && pending?.words[0]?.text === MEMORABLE) {
        const body = known.find(text, i + 1, to, line - pending.line);
        if (body !== undefined) {
          pending.known = body;
          pending.body = body.body;
          pending.bodyFrom = i + 1;
          pending.bodyTo = i + 1 + body.text.length;
          statements += body.statements;
          line += body.lines;
          i += 1 + body.text.length;
          if (body.lines > 0) lineStart = i - body.tail;
          pending = undefined;
          continue;
        }
        server = pending;
        server.bodyFrom = i + 1;
        server.bodyLine = line;
      }
      if (own) {
        pending!.opens();
        tokens.push(OPEN);
        depth++;
      }
      handed.push(own);
      pending = undefined;
      i++;
    } else if (c === 125) {
      if (handed.pop() === true) {
        tokens.push(CLOSE);
        depth--;
        if (depth === 1 && server !== undefined) {
          server.bodyTo = i + 1;
          server = undefined;
        }
      }
      pending = undefined;
      i++;
    } else {
      const start = i;
      let end = i;
      // Words up to the end of the line, a comment or a brace.
      for (;;) {
        i = readWord(text, i, to, lineStart, collected);
        end = i;
        while (i < to && isBlank(text.charCodeAt(i)) && text.charCodeAt(i) !== 10) i++;
        if (i >= to) break;
        const d = text.charCodeAt(i);
        if (d === 10 || d === 123 || d === 125 || d === 35 || d === 33) break;
      }
      if (collected.count > 0) {
        // A copy of exactly this length: an array that grew by push has room for seventeen.
        pending = new StatementToken(text, collected.words.slice(0, collected.count), line, start, end);
        collected.count = 0;
        tokens.push(pending);
        statements++;
      }
    }
  }
  for (; depth > 0; depth--) tokens.push(CLOSE);
  return tokens;
}

/** Room for the words of one line, used again for the next: the first `count` are of this line. */
interface Row {
  readonly words: Word[];
  count: number;
}

/** White space as keepalived has it, and what real files hold in its place: NUL, non-breaking and zero-width spaces. */
function isBlank(c: number): boolean {
  return c <= 32 || c === 0xa0 || c === 0x200b || c === 0xfeff;
}

/**
 * Reads the word at `i` and returns the offset behind it. A quote starts a word and ends it; a quote that is not closed
 * on its line makes no word, as in keepalived, which drops it with a message.
 */
function readWord(text: string, i: number, to: number, lineStart: number, into: Row): number {
  let escaped = false;
  if (text.charCodeAt(i) === 34) {
    let end = i + 1;
    for (; end < to; end++) {
      const c = text.charCodeAt(end);
      if (c === 34 || c === 10) break;
      if (c === 92 && end + 1 < to) {
        const next = text.charCodeAt(end + 1);
        if (next === 34) escaped = true;
        if (next === 34 || next === 92) end++;
      }
    }
    if (end >= to || text.charCodeAt(end) === 10) return end;
    const inner = text.slice(i + 1, end);
    into.words[into.count++] = {
      text: escaped ? inner.replaceAll('\\"', '"') : inner,
      quoted: true,
      column: i - lineStart + 1,
    };
    return end + 1;
  }
  let end = i;
  for (; end < to; end++) {
    const c = text.charCodeAt(end);
    if (isBlank(c) || c === 34 || c === 35 || c === 33 || c === 123 || c === 125) break;
    if (c === 92 && end + 1 < to) {
      const next = text.charCodeAt(end + 1);
      if (next === 35 || next === 33 || next === 34) escaped = true;
      // Before anything else, a brace too, a backslash hides nothing.
      if (next === 35 || next === 33 || next === 34 || next === 92) end++;
    }
  }
  const bare = text.slice(i, end);
  into.words[into.count++] = {
    text: escaped ? bare.replace(/\\([#!"])/g, '$1') : bare,
    quoted: false,
    column: i - lineStart + 1,
  };
  return end;
}
