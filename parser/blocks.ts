/**
 * Cuts the expanded text into its top-level statements, and tells what is wrong with its braces and quotes.
 *
 * The figure to hold is 8 MB in ten milliseconds, so within a block only the characters that can mean something are
 * looked for (block-marks.ts), nothing is allocated but one object a block, and hashes are made when they are asked for
 * (block-span.ts). With the splits of an earlier text, only what lies between the common beginning and the common end
 * is looked at again.
 *
 * Rules (keepalived.md 5.1, checked against keepalived 2.2.7): `#` and `!` start a comment anywhere outside double
 * quotes; a backslash keeps the next character from meaning anything; a quote ends with its line; a brace counts
 * wherever it stands outside double quotes; `{` opens the block of the last statement, also from a line of its own.
 * What keepalived gets wrong is not copied: there an unknown block's `}` closes its parent (docs/differences.md).
 */
import { BlockMarks } from './block-marks.js';
import { movedSpan, TextSpan } from './block-span.js';
import { ownText } from './own-text.js';
import type { BlockSpan } from './text-map.js';

/** Deeper nesting is cut: keepalived's own grammar needs five levels. */
export const MAX_DEPTH = 64;

/** A block of more statements is cut; 65,000 servers with a checker each, in one virtual server, are 650,000. */
export const MAX_STATEMENTS = 1_000_000;

/** What stands at the top level beyond this is not looked at; 65,000 services with a group each are half of it. */
export const MAX_BLOCKS = 300_000;

/** What the splitting has to say; the reader puts places and words to it. */
export type SplitProblem =
  | {
      readonly kind: 'extra close' | 'unexpected open' | 'unterminated quote' | 'too deep' | 'too large' | 'too many';
      readonly offset: number;
      readonly line: number;
    }
  | { readonly kind: 'unclosed'; readonly count: number; readonly offset: number; readonly line: number };

export interface Split {
  readonly blocks: readonly BlockSpan[];
  readonly problems: readonly SplitProblem[];
}

/** What is known of an earlier text without problems: its blocks, and how much of both texts is equal. */
export interface EarlierSplit {
  readonly blocks: readonly BlockSpan[];
  /** Characters that both texts begin with. */
  readonly prefix: number;
  /** Characters that both texts end with; does not overlap the prefix in either. */
  readonly suffix: number;
  /** Length of the new text less length of the old. */
  readonly growth: number;
}

/** At most this many problems are told; a file of garbage would give millions. */
const MAX_PROBLEMS = 1000;

export function splitBlocks(text: string, earlier?: EarlierSplit): Split {
  const length = text.length;
  const blocks: BlockSpan[] = [];
  const problems: SplitProblem[] = [];
  const report = (kind: Exclude<SplitProblem['kind'], 'unclosed'>, offset: number, line: number): void => {
    if (problems.length < MAX_PROBLEMS) problems.push({ kind, offset, line });
  };
  const keywords = new Map<string, string>();
  const marks = new BlockMarks(text);
  let lastKeyword = '';
  let line = 0;
  let i = 0;
  /** Nameless blocks at the top level that are open. */
  let nameless = 0;

  if (earlier !== undefined) {
    const kept = keepBeginning(earlier, blocks);
    i = kept.offset;
    line = kept.line;
  }

  while (i < length) {
    const c = text.charCodeAt(i);
    if (c === 10) {
      line++;
      i++;
      continue;
    }
    if (c <= 32 || c === 0xa0 || c === 0x200b || c === 0xfeff) {
      i++;
      continue;
    }
    if (c === 35 || c === 33) {
      i = text.indexOf('\n', i);
      if (i < 0) break;
      continue;
    }
    if (c === 125) {
      if (nameless > 0) nameless--;
      else report('extra close', i, line);
      i++;
      continue;
    }
    if (c === 123) {
      report('unexpected open', i, line);
      nameless++;
      i++;
      continue;
    }

    if (blocks.length >= MAX_BLOCKS) {
      report('too many', i, line);
      break;
    }

    // A statement begins. Its words run to the end of the line, a comment, or a brace.
    const start = i;
    const firstLine = line;
    let keywordEnd = -1;
    let quoteAt = -1;
    for (; i < length; i++) {
      const d = text.charCodeAt(i);
      if (d === 10 || ((d === 123 || d === 125 || d === 35 || d === 33) && quoteAt < 0)) break;
      if (keywordEnd < 0 && (d <= 32 || d === 34 || d === 0xa0) && i > start) keywordEnd = i;
      if (d === 34) quoteAt = quoteAt < 0 ? i : -1;
      else if (d === 92 && hides(text, i + 1, quoteAt >= 0)) i++;
    }
    if (quoteAt >= 0) report('unterminated quote', quoteAt, line);
    let keyword = text.slice(start, keywordEnd < 0 ? i : keywordEnd);
    if (keyword.charCodeAt(0) === 34) {
      const close = text.indexOf('"', start + 1);
      if (close < 0 || close >= i) continue;
      keyword = text.slice(start + 1, close);
    }
    // Mostly blocks of one kind follow each other.
    if (keyword === lastKeyword) keyword = lastKeyword;
    else keyword = lastKeyword = intern(keywords, keyword);
    const wordsEnd = i;
    const wordsLine = line;

    // Its block, if the next thing that is written is `{`.
    let open = i;
    for (; open < length; open++) {
      const d = text.charCodeAt(open);
      if (d === 10) line++;
      else if (d === 35 || d === 33) {
        open = text.indexOf('\n', open) - 1;
        if (open < 0) open = length;
      } else if (d > 32 && d !== 0xa0 && d !== 0x200b && d !== 0xfeff) break;
    }
    if (open >= length || text.charCodeAt(open) !== 123) {
      line = wordsLine;
      i = wordsEnd;
      blocks.push(new TextSpan(keyword, firstLine, firstLine, start, i, text));
    } else {
      i = open + 1;
      let depth = 1;
      /** Whether a statement stands before `since` that has no block yet. */
      let pending = false;
      let since = i;
      let opens = 1;
      let closes = 0;
      let closed = false;
      marks.countFrom(i, line);
      quoteAt = -1;
      for (i = marks.next(i); i < length; i = marks.next(i)) {
        const d = text.charCodeAt(i);
        if (d === 125) {
          closes++;
          i++;
          if (--depth === 0) {
            closed = true;
            break;
          }
          pending = false;
          since = i;
        } else if (d === 123) {
          opens++;
          if (!pending && isAllBlank(text, since, i)) report('unexpected open', i, marks.lineOf(i));
          if (++depth === MAX_DEPTH + 1) report('too deep', i, marks.lineOf(i));
          i++;
          pending = false;
          since = i;
        } else if (d === 92) {
          pending = true;
          i += hides(text, i + 1, false) ? 2 : 1;
        } else if (d === 34) {
          pending = true;
          const end = quoteEnd(text, i);
          if (end < length && text.charCodeAt(end) === 34) i = end + 1;
          else {
            if (end < length) report('unterminated quote', i, marks.lineOf(i));
            else quoteAt = i;
            i = end;
          }
        } else {
          pending ||= !isAllBlank(text, since, i);
          const end = text.indexOf('\n', i);
          i = end < 0 ? length : end;
          since = i;
        }
      }
      line = marks.lineOf(i);
      // A statement ends at a line's end or a brace, so there are not more than these.
      if (line - firstLine + opens + closes > MAX_STATEMENTS) report('too large', start, firstLine);
      if (!closed) {
        if (quoteAt >= 0) report('unterminated quote', quoteAt, line);
        problems.push({ kind: 'unclosed', count: opens - closes, offset: start, line: firstLine });
      }
      blocks.push(new TextSpan(keyword, firstLine, line, start, i, text));
    }
    if (earlier !== undefined && nameless === 0 && keepEnd(earlier, length, i, line, blocks)) break;
  }
  if (nameless > 0 && blocks.length < MAX_BLOCKS)
    problems.push({ kind: 'unclosed', count: nameless, offset: Math.max(0, length - 1), line });
  return { blocks, problems };
}

