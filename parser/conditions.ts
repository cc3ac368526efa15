/**
 * `@id text` and `@^id text` (keepalived.md 5.3): lines that count only on one of several machines.
 *
 * One condition a line; a second one is text, as in keepalived.
 */

export type Condition =
  | { readonly kind: 'none' }
  /** The line is to be forgotten: the id is not ours, or nothing stands behind it. */
  | { readonly kind: 'drop' }
  /** What counts starts at this offset. */
  | { readonly kind: 'keep'; readonly restAt: number };

const CONDITION = /^[ \t\f\v\r]*@(\^?)([^ \t\f\v\r]*)[ \t\f\v\r]*/;

export function parseCondition(text: string, configId: string): Condition {
  const match = CONDITION.exec(text);
  if (match === null) return { kind: 'none' };
  const kept = (match[2] === configId) !== (match[1] === '^');
  return kept && match[0].length < text.length ? { kind: 'keep', restAt: match[0].length } : { kind: 'drop' };
}
