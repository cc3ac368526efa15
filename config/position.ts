/**
 * Where in the operator's files something was written.
 *
 * Kept for every block and every statement that a message may name: after includes, definitions and loops it still
 * points at the text that a person typed.
 */
export interface Position {
  /** The file's name as keepalived would print it: as given with -f, or as the include found it. */
  readonly file: string;
  /** First line is 1. */
  readonly line: number;
  /** First column is 1. */
  readonly column: number;
}
