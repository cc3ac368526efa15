/**
 * What a binding needs beside its statement: where things stand in the operator's files, the readers of values with
 * keepalived's messages (keepalived.md 5.1, 5.6), and the two lists that binding fills: diagnostics and unbuilt uses.
 *
 * What it collected is taken after each top-level block, so that it can be kept with the block and used again when the
 * block did not change. It reads no files and asks the host nothing.
 */
import type { UnbuiltUse } from '../config/config.js';
import type { Position } from '../config/position.js';
import { type IpAddress, parseIpAddress } from '../runtime/addresses.js';
import { boundedMessage, type Diagnostic, type DiagnosticClass } from './diagnostic.js';
import type { KnownServers } from './known-servers.js';
import type { Statement } from './statement.js';

/** Leads from a line (first is 0) and column (first is 1) of the snapshot back to the operator's file. */
export type Locate = (line: number, column: number) => Position;

export type Suggest = (word: string, blockTitle: string) => string | undefined;

export interface ReportExtras {
  readonly expected?: string;
  readonly suggestion?: string;
  readonly assumed?: string;
}

const IGNORED = 'the line is ignored, as if it were not written';
/** Of each class; a fleet with one wrong word in each of its virtual servers is still told whole. */
const MOST_TOLD = 20_000;
const MOST_SUGGESTED = 1000;
/** Longer words have no near spelling. */
const LONGEST_WORD = 64;
/** keepalived's largest timer, (2^64 - 2) microseconds; a double cannot print it. */
const LONGEST = 18446744073709.55;
const LONGEST_TEXT = '18446744073709.551614';

/**
 * Strings that were cut out of the snapshot keep all of it alive; a copy does not. V8 copies a cut shorter than
 * 13 characters by itself.
 */
function copied(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8');
}

/** What binding collected beside the draft. */
export interface Collected {
  readonly diagnostics: readonly Diagnostic[];
  readonly unbuilt: readonly UnbuiltUse[];
}

const NOTHING: Collected = { diagnostics: [], unbuilt: [] };

/** Equal texts as one string, for as long as a parse and its successors live. */
export class TextPool {
  readonly #texts = new Map<string, string>();

  get size(): number {
    return this.#texts.size;
  }

  text(of: string): string {
    const known = this.#texts.get(of);
    if (known !== undefined) return known;
    const text = copied(of);
    this.#texts.set(text, text);
    return text;
  }
}

export class BindContext {
  #diagnostics: Diagnostic[] = [];
  #unbuilt: UnbuiltUse[] = [];
  readonly #locate: Locate;
  readonly #pool: TextPool;
  readonly #unbuiltWords = new Set<string>();
  readonly #scratch = Buffer.alloc(64);
  /** Bodies that the block that is being bound may be remembered in; undefined where its lines are not one for one. */
  known: KnownServers | undefined;
  #said = 0;
  readonly #suggest: Suggest;
  /** What was suggested, by word and block: a word that is wrong is often wrong on a thousand lines. */
  readonly #suggested = new Map<string, string | undefined>();
  /** How often each class was told; what is beyond MOST_TOLD is only counted. */
  readonly #told = new Map<DiagnosticClass, number>();
  #untold = 0;

  constructor(locate: Locate, pool: TextPool, suggest: Suggest = () => undefined) {
    this.#locate = locate;
    this.#pool = pool;
    this.#suggest = suggest;
  }

