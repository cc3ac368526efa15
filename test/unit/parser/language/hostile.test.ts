// Text that means harm: everything ends in a snapshot, in bounded work, and never in an exception.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseBlock } from '../../../../parser/block-parser.js';
import { MAX_STATEMENTS } from '../../../../parser/blocks.js';
import { renderDiagnostics } from '../../../../parser/render-diagnostic.js';
import type { Snapshot } from '../../../../parser/snapshot.js';
import { EXPANSION_LIMITS } from '../../../../parser/text-builder.js';
import { readText } from './reading.js';

function whole(text: string): Snapshot {
  const snapshot = readText(text, { '/etc/lvs/x': 'in {\n}\n$A=z\n' });
  for (const block of snapshot.blocks) parseBlock(snapshot, block);
  renderDiagnostics(snapshot.diagnostics, snapshot);
  return snapshot;
}

test('property: random text never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => void whole(text)),
    { numRuns: 500 },
  );
});

test('property: random pieces of the language never throw', () => {
  const piece = fc.constantFrom(
    ...'\n{}"\'#!\\$ \t',
    '$A',
    '${A}',
    '${',
    '$A=',
    '$B=\\\n x \\\n $A\n',
    '~SEQ(i,1,3) ',
    '~SEQ(',
    '~LST({a,b},{x,y}) ',
    '@vm ',
    '@^',
    'include x\n',
    'include_check ',
    '${_RANDOM 1 2}',
    '${_ENV A}',
    'word',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void whole(pieces.join(''))),
    { numRuns: 2000 },
  );
});

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void whole(Buffer.from(bytes).toString('latin1'))),
    { numRuns: 300 },
  );
});

const TOO_LARGE: readonly (readonly [name: string, text: string])[] = [
  ['a loop of four thousand million turns', '~SEQ(i,1,4000000000) $X=1\n'],
  ['long lines in a long loop', `~SEQ(i,1,1000000) ${'x'.repeat(2000)}\n`],
  [
    'definitions of definitions of definitions',
    `$A=xxxxxxxxxx\n${[...'BCDEFGHIJ'].map((name, k) => `$${name}=${`\${${'ABCDEFGHI'[k]}}`.repeat(10)}\n`).join('')}foo \${J}\n`,
  ],
  [
    'the same, of nothing',
    `$A=\n${[...'BCDEFGHIJ'].map((name, k) => `$${name}=${`\${${'ABCDEFGHI'[k]}}`.repeat(10)}\n`).join('')}foo \${J}\n`,
  ],
];

for (const [name, text] of TOO_LARGE) {
  test(`${name}: a diagnostic, in bounded memory`, () => {
    const snapshot = readText(text);
    assert.ok(
      snapshot.diagnostics.some(
        ({ code, class: cls }) => code === 'LVSD_CONFIG_EXPANSION_TOO_LARGE' && cls === 'unusable',
      ),
    );
    assert.ok(snapshot.text.length < EXPANSION_LIMITS.characters * 1.1);
  });
}

test('a million braces, quotes or marks are read in time that grows with them', () => {
  for (const text of ['{', '}', '"\n', 'a{', '$', '${', '{@', '~', '#', '\\', '\0', '@', 'include '])
    whole(text.repeat(20_000));
});

test('a block of too many statements is told, and what is made of it is bounded', () => {
  const snapshot = readText(`a {\n${'b\n'.repeat(MAX_STATEMENTS + 5)}}\nc x\n`);
  assert.deepEqual(
    snapshot.diagnostics.map(({ code, class: cls }) => `${cls} ${code}`),
    ['unusable LVSD_CONFIG_BLOCK_TOO_LARGE'],
  );
  assert.ok((parseBlock(snapshot, snapshot.blocks[0]!)?.body?.length ?? 0) <= MAX_STATEMENTS);
  assert.equal(snapshot.blocks[1]?.keyword, 'c');
});
