// BFD packets: hex both ways, any bytes, each reject by its name.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { BFD_STATES, type BfdPacket, decodeBfd, diagnosticText, encodeBfd } from '../../../bfd/packet.js';
import { repoRoot } from '../../root.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const up: BfdPacket = {
  diagnostic: 0,
  state: 'up',
  poll: true,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 0x01020304,
  yourDiscriminator: 0xa0b0c0d0,
  desiredMinTx: 50_000,
  requiredMinRx: 50_000,
  requiredMinEchoRx: 0,
};

test('RFC 5880 section 4.1, hex both ways', () => {
  const wire = '20e0031801020304a0b0c0d00000c3500000c35000000000';
  assert.equal(hex(encodeBfd(up)), wire);
  const decoded = decodeBfd(Buffer.from(wire, 'hex'));
  assert.deepEqual(decoded.ok && decoded.packet, up);
  const down: BfdPacket = {
    ...up,
    diagnostic: 1,
    state: 'down',
    poll: false,
    final: true,
    controlPlaneIndependent: true,
    demand: true,
    yourDiscriminator: 0,
  };
  assert.equal(hex(encodeBfd(down)).slice(0, 8), '215a0318');
});

const anyPacket = fc
  .record({
    diagnostic: fc.integer({ min: 0, max: 31 }),
    state: fc.constantFrom(...BFD_STATES),
    flag: fc.constantFrom('poll', 'final', 'none'),
    controlPlaneIndependent: fc.boolean(),
    demand: fc.boolean(),
    detectMultiplier: fc.integer({ min: 1, max: 255 }),
    myDiscriminator: fc.integer({ min: 1, max: 0xffffffff }),
    yourDiscriminator: fc.integer({ min: 1, max: 0xffffffff }),
    desiredMinTx: fc.integer({ min: 0, max: 0xffffffff }),
    requiredMinRx: fc.integer({ min: 0, max: 0xffffffff }),
    requiredMinEchoRx: fc.integer({ min: 0, max: 0xffffffff }),
  })
  .map(({ flag, ...rest }): BfdPacket => ({ ...rest, poll: flag === 'poll', final: flag === 'final' }));

test('any packet, encoded and decoded, is what it was', () => {
  fc.assert(
    fc.property(anyPacket, (packet) => {
      const decoded = decodeBfd(encodeBfd(packet));
      assert.deepEqual(decoded.ok && decoded.packet, packet);
    }),
  );
});

test('any bytes: a packet or a named reject, never a throw; what is taken encodes to the same 24 bytes', () => {
  const near = fc.tuple(anyPacket, fc.nat(23), fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 8 }));
  const bytesOf = near.map(([packet, at, value, more]) => {
    const bytes = Buffer.concat([encodeBfd(packet), more]);
    bytes[at] = value;
    return Uint8Array.from(bytes);
  });
  fc.assert(
    fc.property(fc.oneof(bytesOf, fc.uint8Array({ maxLength: 60 })), (bytes) => {
      const decoded = decodeBfd(bytes);
      if (!decoded.ok) {
        assert.ok(decoded.detail !== '');
        return;
      }
      const again = encodeBfd(decoded.packet);
      again[3] = bytes[3] as number;
      assert.equal(hex(again), hex(bytes.subarray(0, 24)));
    }),
    { numRuns: 2000 },
  );
});

test('the corpus of packets that a decoder could stumble over: each is refused under its name', () => {
  const { packets } = JSON.parse(readFileSync(join(repoRoot, 'fixtures/bfd/hostile.json'), 'utf8')) as {
    packets: readonly { readonly name: string; readonly reject: string; readonly hex: string }[];
  };
  assert.ok(packets.length > 10);
  for (const { name, reject, hex: text } of packets) {
    const decoded = decodeBfd(Buffer.from(text, 'hex'));
    assert.equal(decoded.ok ? 'taken' : decoded.reject, reject, name);
  }
});

test('each rule of RFC 5880 section 6.8.6 by its own packet', () => {
  const changed = (at: number, value: number, from = up): Uint8Array => {
    const bytes = encodeBfd(from);
    bytes[at] = value;
    return bytes;
  };
  const withAuth = Buffer.concat([changed(1, 0xe4), Buffer.alloc(4)]);
  withAuth[3] = 28;
  const cases: readonly [string, Uint8Array][] = [
    ['short', new Uint8Array(23)],
    ['version', changed(0, 0x00)],
    ['version', changed(0, 0x40)],
    ['length', changed(3, 23)],
    ['length', changed(3, 25)],
    ['length', changed(1, 0xe4)],
    ['multiplier', changed(2, 0)],
    ['multipoint', changed(1, 0xe1)],
    ['my-discriminator', encodeBfd({ ...up, myDiscriminator: 0 })],
    ['your-discriminator', encodeBfd({ ...up, yourDiscriminator: 0 })],
    ['your-discriminator', encodeBfd({ ...up, state: 'init', yourDiscriminator: 0 })],
    ['authentication', withAuth],
    ['poll-and-final', encodeBfd({ ...up, final: true })],
  ];
  for (const [reject, bytes] of cases) {
    const decoded = decodeBfd(bytes);
    assert.equal(decoded.ok ? 'taken' : decoded.reject, reject, hex(bytes));
  }
  assert.equal(decodeBfd(encodeBfd({ ...up, state: 'down', yourDiscriminator: 0 })).ok, true);
  assert.equal(diagnosticText(3), 'Neighbor Signaled Session Down');
  assert.equal(diagnosticText(30), 'Diagnostic 30');
});
