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
  /** Set where the body was not read, because an equal one was; `body` is then that one's. */
  readonly known?: KnownBody | undefined;
  /** Offsets in the snapshot's text: of the first word, of what stands behind the body's `{`, behind its `}`. */
  readonly startOffset?: number;
  readonly bodyFrom?: number;
  readonly bodyTo?: number;
  /** Snapshot line of the body's `{`. */
  readonly bodyLine?: number;
  /** Snapshot line of the body's `}`, where the body was passed over and stands here empty. */
  readonly endLine?: number;
}

/** A block's body that was read before: where its text stands again, the lexer passes over it (known-servers.ts). */
export interface KnownBody {
  /** From behind `{` to behind its `}`. */
  readonly text: string;
  /** Line feeds between its statement and its `{`. */
  readonly below: number;
  /** Line feeds in it. */
  readonly lines: number;
  /** Characters behind its last line feed. */
  readonly tail: number;
  /** Statements in it, those of inner blocks too. */
  readonly statements: number;
  /** As read where it stood first: their lines are of that place. */
  readonly body: readonly Statement[];
}

export interface KnownBodies {
  /** Whether it is worth the comparing. */
  readonly promising: boolean;
  /**
   * The body that stands at offset `at` of the text, if it is known and ends at or before `to`.
   *
   * @param below line feeds between its statement and its `{`
   */
  find(text: string, at: number, to: number, below: number): KnownBody | undefined;
}

/** Line feeds in a text. */
export function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
