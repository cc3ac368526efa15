/**
 * Blocks of lvsd's own that may be written in one line: `announce core { metric 20  tag 7 }` is one line to keepalived's
 * reader, and several settings to a person. A line that falls wholly into known words with their arguments is taken as
 * those; any other line is bound as it stands, and complained about as usual.
 */
import { bindStatement } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import type { Block, Keyword } from './keyword.js';

/** Binds every setting of a block's body. */
export function bindSettings<D>(of: Block<D>, draft: D, body: readonly Statement[], context: BindContext): void {
  for (const statement of body) {
    for (const setting of settingsOf(of, statement)) bindStatement(of, draft, setting, context);
  }
}

function settingsOf<D>(of: Block<D>, statement: Statement): readonly Statement[] {
  const { words } = statement;
  const settings: Statement[] = [];
  for (let start = 0; start < words.length; ) {
    const found = of.table.get(words[start]?.text ?? '');
    if (found === undefined) return [statement];
    let end = start + 1 + found.required;
    while (end < words.length && end - start <= found.allowed && !of.table.has(words[end]?.text ?? '')) end++;
    if (end > words.length) return [statement];
    const last = end === words.length;
    settings.push({ ...statement, words: words.slice(start, end), body: last ? statement.body : undefined });
    start = end;
  }
  return settings;
}

/** The words of a block that is unbuilt as a whole. */
export function reportedBy<D>(blockWord: string, words: readonly Keyword<D>[]): Keyword<D>[] {
  return words.map((word) => ({
    ...word,
    effect: {
      acts: false,
      reportedBy: blockWord,
      ...(word.effect.bind === undefined ? {} : { bind: word.effect.bind }),
    },
  }));
}
