/**
 * As much of a TextMate engine as the grammar needs: line by line, a stack of rules, the earliest match wins and the
 * first of equals, `end` before the rest. Regular expressions are run by JavaScript's engine instead of Oniguruma.
 */

export interface TextMateRule {
  readonly include?: string;
  readonly name?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly captures?: Readonly<Record<string, TextMateRule>>;
  readonly beginCaptures?: Readonly<Record<string, TextMateRule>>;
  readonly endCaptures?: Readonly<Record<string, TextMateRule>>;
  readonly patterns?: readonly TextMateRule[];
}

export interface TextMateGrammar extends TextMateRule {
  readonly scopeName: string;
  readonly repository: Readonly<Record<string, TextMateRule>>;
}

/** The scopes of each character of a line: those of the stack, outermost first, then the one of its match. */
export type LineScopes = readonly (readonly string[])[];

const scopesOf = (stack: readonly TextMateRule[]): string[] =>
  stack.flatMap((rule) => (rule.name === undefined ? [] : [rule.name]));

export class TextMateReader {
  readonly #grammar: TextMateGrammar;
  readonly #compiled = new Map<string, RegExp>();
  readonly #flat = new Map<TextMateRule, readonly TextMateRule[]>();
  #stack: TextMateRule[];

  constructor(grammar: TextMateGrammar) {
    this.#grammar = grammar;
    this.#stack = [{ name: grammar.scopeName, patterns: grammar.patterns ?? [] }];
  }

  /** How many rules are open; 1 at the top level. */
  get depth(): number {
    return this.#stack.length;
  }

  /** Reads the next line of a text. */
  line(text: string): LineScopes {
    const scopes: (readonly string[])[] = Array.from({ length: text.length }, () => []);
    const paint = (from: number, to: number, more: readonly string[]): void => {
      const inner = [...scopesOf(this.#stack), ...more];
      for (let i = from; i < to; i++) scopes[i] = inner;
    };
    const capture = (match: RegExpExecArray, captures: TextMateRule['captures']): void => {
      for (const [group, { name }] of Object.entries(captures ?? {})) {
        const [from, to] = match.indices?.[Number(group)] ?? [0, 0];
        if (name !== undefined) paint(from, to, [name]);
      }
    };
    let at = 0;
    /** Openings and closings at one place: more than the stack is deep would be a loop. */
    let standing = 0;
    for (;;) {
      const top = this.#stack.at(-1)!;
      let best: { readonly match: RegExpExecArray; readonly rule: TextMateRule | undefined } | undefined;
      const offer = (pattern: string, rule: TextMateRule | undefined): void => {
        const match = this.#exec(pattern, text, at);
        if (match !== null && (best === undefined || match.index < best.match.index)) best = { match, rule };
      };
      if (top.end !== undefined) offer(top.end, undefined);
      for (const rule of this.#patternsOf(top)) offer(rule.match ?? rule.begin ?? '(?!)', rule);
      if (best === undefined) {
        paint(at, text.length, []);
        return scopes;
      }
      const { match, rule } = best;
      const end = match.index + match[0].length;
      paint(at, match.index, []);
      if (rule === undefined) {
        paint(match.index, end, []);
        capture(match, top.endCaptures);
        this.#stack.pop();
      } else if (rule.match !== undefined) {
        paint(match.index, end, rule.name === undefined ? [] : [rule.name]);
        capture(match, rule.captures);
      } else {
        this.#stack.push(rule);
        paint(match.index, end, []);
        capture(match, rule.beginCaptures);
      }
      standing = end > at ? 0 : standing + 1;
      if (standing > 100) throw new Error(`the grammar goes round in circles at column ${at + 1} of: ${text}`);
      at = end;
    }
  }

  #exec(pattern: string, text: string, at: number): RegExpExecArray | null {
    let regex = this.#compiled.get(pattern);
    if (regex === undefined) {
      regex = new RegExp(pattern, 'dg');
      this.#compiled.set(pattern, regex);
    }
    regex.lastIndex = at;
    return regex.exec(text);
  }

  /** The rules of a rule with its includes followed. */
  #patternsOf(rule: TextMateRule): readonly TextMateRule[] {
    const known = this.#flat.get(rule);
    if (known !== undefined) return known;
    const found: TextMateRule[] = [];
    const seen = new Set<TextMateRule>();
    const add = (each: TextMateRule): void => {
      if (each.include !== undefined) {
        const target = this.#grammar.repository[each.include.slice(1)];
        if (target === undefined) throw new Error(`the grammar includes ${each.include}, which is not there`);
        add(target);
      } else if (each.match !== undefined || each.begin !== undefined) found.push(each);
      else if (!seen.has(each)) {
        seen.add(each);
        each.patterns?.forEach(add);
      }
    };
    rule.patterns?.forEach(add);
    this.#flat.set(rule, found);
    return found;
  }
}
