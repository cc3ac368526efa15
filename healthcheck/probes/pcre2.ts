/**
 * PCRE2 itself: the library, compiled to WebAssembly, with keepalived's options and byte offsets put over it.
 *
 * keepalived matches bytes with PCRE2's 8-bit library. Ours is the 16-bit one of npm's @stephen-riley/pcre2-wasm (PCRE2
 * 10.34), always in UTF mode, so each byte of pattern and page becomes one character U+0000..U+00FF: every construct
 * then means the same, but caseless matching of non-ASCII letters, which `reasonAgainst` refuses. With `utf` both are
 * decoded. WebAssembly cannot leave its 16 MiB of memory, whatever a page does to it, and a worker that runs it can be
 * ended in the middle of a match; regex.ts does that. This file is the same in the worker and in `-t`.
 *
 * It instantiates the module by itself, without the package's JavaScript: that one hooks process events. The two
 * addresses below belong to exactly that build, and its SHA-256 is checked before they are used.
 *
 * Source: pcre2api(3), pcre2pattern(3), pcre2unicode(3); keepalived.md 15.3.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LvsdError } from '../../runtime/errors.js';
import { cryptoPart, v8Part } from '../../runtime/node-parts.js';

const MODULE_SHA256 = '5ea911abcd37c06419eb506a97a4d1b9b6f340478b17e8398cd878b64d0dc99e';
const MODULE_FILE = 'libpcre2.wasm';
/** Where that build keeps the end of its heap, and where the heap begins. */
const HEAP_END_AT = 117_184;
const HEAP_BEGIN = 5_360_256;
const MEMORY_PAGES = 256;

/** The most bytes of an answer that a regular expression is shown; what comes behind them is not looked at. */
export const MOST_SUBJECT_BYTES = 1 << 20;

const NO_MATCH = -1;

/** The few words of WebAssembly that are used here: TypeScript has them only in its library for browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Table: new (limits: { initial: number; maximum: number; element: 'anyfunc' }) => object;
};
declare const compiled: unique symbol;
/** The compiled library; it can be handed to a worker. */
export interface WasmModule {
  readonly [compiled]: true;
}

interface Exports {
  _malloc(bytes: number): number;
  _free(at: number): void;
  _compile(pattern: number, length: number, flags: number): number;
  _destroyCode(code: number): void;
  _lastErrorMessage(room: number, length: number): number;
  _lastErrorOffset(): number;
  _createMatchData(code: number): number;
  _destroyMatchData(data: number): void;
  _match(code: number, subject: number, length: number, from: number, data: number): number;
  _getOvectorPointer(data: number): number;
}

export interface RegexRequest {
  readonly pattern: string;
  /** PCRE2 option words in keepalived's spelling. */
  readonly options: readonly string[];
  /** The match must begin at or after this byte. */
  readonly minOffset: number | undefined;
  /** The match must begin at or before this byte. */
  readonly maxOffset: number | undefined;
}

export type MatchAnswer =
  | { readonly kind: 'matched'; readonly at: number }
  | { readonly kind: 'not-matched' }
  /** PCRE2 gave up (its match limit, its memory): neither yes nor no. */
  | { readonly kind: 'gave-up'; readonly why: string };

/** Reads the module: beside the running file (a bundle), else from the package. */
export function readModule(): WasmModule {
  const beside = join(dirname(fileURLToPath(import.meta.url)), MODULE_FILE);
  let bytes: Buffer;
  try {
    const path = existsSync(beside)
      ? beside
      : createRequire(import.meta.url).resolve(`@stephen-riley/pcre2-wasm/dist/${MODULE_FILE}`);
    bytes = readFileSync(path);
  } catch (cause) {
    throw new LvsdError(
      'LVSD_REGEX_MISSING',
      `The regular expression library (${MODULE_FILE}) is not there, so "regex" cannot be checked. In a checkout run "npm install"; in a package, install it again`,
      { cause },
    );
  }
  if (cryptoPart().createHash('sha256').update(bytes).digest('hex') !== MODULE_SHA256) {
    throw new LvsdError(
      'LVSD_REGEX_FOREIGN',
      `${MODULE_FILE} is not the build that lvsd knows. In a checkout run "npm ci"; in a package, install it again`,
    );
  }
  // V8's optimising compiler takes 150 MB and more for PCRE2's one large function, and a check gains nothing by it.
  v8Part().setFlagsFromString('--liftoff-only');
  return new WebAssembly.Module(new Uint8Array(bytes));
}

