/**
 * Collects what is to be said while files are expanded, with the place in the operator's file and the line as written.
 *
 * A trouble that one line meets again and again (in a loop) is told once, and garbage is not told line by line for ever.
 */
import type { ExpansionFault } from './definitions.js';
import { boundedMessage, type Diagnostic, type DiagnosticClass } from './diagnostic.js';
import { describeFault, type Told } from './expansion-faults.js';
import type { Complain } from './include-files.js';
import type { TextBuilder } from './text-builder.js';

/** Where a line that is being expanded stands. */
export interface Place {
  readonly file: number;
  readonly directory: string;
  readonly line: number;
  /** The line as written. */
  readonly original: string;
}

/** Of each class. */
const MAX_DIAGNOSTICS = 1000;

export class ExpansionReport {
  readonly diagnostics: Diagnostic[] = [];
  readonly #builder: Pick<TextBuilder, 'keepOriginal'>;
  readonly #files: readonly string[];
  readonly #told = new Map<DiagnosticClass, number>();

  /** @param files the names of the files, filled while they are read */
  constructor(builder: Pick<TextBuilder, 'keepOriginal'>, files: readonly string[]) {
    this.#builder = builder;
    this.#files = files;
  }

  tell(diagnostic: Diagnostic): void {
    const { at, code, message } = diagnostic;
    const last = this.diagnostics.at(-1);
    const again =
      last?.code === code && last.message === message && last.at?.line === at?.line && last.at?.column === at?.column;
    if (again) return;
    // Each class has its own bound, so that no number of notes hides what stops a start.
    const told = (this.#told.get(diagnostic.class) ?? 0) + 1;
    this.#told.set(diagnostic.class, told);
    if (told <= MAX_DIAGNOSTICS) this.diagnostics.push(diagnostic);
  }

  /** @param column source column, first is 1 */
  say(
    place: Place,
    column: number,
    cls: DiagnosticClass,
    code: Diagnostic['code'],
    message: string,
    more: Told = {},
  ): void {
    this.#builder.keepOriginal(place.file, place.line, place.original);
    this.tell({
      class: cls,
      code,
      message: boundedMessage(message),
      at: { file: this.#files[place.file] ?? '', line: place.line, column },
      span: more.span ?? 1,
      expected: more.expected,
      suggestion: more.suggestion,
      assumed: more.assumed,
    });
  }

  /** @param names what is defined, for "did you mean" */
  fault(fault: ExpansionFault, names: readonly string[], place: Place): void {
    const { class: cls, code, message, ...more } = describeFault(fault, names);
    this.say(place, fault.column, cls, code, message, more);
  }

  /** What is said about the files that one include line names. */
  ofInclude(
    place: Place,
    column: number,
    pattern: string,
  ): { complain: Complain; includedByItself(name: string): void } {
    const span = Math.max(1, pattern.length);
    return {
      complain: (message, fatal, suggestion) => {
        const code = fatal ? 'LVSD_CONFIG_INCLUDE_CHECK' : 'LVSD_CONFIG_INCLUDE';
        this.say(place, column, fatal ? 'unusable' : 'note', code, message, {
          span,
          suggestion,
          assumed: fatal ? undefined : 'nothing is included for it',
        });
      },
      includedByItself: (name) => {
        const message = `Configuration file '${name}' is included by itself - skipping`;
        this.say(place, column, 'assumed', 'LVSD_CONFIG_INCLUDE_LOOP', message, { span, assumed: 'it is read once' });
      },
    };
  }

  unfinished(name: string, place: Place): void {
    const message = `The definition of '${name}' is cut short by the end of the file`;
    this.say(place, 1, 'assumed', 'LVSD_CONFIG_UNFINISHED_DEFINITION', message, {
      expected: 'a last line without a backslash',
    });
  }

  /** What is beyond a bound of expansion (text-builder.ts). */
  tooLarge(place: Place, message: string, expected: string, suggestion: string): void {
    this.say(place, 1, 'unusable', 'LVSD_CONFIG_EXPANSION_TOO_LARGE', message, { expected, suggestion });
  }

  hiddenBackslash(name: string, place: Place): void {
    const message = `The definition of '${name}' ends where a backslash stands behind a comment`;
    this.say(place, 1, 'note', 'LVSD_CONFIG_HIDDEN_BACKSLASH', message, {
      expected: 'the backslash before the comment: TEXT \\ # comment',
      suggestion: 'the lines behind it are not part of the definition',
    });
  }
}
