/**
 * Puts the expanded text together and writes the line map while doing so.
 *
 * Two ways in: whole stretches of a file that need no expansion (`verbatim`, a slice, no work per character), and
 * single lines that were expanded (`line`, with the source column of each of their characters). It keeps the bounds of
 * expansion: a text that explodes ends in `full`, and nothing more is taken.
 */
import { type LineMap, originalKey } from './text-map.js';

/** A line under expansion. `columns[i]` is the source column of character i; undefined: i + 1 throughout. */
export interface MappedLine {
  readonly text: string;
  readonly columns: readonly number[] | undefined;
}

/** What expansion may add to what was read; generous for real files (8 MB is 50,000 real servers), small for memory. */
export const EXPANSION_LIMITS = {
  lines: 2_000_000,
  characters: 128 * 1024 * 1024,
  /** Of one line in which something was replaced; lines as written may be longer. */
  lineCharacters: 256 * 1024,
  /** Turns of loops and replacements together. */
  steps: 5_000_000,
  /** Include lines that are followed; each may name many files. */
  includes: 20_000,
  /** Of one definition. */
  definitionLines: 100_000,
} as const;

export class TextBuilder {
  readonly #parts: string[] = [];
  readonly #runs: number[] = [];
  readonly #columns: number[] = [];
  readonly #originals = new Map<string, string>();
  /** Snapshot lines so far; exact only as long as somebody asks (see `verbatim`). */
  #lines = 0;
  #characters = 0;
  #expandedLines = 0;

  get lines(): number {
    return this.#lines;
  }

  /** Whether the bounds are reached. */
  get full(): boolean {
    return this.#characters > EXPANSION_LIMITS.characters || this.#expandedLines > EXPANSION_LIMITS.lines;
  }

  /**
   * A stretch of whole lines of a file.
   *
   * @param text ends in a line feed, or is the last of its file
   * @param lineCount how many lines it has
   */
  verbatim(text: string, file: number, fileLine: number, lineCount: number): void {
    if (text === '' || this.full) return;
    this.#parts.push(text);
    if (text.charCodeAt(text.length - 1) !== 10) this.#parts.push('\n');
    this.#characters += text.length;
    this.#extend(file, fileLine, lineCount);
  }

  /** One expanded line that stands for line `fileLine` of `file`; `original` is what is written there. */
  line(mapped: MappedLine, file: number, fileLine: number, original: string): void {
    if (this.full) return;
    this.#parts.push(mapped.text, '\n');
    this.#characters += mapped.text.length + 1;
    this.#expandedLines++;
    const { columns } = mapped;
    if (columns !== undefined) this.#record(columns);
    this.#extend(file, fileLine, 1);
    if (columns !== undefined || mapped.text !== original) this.keepOriginal(file, fileLine, original);
  }

  /** Keeps what the operator wrote in a line that is not in the text, or not as written, for the caret. */
  keepOriginal(file: number, fileLine: number, original: string): void {
    this.#originals.set(originalKey(file, fileLine), original.replace(/\r$/, ''));
  }

  finish(): { readonly text: string; readonly lineMap: LineMap } {
    return {
      text: this.#parts.length === 1 ? this.#parts[0]! : this.#parts.join(''),
      lineMap: {
        runs: Int32Array.from(this.#runs),
        columns: Int32Array.from(this.#columns),
        originals: this.#originals,
      },
    };
  }

  #record(columns: readonly number[]): void {
    let i = 0;
    while (i < columns.length) {
      const source = columns[i]!;
      const step = i + 1 < columns.length && columns[i + 1] === source ? 0 : 1;
      this.#columns.push(this.#lines, i + 1, source, step);
      let next = i + 1;
      while (next < columns.length && columns[next] === source + (next - i) * step) next++;
      i = next;
    }
  }

  #extend(file: number, fileLine: number, lineCount: number): void {
    const runs = this.#runs;
    const last = runs.length - 4;
    const first = this.#lines;
    this.#lines += lineCount;
    if (last >= 0 && runs[last + 1] === file) {
      const distance = first - runs[last]!;
      const step = runs[last + 3]!;
      if (lineCount === 1 && runs[last + 2] === fileLine && (step === 0 || distance === 1)) {
        runs[last + 3] = 0;
        return;
      }
      if (step === 1 && runs[last + 2]! + distance === fileLine) return;
    }
    runs.push(first, file, fileLine, 1);
  }
}
