/**
 * The structure of one top-level block: chevrotain's EmbeddedActionsParser over the lexer's tokens.
 *
 * One block at a time, and the tree is bound and dropped by the caller: keeping trees costs more than parsing them
 * (architecture, section 6, "Parsing"). The lexer balances the brackets, so a syntax error here is a bug of lvsd.
 */
import { EmbeddedActionsParser, type ParserMethod } from 'chevrotain';
import { LvsdError } from '../runtime/errors.js';
import { Close, Head, Line, Open, type StatementToken, tokenizeBlock } from './lexer.js';
import type { KnownBodies, Statement } from './statement.js';
import { type BlockSpan, lineStartOf, type Snapshot } from './text-map.js';

/** Exported for the test that builds it with chevrotain's own validations on. */
export class BlockParser extends EmbeddedActionsParser {
  constructor(validate = false) {
    super([Line, Head, Open, Close], {
      maxLookahead: 1,
      recoveryEnabled: false,
      skipValidations: !validate,
      nodeLocationTracking: 'none',
    });
    this.performSelfAnalysis();
  }

  /** Where the statements go that are being read; a field, so that no closure is made for each of 300,000. */
  #found: Statement[] = [];

  readonly #line = (): void => {
    this.#found.push(this.CONSUME(Line) as StatementToken);
  };

  readonly #head = (): void => {
    const outer = this.#found;
    const head = this.CONSUME(Head) as StatementToken;
    this.CONSUME(Open);
    const body = this.SUBRULE(this.statements);
    this.CONSUME(Close);
    this.ACTION(() => {
      head.body = body;
    });
    this.#found = outer;
    outer.push(head);
  };

  readonly #alternatives = [{ ALT: this.#line }, { ALT: this.#head }];

  readonly #statement = (): void => {
    this.OR(this.#alternatives);
  };

  readonly statements: ParserMethod<[], Statement[]> = this.RULE('statements', (): Statement[] => {
    const found: Statement[] = [];
    this.#found = found;
    this.MANY(this.#statement);
    return found;
  });
}

let parser: BlockParser | undefined;

/**
 * The tree of one top-level block or single-line statement.
 *
 * @param span one of `snapshot.blocks`
 * @param known bodies that need not be read again
 * @returns undefined if nothing is left of it (its only word is a quote that never ends)
 */
export function parseBlock(
  snapshot: Pick<Snapshot, 'text'>,
  span: Pick<BlockSpan, 'start' | 'end' | 'firstLine'>,
  known?: KnownBodies,
): Statement | undefined {
  parser ??= new BlockParser();
  parser.input = tokenizeBlock(
    snapshot.text,
    span.start,
    span.end,
    span.firstLine,
    lineStartOf(snapshot, span.start),
    known,
  );
  const found = parser.statements();
  const error = parser.errors[0];
  if (error !== undefined) {
    throw new LvsdError(
      'LVSD_INTERNAL',
      `The block at line ${span.firstLine + 1} was not parsed. This is a bug in lvsd: please report it.`,
      {
        cause: error,
      },
    );
  }
  return found[0];
}
