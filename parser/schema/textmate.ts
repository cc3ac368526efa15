/**
 * A TextMate grammar of keepalived.conf, for editors that colour by one: docs/editor/keepalived.tmLanguage.json.
 *
 * A keyword has its colour only in the block that knows it, so a right word in a wrong place is seen at once. Regular
 * expressions are of the part that Oniguruma and JavaScript have in common; a test runs them.
 */
import { type AnyBlock, allBlocks } from './index.js';
import type { Json } from './json-document.js';

const SCOPE = 'keepalived';

/** A word begins a line, or stands behind a brace, a blank, or the bracket of a loop. */
const BEFORE = '(?<![^\\s{})])';
const BEHIND = '(?=[\\s{}#!]|$)';

interface Rule {
  readonly [key: string]: Json | undefined;
}

const include = (name: string): Rule => ({ include: `#${name}` });
const named = (name: string): Rule => ({ name: `${name}.${SCOPE}` });
const escaped = (word: string): string => word.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&');
const words = (list: readonly string[]): string => `${BEFORE}(${list.map(escaped).join('|')})${BEHIND}`;
const ruleOf = (block: AnyBlock): string => `block-${block.name.replace(/[^A-Za-z0-9]/g, '-')}`;

/** Longer words first: an alternative must not end in the middle of another. */
const longestFirst = (list: readonly string[]): string[] =>
  [...list].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));

/** What may stand anywhere. */
const EVERYWHERE: readonly Rule[] = [
  include('comment'),
  include('condition'),
  include('loop'),
  include('definition'),
  include('include'),
];
const VALUES: readonly Rule[] = [
  include('string'),
  include('escape'),
  include('use'),
  include('address'),
  include('number'),
  include('constant'),
];

function blockRules(block: AnyBlock, known: ReadonlySet<string>): Rule[] {
  const rules: Rule[] = [];
  const plain: string[] = [];
  const old: string[] = [];
  for (const keyword of block.keywords) {
    const names = [
      keyword.name,
      ...(keyword.aliases ?? []).filter((each) => each.deprecated === undefined).map((each) => each.name),
    ];
    const outdated = (keyword.aliases ?? []).filter((each) => each.deprecated !== undefined).map((each) => each.name);
    if (keyword.opens === undefined) {
      plain.push(...names);
      old.push(...outdated);
    } else {
      rules.push(opening(names, keyword.opens, known));
      if (outdated.length > 0) rules.push(opening(outdated, keyword.opens, known, 'invalid.deprecated'));
    }
  }
  if (old.length > 0) rules.push({ name: `invalid.deprecated.${SCOPE}`, match: words(longestFirst(old)) });
  if (plain.length > 0) rules.push({ name: `keyword.other.${SCOPE}`, match: words(longestFirst(plain)) });
  return rules;
}

/** A keyword with its block: from the keyword to behind the closing brace, wherever the opening one stands. */
function opening(
  names: readonly string[],
  opens: string,
  known: ReadonlySet<string>,
  scope = 'entity.name.type',
): Rule {
  const rule = `block-${opens.replace(/[^A-Za-z0-9]/g, '-')}`;
  return {
    name: `meta.block.${opens.replace(/[^A-Za-z0-9]+/g, '-')}.${SCOPE}`,
    begin: words(longestFirst(names)),
    beginCaptures: { 1: named(scope) },
    end: '(?<=\\})',
    patterns: [
      include('comment'),
      {
        begin: '\\{',
        beginCaptures: { 0: named('punctuation.section.block.begin') },
        end: '\\}',
        endCaptures: { 0: named('punctuation.section.block.end') },
        patterns: known.has(opens) ? [include(rule)] : [...EVERYWHERE, include('braces'), ...VALUES],
      },
      ...VALUES,
    ],
  };
}

export function textMateGrammar(): Json {
  const known = new Set(allBlocks.map((block) => block.name));
  const repository: Record<string, Json> = {
    comment: { name: `comment.line.${SCOPE}`, match: '[#!].*$' },
    escape: { name: `constant.character.escape.${SCOPE}`, match: '\\\\.' },
    string: {
      name: `string.quoted.double.${SCOPE}`,
      begin: '"',
      end: '"|$',
      patterns: [include('escape'), include('use')],
    },
    condition: {
      match: '^\\s*(@\\^?)([^\\s]*)',
      captures: { 1: named('keyword.control.conditional'), 2: named('entity.name.tag') },
    },
    definition: {
      match: '^\\s*(\\$)([A-Za-z_][A-Za-z0-9_]*)(=)',
      captures: {
        1: named('punctuation.definition.variable'),
        2: named('variable.other.definition'),
        3: named('keyword.operator.assignment'),
      },
    },
    use: {
      name: `variable.other.${SCOPE}`,
      match: '\\$\\{[^}]*\\}|\\$[A-Za-z_][A-Za-z0-9_]*(?=[\\s,)]|$)',
    },
    loop: {
      match: '(~(?:SEQx?|LST))\\s*(\\([^)]*\\))',
      captures: { 1: named('keyword.control.loop'), 2: named('variable.parameter') },
    },
    include: {
      match: `${BEFORE}(include[rmwba]?)\\s+([^#!\\s][^#!]*)`,
      captures: { 1: named('keyword.control.include'), 2: named('string.unquoted') },
    },
    address: {
      name: `constant.numeric.address.${SCOPE}`,
      match:
        '(?<![\\w.:])(?:\\d{1,3}(?:\\.\\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*)(?:[/-][0-9A-Fa-f:.]+)?(?![\\w.:])',
    },
    number: { name: `constant.numeric.${SCOPE}`, match: '(?<![\\w.])-?(?:0x[0-9A-Fa-f]+|\\d+(?:\\.\\d+)?)(?![\\w.])' },
    constant: { name: `constant.language.${SCOPE}`, match: words(longestFirst(choices())) },
    braces: { begin: '\\{', end: '\\}', patterns: [...EVERYWHERE, include('braces'), ...VALUES] },
  };
  for (const block of allBlocks) {
    repository[ruleOf(block)] = {
      patterns: [...EVERYWHERE, ...blockRules(block, known), include('braces'), ...VALUES],
    };
  }
  const top = allBlocks[0];
  return {
    name: 'keepalived configuration',
    scopeName: `source.${SCOPE}`,
    fileTypes: ['keepalived.conf', 'lvsd.conf'],
    patterns: top === undefined ? [] : [include(ruleOf(top))],
    repository,
  };
}

/** The words that arguments are chosen from, and booleans. */
function choices(): string[] {
  const found = new Set(['true', 'false', 'on', 'off', 'yes', 'no']);
  for (const block of allBlocks) {
    for (const keyword of block.keywords) {
      for (const { type } of keyword.arguments)
        if (type.kind === 'choice') for (const word of type.words) found.add(word);
    }
  }
  return [...found].filter((word) => /^\S+$/.test(word));
}
