/**
 * `include` and its stricter variants (keepalived.md 5.2): what a line asks for, and what is wrong with what was found.
 *
 * Plain `include` only tells its troubles, the variants and `include_check` make some of them errors. Opening and
 * expanding the files is the reader's work (read.ts).
 */
import type { GlobResult } from './glob.js';

/** What must hold, or the configuration is not used. */
export interface IncludeChecks {
  /** Each file is readable, regular and not executable. */
  readonly read: boolean;
  /** A name without wildcards is there. */
  readonly match: boolean;
  /** A name with wildcards matches something. */
  readonly wildcardMatch: boolean;
  /** Every brace alternative matches something. */
  readonly braceMatch: boolean;
}

export const NO_CHECKS: IncludeChecks = { read: false, match: false, wildcardMatch: false, braceMatch: false };
export const ALL_CHECKS: IncludeChecks = { read: true, match: true, wildcardMatch: true, braceMatch: true };

const VARIANTS: Readonly<Record<string, IncludeChecks>> = {
  includer: { ...NO_CHECKS, read: true },
  includem: { ...NO_CHECKS, read: true, match: true },
  includew: { ...ALL_CHECKS, braceMatch: false },
  includeb: { ...NO_CHECKS, read: true, braceMatch: true },
  includea: ALL_CHECKS,
};

export interface Include {
  readonly keyword: string;
  /** The rest of the line: quotes and blanks in it are part of the name, as in keepalived. */
  readonly pattern: string;
  /** Offset of the pattern in the line. */
  readonly patternAt: number;
}

const INCLUDE = /^([ \t\f\v\r]*)(include[rmwba]?)([ \t\f\v\r]+)(\S.*?)\s*$/;

export function matchInclude(text: string): Include | undefined {
  const match = INCLUDE.exec(text);
  if (match === null) return undefined;
  const patternAt = match[1]!.length + match[2]!.length + match[3]!.length;
  return { keyword: match[2]!, pattern: match[4]!.replace(/\\([#!])/g, '$1'), patternAt };
}

/** What a keyword demands, given what `include_check` or `-e` demand of every include. */
export function checksOf(keyword: string, always: IncludeChecks): IncludeChecks {
  const own = VARIANTS[keyword] ?? NO_CHECKS;
  return {
    read: own.read || always.read,
    match: own.match || always.match,
    wildcardMatch: own.wildcardMatch || always.wildcardMatch,
    braceMatch: own.braceMatch || always.braceMatch,
  };
}

const CHECK_WORDS: Readonly<Record<string, keyof IncludeChecks>> = {
  read: 'read',
  match: 'match',
  wildcard_match: 'wildcardMatch',
  brace_match: 'braceMatch',
};

/**
 * `include_check [+|-]WORD ...`: a first word without a sign is the whole set, with `read`; words with a sign change it;
 * without words everything is checked. Each rule was seen with keepalived 2.2.7.
 *
 * @returns undefined if the line is no include_check
 */
export function readIncludeCheck(text: string, before: IncludeChecks): IncludeChecks | undefined {
  if (!text.includes('include_check')) return undefined;
  const [keyword, ...words] = text.trim().split(/\s+/);
  if (keyword !== 'include_check') return undefined;
  if (words.length === 0) return ALL_CHECKS;
  let checks = before;
  for (const [k, word] of words.entries()) {
    const key = checkOf(word);
    if (key === undefined) continue;
    if (/^[+-]/.test(word)) checks = { ...checks, [key]: word.startsWith('+') };
    else if (k === 0) checks = { ...NO_CHECKS, read: true, [key]: true };
  }
  return checks;
}

function checkOf(word: string): keyof IncludeChecks | undefined {
  const name = word.replace(/^[+-]/, '');
  return Object.hasOwn(CHECK_WORDS, name) ? CHECK_WORDS[name] : undefined;
}

/** keepalived's complaint about word `index` (first is 0) of an include_check; undefined if it is good. */
export function complainAboutCheck(word: string, index: number): string | undefined {
  const name = word.replace(/^[+-]/, '');
  if (index > 0 && name === word) return `Duplicate include_check '${name}' specified - ignoring`;
  return checkOf(word) === undefined ? `Unknown include_check type '${name}' - ignoring` : undefined;
}

export interface IncludeComplaint {
  /** keepalived's words. */
  readonly message: string;
  /** Whether a check that was asked for failed. */
  readonly fatal: boolean;
}

/**
 * What is to be said of the names found, before any is opened. An alternative with wildcards that matches nothing is
 * worth no word as long as another one matches; which check is asked, is as keepalived 2.2.7 has it.
 */
export function complainAbout(pattern: string, found: GlobResult, checks: IncludeChecks): IncludeComplaint | undefined {
  if (found.names.length > 0) {
    if (found.missing.length === 0) return undefined;
    return { message: `Some config files missing: "${pattern}".`, fatal: checks.braceMatch };
  }
  if (found.missing.length === 0) {
    return { message: `No config files matched '${pattern}'.`, fatal: checks.wildcardMatch };
  }
  return { message: `Config files missing '${pattern}'.`, fatal: found.braces ? checks.braceMatch : checks.match };
}
