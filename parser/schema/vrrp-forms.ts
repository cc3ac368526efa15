/**
 * The forms that words of the VRRP side take: keepalived says what is wrong with the number first, and then what that
 * means for the instance, under the instance's name. Both lines are kept, because both are grepped for.
 */
import type { AddressFamily, IpAddress } from '../../runtime/addresses.js';
import { familyOf, parseIpAddress } from '../../runtime/addresses.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { keyword, type Texts } from './forms.js';
import { type Argument, argument, type Keyword } from './keyword.js';

export const IGNORED = 'the line is ignored, as if it were not written';

/** Whatever has a name that complaints begin with. */
export interface Named {
  readonly name: string;
}

/** Says something about a statement in keepalived's words. */
export function tell(
  context: BindContext,
  statement: Statement,
  index: number,
  code: `LVSD_CONFIG_${string}`,
  message: string,
  assumed = IGNORED,
  expected?: string,
): void {
  context.report('assumed', code, message, statement, index, {
    assumed,
    ...(expected === undefined ? {} : { expected }),
  });
}

/** What is said besides about a number that is no good, and what holds then. */
export interface WrongNumber<D> {
  readonly message: (draft: D, text: string) => string;
  readonly assumed?: string;
  /** Called instead of the setter. */
  readonly instead?: (draft: D) => void;
}

/** A number of a named block; keepalived's own line follows the one about the number. */
export function namedNumber<D>(
  texts: Texts,
  arg: Argument,
  wrong: WrongNumber<D>,
  set: (draft: D, value: number, context: BindContext, statement: Statement) => void,
): Keyword<D> {
  const { type } = arg;
  if (type.kind !== 'number' && type.kind !== 'seconds') throw new Error(`${texts.name} needs a number`);
  const assumed = wrong.assumed ?? IGNORED;
  return keyword(texts, [arg], (draft, statement, context) => {
    const value =
      type.kind === 'number'
        ? context.number(statement, 1, type.min, type.max, assumed)
        : context.seconds(statement, 1, type.min, type.max, assumed);
    if (value !== undefined) {
      set(draft, value, context, statement);
      return;
    }
    const text = statement.words[1]?.text ?? '';
    tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', wrong.message(draft, text), assumed);
    wrong.instead?.(draft);
  });
}

/** A flag with an optional boolean, told under the instance's name. */
export function namedBoolean<D extends Named>(
  texts: Texts,
  set: (draft: D, value: boolean) => void,
  message: (draft: D, text: string) => string = (draft, text) =>
    `(${draft.name}) invalid ${texts.name} ${text} specified`,
): Keyword<D> {
  return keyword(texts, [argument.boolean], (draft, statement, context) => {
    const value = context.boolean(statement, 1, (text) => message(draft, text));
    if (value !== undefined) set(draft, value);
  });
}

/** An address as keepalived's sockets read it: a range or a mask behind it means nothing. */
export function looseAddress(text: string): IpAddress | undefined {
  const end = text.search(/[-/]/);
  return parseIpAddress(end < 0 ? text : text.slice(0, end));
}

/** Settles the family of an instance, or says whether it is the same. */
export function agrees(draft: { family: AddressFamily | undefined }, address: IpAddress): boolean {
  const family = familyOf(address);
  draft.family ??= family;
  return draft.family === family;
}

/**
 * The words of a block that lvsd does not act on yet: what they say is kept, and the use of the block's own keyword
 * reports it.
 */
export function waiting<D>(keywords: readonly Keyword<D>[], reportedBy: string): readonly Keyword<D>[] {
  return keywords.map((each) => {
    const { bind } = each.effect;
    return { ...each, effect: bind === undefined ? { acts: false, reportedBy } : { acts: false, reportedBy, bind } };
  });
}
