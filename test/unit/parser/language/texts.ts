/**
 * Random texts of keepalived's language, for properties: conditions, definitions, loops, quotes, braces, built-ins.
 *
 * Their words are unknown to every block, so what reading made of a text can be told by its words alone; keepalived
 * names them too (test/netns/keepalived-peer.ts). Left out is what keepalived 2.2.7 gets wrong and lvsd does otherwise on
 * purpose (docs/differences.md, "The file"): `\#`, `\!` and `\"` behind a condition or loop, `${NAME}` of nothing or of
 * several lines, a loop or condition at the head of a definition of several lines, an include inside one, a loop behind
 * a brace.
 */
import fc from 'fast-check';

const ONE_LINE = ['A', 'B', 'C'] as const;
const SEVERAL = ['M', 'N'] as const;

/** A use of a definition of one line, in the forms that count and in some that do not. */
const use = fc
  .tuple(fc.constantFrom(...ONE_LINE, 'i', 'j'), fc.nat({ max: 8 }))
  .map(
    ([name, form]) =>
      [
        `$${name}`,
        `\${${name}}`,
        `x\${${name}}y`,
        `$${name},`,
        `$${name})`,
        `"$${name} "`,
        `"\${${name}}q"`,
        `$${name}.z`,
        `w$${name}`,
      ][form]!,
  );

const word = fc.oneof(
  fc.constantFrom(
    ...['w', 'foo', 'a"b c"d', '"q r"', '"#x"', "'s", 'x=y', 'a,b', '1', 'z)', 'incl', 'p@q', '"@q"', 'a\\b', 'a\\\\b'],
    ...['${_INSTANCE}', '${_HASH}h', 'a${_BANG}', '"${_HASH}"', '"\u00e9"', '\u00fc', '-', '.', '/x'],
  ),
  use,
);

const value = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' '));
/** Without white space between them a bare `$NAME` would not end. */
const glued = fc
  .array(word, { minLength: 1, maxLength: 3 })
  .map((words) => words.map((text) => text.replace(/^w?\$[ABCij](?:\.z)?$/, 'v')).join(''));
const tail = fc.constantFrom('', '', '', ' # c', '! c', '  ', '\t', '\r', ' #"', ' # {');
const condition = fc.constantFrom('', '', '', '@vm ', '@^vm ', '@a ', '@^a ', ' @^a\t');
const loop = fc.constantFrom(
  ...['', '', '', '~SEQ(i,2) ', '~SEQ(i, 1, 3) ', '~SEQ(j,3,-1,1) ', '~SEQx(i,9,11) ', '~LST(i,a,b) ', '~SEQ(i,-2)'],
  ...['~LST({i,j},{1,2},{3}) ', '~SEQ(i,1,2) ~SEQ(j,1,2) ', '~LST(i,p,q) ~SEQ(j,2) ', '~LST(j, , b)', '~SEQ(i,0x8,9) '],
  ...[
    '~SEQ ( i , 1 , 2 ) ',
    '~LST( { i , j } , { 1 , 2 } , { 3 } )',
    '~SEQ(i,$S) ',
    '~SEQ(i,2,4,7) ',
    '~SEQ(j,010,011) ',
  ],
);

const words = fc.oneof(value, glued);
/** A line without a comment, so that another may stand behind it. */
const bareLine = fc.tuple(condition, loop, words).map((parts) => parts.join(''));
const fullLine = fc.oneof(
  { arbitrary: fc.tuple(bareLine, tail).map((parts) => parts.join('')), weight: 6 },
  { arbitrary: fc.constantFrom('@^a @^b w', '@^a @b x y', '@a @^b z'), weight: 1 },
);
/** Inside a definition and behind a brace a backslash at the end would go on. */
const innerLine = bareLine.map((text) => `${text}.`);
const severalUse = fc
  .tuple(condition, fc.constantFrom('', '~SEQ(i,2) ', 'w '), fc.constantFrom(...SEVERAL))
  .map(([before, turns, name]) => `${before}${turns}$${name}`);
const definition = fc
  .tuple(fc.constantFrom('', '', '@^a ', '@a '), fc.constantFrom(...ONE_LINE), fc.oneof(fc.constant(''), words))
  .map(([before, name, text]) => `${before}$${name}=${text}`);
const severalLines = fc
  .tuple(
    fc.constantFrom(...SEVERAL),
    fc.oneof(fc.constant(''), value),
    value,
    fc.array(innerLine, { maxLength: 2 }),
    fc.constantFrom(' \\\n', '\\\n', ' \\ # c\n', '\\\r\n'),
  )
  .map(([name, first, second, more, end]) => `$${name}=${[first, ` ${second}`, ...more].join(end)}`);
const block = fc
  .tuple(
    fc.constantFrom('blk {\n', 'blk\n{\n', 'blk { w x\n', 'blk{v\n', '"b k" {# c\n', 'blk { $A\n'),
    fc.array(innerLine, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('\n}', ' }', '\n} ', '}', '\n} w y'),
  )
  .map(([open, lines, close]) => `${open}${lines.join('\n')}${close}`);

const line = fc.oneof(
  { arbitrary: fullLine, weight: 4 },
  { arbitrary: definition, weight: 2 },
  { arbitrary: severalLines, weight: 1 },
  { arbitrary: severalUse, weight: 1 },
  { arbitrary: block, weight: 2 },
);

/** Whole files; every name that they use is defined at their beginning. */
export const languageText: fc.Arbitrary<string> = fc
  .array(line, { minLength: 1, maxLength: 7 })
  .map((lines) => `$S=3\n$A=3\n$B=b c\n$C="c "\n$i=I\n$j=J\n$M=\\\n m1\\\n m2\n$N=n1 \\\n n2 x\n${lines.join('\n')}\n`);
