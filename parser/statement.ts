/**
 * What the parser hands to the binder: one top-level block as a tree of statements.
 *
 * A statement is one line of the expanded text (keepalived.md 5.1): its words, and the block that it opens, if any.
 * The tree of one top-level block is bound to the typed model at once and dropped; nothing here lives longer.
 * Lines are counted in the snapshot; `positionOf` (snapshot.ts) leads back to the operator's file.
 */

export interface Word {
  /** Without its quotes. */
  readonly text: string;
  readonly quoted: boolean;
  /** Column in the snapshot's line, first is 1. */
  readonly column: number;
}

export interface Statement {
  /** At least one. */
  readonly words: readonly Word[];
  /** The statements between the braces that this one opened; undefined if it opened none. */
  readonly body: readonly Statement[] | undefined;
  /** Line of the snapshot, first is 0. */
  readonly line: number;
  /** The whole line from its first word on, without the brace: script keywords read it again with their own quoting. */
  readonly raw: string;
}