  /** What to say to a word that its block does not know: a likely spelling, or the block where it belongs. */
  suggest(word: string, blockTitle: string): string | undefined {
    const key = `${blockTitle}\n${word}`;
    if (this.#suggested.has(key)) return this.#suggested.get(key);
    if (this.#suggested.size >= MOST_SUGGESTED || word.length > LONGEST_WORD) return undefined;
    const suggestion = this.#suggest(word, blockTitle);
    this.#suggested.set(copied(key), suggestion);
    return suggestion;
  }

  /** How many diagnostics were not kept because there were too many of their class. */
  get untold(): number {
    return this.#untold;
  }

  /** What was collected since the last call; the context is empty again, for the next block. */
  take(): Collected {
    if (this.#diagnostics.length === 0 && this.#unbuilt.length === 0) return NOTHING;
    const collected = { diagnostics: this.#diagnostics, unbuilt: this.#unbuilt };
    this.#diagnostics = [];
    this.#unbuilt = [];
    this.#unbuiltWords.clear();
    return collected;
  }

  /** Grows with everything that is said or noted. */
  get said(): number {
    return this.#said;
  }

  /** Where word `index` of a statement was written. */
  position(statement: Statement, index = 0): Position {
    const word = statement.words[index] ?? statement.words[0];
    return this.#locate(statement.line, word?.column ?? 1);
  }

  /** The text of word `index`, shared with every equal text; empty if there is no such word. */
  text(statement: Statement, index: number): string {
    const word = statement.words[index];
    return word === undefined ? '' : this.#pool.text(word.text);
  }

  /** A text that does not come from a single word, shared with every equal text. */
  shared(text: string): string {
    return this.#pool.text(text);
  }

  /** Reports about word `index` of a statement (about its whole line if there is no such word). */
  report(
    kind: DiagnosticClass,
    code: Diagnostic['code'],
    message: string,
    statement: Statement,
    index: number,
    extras: ReportExtras = {},
  ): void {
    const word = statement.words[index];
    this.reportAt(kind, code, message, this.position(statement, index), extras, word?.text.length ?? 1);
  }

  reportAt(
    kind: DiagnosticClass,
    code: Diagnostic['code'],
    message: string,
    at: Position | undefined,
    extras: ReportExtras = {},
    span = 1,
  ): void {
    this.#said++;
    const told = (this.#told.get(kind) ?? 0) + 1;
    this.#told.set(kind, told);
    if (told > MOST_TOLD) {
      this.#untold++;
      return;
    }
    this.#diagnostics.push({
      class: kind,
      code,
      message: copied(boundedMessage(message)),
      at,
      span: Math.max(1, span),
      expected: extras.expected,
      suggestion: extras.suggestion === undefined ? undefined : copied(extras.suggestion),
      assumed: extras.assumed === undefined ? undefined : copied(extras.assumed),
    });
  }

  /** Says that a word is read but not acted on; once a word and block. */
  useUnbuilt(use: Omit<UnbuiltUse, 'at'>, statement: Statement, index = 0): void {
    this.#said++;
    const key = `${use.block} ${use.word}`;
    if (this.#unbuiltWords.has(key)) return;
    this.#unbuiltWords.add(key);
    this.#unbuilt.push({ ...use, at: this.position(statement, index) });
  }

  /** A required argument lacks and keepalived would stop: exit 2, in its words. */
  missing(statement: Statement, keyword: { readonly arguments: readonly { readonly name: string }[] }): void {
    const words = statement.words;
    const first = words[0]?.text ?? '';
    const last = words[words.length - 1]?.text ?? '';
    const lacking = keyword.arguments[words.length - 1]?.name ?? 'a parameter';
    this.report(
      'missing',
      'LVSD_CONFIG_MISSING_PARAMETER',
      `*** Configuration line starting \`${first}\` is missing a parameter after keyword \`${last}\` at word position ${words.length + 1}`,
      statement,
      words.length - 1,
      {
        expected: `${first} ${keyword.arguments.map((each) => each.name).join(' ')}`,
        suggestion: `write ${lacking} here`,
      },
    );
  }

  /** A whole number in base 10 within [min, max], as keepalived reads it; undefined after it was reported. */
  number(
    statement: Statement,
    index: number,
    min: number,
    max: number,
    assumed = IGNORED,
    kind: DiagnosticClass = 'assumed',
  ): number | undefined {
    const text = statement.words[index]?.text ?? '';
    const plain = smallNumber(text);
    if (plain >= min && plain <= max) return plain;
    const problem = numberProblem(text, min, max);
    if (problem === undefined) return text === '' ? 0 : Number.parseInt(text, 10);
    this.report(kind, 'LVSD_CONFIG_BAD_NUMBER', problem, statement, index, {
      expected: `a whole number from ${min} to ${max}`,
      assumed,
    });
    return undefined;
  }

  /** Seconds with up to six digits after the point within [min, max]; undefined after it was reported. */
  seconds(statement: Statement, index: number, min: number, max: number, assumed = IGNORED): number | undefined {
    const text = statement.words[index]?.text ?? '';
    const plain = smallNumber(text);
    if (plain >= min && plain <= max) return plain;
    const value = text === '' ? 0 : Number.parseFloat(text);
    let problem: string | undefined;
    if (/^-\d/.test(text)) problem = `negative number '${text}'`;
    else if (!/^(\+?(\d+\.?\d*|\.\d+)|)$/.test(text)) problem = `invalid number '${text}'`;
    else if (value < min || value > max) {
      problem = `number '${text}' outside range [${secondsText(min)}, ${secondsText(max)}]`;
    } else if (/\.\d{7,}$/.test(text)) {
      const rounded = Math.round(value * 1e6) / 1e6;
      this.report(
        'assumed',
        'LVSD_CONFIG_BAD_NUMBER',
        `number '${text}' has too many decimal places`,
        statement,
        index,
        {
          expected: 'at most six digits after the point',
          assumed: `${rounded} seconds`,
        },
      );
      return rounded;
    }
    if (problem === undefined) return value;
    this.report('assumed', 'LVSD_CONFIG_BAD_NUMBER', problem, statement, index, {
      expected: `seconds from ${secondsText(min)} to ${secondsText(max)}`,
      assumed,
    });
    return undefined;
  }

  /** The optional boolean of a flag: true if it is not there; undefined after a wrong one was reported. */
  boolean(
    statement: Statement,
    index: number,
    message: (text: string) => string,
    kind: DiagnosticClass = 'assumed',
  ): boolean | undefined {
    const text = statement.words[index]?.text;
    switch (text) {
      case undefined:
      case 'true':
      case 'on':
      case 'yes':
        return true;
      case 'false':
      case 'off':
      case 'no':
        return false;
      default:
        this.report(kind, 'LVSD_CONFIG_BAD_BOOLEAN', message(text), statement, index, {
          expected: 'true, on, yes, false, off or no',
          assumed: IGNORED,
        });
        return undefined;
    }
  }

  /** An IPv4 or IPv6 address; undefined after it was reported with `message`. */
  address(statement: Statement, index: number, message: (text: string) => string): IpAddress | undefined {
    const text = statement.words[index]?.text ?? '';
    const address = parseIpAddress(text) ?? this.#addressBefore(statement, index, text);
    if (address === undefined) {
      this.report('assumed', 'LVSD_CONFIG_BAD_ADDRESS', message(text), statement, index, {
        expected: 'an IPv4 or IPv6 address',
        assumed: IGNORED,
      });
      return undefined;
    }
    if (address !== text || text.length < 13) return address;
    return this.#scratch.toString('latin1', 0, this.#scratch.write(text, 'latin1')) as IpAddress;
  }

  /** The address before a prefix length or a range, which keepalived leaves out without a word. */
  #addressBefore(statement: Statement, index: number, text: string): IpAddress | undefined {
    const end = text.search(/[/-]/);
    const address = end < 0 ? undefined : parseIpAddress(text.slice(0, end));
    if (address === undefined) return undefined;
    this.report('note', 'LVSD_CONFIG_SURPLUS_WORD', `'${text.slice(end)}' has no meaning here`, statement, index, {
      expected: 'one address',
      assumed: address,
    });
    return this.shared(address) as IpAddress;
  }
}

/** The value of up to nine digits without looking twice; NaN for anything else. */
function smallNumber(text: string): number {
  if (text.length === 0 || text.length > 9) return Number.NaN;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** What keepalived says about a number that it does not take; undefined if it takes it. */
export function numberProblem(text: string, min: number, max: number): string | undefined {
  // Nothing between quotes is 0 there.
  if (!/^([+-]?\d+|)$/.test(text)) return `invalid number '${text}'`;
  if (text.startsWith('-') && min >= 0) return `negative number '${text}'`;
  const value = text === '' ? 0 : Number.parseInt(text, 10);
  if (min >= 0 && value > 4294967295) return `number '${text}' outside unsigned integer range`;
  if (min < 0 && Math.abs(value) > 2147483648) return `number '${text}' outside integer range`;
  if (value < min || value > max) return `number '${text}' outside range [${min}, ${max}]`;
  return undefined;
}

function secondsText(value: number): string {
  if (value >= LONGEST) return LONGEST_TEXT;
  return value === 0.000001 ? '0.000001' : String(value);
}

/** The longest timer that keepalived takes, in seconds. */
export const LONGEST_SECONDS = LONGEST;
