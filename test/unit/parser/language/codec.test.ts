// Snapshots as bytes: what goes in comes out, and anything else is a named refusal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeSnapshot, encodeSnapshot } from '../../../../parser/snapshot.js';
import { isLvsdError } from '../../../../runtime/errors.js';
import { readText } from './reading.js';

const piece = fc.constantFrom(
  '\n',
  '{',
  '}',
  '"',
  '#',
  'a',
  'b c',
  ' ',
  'é\u4e2d\ud83d\ude00',
  '\0',
  '$A=x y\n',
  '$A',
  '~SEQ(i,1,3) x$i\n',
  '@no ',
  'include g\n',
  'include h\n',
);
const files = { '/etc/lvs/g': 'in {\n' };

test('property: decode(encode(s)) is s', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const snapshot = readText(pieces.join(''), files);
      const decoded = decodeSnapshot(encodeSnapshot(snapshot));
      assert.deepEqual(decoded, snapshot);
      assert.deepEqual(
        decoded.blocks.map(({ hash }) => hash),
        snapshot.blocks.map(({ hash }) => hash),
      );
    }),
    { numRuns: 500 },
  );
});

test('it does not matter where in a larger memory the bytes lie', () => {
  const snapshot = readText('a {\n b é\n}\n');
  const bytes = encodeSnapshot(snapshot);
  for (const shift of [1, 2, 3]) {
    const memory = new Uint8Array(bytes.length + 8);
    memory.set(bytes, shift);
    assert.deepEqual(decodeSnapshot(memory.subarray(shift, shift + bytes.length)), snapshot);
  }
});

function decodesOrRefuses(bytes: Uint8Array): void {
  try {
    decodeSnapshot(bytes);
  } catch (error) {
    assert.ok(isLvsdError(error) && error.code === 'LVSD_SNAPSHOT_CORRUPT', String(error));
  }
}

test('property: any bytes decode or are refused by name', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), decodesOrRefuses));
});

test('property: a damaged or cut snapshot decodes or is refused by name', () => {
  const good = encodeSnapshot(readText('$A=x\na {\n b $A é\n}\ninclude nope\nc {\n'));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, length) => {
      const damaged = Uint8Array.from(good);
      damaged[at] = value;
      decodesOrRefuses(damaged);
      decodesOrRefuses(damaged.subarray(0, length));
    }),
    { numRuns: 1000 },
  );
  assert.throws(() => decodeSnapshot(good.subarray(0, good.length - 4)), { code: 'LVSD_SNAPSHOT_CORRUPT' });
});
