/**
 * What is wrong with a configuration, for people and for programs; and the exit code of `-t` that follows from it.
 *
 * The first line of a message is keepalived's, prefix and all, because operators and their tools grep for it
 * (keepalived.md 3): `(FILE: Line N) text` when more than one file was read, `(Line N) text` otherwise, nothing before
 * what is about the whole. What lvsd knows better follows on lines of its own, indented.
 */
import type { Diagnostic, DiagnosticClass } from './diagnostic.js';
import { type Snapshot, sourceLine } from './text-map.js';

const BY_CLASS: Readonly<Record<DiagnosticClass, number>> = {
  missing: 2,
  unusable: 4,
  assumed: 5,
  security: 6,
  note: 0,
};

/**
 * Where keepalived's exit code is not the class's. Unbalanced braces stop a start or reload of lvsd, but keepalived
 * only counts them as errors; a failed include check ends it with 6. Both were seen with 2.2.7.
 */
const BY_CODE: ReadonlyMap<string, number> = new Map([
  ['LVSD_CONFIG_MISSING_BRACE', 5],
  ['LVSD_CONFIG_EXTRA_BRACE', 5],
  ['LVSD_CONFIG_INCLUDE_CHECK', 6],
]);

/** First is strongest: 2 ends keepalived's parser at once, 4 is fatal, and 6 hides 5 (seen with 2.2.7). */
const STRENGTH = [2, 4, 6, 5, 0] as const;

/**
 * The exit code of `-t`: 0, 2, 4, 5 or 6. A network namespace that cannot be has keepalived end with 0 before it has
 * counted anything (seen with 2.2.7).
 */
export function exitCodeOf(diagnostics: readonly Pick<Diagnostic, 'class' | 'code'>[]): 0 | 2 | 4 | 5 | 6 {
  const codes = new Set(diagnostics.map(({ class: cls, code }) => BY_CODE.get(code) ?? BY_CLASS[cls]));
  if (!codes.has(2) && diagnostics.some(({ code }) => code === 'LVSD_CONFIG_NO_NAMESPACE')) return 0;
  return STRENGTH.find((code) => codes.has(code)) ?? 0;
}

/** Whether lvsd starts or reloads with these (architecture, section 4, "What is a bad file"). */
export function isUsable(diagnostics: readonly Pick<Diagnostic, 'class'>[]): boolean {
  return diagnostics.every(({ class: cls }) => cls !== 'missing' && cls !== 'unusable');
}

/** By file in the order of reading, then line, then column; what is about the whole comes last, as keepalived has it. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[], files: readonly string[]): Diagnostic[] {
  const fileOrder = new Map<string, number>();
  for (const [k, file] of files.entries()) if (!fileOrder.has(file)) fileOrder.set(file, k);
  const order = ({ at }: Diagnostic): readonly [number, number, number] =>
    at === undefined ? [Number.MAX_SAFE_INTEGER, 0, 0] : [fileOrder.get(at.file) ?? files.length, at.line, at.column];
  return [...diagnostics].sort((a, b) => {
    const left = order(a);
    const right = order(b);
    return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
  });
}

/** keepalived's line: prefix and message. */
export function keepalivedLine(diagnostic: Diagnostic, severalFiles: boolean): string {
  const { at, message } = diagnostic;
  if (at === undefined) return message;
  return severalFiles ? `(${at.file}: Line ${at.line}) ${message}` : `(Line ${at.line}) ${message}`;
}

/**
 * What is written in a file must not steer the terminal: control characters, and those that turn text round or hide in
 * it, would move the caret or more.
 */
