/**
 * Characters that come into configurations by copy and paste or from a broken disk: non-breaking and zero-width
 * spaces, byte order marks, curly quotes, NUL. keepalived takes them for letters; lvsd takes the spaces for spaces,
 * leaves the curly quotes what keepalived makes of them, and tells each of them unless it stands in a comment.
 */
import type { Position } from '../config/position.js';
import type { Diagnostic } from './diagnostic.js';

/** At most this many are told. */
const MAX_TOLD = 100;

const ODD = /[\0\u00a0\u200b\ufeff\u2018\u2019\u201c\u201d]/g;

function nameOf(c: string): { name: string; assumed: string; suggestion: string } {
  switch (c) {
    case '\0':
      return { name: 'a NUL byte', assumed: 'a space', suggestion: 'was the file damaged? Compare it with a backup' };
    case '\u00a0':
      return { name: 'a non-breaking space', assumed: 'a space', suggestion: 'replace it by a plain space' };
    case '\u200b':
      return { name: 'a zero-width space', assumed: 'a space', suggestion: 'remove it' };
    case '\ufeff':
      return { name: 'a byte order mark', assumed: 'a space', suggestion: 'save the file as UTF-8 without it' };
    default:
      return {
        name: `a curly quote ${c}`,
        assumed: 'an ordinary letter, as keepalived does',
        suggestion: 'replace it by a straight quote',
      };
  }
}

export function findOddCharacters(text: string, at: (line: number, column: number) => Position): Diagnostic[] {
  const found: Diagnostic[] = [];
  let line = 0;
  let counted = 0;
  for (const match of text.matchAll(ODD)) {
    const start = text.lastIndexOf('\n', match.index) + 1;
    if (inComment(text, start, match.index)) continue;
    for (let i = text.indexOf('\n', counted); i >= 0 && i < match.index; i = text.indexOf('\n', counted)) {
      line++;
      counted = i + 1;
    }
    const { name, assumed, suggestion } = nameOf(match[0]);
    found.push({
      class: 'assumed',
      code: 'LVSD_CONFIG_ODD_CHARACTER',
      message: `The line contains ${name}`,
      at: at(line, match.index - start + 1),
      span: 1,
      expected: undefined,
      suggestion,
      assumed: `it is taken for ${assumed}`,
    });
    if (found.length >= MAX_TOLD) break;
  }
  return found;
}

function inComment(text: string, from: number, to: number): boolean {
  let quoted = false;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    if (c === 92) i++;
    else if (c === 34) quoted = !quoted;
    else if (!quoted && (c === 35 || c === 33)) return true;
  }
  return false;
}
