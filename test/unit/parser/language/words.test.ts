// Lexical rules (keepalived.md 5.1). Where a line says "seen", the words are those that keepalived 2.2.7 names in its
// messages for the same text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBlock } from '../../../../parser/block-parser.js';
import { lines, readText, told, written } from './reading.js';

const CASES: readonly (readonly [name: string, text: string, expected: readonly string[]])[] = [
  ['comments end a word anywhere (seen)', 'a#b\na!b\n# c\n! d\n  x # y', ['1 a', '2 a', '5 x']],
  ['a backslash keeps a comment character (seen)', 'a\\#b\na\\!b', ['1 a#b', '2 a!b']],
  ['a backslash before a backslash does not (seen)', 'a\\\\#b', ['1 a\\\\']],
  ['quotes hide comments and braces (seen)', '"a#b" d\nx2"{" y', ['1 "a#b"|d', '2 x2|"{"|y']],
  ['a quote starts and ends a word (seen)', 'a"b c"d\n"a"b c', ['1 a|"b c"|d', '2 "a"|b|c']],
  ['an empty quoted word is a word (seen)', '"" x', ['1 ""|x']],
  ['a single quote is a letter (seen)', "'a b'\n''", ["1 'a|b'", "2 ''"]],
  ['other backslashes are letters (seen)', 'a\\ b\na\\b\na\\\\b', ['1 a\\|b', '2 a\\b', '3 a\\\\b']],
  [
    'white space of all kinds (seen)',
    ' crlf\r\n\tmid\rx y\r\n \fff x\n \vvt x',
    ['1 crlf', '2 mid|x|y', '3 ff|x', '4 vt|x'],
  ],
  ['no continuation of lines outside definitions (seen)', 'foo \\\n cont', ['1 foo|\\', '2 cont']],
  ['a word of UTF-8 stays whole', 'router é\u4e2d\ud83d\ude00 x', ['1 router|é\u4e2d\ud83d\ude00|x']],
];

for (const [name, text, expected] of CASES) test(name, () => assert.deepEqual(lines(text), expected));

test('braces open and close wherever they stand outside quotes (seen)', () => {
  assert.deepEqual(lines('foo{bar\nbaz} q\nx1\\{ y\n}'), ['1 foo {', '  1 bar', '  2 baz', '2 q', '3 x1\\ {', '  3 y']);
  assert.deepEqual(lines('track { eth0 eth1 }'), ['1 track {', '  1 eth0|eth1']);
  assert.deepEqual(lines('a\n\n# c\n{\nb\n}'), ['1 a {', '  5 b']);
  assert.deepEqual(lines('a # {\n{ b { c } d }'), ['1 a {', '  2 b {', '    2 c', '  2 d']);
});

test('columns are those of the words, tabs count one', () => {
  const [span] = readText('\ta  "b c" {\n  d e\n}').blocks;
  const statement = parseBlock(readText('\ta  "b c" {\n  d e\n}'), span!);
  assert.deepEqual(
    statement?.words.map((word) => word.column),
    [2, 5],
  );
  assert.deepEqual(
    statement?.body?.[0]?.words.map((word) => word.column),
    [3, 5],
  );
});

test('raw is the line from its first word on, without comment and brace', () => {
  const snapshot = readText('notify  \'/bin/a  "b"\'  root   # why\nfoo {\n  x \\# y\n}');
  const [first, second] = snapshot.blocks.map((block) => parseBlock(snapshot, block));
  assert.equal(first?.raw, 'notify  \'/bin/a  "b"\'  root');
  assert.equal(second?.raw, 'foo');
  assert.equal(second?.body?.[0]?.raw, 'x \\# y');
});

test('a quote that never ends drops its word and is told (seen)', () => {
  const snapshot = readText('"x6 {\nfoo "bar\nok y');
  assert.deepEqual(written(snapshot, false), ['2 foo', '3 ok|y']);
  assert.deepEqual(told(snapshot), [
    `assumed 1:1 Unterminated quote '"x6 {'`,
    `assumed 2:5 Unterminated quote 'foo "bar'`,
  ]);
});

test('lines of any length are read whole', () => {
  const long = 'L'.repeat(5000);
  assert.deepEqual(lines(`${long} x\n${' '.repeat(2000)}y`), [`1 ${long}|x`, '2 y']);
});

test('odd characters are told, spaces among them are spaces, comments are left alone', () => {
  const snapshot = readText('a\u00a0b\n\ufeffc\n# \u00a0\nname \u201cx\u201d\nnul\0z');
  assert.deepEqual(written(snapshot, false), ['1 a|b', '2 c', '4 name|\u201cx\u201d', '5 nul|z']);
  assert.deepEqual(
    snapshot.diagnostics.map(({ at, class: cls }) => `${cls} ${at?.line}:${at?.column}`),
    ['assumed 1:2', 'assumed 2:1', 'note 4:6', 'note 4:8', 'assumed 5:4'],
  );
});

test('dashes, other spaces and what cannot be seen are letters as with keepalived, and told', () => {
  const snapshot = readText('range 10.0.0.1\u201310\nwide\u3000word\nturned\u202eword\n');
  assert.deepEqual(written(snapshot, false), ['1 range|10.0.0.1\u201310', '2 wide\u3000word', '3 turned\u202eword']);
  assert.deepEqual(told(snapshot), [
    'note 1:15 The line contains a dash \u2013 that is no hyphen',
    'note 2:5 The line contains a space that is none of the ordinary ones',
    'note 3:7 The line contains a character that cannot be seen (U+202E)',
  ]);
});

test('the curly quotes of Windows are known in a file that is not UTF-8', () => {
  const readFile = (): Uint8Array => Buffer.from('name \x93x\x94 \xe9\n', 'latin1');
  const snapshot = readText('', {}, { readFile });
  assert.deepEqual(told(snapshot), [
    'note 1:6 The line contains a curly quote',
    'note 1:8 The line contains a curly quote',
  ]);
});
