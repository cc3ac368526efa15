/**
 * What a keyword is: the one declaration from which its binding, its diagnostics, its suggestions and its line in
 * docs/keywords.md come (architecture, law 3).
 *
 * A keyword either acts, then it is bound to something that lvsd does; or it is unbuilt, then the declaration says
 * whether it decides who gets traffic and what the operator can do, and every use of it is reported (config.ts,
 * `UnbuiltUse`). There is no third kind, so no word can be accepted and silently ignored. An unbuilt word may still be
 * bound, so that what was written is kept.
 *
 * This file holds shapes only. How a statement is bound to a declaration: ../bind.ts. Source of the keywords:
 * keepalived.md 6 to 15 and fullnat-grammar.md.
 */
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';

/** What may stand in the place of an argument; the range is part of the type. */
export type ArgumentType =
  | { readonly kind: 'number'; readonly min: number; readonly max: number; readonly unit?: string }
  /** Seconds with up to six digits after the point. */
  | { readonly kind: 'seconds'; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly words: readonly string[] }
  /** true, on, yes, false, off, no. */
  | { readonly kind: 'boolean' }
  | { readonly kind: 'address' }
  /** A command line with its own quoting, then an optional user and group (keepalived.md 5.1, 13.1). */
  | { readonly kind: 'script' }
  /** Free text whose form is said in words: `NAME`, `INTERFACE`, `PATH`. */
  | { readonly kind: 'text'; readonly form: string };

export interface Argument {
  readonly type: ArgumentType;
  /** How the argument is called in the documentation, upper case by custom. */
  readonly name: string;
  readonly optional?: boolean;
  /** May be given any number of times. */
  readonly repeats?: boolean;
}

/** Puts one statement into a block's draft. Called only when every argument that is not optional is there. */
export type Bind<D> = (draft: D, statement: Statement, context: BindContext) => void;

/** Whether lvsd acts on the keyword. */
export type Effect<D> =
  | { readonly acts: true; readonly bind: Bind<D> }
  | {
      readonly acts: false;
      /** `traffic`: it decides who gets traffic or who may connect, so lvsd does not start with it unless told to. */
      readonly decides: 'traffic' | 'none';
      /** What to do about it, one sentence. */
      readonly cure: string;
      /** True for words of the VRRP and BFD side, which -C sets aside. */
      readonly vrrpSide?: boolean;
      readonly bind?: Bind<D>;
    }
  /** A word inside a block that is unbuilt as a whole: the use of the block's keyword reports it too. */
  | { readonly acts: false; readonly reportedBy: string; readonly bind?: Bind<D> };

export interface Alias {
  readonly name: string;
  /** Said when the alias is used; undefined where both names are equally good. */
  readonly deprecated?: string;
  /** keepalived counts the use as an error of -t (exit 5); elsewhere it is only worth a note. */
  readonly counts?: boolean;
}

export interface KeywordText {
  readonly name: string;
  readonly aliases?: readonly Alias[];
  readonly arguments: readonly Argument[];
  /** The default in words; undefined means that nothing is set. */
  readonly default?: string;
  /** Since when: `after 2.2.7` for words that only newer keepalived has, `Alibaba`, `DPVS`, `lvsd`. */
  readonly since?: string;
  /** One sentence, ends with a full stop. */
  readonly doc: string;
  /**
   * What is said when a required argument lacks, where keepalived goes on (exit 5). Undefined: keepalived stops with
   * "Configuration line starting ... is missing a parameter" (exit 2).
   */
  readonly whenMissing?: string;
  /**
   * What is said when there are more arguments than it takes, where keepalived counts that as an error and leaves the
   * line out. Undefined: the surplus words are worth a note.
   */
  readonly whenSurplus?: string;
  /** The name of the block that this keyword opens; undefined if it opens none. */
  readonly opens?: string;
  /** The block may be left out (`vrrp_script` and the like may not). */
  readonly blockOptional?: boolean;
}

export interface Keyword<D> extends KeywordText {
  readonly effect: Effect<D>;
}

/** A block: the words that may stand in it, or the form of its lines. */
export interface Block<D> {
  /** Unique: `virtual_server`, `virtual_server.real_server`, `checker.url`. */
  readonly name: string;
  /** As a person would call it in a message: `virtual_server`. */
  readonly title: string;
  readonly doc: string;
  readonly keywords: readonly Keyword<D>[];
  /** By name and by alias. */
  readonly table: ReadonlyMap<string, Found<D>>;
  /** For blocks whose lines are values, not keywords: the form of one line and how it is bound. */
  readonly line?: { readonly form: string; readonly doc: string; readonly bind: Bind<D> };
}

/**
 * A keyword as it was found: by its name, or by an alias that may be deprecated. What every use of it looks at stands
 * here once more, flat: a load looks at it 300,000 times.
 */
export interface Found<D> {
  readonly keyword: Keyword<D>;
  readonly bind: Bind<D> | undefined;
  /** Nothing to tell about its use: it acts, and it was not found by an alias that is deprecated. */
  readonly plain: boolean;
  readonly opens: boolean;
  readonly deprecated: Alias | undefined;
  /** How many arguments must be there. */
  readonly required: number;
  /** How many may be there; Infinity where the last one repeats. */
  readonly allowed: number;
}

/** Makes a block and its table; a name that stands twice is a mistake in the schema and throws. */
export function block<D>(
  name: string,
  title: string,
  doc: string,
  keywords: readonly Keyword<D>[],
  line?: Block<D>['line'],
): Block<D> {
  const table = new Map<string, Found<D>>();
  const add = (word: string, keyword: Keyword<D>, deprecated: Alias | undefined): void => {
    if (table.has(word)) throw new Error(`The schema declares ${word} twice in ${name}.`);
    const required = keyword.arguments.filter((argument) => !argument.optional).length;
    const open = keyword.arguments.some((argument) => argument.repeats || argument.type.kind === 'script');
    table.set(word, {
      keyword,
      bind: keyword.effect.bind,
      plain: keyword.effect.acts && deprecated === undefined,
      opens: keyword.opens !== undefined,
      deprecated,
      required,
      allowed: open ? Number.POSITIVE_INFINITY : keyword.arguments.length,
    });
  };
  for (const keyword of keywords) {
    add(keyword.name, keyword, undefined);
    for (const alias of keyword.aliases ?? [])
      add(alias.name, keyword, alias.deprecated === undefined ? undefined : alias);
  }
  return line === undefined ? { name, title, doc, keywords, table } : { name, title, doc, keywords, table, line };
}

/** The arguments of a declaration, short to write. */
export const argument = {
  number: (name: string, min: number, max: number, unit?: string): Argument => ({
    name,
    type: unit === undefined ? { kind: 'number', min, max } : { kind: 'number', min, max, unit },
  }),
  seconds: (name: string, min: number, max: number): Argument => ({ name, type: { kind: 'seconds', min, max } }),
  choice: (name: string, words: readonly string[]): Argument => ({ name, type: { kind: 'choice', words } }),
  boolean: { name: 'BOOL', type: { kind: 'boolean' }, optional: true } as Argument,
  address: (name: string): Argument => ({ name, type: { kind: 'address' } }),
  script: { name: 'SCRIPT', type: { kind: 'script' } } as Argument,
  text: (name: string, form = name): Argument => ({ name, type: { kind: 'text', form } }),
  optional: (of: Argument): Argument => ({ ...of, optional: true }),
  repeated: (of: Argument): Argument => ({ ...of, repeats: true }),
};
