/**
 * Spans of top-level blocks, with a hash that is made when it is asked for: `lvsd -t` never asks, a reload does.
 *
 * The hash is over the block's text, comments and white space too. Two multiplications a character, 64 bits: equal
 * hashes of different blocks are not to be expected in the life of an installation, and a block is only ever taken for
 * unchanged if it also stands at the same place under the same keyword (parse.ts).
 */
import type { BlockSpan } from './text-map.js';

export class TextSpan implements BlockSpan {
  readonly keyword: string;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly start: number;
  readonly end: number;
  /** The hash, or the text of which it is to be made. */
  #hash: string;
  #made: boolean;

  /** @param from the whole text, or with `made` the hash */
  constructor(
    keyword: string,
    firstLine: number,
    lastLine: number,
    start: number,
    end: number,
    from: string,
    made = false,
  ) {
    this.keyword = keyword;
    this.firstLine = firstLine;
    this.lastLine = lastLine;
    this.start = start;
    this.end = end;
    this.#hash = from;
    this.#made = made;
  }

  get hash(): string {
    if (!this.#made) {
      this.#hash = hashPart(this.#hash, this.start, this.end);
      this.#made = true;
    }
    return this.#hash;
  }
}

/** The same block where the text before it has grown by so many lines and characters. */
export function movedSpan(span: BlockSpan, lines: number, growth: number): BlockSpan {
  const { keyword, firstLine, lastLine, start, end, hash } = span;
  return new TextSpan(keyword, firstLine + lines, lastLine + lines, start + growth, end + growth, hash, true);
}

/** The same block, whose lines come from places that these numbers tell: another block than the same words elsewhere. */
export function placedSpan(span: BlockSpan, numbers: readonly number[]): BlockSpan {
  let low = Number.parseInt(span.hash.slice(0, 8), 16) | 0;
  let high = Number.parseInt(span.hash.slice(8), 16) | 0;
  for (const number of numbers) {
    low = Math.imul(low ^ number, 0x01000193);
    high = Math.imul(((high << 13) | (high >>> 19)) ^ number, 0x9e3779b1);
  }
  const { keyword, firstLine, lastLine, start, end } = span;
  return new TextSpan(keyword, firstLine, lastLine, start, end, hashText(low, high, numbers.length), true);
}

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

const hex32 = (value: number): string =>
  HEX[value >>> 24]! + HEX[(value >>> 16) & 255]! + HEX[(value >>> 8) & 255]! + HEX[value & 255]!;

/** The finishing mix of MurmurHash3 (public domain): every input bit reaches every output bit. */
function avalanche(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hashText(low: number, high: number, length: number): string {
  const a = avalanche(low ^ length);
  return hex32(a) + hex32(avalanche(high ^ a));
}

function hashPart(text: string, start: number, end: number): string {
  let low = 0x811c9dc5 | 0;
  let high = 0x2f0b4c47;
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    low = Math.imul(low ^ c, 0x01000193);
    high = Math.imul(((high << 13) | (high >>> 19)) ^ c, 0x9e3779b1);
  }
  return hashText(low, high, end - start);
}