/** What each option word becomes: a flag of the library, a prefix of the pattern, nothing, or a reason why not. */
const optionWords: ReadonlyMap<string, { flag?: string; prefix?: string; inline?: string; refused?: string }> = new Map(
  [
    ['caseless', { flag: 'i' }],
    ['dotall', { flag: 's' }],
    ['extended', { flag: 'x' }],
    ['multiline', { flag: 'm' }],
    ['ungreedy', { inline: 'U' }],
    ['dupnames', { inline: 'J' }],
    ['no_auto_capture', { inline: 'n' }],
    ['ucp', { prefix: '(*UCP)' }],
    ['no_auto_possess', { prefix: '(*NO_AUTO_POSSESS)' }],
    ['no_dotstar_anchor', { prefix: '(*NO_DOTSTAR_ANCHOR)' }],
    ['no_start_optimize', { prefix: '(*NO_START_OPT)' }],
    ['utf', {}],
    // No callout is ever given, and no offset limit set: the words change nothing in keepalived either.
    ['auto_callout', {}],
    ['use_offset_limit', {}],
    // These forbid something in the pattern; `forbidden` looks for it.
    ['never_ucp', {}],
    ['never_utf', {}],
    ['never_backslash_c', {}],
    ['allow_empty_class', { refused: 'write (?!) where the empty class [] stands, and [\\s\\S] for [^]' }],
    ['alt_bsux', { refused: 'write \\x{41} where the pattern has \\u0041' }],
    ['alt_circumflex', { refused: 'write (?<=\\n|\\A) where the pattern has ^' }],
    ['alt_verbnames', { refused: 'take it away and write verb names without backslashes' }],
    ['dollar_endonly', { refused: 'write \\z where the pattern has $' }],
    ['firstline', { refused: 'begin the pattern with \\A[^\\n]*? and take it away' }],
    ['match_unset_backref', { refused: 'make the group that the reference names always take part in the match' }],
  ],
);

/** Every word that `regex_options` takes (keepalived.md 15.3, pcre2api(3)). */
export const regexOptionWords: readonly string[] = [...optionWords.keys()];

const forbidden: readonly { word: string; what: RegExp; name: string }[] = [
  { word: 'never_utf', what: /^(\(\*[A-Z0-9_=]+\))*\(\*UTF\)/, name: '(*UTF)' },
  { word: 'never_ucp', what: /^(\(\*[A-Z0-9_=]+\))*\(\*UCP\)/, name: '(*UCP)' },
  { word: 'never_backslash_c', what: /(^|[^\\])(\\\\)*\\C/, name: '\\C' },
];

