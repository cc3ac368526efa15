/**
 * Finds the characters of a block that can mean something: braces, quotes, comments, backslashes.
 *
 * Each of the six is looked for by itself and its next place kept, so a text without quotes is searched for quotes once.
 * String.indexOf goes through the text many times as fast as a loop over its characters.
 */
import { countLines } from './source-lines.js';

const MARKS = ['}', '{', '#', '!', '"', '\\'] as const;

export class BlockMarks {
  readonly #text: string;
  /** The next place of each mark; the text's length where there is none. */
  readonly #next = new Int32Array(MARKS.length).fill(-1);
  /** Lines are counted up to here. */
  #counted = 0;
  #line = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The offset of the first mark at or behind `from`, which never goes back; the length of the text if there is none. */
  next(from: number): number {
    const next = this.#next;
    let first = this.#text.length;
    for (let k = 0; k < next.length; k++) {
      let at = next[k] as number;
      if (at < from) {
        at = this.#text.indexOf(MARKS[k] as string, from);
        if (at < 0) at = this.#text.length;
        next[k] = at;
      }
      if (at < first) first = at;
    }
    return first;
  }

  /** Lines are counted from here on. @param line the line that `offset` stands in */
  countFrom(offset: number, line: number): void {
    this.#counted = offset;
    this.#line = line;
  }

  /** The line that `offset` stands in; it never goes back. */
  lineOf(offset: number): number {
    this.#line += countLines(this.#text, this.#counted, offset);
    this.#counted = offset;
    return this.#line;
  }
}
