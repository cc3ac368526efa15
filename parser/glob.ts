/**
 * File names by pattern, as glob(3) with braces finds them (keepalived.md 5.2): `{a,b}`, `*`, `?`, `[a-z]`, `\`.
 *
 * Names come in the order of the brace alternatives, sorted within each, relative as the pattern was. A leading dot is
 * matched only by a dot. The work is bounded: a pattern that names a whole file system stops and says so.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Names, alternatives and folders looked at, each at most this many. */
export const GLOB_LIMIT = 10_000;

export interface GlobResult {
  readonly names: readonly string[];
  readonly wildcards: boolean;
  readonly braces: boolean;
  /** Alternatives without wildcards of which no file is there; the only one where there are no braces. */
  readonly missing: readonly string[];
  /** True if the bound was met and names may be missing. */
  readonly cut: boolean;
}

/** @param directory where relative names start */
export function findFiles(pattern: string, directory: string, exists = existsAt): GlobResult {
  const alternatives = expandBraces(pattern);
  const names: string[] = [];
  const missing: string[] = [];
  const budget = { folders: GLOB_LIMIT };
  let wildcards = false;
  for (const alternative of alternatives) {
    const wild = hasWildcard(alternative);
    wildcards ||= wild;
    const plain = withoutEscapes(alternative);
    const found = wild ? walk(alternative, directory, budget) : exists(under(directory, plain)) ? [plain] : [];
    if (found.length === 0 && !wild) missing.push(alternative);
    for (const name of found) if (names.length < GLOB_LIMIT) names.push(name);
  }
  const cut = names.length >= GLOB_LIMIT || alternatives.length >= GLOB_LIMIT || budget.folders <= 0;
  return { names, wildcards, braces: alternatives.length > 1, missing, cut };
}

const under = (directory: string, name: string): string => (name.startsWith('/') ? name : join(directory, name));
const hasWildcard = (text: string): boolean => /(?:^|[^\\])(?:\\\\)*[*?[]/.test(text);
const withoutEscapes = (text: string): string => text.replace(/\\(.)/g, '$1');

function existsAt(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A loop of links, a folder that may not be searched: it is there, and opening it says what is wrong with it.
    return true;
  }
}

/** `a{b,c{d,e}}` as `ab`, `acd`, `ace`; braces without a partner are text. */
export function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open: string[] = [pattern];
  while (open.length > 0 && done.length + open.length < GLOB_LIMIT) {
    const text = open.pop()!;
    const group = firstGroup(text);
    if (group === undefined) done.push(text);
    else {
      const before = text.slice(0, group.start);
      const after = text.slice(group.end);
      for (const choice of group.choices.reverse()) open.push(before + choice + after);
    }
  }
  return done;
}

function firstGroup(text: string): { start: number; end: number; choices: string[] } | undefined {
  for (let start = text.indexOf('{'); start >= 0; start = text.indexOf('{', start + 1)) {
    if (text[start - 1] === '\\') continue;
    const choices: string[] = [];
    let depth = 0;
    let from = start + 1;
    for (let i = start; i < text.length; i++) {
      const c = text[i];
      if (c === '\\') i++;
      else if (c === '{') depth++;
      else if (c === ',' && depth === 1) {
        choices.push(text.slice(from, i));
        from = i + 1;
      } else if (c === '}' && --depth === 0) {
        choices.push(text.slice(from, i));
        return { start, end: i + 1, choices };
      }
    }
  }
  return undefined;
}

function walk(pattern: string, directory: string, budget: { folders: number }): string[] {
  const absolute = pattern.startsWith('/');
  const parts = pattern.split('/').filter((part) => part !== '');
  let prefixes = [absolute ? '/' : ''];
  parts.forEach((part, index) => {
    const last = index === parts.length - 1;
    const next: string[] = [];
    for (const prefix of prefixes) {
      if (!hasWildcard(part)) {
        const name = prefix + withoutEscapes(part);
        if (existsAt(under(directory, name))) next.push(last ? name : `${name}/`);
        continue;
      }
      if (budget.folders-- <= 0) break;
      for (const entry of entriesOf(under(directory, prefix === '' ? '.' : prefix))) {
        if (next.length >= GLOB_LIMIT) break;
        if (matches(part, entry)) next.push(last ? prefix + entry : `${prefix}${entry}/`);
      }
    }
    prefixes = next;
  });
  return prefixes.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** fnmatch(3) of one path component; linear backtracking to the last star only, so no pattern is slow. */
export function matches(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  let p = 0;
  let n = 0;
  let starP = -1;
  let starN = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      starP = p++;
      starN = n;
      continue;
    }
    const used = p < pattern.length ? matchOne(pattern, p, name[n]!) : 0;
    if (used > 0) {
      p += used;
      n++;
    } else if (starP >= 0) {
      p = starP + 1;
      n = ++starN;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** How many characters of the pattern match this one character; 0 if they do not. */
function matchOne(pattern: string, p: number, c: string): number {
  const token = pattern[p]!;
  if (token === '?') return 1;
  if (token === '\\' && p + 1 < pattern.length) return pattern[p + 1] === c ? 2 : 0;
  if (token !== '[') return token === c ? 1 : 0;
  const negated = pattern[p + 1] === '!' || pattern[p + 1] === '^';
  let i = p + (negated ? 2 : 1);
  let hit = false;
  for (let first = true; i < pattern.length && (first || pattern[i] !== ']'); first = false) {
    const from = pattern[i]!;
    if (pattern[i + 1] === '-' && i + 2 < pattern.length && pattern[i + 2] !== ']') {
      if (from <= c && c <= pattern[i + 2]!) hit = true;
      i += 3;
    } else {
      if (from === c) hit = true;
      i++;
    }
  }
  if (i >= pattern.length) return token === c ? 1 : 0;
  return hit !== negated ? i - p + 1 : 0;
}