/** Why a pattern cannot be honoured with PCRE2's meaning here, or undefined. Whether it compiles is another question. */
function reasonAgainst(request: Pick<RegexRequest, 'pattern' | 'options'>): string | undefined {
  for (const word of request.options) {
    const option = optionWords.get(word);
    if (option === undefined) return `regex_options '${word}' is not one of: ${regexOptionWords.join(' ')}`;
    if (option.refused !== undefined) return `regex_options '${word}' is not supported by lvsd: ${option.refused}`;
  }
  for (const { word, what, name } of forbidden) {
    if (request.options.includes(word) && what.test(request.pattern)) {
      return `the pattern uses ${name}, which its own regex_options '${word}' forbids: take one of the two away`;
    }
  }
  if (request.options.includes('utf') && request.options.includes('never_utf')) {
    return "regex_options 'utf' and 'never_utf' contradict each other: take one of the two away";
  }
  const caseless = request.options.includes('caseless') || /\(\?[a-zA-Z^]*i/.test(request.pattern);
  if (
    !isUtf(request) &&
    caseless &&
    /[^\x00-\x7f]|\\x\{?0*[89a-fA-F][0-9a-fA-F]\b|\\[23][0-7]{2}/.test(request.pattern)
  ) {
    return "the pattern asks for letters outside ASCII without regard to case, which means nothing for bytes: add 'utf' to regex_options";
  }
  return undefined;
}

function isUtf(request: Pick<RegexRequest, 'pattern' | 'options'>): boolean {
  return request.options.includes('utf') || /^(\(\*[A-Z0-9_=]+\))*\(\*UTF\)/.test(request.pattern);
}

/** One instance of the library. Not to be used again after a call of it was cut short or threw. */
export class Pcre2 {
  readonly #lib: Exports;
  readonly #units: Uint16Array;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #compiled = new Map<string, number>();

  constructor(module: WasmModule) {
    const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
    const bytes = new Uint8Array(memory.buffer);
    const stop = (): never => {
      throw new LvsdError('LVSD_REGEX_BROKEN', 'The regular expression library stopped itself');
    };
    const instance = new WebAssembly.Instance(module, {
      env: {
        memory,
        table: new WebAssembly.Table({ initial: 4, maximum: 4, element: 'anyfunc' }),
        __table_base: 0,
        abortStackOverflow: stop,
        nullFunc_vii: stop,
        nullFunc_iii: stop,
        // The memory never grows: malloc answers NULL, and PCRE2 gives up in order.
        _emscripten_resize_heap: () => 0,
        _emscripten_get_heap_size: () => bytes.length,
        _emscripten_memcpy_big: (to: number, from: number, length: number) => {
          bytes.copyWithin(to, from, from + length);
          return to;
        },
      },
    });
    this.#lib = instance.exports as Exports;
    this.#bytes = bytes;
    this.#units = new Uint16Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#words[HEAP_END_AT >> 2] = HEAP_BEGIN;
  }

  /** The reason why this pattern cannot be used, for a diagnostic, or undefined. */
  validate(request: Pick<RegexRequest, 'pattern' | 'options'>): string | undefined {
    const against = reasonAgainst(request);
    if (against !== undefined) return against;
    const code = this.#compile(request);
    if (typeof code === 'string') return code;
    this.#lib._destroyCode(code);
    return undefined;
  }

  /** Looks for the pattern in the bytes; compiled patterns are kept. The pattern must have passed `validate`. */
  match(request: RegexRequest, subject: Uint8Array): MatchAnswer {
    const key = JSON.stringify([request.pattern, request.options]);
    let code = this.#compiled.get(key);
    if (code === undefined) {
      const compiled = this.#compile(request);
      if (typeof compiled === 'string') return { kind: 'gave-up', why: compiled };
      code = compiled;
      this.#compiled.set(key, code);
    }
    const shown = subject.subarray(0, MOST_SUBJECT_BYTES);
    const utf = isUtf(request);
    const text = utf ? decodeUtf8(shown) : undefined;
    // Bytes that are no UTF-8 match nothing, as with PCRE2's own check.
    if (utf && text === undefined) return { kind: 'not-matched' };
    const length = text?.length ?? shown.length;
    const from = offsetIn(shown, request.minOffset ?? 0, text);
    if (from > length) return { kind: 'not-matched' };
    const at = this.#lib._malloc(length * 2 + 2);
    const data = this.#lib._createMatchData(code);
    if (at === 0 || data === 0) return { kind: 'gave-up', why: 'no memory' };
    try {
      const units = this.#units.subarray(at >> 1, (at >> 1) + length);
      if (text === undefined) units.set(shown);
      else for (let i = 0; i < length; i++) units[i] = text.charCodeAt(i);
      const result = this.#lib._match(code, at, length, from, data);
      if (result === NO_MATCH) return { kind: 'not-matched' };
      if (result < 0) return { kind: 'gave-up', why: this.#meaning(result) };
      const begin = this.#words[this.#lib._getOvectorPointer(data) >> 2] ?? 0;
      const beginByte = text === undefined ? begin : Buffer.byteLength(text.slice(0, begin));
      const late = request.maxOffset !== undefined && beginByte > request.maxOffset;
      return late ? { kind: 'not-matched' } : { kind: 'matched', at: beginByte };
    } finally {
      this.#lib._destroyMatchData(data);
      this.#lib._free(at);
    }
  }

  /** The compiled pattern, or why not. */
  #compile(request: Pick<RegexRequest, 'pattern' | 'options'>): number | string {
    const options = request.options.map((word) => optionWords.get(word) ?? {});
    const inline = options.map((option) => option.inline ?? '').join('');
    // Verbs must come first; an inline setting must stand behind those that the pattern itself begins with.
    const verbs = /^(\(\*[A-Z0-9_=]+\))*/.exec(request.pattern)?.[0] ?? '';
    const before =
      options.map((option) => option.prefix ?? '').join('') + verbs + (inline === '' ? '' : `(?${inline})`);
    const rest = request.pattern.slice(verbs.length);
    const text = before + (isUtf(request) ? rest : Buffer.from(rest, 'utf8').toString('latin1'));
    const flags = options.map((option) => option.flag ?? '').join('');
    const at = this.#lib._malloc(text.length * 2 + 2);
    const flagsAt = this.#lib._malloc(flags.length + 1);
    if (at === 0 || flagsAt === 0) return 'the pattern is too large';
    for (let i = 0; i < text.length; i++) this.#units[(at >> 1) + i] = text.charCodeAt(i);
    for (let i = 0; i < flags.length; i++) this.#bytes[flagsAt + i] = flags.charCodeAt(i);
    this.#bytes[flagsAt + flags.length] = 0;
    const code = this.#lib._compile(at, text.length, flagsAt);
    this.#lib._free(at);
    this.#lib._free(flagsAt);
    if (code !== 0) return code;
    const where = Math.max(0, this.#lib._lastErrorOffset() - before.length + verbs.length);
    return `${this.#lastError()} (at character ${where + 1} of the pattern)`;
  }

  #lastError(): string {
    const room = this.#lib._malloc(512);
    const length = this.#lib._lastErrorMessage(room, 256);
    const text = String.fromCharCode(...this.#units.subarray(room >> 1, (room >> 1) + length));
    this.#lib._free(room);
    return text;
  }

  #meaning(result: number): string {
    switch (result) {
      case -47:
        return 'the match limit was exceeded';
      case -48:
      case -63:
        return 'the match needs too much memory';
      case -53:
        return 'the depth limit was exceeded';
      default:
        return `PCRE2 error ${result}`;
    }
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(unshared(bytes));
  } catch {
    return undefined;
  }
}

/** A byte offset as an offset in code units. */
function offsetIn(bytes: Uint8Array, offset: number, text: string | undefined): number {
  if (text === undefined || offset === 0) return offset;
  if (offset > bytes.length) return text.length + 1;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(unshared(bytes.subarray(0, offset))).length;
}

/** TextDecoder refuses memory that another thread could write to. */
function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}

let validator: Pcre2 | undefined;

/**
 * Whether a `regex` of the configuration can be honoured: for `-t`.
 * @param options the words of regex_options
 * @returns undefined, or the reason with the cure
 * @throws LvsdError LVSD_REGEX_MISSING, LVSD_REGEX_FOREIGN when the library is not there
 */
export function validatePattern(pattern: string, options: readonly string[]): string | undefined {
  validator ??= new Pcre2(readModule());
  return validator.validate({ pattern, options });
}
