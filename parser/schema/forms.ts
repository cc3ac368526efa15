/**
 * The usual forms of a keyword, each made from one declaration: the argument that is documented is the argument that
 * is read, so range and reader cannot drift apart.
 *
 * A form takes the keyword's texts and a setter. What does not fit a form writes its own `bind` (keyword.ts).
 */
import type { Script } from '../../config/script.js';
import type { IpAddress } from '../../runtime/addresses.js';
import type { BindContext } from '../bind-context.js';
import { readScript } from '../bind-script.js';
import { type Argument, argument, type Bind, type Keyword, type KeywordText } from './keyword.js';

/** The texts of a keyword without its arguments: the form knows those. */
export type Texts = Omit<KeywordText, 'arguments'> & {
  /** Said instead of the usual message when the value is no good. */
  readonly whenWrong?: (text: string) => string;
  /** lvsd goes on with this. */
  readonly assumed?: string;
  /**
   * A wrong value is only worth a note: keepalived 2.2.7 looks at none. `taken`: it counts as true, since no version
   * takes a value here; `ignored`: as the versions have it that do.
   */
  readonly lenient?: 'taken' | 'ignored' | undefined;
  /** lvsd keeps what is written and does not act on it yet. */
  readonly unbuilt?: Unbuilt;
};

export interface Unbuilt {
  readonly decides: 'traffic' | 'none';
  readonly cure: string;
  readonly vrrpSide?: boolean;
}

type Set<D, V> = (draft: D, value: V, context: BindContext) => void;

/** A keyword with these arguments and this binding. */
export function keyword<D>(texts: Texts, args: readonly Argument[], bind: Bind<D>): Keyword<D> {
  const { whenWrong: _wrong, assumed: _assumed, lenient: _lenient, unbuilt, ...kept } = texts;
  return {
    ...kept,
    arguments: args,
    effect: unbuilt === undefined ? { acts: true, bind } : { acts: false, ...unbuilt, bind },
  };
}

export function numberWord<D>(texts: Texts, arg: Argument, set: Set<D, number>): Keyword<D> {
  if (arg.type.kind !== 'number') throw new Error(`${texts.name} needs a number argument`);
  const { min, max } = arg.type;
  const assumed = texts.assumed;
  return keyword(texts, [arg], (draft, statement, context) => {
    const value = context.number(statement, 1, min, max, assumed);
    if (value !== undefined) set(draft, value, context);
  });
}

export function secondsWord<D>(texts: Texts, arg: Argument, set: Set<D, number>): Keyword<D> {
  if (arg.type.kind !== 'seconds') throw new Error(`${texts.name} needs seconds`);
  const { min, max } = arg.type;
  const assumed = texts.assumed;
  return keyword(texts, [arg], (draft, statement, context) => {
    const value = context.seconds(statement, 1, min, max, assumed);
    if (value !== undefined) set(draft, value, context);
  });
}

/** A flag with an optional boolean; absent means true. */
export function booleanWord<D>(texts: Texts, set: Set<D, boolean>): Keyword<D> {
  const whenWrong = texts.whenWrong ?? ((text: string) => `Invalid ${texts.name} parameter ${text}`);
  return keyword(texts, [argument.boolean], (draft, statement, context) => {
    const value = context.boolean(statement, 1, whenWrong, texts.lenient === undefined ? 'assumed' : 'note');
    if (value !== undefined) set(draft, value, context);
    else if (texts.lenient === 'taken') set(draft, true, context);
  });
}

/** A word that stands alone. */
export function flagWord<D>(texts: Texts, set: (draft: D) => void): Keyword<D> {
  return keyword(texts, [], (draft) => set(draft));
}

export function textWord<D>(texts: Texts, form: string, set: Set<D, string>): Keyword<D> {
  return keyword(texts, [argument.text(form)], (draft, statement, context) =>
    set(draft, context.text(statement, 1), context),
  );
}

export function choiceWord<D, C extends string>(texts: Texts, words: readonly C[], set: Set<D, C>): Keyword<D> {
  const name = texts.name.toUpperCase();
  return keyword(texts, [argument.choice(name, words)], (draft, statement, context) => {
    const text = statement.words[1]?.text ?? '';
    const choice = words.find((word) => word === text);
    if (choice !== undefined) return set(draft, choice, context);
    const message = texts.whenWrong?.(text) ?? `Unknown ${texts.name} '${text}' - ignoring`;
    context.report('assumed', 'LVSD_CONFIG_BAD_CHOICE', message, statement, 1, {
      expected: words.join(', '),
      assumed: texts.assumed ?? 'the line is ignored, as if it were not written',
    });
  });
}

export function addressWord<D>(texts: Texts, set: Set<D, IpAddress>): Keyword<D> {
  const whenWrong = texts.whenWrong ?? ((text: string) => `Invalid ${texts.name} address ${text} - ignoring`);
  return keyword(texts, [argument.address('ADDRESS')], (draft, statement, context) => {
    const value = context.address(statement, 1, whenWrong);
    if (value !== undefined) set(draft, value, context);
  });
}

export function scriptWord<D>(texts: Texts, set: Set<D, Script>): Keyword<D> {
  return keyword(texts, [argument.script], (draft, statement, context) => {
    const script = readScript(statement, context);
    if (script !== undefined) set(draft, script, context);
  });
}

/** A word that lvsd reads and does not act on; nothing of it is kept. */
export function unbuiltWord<D>(
  texts: Texts & { readonly unbuilt: Unbuilt },
  args: readonly Argument[] = [],
): Keyword<D> {
  const { whenWrong: _wrong, assumed: _assumed, lenient: _lenient, unbuilt, ...kept } = texts;
  return { ...kept, arguments: args, effect: { acts: false, ...unbuilt } };
}
