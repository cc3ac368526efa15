/**
 * `$NAME=VALUE` (keepalived.md 5.4): what is defined, and what the built-in names stand for.
 *
 * A value is text until the line that uses it is read; substitution.ts does that. Text keeps its `\#` and `\!` through
 * all of this; the lexer resolves them.
 */

/** A value: one line, or the lines of a multi-line definition. Never empty. */
export type DefinitionValue = readonly [string, ...string[]];

export interface BuiltIns {
  /** Directory of the file that is being read. */
  readonly directory: string;
  readonly configId: string;
  /** A number from 0 to 32767, or between the bounds, both inclusive. */
  random(minimum: number, maximum: number): number;
  environment(name: string): string | undefined;
}

export interface ExpansionFault {
  readonly kind: 'undefined' | 'self-referring' | 'too long' | 'random bounds' | 'no environment variable';
  readonly name: string;
  /** Source column, first is 1. */
  readonly column: number;
}

const DEFINITION = /^[ \t\f\v\r]*\$([A-Za-z_][A-Za-z0-9_]*)=[ \t]*/;
const RANDOM = /^_RANDOM(?:[ \t]+(-?\d+))?(?:[ \t]+(-?\d+))?$/;
const ENVIRONMENT = /^_ENV[ \t]+([^ \t]+)$/;

/** The name and the offset of the value if the line defines something. */
export function matchDefinition(text: string): { readonly name: string; readonly valueAt: number } | undefined {
  const match = DEFINITION.exec(text);
  return match === null ? undefined : { name: match[1]!, valueAt: match[0].length };
}

export class Definitions {
  readonly #values = new Map<string, DefinitionValue>();

  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  define(name: string, value: DefinitionValue): void {
    this.#values.set(name, value);
  }

  /**
   * What a word between the braces, or a name, stands for; undefined if for nothing.
   *
   * @param fault told about bounds in the wrong order and variables that the environment has not
   */
  lookUp(
    word: string,
    builtIns: BuiltIns,
    fault: (kind: ExpansionFault['kind'], name: string) => void,
  ): DefinitionValue | undefined {
    const value = this.#values.get(word);
    if (value !== undefined || !word.startsWith('_')) return value;
    switch (word) {
      case '_PWD':
        return [escapeText(builtIns.directory)];
      case '_INSTANCE':
        return [escapeText(builtIns.configId)];
      // Outside quotes they begin a comment: so a definition switches lines off (seen with 2.2.7).
      case '_HASH':
        return ['#'];
      case '_BANG':
        return ['!'];
    }
    const random = RANDOM.exec(word);
    if (random !== null) {
      const minimum = Number(random[1] ?? 0);
      const maximum = Number(random[2] ?? 32767);
      if (maximum < minimum) fault('random bounds', word);
      return [String(maximum < minimum ? minimum : builtIns.random(minimum, maximum))];
    }
    const environment = ENVIRONMENT.exec(word);
    if (environment !== null) {
      const found = builtIns.environment(environment[1]!);
      if (found === undefined) fault('no environment variable', environment[1]!);
      return found === undefined ? undefined : [escapeText(found)];
    }
    return undefined;
  }
}

/** Text from outside the file, so that it cannot start a comment, a use or a line. */
function escapeText(text: string): string {
  return text
    .replace(/[\r\n]/g, ' ')
    .replace(/[#!]/g, '\\$&')
    .replaceAll('$', '');
}