/** One string for each keyword. */
function intern(keywords: Map<string, string>, keyword: string): string {
  const known = keywords.get(keyword);
  if (known !== undefined) return known;
  const copy = ownText(keyword);
  keywords.set(copy, copy);
  return copy;
}

/** Whether a backslash before offset `at` takes the meaning of the character there; a brace outside quotes keeps its. */
function hides(text: string, at: number, quoted: boolean): boolean {
  const c = text.charCodeAt(at);
  return c === 34 || c === 92 || (!quoted && (c === 35 || c === 33));
}

/** The offset of the quote that ends what the quote at `at` begins, or of the line feed or the end of the text before it. */
function quoteEnd(text: string, at: number): number {
  let i = at + 1;
  for (; i < text.length; i++) {
    const d = text.charCodeAt(i);
    if (d === 34 || d === 10) break;
    if (d === 92 && hides(text, i + 1, true)) i++;
  }
  return Math.min(i, text.length);
}

/** Whether nothing is written from `from` to `to`; looks from the end, where mostly something stands. */
function isAllBlank(text: string, from: number, to: number): boolean {
  for (let i = to - 1; i >= from; i--) {
    const d = text.charCodeAt(i);
    if (d > 32 && d !== 0xa0 && d !== 0x200b && d !== 0xfeff) return false;
  }
  return true;
}

/** Takes over the blocks that lie wholly in the common beginning; says where to go on. */
function keepBeginning(earlier: EarlierSplit, into: BlockSpan[]): { offset: number; line: number } {
  // A block may be cut short by what follows it, so the last character of the common part must be behind its line.
  let count = 0;
  while (count < earlier.blocks.length && earlier.blocks[count]!.end < earlier.prefix) count++;
  // A statement of one line may gain a block from the line behind it: that one is looked at again.
  count = Math.max(0, count - 1);
  for (let k = 0; k < count; k++) into.push(earlier.blocks[k]!);
  const last = into[into.length - 1];
  return last === undefined ? { offset: 0, line: 0 } : { offset: last.end, line: last.lastLine };
}

/** If what follows `offset` followed an earlier block too, takes over the rest of the earlier blocks, moved. */
function keepEnd(earlier: EarlierSplit, length: number, offset: number, line: number, into: BlockSpan[]): boolean {
  if (offset < length - earlier.suffix) return false;
  const oldEnd = offset - earlier.growth;
  const old = earlier.blocks;
  let low = 0;
  let high = old.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const end = old[middle]!.end;
    if (end === oldEnd) {
      const lines = line - old[middle]!.lastLine;
      for (let k = middle + 1; k < old.length; k++) {
        const block = old[k]!;
        into.push(movedSpan(block, lines, earlier.growth));
      }
      return true;
    }
    if (end < oldEnd) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
