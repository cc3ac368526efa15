/**
 * From statements to drafts: looks each statement's first word up in its block, checks what every keyword shares
 * (deprecation, missing and surplus arguments, a block that is there or not), and hands it to the keyword's own
 * binding. Reports every use of a word that lvsd does not act on.
 *
 * It knows no keyword; those are in schema/. The messages are keepalived's (keepalived.md 3, 5.6).
 */
import type { BindContext } from './bind-context.js';
import type { Block, Found } from './schema/keyword.js';
import { valueBlocks } from './schema/value-blocks.js';
import type { Statement } from './statement.js';

/** Binds every statement of a block's body. */
export function bindBody<D>(block: Block<D>, draft: D, body: readonly Statement[], context: BindContext): void {
  for (const statement of body) bindStatement(block, draft, statement, context);
}

export function bindStatement<D>(block: Block<D>, draft: D, statement: Statement, context: BindContext): void {
  const found = block.table.get(statement.words[0]?.text ?? '');
  if (found !== undefined) bindFound(block, found, draft, statement, context);
  else if (block.line !== undefined) block.line.bind(draft, statement, context);
  else unknownWord(block.title, statement, context);
}

/** `Unknown keyword 'x'`; a block that it opened is skipped whole. */
export function unknownWord(title: string, statement: Statement, context: BindContext): void {
  const word = statement.words[0]?.text ?? '';
  const suggestion = context.suggest(word, title);
  context.report('assumed', 'LVSD_CONFIG_UNKNOWN_KEYWORD', `Unknown keyword '${word}'`, statement, 0, {
    ...(suggestion === undefined ? {} : { suggestion }),
    assumed: statement.body === undefined ? 'the line is ignored' : ignoredBlock(statement, context),
  });
}

/** Which lines go with a block that nobody knows: keepalived names each of them. */
function ignoredBlock(statement: Statement, context: BindContext): string {
  const end = statement.endLine ?? lastLineOf(statement);
  const last = context.position({ ...statement, line: end, words: [] });
  const first = context.position({ ...statement, words: [] });
  if (end <= statement.line || last.file !== first.file) return 'the line and its block are ignored';
  return `the line and its block are ignored, lines ${first.line} to ${last.line}`;
}

function lastLineOf(statement: Statement): number {
  const last = statement.body?.at(-1);
  return last === undefined ? statement.line : lastLineOf(last) + 1;
}

function bindFound<D>(block: Block<D>, found: Found<D>, draft: D, statement: Statement, context: BindContext): void {
  const given = statement.words.length - 1;
  const usual = found.plain && given >= found.required && given <= found.allowed;
  if ((usual && found.opens === (statement.body !== undefined)) || mayBind(block, found, statement, context)) {
    found.bind?.(draft, statement, context);
  }
}

/** Everything that may be wrong or worth telling about a use; false where there is nothing to bind. */
function mayBind<D>(block: Block<D>, found: Found<D>, statement: Statement, context: BindContext): boolean {
  const { keyword, deprecated } = found;
  const given = statement.words.length - 1;
  if (deprecated !== undefined) {
    const kind = deprecated.counts === true ? 'assumed' : 'note';
    context.report(kind, 'LVSD_CONFIG_DEPRECATED', deprecated.deprecated ?? '', statement, 0, {
      expected: keyword.name,
    });
  }
  // A script keyword whose quote never ends has lost its words: its own reader tells that.
  const lost = keyword.arguments[0]?.type.kind === 'script' && statement.raw.length > keyword.name.length + 1;
  if (given < found.required && !lost) {
    tellMissing(found, statement, context);
    return false;
  }
  if (given > found.allowed && tellSurplus(found, statement, context)) return false;
  tellBlock(found, statement, context);
  const effect = keyword.effect;
  if (!effect.acts && !('reportedBy' in effect)) {
    const word = context.text(statement, 0);
    const { decides, cure, vrrpSide = false } = effect;
    context.useUnbuilt({ word, block: block.title, decides, vrrpSide, cure }, statement);
  }
  return true;
}

function tellMissing<D>(found: Found<D>, statement: Statement, context: BindContext): void {
  const { keyword } = found;
  if (keyword.whenMissing === undefined) {
    context.missing(statement, keyword);
    return;
  }
  context.report('assumed', 'LVSD_CONFIG_MISSING_VALUE', keyword.whenMissing, statement, 0, {
    expected: `${keyword.name} ${keyword.arguments.map((each) => each.name).join(' ')}`,
    assumed: 'the line is ignored, as if it were not written',
  });
}

/** @returns whether the line is left out */
function tellSurplus<D>(found: Found<D>, statement: Statement, context: BindContext): boolean {
  const surplus = statement.words[found.allowed + 1]?.text ?? '';
  const { whenSurplus } = found.keyword;
  if (whenSurplus !== undefined) {
    context.report('assumed', 'LVSD_CONFIG_SURPLUS_WORD', whenSurplus, statement, found.allowed + 1, {
      expected: `${found.keyword.name} ${found.keyword.arguments.map((each) => each.name).join(' ')}`,
      assumed: 'the line is ignored, as if it were not written',
    });
    return true;
  }
  if (found.opens && found.allowed === 0 && valueBlocks.has(found.keyword.name)) {
    const surpluses = statement.words.slice(1).map((word) => word.text);
    const message = `Block ${found.keyword.name} has extra parameters ${surpluses.join(' ')} ...`;
    context.report('assumed', 'LVSD_CONFIG_SURPLUS_WORD', message, statement, 1, {
      expected: `${found.keyword.name} {`,
      assumed: 'the surplus words are ignored',
    });
    return false;
  }
  const takes = found.allowed === 0 ? 'no value' : `${found.allowed} value(s)`;
  context.report(
    'note',
    'LVSD_CONFIG_SURPLUS_WORD',
    `${found.keyword.name} takes ${takes}: '${surplus}' and what follows it has no meaning here`,
    statement,
    found.allowed + 1,
    { assumed: 'the surplus words are ignored, as keepalived does' },
  );
  return false;
}

function tellBlock<D>(found: Found<D>, statement: Statement, context: BindContext): void {
  const { name, blockOptional } = found.keyword;
  if (!found.opens && statement.body !== undefined) {
    context.report('assumed', 'LVSD_CONFIG_UNEXPECTED_BLOCK', "Unexpected '{' - ignoring", statement, 0, {
      expected: `${name} opens no block`,
      assumed: 'what stands between the braces is ignored',
    });
  } else if (found.opens && statement.body === undefined && blockOptional !== true) {
    context.report('assumed', 'LVSD_CONFIG_NO_BLOCK', "Missing '{' at beginning of configuration block", statement, 0, {
      expected: `${name} { ... }`,
      assumed: 'an empty block',
    });
  }
}
