// Splitting into blocks: spans, hashes, what is said of braces, and reading again with the snapshot before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generateConfig } from '../../../../bench/generate-config.js';
import { BlockParser, parseBlock } from '../../../../parser/block-parser.js';
import type { BlockSpan } from '../../../../parser/snapshot.js';
import { readText, told, written } from './reading.js';

/** Made when it is asked for, so comparing spans does not compare it. */
const hashOf = ({ hash }: BlockSpan): string => hash;

test('the grammar passes chevrotain validations', () => {
  assert.doesNotThrow(() => new BlockParser(true));
});

test('spans cover keyword to closing brace; single lines are spans', () => {
  const text = '# c\nnet_namespace x # c\n\nglobal_defs\n{\n a\n}\nb { c } d e\n';
  const { blocks } = readText(text);
  assert.deepEqual(
    blocks.map(({ keyword, firstLine, lastLine }) => [keyword, firstLine, lastLine]),
    [
      ['net_namespace', 1, 1],
      ['global_defs', 3, 6],
      ['b', 7, 7],
      ['d', 7, 7],
    ],
  );
  assert.deepEqual(
    blocks.map(({ start, end }) => text.slice(start, end).trim()),
    ['net_namespace x', 'global_defs\n{\n a\n}', 'b { c }', 'd e'],
  );
});

test('the hash follows from the words of the block and their places in it, not from where it stands', () => {
  const hash = (text: string, index = 0, files = {}): string | undefined => readText(text, files).blocks[index]?.hash;
  assert.match(hash('a {\n b\n}') ?? '', /^[0-9a-f]{16}$/);
  assert.equal(hash('x\n\n\na {\n b\n}', 1), hash('a {\n b\n}'));
  assert.notEqual(hash('a {\n b\n}'), hash('a {\n c\n}'));
  assert.notEqual(hash('a {\n b\n}'), hash('a {\n\n b\n}'));
  const included = { '/etc/lvs/g': ' b\n' };
  assert.notEqual(hash('a {\n b\n}'), hash('a {\ninclude g\n}', 0, included));
  assert.equal(hash('a {\ninclude g\n}', 0, included), hash('\n\na {\ninclude g\n}', 0, included));
});

test('10,000 blocks that differ by one digit have 10,000 hashes', () => {
  const { blocks } = readText(generateConfig({ services: 10_000, serversPerService: 0 }));
  assert.equal(new Set(blocks.map(({ hash }) => hash)).size, 10_001);
  assert.equal(new Set(blocks.map(({ hash }) => hash.slice(0, 8))).size > 9_990, true);
});

test('braces that do not balance are told, and the rest is still read', () => {
  const extra = readText('a {\n}\n}\nb x');
  assert.deepEqual(told(extra), ["unusable 3:1 Extra '}' found"]);
  assert.deepEqual(written(extra, false), ['1 a {', '4 b|x']);
  const missing = readText('a {\n b {\n c\n}\nvirtual_server 10.0.0.1 80 {\n}\n');
  assert.deepEqual(told(missing), ["unusable 1:1 There are 1 missing '}'s or extra '{'s"]);
  assert.match(missing.diagnostics[0]?.suggestion ?? '', /'virtual_server' at line 5/);
  const nameless = readText('{\n a x\n}\nb { { c }\n d }\n');
  assert.deepEqual(told(nameless), ["assumed 1:1 Unexpected '{' - ignoring", "assumed 4:5 Unexpected '{' - ignoring"]);
  assert.deepEqual(written(nameless, false), ['2 a|x', '4 b {', '  4 c', '  5 d']);
});

test('nesting is bounded', () => {
  const snapshot = readText(`${'a {'.repeat(100_000)}`);
  assert.ok(snapshot.diagnostics.some(({ code }) => code === 'LVSD_CONFIG_TOO_DEEP'));
  assert.doesNotThrow(() => parseBlock(snapshot, snapshot.blocks[0]!));
});

test('reading again after one changed server gives what a fresh reading gives', () => {
  const before = generateConfig({ services: 200, serversPerService: 3 });
  const after = before.replace(
    'real_server 10.128.1.44 80 {\n        weight 1',
    'real_server 10.128.1.44 80 {\n\n        weight 22',
  );
  assert.notEqual(after, before);
  const first = readText(before);
  const again = readText(after, {}, {}, first);
  assert.deepEqual(again, readText(after));
  assert.deepEqual(again.blocks.map(hashOf), readText(after).blocks.map(hashOf));
  assert.equal(again.blocks.filter((block, k) => block.hash !== first.blocks[k]?.hash).length, 1);
  assert.equal(readText(before, {}, {}, first).blocks[5], first.blocks[5]);
});

test('property: reading with a snapshot before is reading', () => {
  const piece = fc.constantFrom(
    '\n',
    '\n',
    '{',
    '}',
    '"',
    '#',
    '!',
    '\\',
    'a',
    'b c',
    ' ',
    '\r\n',
    '\u00a0',
    'vs {\n x\n}\n',
    '$A=x',
    '@vm ',
    'include x',
  );
  const texts = fc.tuple(fc.array(piece, { maxLength: 40 }), fc.nat(40), fc.nat(4), fc.array(piece, { maxLength: 3 }));
  fc.assert(
    fc.property(texts, ([pieces, at, drop, more]) => {
      const text = pieces.join('');
      const changed = [...pieces.slice(0, at), ...more, ...pieces.slice(at + drop)].join('');
      const again = readText(changed, {}, {}, readText(text));
      assert.deepEqual(again, readText(changed));
      assert.deepEqual(again.blocks.map(hashOf), readText(changed).blocks.map(hashOf));
    }),
    { numRuns: 1000 },
  );
});
