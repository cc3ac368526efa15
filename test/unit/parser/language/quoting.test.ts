// The second reading of lines that name programs. The cases are those that keepalived 2.2.7 was asked with files whose
// names hold blanks, quotes and backslashes: found there means found by the same words here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCommand, readQuoted } from '../../../../parser/quoting.js';

const program = (written: string): readonly string[] | undefined => {
  const { words } = readQuoted(`script ${written}`);
  return words[1] === undefined ? undefined : readCommand(words[1].text);
};

const CASES: readonly (readonly [string, readonly string[] | undefined])[] = [
  ['/s/plain', ['/s/plain']],
  ['"/s/plain arg"', ['/s/plain', 'arg']],
  ['"/s/a b"', ['/s/a', 'b']],
  ['"\'/s/a b\' c"', ['/s/a b', 'c']],
  ["'/s/a b'", ['/s/a', 'b']],
  ['/s/a\\ b', ['/s/a', 'b']],
  ['"/s/a\\\\ b"', ['/s/a b']],
  ['/s/\\x41\\061', ['/s/A1']],
  ["'/s/\\x41\\061'", ['/s/A1']],
  ['"\'/s/\\\\x41\'"', ['/s/A']],
  ['/s/pl"ai"n', ['/s/plain']],
  ["/s/pl'ai'n", ['/s/plain']],
  ['"/s/back\\\\\\\\slash"', ['/s/back\\slash']],
  ['"/s/back\\\\slash"', ['/s/backslash']],
  ['"/s/pla\\in"', ['/s/plain']],
  ['"/s/\\x"', ['/s/x']],
  ['"  /s/plain  "', ['/s/plain']],
  ["/s/q\\'q", undefined],
  ['"/s/q\\\\\'q"', ["/s/q'q"]],
  ['"/s/\\a\\b\\E\\f\\n\\cA"', ['/s/\x07\b\x1b', '\x01']],
];

for (const [written, expected] of CASES) test(written, () => assert.deepEqual(program(written), expected));

test('user and group follow the command, with their columns', () => {
  const { words, unterminated } = readQuoted('notify "/s/x y" nobody nogroup', 5);
  assert.deepEqual(
    words.map(({ text, quoted, column }) => [text, quoted, column]),
    [
      ['notify', false, 5],
      ['/s/x y', true, 12],
      ['nobody', false, 21],
      ['nogroup', false, 28],
    ],
  );
  assert.equal(unterminated, undefined);
});

test('a quote that never ends is named', () => {
  assert.equal(readQuoted('a "b').unterminated, '"');
  assert.equal(readQuoted('a \'b "').unterminated, "'");
  assert.deepEqual(
    readQuoted('a "').words.map(({ text }) => text),
    ['a'],
  );
  assert.deepEqual(
    readQuoted('a "" b').words.map(({ text }) => text),
    ['a', '', 'b'],
  );
});

test('property: any text is read, and no argument holds a NUL', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...' \t"\'\\abx0179cE') }), (text) => {
      for (const word of readCommand(text) ?? []) assert.ok(!word.includes('\0'));
    }),
  );
});

test('property: a command in single quotes inside double quotes keeps its arguments', () => {
  const argument = fc.string({ unit: fc.constantFrom('a', ' ', '{', '#', '$'), minLength: 1 });
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1 }), (argv) => {
      assert.deepEqual(program(`"${argv.map((text) => `'${text}'`).join(' ')}"`), argv);
    }),
  );
});

test('a NUL byte is a space, in quotes and behind a backslash too', () => {
  assert.deepEqual(
    readQuoted('a\0b "c\0d" e\\\0f').words.map(({ text }) => text),
    ['a', 'b', 'c d', 'e f'],
  );
});
