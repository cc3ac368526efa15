/**
 * Characters that come into configurations by copy and paste or from a broken disk: non-breaking and zero-width
 * spaces, byte order marks, curly quotes, dashes, NUL. keepalived takes them for letters; lvsd takes some of the spaces
 * for spaces, leaves the others what keepalived makes of them, and tells each of them unless it stands in a comment.
 *
 * What is read otherwise than by keepalived counts as an assumption (exit 5 of -t); what is only told is a note.
 */
import type { Position } from '../config/position.js';
import type { Diagnostic, DiagnosticClass } from './diagnostic.js';

/** At most this many are told. */
const MAX_TOLD = 100;

const ODD =
  /[\0\u0091-\u0094\u00a0\u00ad\u1680\u2000-\u200f\u2010-\u2015\u2018-\u201f\u2028-\u202f\u205f-\u2064\u2066-\u2069\u2212\u3000\ufeff]/g;

interface Odd {
  readonly class: DiagnosticClass;
  readonly name: string;
  readonly assumed: string;
  readonly suggestion: string;
}

const space = (name: string, suggestion: string): Odd => ({ class: 'assumed', name, assumed: 'a space', suggestion });
const letter = (name: string, suggestion: string): Odd => ({
  class: 'note',
  name,
  assumed: 'an ordinary letter, as keepalived does',
  suggestion,
});

function describe(c: string): Odd {
  switch (c) {
    case '\0':
      return space('a NUL byte', 'was the file damaged? Compare it with a backup');
    case '\u00a0':
      return space('a non-breaking space', 'replace it by a plain space');
    case '\u200b':
      return space('a zero-width space', 'remove it');
    case '\ufeff':
      return space('a byte order mark', 'save the file as UTF-8 without it');
  }
  // In files that are not UTF-8, 0x91 to 0x94 are the curly quotes of Windows.
  if (/[\u0091-\u0094\u2018-\u201f]/.test(c)) {
    return letter(c < '\u00a0' ? 'a curly quote' : `a curly quote ${c}`, 'replace it by a straight quote');
  }
  if (/[\u2010-\u2015\u2212]/.test(c)) return letter(`a dash ${c} that is no hyphen`, "replace it by '-'");
  if (/[\u1680\u2000-\u200a\u202f\u205f\u3000]/.test(c)) {
    return letter('a space that is none of the ordinary ones', 'replace it by a plain space');
  }
  return letter(`a character that cannot be seen (${codeOf(c)})`, 'remove it: what is shown is not what is read');
}

const codeOf = (c: string): string => `U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

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
    const { class: cls, name, assumed, suggestion } = describe(match[0]);
    found.push({
      class: cls,
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
