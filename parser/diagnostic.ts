/**
 * What is said about a configuration: each with its place, what was expected, what was assumed instead.
 *
 * The class decides the exit code of `-t` (keepalived.md 3) and whether a start or a reload goes on (architecture,
 * section 4: "What is a bad file"):
 *
 * | class      | -t exit | start, reload                                                          |
 * |------------|---------|------------------------------------------------------------------------|
 * | `missing`  | 2       | refused: a keyword lacks a required parameter                          |
 * | `unusable` | 4       | refused: the file cannot be read, its braces do not balance, an unbuilt word that decides traffic |
 * | `assumed`  | 5       | goes on, as keepalived does: unknown word, bad number, defaulted value |
 * | `security` | 6       | goes on: scripts without script security                               |
 * | `note`     | 0       | goes on: worth telling                                                 |
 */
import type { Position } from '../config/position.js';

export type DiagnosticClass = 'missing' | 'unusable' | 'assumed' | 'security' | 'note';

export interface Diagnostic {
  readonly class: DiagnosticClass;
  /** Stable, for programs: `LVSD_CONFIG_UNKNOWN_KEYWORD`. */
  readonly code: `LVSD_CONFIG_${string}`;
  /** keepalived's words where operators know them (keepalived.md 5.6, 14), plain English otherwise. */
  readonly message: string;
  /** Undefined for what is about the whole file. */
  readonly at: Position | undefined;
  /** How many columns the caret underlines, at least 1. */
  readonly span: number;
  /** What would have been right here. */
  readonly expected: string | undefined;
  /** "did you mean", or the block where the word belongs. */
  readonly suggestion: string | undefined;
  /** What lvsd goes on with instead. */
  readonly assumed: string | undefined;
}

/** Longer messages quote a word that is no word; the place is named beside. */
const LONGEST_MESSAGE = 1000;

/** The message, cut where it would fill the terminal. */
export function boundedMessage(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE)}...`;
}
