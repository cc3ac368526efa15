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
 * `include_check [+|-]WORD ...`: without a sign the words are the whole set, with one they change it, without words
 * everything is checked. Unknown words are left to the schema to complain about.
 */
export function readIncludeCheck(text: string, before: IncludeChecks): IncludeChecks | undefined {
  const words = text.trim().split(/\s+/);
  if (words[0] !== 'include_check') return undefined;
  if (words.length === 1) return ALL_CHECKS;
  let checks: IncludeChecks = words.slice(1).some((word) => !/^[+-]/.test(word)) ? NO_CHECKS : before;
  for (const word of words.slice(1)) {
    const key = CHECK_WORDS[word.replace(/^[+-]/, '')];
    if (key !== undefined) checks = { ...checks, [key]: !word.startsWith('-') };
  }
  return checks;
}

export interface IncludeComplaint {
  /** keepalived's words. */
  readonly message: string;
  /** Whether a check that was asked for failed. */
  readonly fatal: boolean;
}

/** What is to be said of the names found, before any is opened. */
export function complainAbout(pattern: string, found: GlobResult, checks: IncludeChecks): IncludeComplaint | undefined {
  if (found.unmatched.length === 0) return undefined;
  if (found.braces && found.names.length > 0) {
    return { message: `Some config files missing: "${pattern}".`, fatal: checks.braceMatch };
  }
  if (found.wildcards) return { message: `No config files matched '${pattern}'.`, fatal: checks.wildcardMatch };
  return { message: `Config files missing '${pattern}'.`, fatal: checks.match || (found.braces && checks.braceMatch) };
}
