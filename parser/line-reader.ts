/**
 * Goes along the words of one line that has a grammar of its own: an address, a route, a rule, a tracked thing.
 *
 * A value that lacks ends keepalived's parser (exit 2, keepalived.md 3); `take` tells that in its words. Everything
 * else that is wrong with a line is told where it is found, and the line goes on or is left out, as keepalived does.
 */
import type { Position } from '../config/position.js';
import type { BindContext } from './bind-context.js';
import type { Statement } from './statement.js';

/** What becomes of a line that is no good. */
export const LINE_IGNORED = 'this line is left out';

export class LineReader {
  readonly #statement: Statement;
  readonly #context: BindContext;
  /** The next word. */
  #index: number;

  constructor(statement: Statement, context: BindContext, from = 0) {
    this.#statement = statement;
    this.#context = context;
    this.#index = from;
  }

  get at(): Position {
    return this.#context.position(this.#statement);
  }

  /** Where the word stands that was read last. */
  get wordAt(): Position {
    return this.#context.position(this.#statement, Math.max(0, this.#index - 1));
  }

  get more(): boolean {
    return this.#index < this.#statement.words.length;
  }

  /** The next word without going on; undefined at the end. */
  peek(): string | undefined {
    return this.#statement.words[this.#index]?.text;
  }

  /** The next word, or undefined at the end. */
  next(): string | undefined {
    const word = this.#statement.words[this.#index];
    if (word === undefined) return undefined;
    return this.#context.text(this.#statement, this.#index++);
  }

  /** Goes on behind the next word if it is this one. */
  skip(word: string): boolean {
    if (this.peek() !== word) return false;
    this.#index++;
    return true;
  }

  back(): void {
    this.#index--;
  }

  /** The value that must stand here; undefined after keepalived's "is missing a parameter" was told. */
  take(name = 'VALUE'): string | undefined {
    const word = this.next();
    if (word === undefined) {
      const written = this.#statement.words.map((each) => ({ name: each.text })).slice(1);
      this.#context.missing(this.#statement, { arguments: [...written, { name }] });
    }
    return word;
  }

  /** Tells that something is wrong with the word that was read last. */
  say(
    code: `LVSD_CONFIG_${string}`,
    message: string,
    extras: { readonly expected?: string; readonly assumed?: string } = {},
  ): void {
    const index = Math.max(0, this.#index - 1);
    this.#context.report('assumed', code, message, this.#statement, index, { assumed: LINE_IGNORED, ...extras });
  }

  /** Worth telling about the word that was read last, and no error. */
  note(code: `LVSD_CONFIG_${string}`, message: string, assumed: string): void {
    this.#context.report('note', code, message, this.#statement, Math.max(0, this.#index - 1), { assumed });
  }

  /** Something is wrong, and there is nothing to return. */
  refuse(code: `LVSD_CONFIG_${string}`, message: string, extras: { readonly expected?: string } = {}): undefined {
    this.say(code, message, extras);
    return undefined;
  }

  /** A number in base 10 that was read last as a word; undefined after it was told. */
  decimal(min: number, max: number, assumed = 'the option is left out'): number | undefined {
    return this.#context.number(this.#statement, this.#index - 1, min, max, assumed);
  }
}

/** A number as C's strtoul with base 0 reads it: decimal, 0x hexadecimal, leading 0 octal; undefined if it is none. */
export function anyBase(text: string): number | undefined {
  const digits = text.startsWith('+') ? text.slice(1) : text;
  if (/^0[xX][0-9a-fA-F]+$/.test(digits)) return Number.parseInt(digits.slice(2), 16);
  if (/^0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8);
  return /^(?:[1-9]\d*|0)$/.test(digits) ? Number.parseInt(digits, 10) : undefined;
}
