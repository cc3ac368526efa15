/**
 * Writes keepalived's language: lines, blocks, and words quoted so that reading gives the same words again.
 */
import type { Script, ScriptUser } from '../config/script.js';

/**
 * What makes a word need quotes: blanks, comment characters, braces, quotes, nothing at all; and what would begin a
 * definition, a condition, a loop or an include where it stands first on its line.
 */
const special = /[\s"'#!{}]|^$|^[$@~]|^include/;

/** Where an odd number of backslashes would take the closing quote's meaning; such a word was written without quotes. */
const endsInBackslash = /(?:^|[^\\])(?:\\\\)*\\$/;

/** A word for the plain tokenizer. */
export function quotedWord(text: string): string {
  return special.test(text) && !endsInBackslash.test(text) ? `"${text.replaceAll('"', '\\"')}"` : text;
}

/**
 * A word for the keywords with their own quoting (quoting.ts): always in quotes, every escape written out. `${`, the name of a
 * built-in and a loop came through behind a backslash, or with no meaning: written in octal they mean nothing again.
 */
export function quotedCommand(text: string): string {
  const escaped = text.replace(/[\\"\x00-\x1f]|\$(?=[{_])|~(?=SEQ|LST)/g, (c) => {
    if (c === '\\' || c === '"') return `\\${c}`;
    return `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`;
  });
  return `"${escaped}"`;
}

export class ConfigWriter {
  readonly #lines: string[] = [];
  #depth = 0;

  line(...words: readonly (string | number)[]): void {
    this.#lines.push(`${'    '.repeat(this.#depth)}${words.join(' ')}`);
  }

  block(head: string, body: () => void): void {
    this.line(head, '{');
    this.#depth++;
    body();
    this.#depth--;
    this.line('}');
  }

  /**
   * Words, each on a line of its own; one that cannot be quoted and begins like a definition, a condition or an include
   * stands behind the word before, where it means itself.
   */
  list(values: readonly string[]): void {
    const lines: string[] = [];
    for (const word of values.map(quotedWord)) {
      const before = lines.length - 1;
      if (before >= 0 && /^[$@~]|^include/.test(word)) lines[before] += ` ${word}`;
      else lines.push(word);
    }
    for (const each of lines) this.line(each);
  }

  /** The word alone, if it holds. */
  flag(word: string, holds: boolean): void {
    if (holds) this.line(word);
  }

  /** The word with true or false, so that nothing is inherited; undefined writes nothing. */
  boolean(word: string, value: boolean | undefined): void {
    if (value !== undefined) this.line(word, value ? 'true' : 'false');
  }

  /** The word and its value; undefined writes nothing. */
  value(word: string, value: string | number | undefined): void {
    if (value !== undefined) this.line(word, typeof value === 'number' ? value : quotedWord(value));
  }

  script(word: string, script: Script | undefined): void {
    if (script === undefined) return;
    this.line(
      word,
      quotedCommand(script.command),
      ...(script.user === undefined ? [] : userWords(script.user).map(quotedCommand)),
    );
  }

  /** Lines that are taken over as they are, set in. */
  written(text: string): void {
    for (const each of text.split('\n')) this.line(each.trim());
  }

  empty(): void {
    this.#lines.push('');
  }

  text(): string {
    return this.#lines.length === 0 ? '' : `${this.#lines.join('\n')}\n`;
  }
}

export function userWords(user: ScriptUser): readonly string[] {
  return user.group === undefined ? [user.name] : [user.name, user.group];
}
