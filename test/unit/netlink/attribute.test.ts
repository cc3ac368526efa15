/** Netlink attributes: written, read, and refused when they lie. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  AttributeWriter,
  forEachAttribute,
  NLA_F_NESTED,
  readBe16,
  readI32,
  readString,
  readU8,
  readU16,
  readU32,
  readU64,
} from '../../../netlink/attribute.js';

test('each kind of value is read back, padded to four, in the order of writing', () => {
  const bytes = new AttributeWriter(16)
    .u8(1, 255)
    .u16(2, 0x1234)
    .be16(3, 8080)
    .u32(4, 4294967295)
    .u64(5, 2n ** 64n - 1n)
    .string(6, 'wlc')
    .bytes(7, Buffer.from([1, 2, 3, 4, 5]))
    .take();
  assert.equal(bytes.length % 4, 0);
  const seen: unknown[] = [];
  const whole = forEachAttribute(bytes, 0, bytes.length, (type, start, end) => {
    if (type === 1) seen.push(readU8(bytes, start, end));
    if (type === 2) seen.push(readU16(bytes, start, end));
    if (type === 3) seen.push(readBe16(bytes, start, end));
    if (type === 4) seen.push(readU32(bytes, start, end), readI32(bytes, start, end));
    if (type === 5) seen.push(readU64(bytes, start, end));
    if (type === 6) seen.push(readString(bytes, start, end));
    if (type === 7) seen.push(bytes.toString('hex', start, end));
  });
  assert.ok(whole);
  assert.deepEqual(seen, [255, 0x1234, 8080, 4294967295, -1, 2n ** 64n - 1n, 'wlc', '0102030405']);
});

test('a nest carries its flag and the length of all that is in it', () => {
  const writer = new AttributeWriter(16);
  const outer = writer.beginNest(1);
  writer.u32(2, 7);
  const inner = writer.beginNest(3);
  writer.string(4, 'x');
  writer.endNest(inner).endNest(outer);
  const bytes = writer.take();
  assert.equal(bytes.readUInt16LE(0), bytes.length);
  assert.equal(bytes.readUInt16LE(2), NLA_F_NESTED | 1);
  const types: number[] = [];
  const walk = (start: number, end: number): void => {
    forEachAttribute(bytes, start, end, (type, from, to) => {
      types.push(type);
      if (type === 1 || type === 3) walk(from, to);
    });
  };
  walk(0, bytes.length);
  assert.deepEqual(types, [1, 2, 3, 4]);
});

test('a nest that is too long for its length field is an error, not a wrong length', () => {
  const writer = new AttributeWriter();
  const nest = writer.beginNest(1);
  for (let i = 0; i < 9000; i++) writer.u32(2, i);
  assert.throws(() => writer.endNest(nest), RangeError);
});

test('a walk over any bytes ends, visits only what lies inside, and says whether all was well', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (input) => {
      const bytes = Buffer.from(input);
      let covered = 0;
      const whole = forEachAttribute(bytes, 0, bytes.length, (_type, start, end) => {
        assert.ok(start <= end && end <= bytes.length);
        covered = end;
        readString(bytes, start, end);
        readU64(bytes, start, end);
      });
      if (whole && bytes.length >= 4) assert.ok(bytes.length - covered < 4);
    }),
    { numRuns: 500 },
  );
});

test('a value that is too short reads as undefined', () => {
  const bytes = Buffer.from([1]);
  assert.equal(readU8(bytes, 0, 0), undefined);
  assert.equal(readU16(bytes, 0, 1), undefined);
  assert.equal(readBe16(bytes, 0, 1), undefined);
  assert.equal(readU32(bytes, 0, 1), undefined);
  assert.equal(readI32(bytes, 0, 1), undefined);
  assert.equal(readU64(bytes, 0, 1), undefined);
});