const visible = (text: string): string =>
  text.replace(/[\0-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '\ufffd');

/**
 * Secrets are never printed (architecture, law 7): what follows a password keyword is starred, and the user part of a
 * URL. The length stays, so that the caret stands where it should.
 */
function withoutSecrets(line: string): string {
  return line
    .replace(/^(\s*(?:auth_pass|password)\s+)(.*)$/, (_, word: string, rest: string) => word + rest.replace(/\S/g, '*'))
    .replace(/^(\s*key\s+\d+\s+)(.*)$/, (_, word: string, rest: string) => word + rest.replace(/\S/g, '*'))
    .replace(/(:\/\/)([^\s@/]*)@/g, (_, slashes: string, user: string) => `${slashes}${'*'.repeat(user.length)}@`);
}

/** Long lines are shown around the caret only. */
const SHOWN = 160;
/** In JSON, where the columns of the entry count from the line's beginning, a line is cut at its end. */
const LONGEST_SOURCE = 4096;
/** A keyword that hides what follows it stands among the first characters of its line. */
const HEAD = 256;

/** The part of a line around a column, without its secrets, and the column that it begins with (first is 0). */
function around(line: string, column: number): { readonly shown: string; readonly from: number } {
  const from = Math.max(0, Math.min(column - 1 - SHOWN / 2, line.length - SHOWN));
  const to = from + SHOWN;
  if (line.length <= LONGEST_SOURCE) return { shown: visible(withoutSecrets(line).slice(from, to)), from };
  // Of a very long line only what is shown is looked at; a password in it hides all of it.
  const secret = withoutSecrets(line.slice(0, HEAD)) !== line.slice(0, HEAD);
  const shown = line.slice(from, to);
  return { shown: visible(secret ? shown.replace(/\S/g, '*') : withoutSecrets(shown)), from };
}

function caretLines(line: string, column: number, span: number): string[] {
  const { shown, from } = around(line, column);
  const at = Math.max(0, Math.min(column - 1 - from, shown.length));
  // Tabs stay tabs, so that the caret stands under its character whatever a terminal's tab stops are.
  const lead = shown.slice(0, at).replace(/[^\t]/g, ' ');
  return [`    ${shown}`, `    ${lead}${'^'.repeat(Math.max(1, Math.min(span, shown.length - at)))}`];
}

export function renderDiagnostic(diagnostic: Diagnostic, snapshot: Snapshot | undefined): string {
  const { at, span, expected, suggestion, assumed } = diagnostic;
  const lines = [visible(keepalivedLine(diagnostic, (snapshot?.files.length ?? 1) > 1))];
  const source = at === undefined || snapshot === undefined ? undefined : sourceLine(snapshot, at);
  if (at !== undefined && source !== undefined) lines.push(...caretLines(source, at.column, span));
  if (expected !== undefined) lines.push(visible(`    expected: ${expected}`));
  if (suggestion !== undefined) lines.push(visible(`    ${suggestion}`));
  if (assumed !== undefined) lines.push(visible(`    assumed: ${assumed}`));
  return lines.join('\n');
}

/** All of them, ordered by position, one text. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], snapshot: Snapshot): string {
  return sortDiagnostics(diagnostics, snapshot.files)
    .map((diagnostic) => renderDiagnostic(diagnostic, snapshot))
    .join('\n');
}

function shownSource({ at }: Diagnostic, snapshot: Snapshot): string | null {
  const source = at === undefined ? undefined : sourceLine(snapshot, at);
  return source === undefined ? null : withoutSecrets(source.slice(0, LONGEST_SOURCE));
}

/** What the document says beside the diagnostics. */
export interface JsonExtras {
  /** The exit status of `-t`; default: what the diagnostics amount to. */
  readonly exitCode?: number;
  /** The printed configuration, where it was asked for. */
  readonly config?: string;
}

/**
 * The same for programs: `lvsd -t --json`, as docs/diagnostics.md has it. Absent parts are null, so that each entry has
 * every key.
 */
export function diagnosticsToJson(
  diagnostics: readonly Diagnostic[],
  snapshot: Snapshot,
  extras: JsonExtras = {},
): string {
  const entries = sortDiagnostics(diagnostics, snapshot.files).map((diagnostic) => ({
    class: diagnostic.class,
    code: diagnostic.code,
    message: diagnostic.message,
    file: diagnostic.at?.file ?? null,
    line: diagnostic.at?.line ?? null,
    column: diagnostic.at?.column ?? null,
    span: diagnostic.span,
    source: shownSource(diagnostic, snapshot),
    expected: diagnostic.expected ?? null,
    suggestion: diagnostic.suggestion ?? null,
    assumed: diagnostic.assumed ?? null,
  }));
  const document = {
    version: 1,
    exitCode: extras.exitCode ?? exitCodeOf(diagnostics),
    refused: !isUsable(diagnostics),
    files: snapshot.files,
    diagnostics: entries,
    ...(extras.config === undefined ? {} : { config: extras.config }),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
