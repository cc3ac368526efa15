// Packets: vectors both ways, what keepalived 2.2.7 put on the wire (fixtures/vrrp), any bytes, and each reject by name.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AddressFamily, type IpAddress, readAddress } from '../../../runtime/addresses.js';
import { addWords, foldChecksum, ipv6PseudoHeader } from '../../../vrrp/checksum.js';
import { type AdvertView, addressesOf, decodeAdvert, intervalOf } from '../../../vrrp/packet.js';
import { advertLength, encodeAdvert } from '../../../vrrp/packet-encode.js';
import { repoRoot } from '../../root.js';
import { addresses, checked, form, hex, ip, moment, packet, policyOf } from './packets.js';

test('version 2, IPv4: RFC 3768 section 5, hex both ways', () => {
  const made = form({ version: 2, interval: 1, addresses: addresses('10.0.0.1', '10.0.0.2') });
  const bytes = encodeAdvert(made, moment({ priority: 100, identification: 1 }));
  const expected =
    '45c0002c00010000ff7000000a000005e0000012' + // IP header, checksum left to the kernel
    '21336402' + // version 2, type 1, VRID 51, priority 100, two addresses
    '0001' + // no authentication, 1 second
    '66c6' + // checksum
    '0a0000010a000002' + // addresses
    '0000000000000000'; // authentication data
  assert.equal(hex(bytes), expected);
  const view = decoded(packet(bytes));
  assert.deepEqual(
    [view.version, view.vrid, view.priority, intervalOf(view), addressesOf(view), view.ttl, view.source],
    [2, 51, 100, 1000, ['10.0.0.1', '10.0.0.2'], 255, '10.0.0.5'],
  );
});

test('version 3, IPv4 and IPv6: RFC 9568 section 5, hex both ways', () => {
  const four = form({ version: 3, interval: 100, addresses: addresses('192.0.2.100'), source: '198.51.100.10' });
  const bytes = encodeAdvert(four, moment({ priority: 200, checksum: 'message-only' }));
  // The message of the auth_hmac draft's appendix, whose checksum has no pseudo header.
  assert.equal(hex(bytes.subarray(20)), '3133c80100644402c0000264');
  const six = form({
    family: 'inet6',
    version: 3,
    interval: 4095,
    addresses: addresses('fe80::100'),
    source: 'fe80::1',
  });
  const bytes6 = encodeAdvert(six, moment({ priority: 255, destination: ip('ff02::12') }));
  assert.equal(hex(bytes6), '3133ff010fff0000fe800000000000000000000000000100');
  const view = decoded(packet(bytes6, { family: 'inet6', source: ip('fe80::1'), destination: ip('ff02::12') }));
  assert.deepEqual([view.priority, intervalOf(view), addressesOf(view)], [255, 40_950, ['fe80::100']]);
});

interface Capture {
  readonly version: string;
  readonly cases: readonly {
    readonly name: string;
    readonly configuration: string;
    readonly frames: readonly { readonly kind: string; readonly at: number; readonly hex: string }[];
  }[];
}
const capture = JSON.parse(readFileSync(join(repoRoot, 'fixtures/vrrp/keepalived-2.2.7.json'), 'utf8')) as Capture;

test('what keepalived put on the wire is understood, its checksums are right, and our bytes are the same', () => {
  let compared = 0;
  for (const { name, configuration, frames } of capture.cases) {
    assert.ok(
      frames.some(({ kind }) => kind.startsWith('advert 2')),
      `${name}: no advert was captured`,
    );
    for (const frame of frames.filter(({ kind }) => kind.startsWith('advert'))) {
      const bytes = Buffer.from(frame.hex, 'hex');
      const family: AddressFamily = bytes.readUInt16BE(12) === 0x0800 ? 'inet' : 'inet6';
      const ipHeader = bytes.subarray(14);
      const received =
        family === 'inet'
          ? packet(ipHeader)
          : packet(ipHeader.subarray(40), {
              family,
              source: readAddress('inet6', ipHeader, 8),
              destination: readAddress('inet6', ipHeader, 24),
              ttl: ipHeader[7] as number,
            });
      const view = decoded(received);
      const policy = policyOf(view, configuration);
      const result = checked(view, policy);
      assert.ok(result.ok, `${name}: ${result.ok || `${result.reject}: ${result.detail}`}`);
      assert.deepEqual(result.notes, [], name);
      const ours = encodeAdvert(
        {
          family,
          version: view.version,
          vrid: view.vrid,
          addressCount: view.addressCount,
          addresses: view.addresses,
          interval: view.interval,
          source: view.source,
          ttl: view.ttl,
          multicastGroup: policy.multicastGroup,
          authentication: policy.authentication,
        },
        {
          priority: view.priority,
          destination: view.destination,
          unicast: policy.peers.size > 0,
          checksum: policy.oldUnicastChecksum === 'on' ? 'multicast-pseudo-header' : 'pseudo-header',
          identification: family === 'inet' ? ipHeader.readUInt16BE(4) : 0,
          ...(view.ah === undefined ? {} : { ahSequence: view.ah.sequence }),
        },
      );
      const theirs = Buffer.from(received.bytes);
      if (family === 'inet') {
        theirs.fill(0, 10, 12); // the header checksum is the kernel's
      } else {
        const sum = ipv6PseudoHeader(view.source, view.destination, ours.length);
        const checksum = foldChecksum(addWords(sum, ours, 0, ours.length));
        ours[6] = checksum >> 8;
        ours[7] = checksum & 0xff;
      }
      assert.equal(hex(ours), theirs.toString('hex'), name);
      compared++;
    }
  }
  assert.ok(compared > 60, `${compared} adverts compared`);
});

test('identifications count adverts', () => {
  const multicast = capture.cases.find(({ name }) => name === 'v3 multicast');
  const ids = (multicast?.frames ?? [])
    .filter(({ kind }) => kind === 'advert 200')
    .map(({ hex: text }) => Number.parseInt(text.slice(36, 40), 16));
  assert.deepEqual(ids, [1, 2, 3, 4, 5, 6]);
});

const anyForm = fc
  .record({
    family: fc.constantFrom<AddressFamily>('inet', 'inet6'),
    version: fc.constantFrom<2 | 3>(2, 3),
    vrid: fc.integer({ min: 1, max: 255 }),
    count: fc.integer({ min: 0, max: 20 }),
    priority: fc.integer({ min: 0, max: 255 }),
    ttl: fc.integer({ min: 1, max: 255 }),
    seconds: fc.integer({ min: 1, max: 255 }),
    centiseconds: fc.integer({ min: 1, max: 4095 }),
    auth: fc.constantFrom('none', 'pass', 'ah', 'hmac'),
    material: fc.uint8Array({ minLength: 400, maxLength: 400 }),
  })
  .map((given) => {
    const size = given.family === 'inet' ? 4 : 16;
    const made = form({
      family: given.family,
      version: given.version,
      vrid: given.vrid,
      interval: given.version === 2 ? given.seconds : given.centiseconds,
      source: readAddress(given.family, given.material, 384),
      ttl: given.ttl,
      addressBytes: given.material.subarray(0, given.count * size),
      auth:
        given.version === 3 && given.auth !== 'hmac'
          ? 'none'
          : given.family === 'inet6' && given.auth === 'ah'
            ? 'none'
            : given.auth,
    });
    return { given, made };
  });

test('any form, encoded and decoded, is what it was; its length is known before', () => {
  fc.assert(
    fc.property(anyForm, ({ given, made }) => {
      const bytes = encodeAdvert(made, moment({ priority: given.priority, serial: 5n, ahSequence: 9 }));
      assert.equal(bytes.length, advertLength(made));
      const view = decoded(packet(bytes, { family: made.family, source: made.source, ttl: made.ttl }));
      assert.deepEqual(
        [view.version, view.vrid, view.priority, view.interval, view.source, view.ttl, hex(view.addresses)],
        [made.version, made.vrid, given.priority, made.interval, made.source, made.ttl, hex(made.addresses)],
      );
      assert.equal(view.ah?.sequence, made.authentication.kind === 'ah' ? 9 : undefined);
      assert.equal(view.trailer.length, made.authentication.kind === 'hmac' ? 28 : 0);
    }),
    { numRuns: 500 },
  );
});

test('any bytes: a view inside them or a named reject, never a throw', () => {
  const near = anyForm.chain(({ given, made }) => {
    const bytes = encodeAdvert(made, moment({ priority: given.priority, serial: 5n, ahSequence: 9 }));
    return fc
      .record({
        at: fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        keep: fc.oneof(fc.constant(bytes.length), fc.nat(bytes.length)),
        more: fc.uint8Array({ maxLength: 30 }),
      })
      .map(({ at, keep, more }) => {
        const changed = Buffer.concat([bytes, more.length > 20 ? more : Buffer.alloc(0)]);
        for (const [where, value] of at) changed[where] = value;
        return { family: made.family, bytes: changed.subarray(0, more.length > 20 ? changed.length : keep) };
      });
  });
  const far = fc.record({
    family: fc.constantFrom<AddressFamily>('inet', 'inet6'),
    bytes: fc.uint8Array({ maxLength: 120 }),
  });
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.oneof(near, far), ({ family, bytes }) => {
      const result = decodeAdvert(packet(bytes, { family }));
      if (!result.ok) {
        seen.add(result.reject);
        assert.ok(result.detail !== '');
        return;
      }
      const { advert } = result;
      assert.equal(advert.addresses.length, advert.addressCount * (family === 'inet' ? 4 : 16));
      const end = advert.start + 8 + advert.addresses.length + advert.authData.length + advert.trailer.length;
      assert.equal(end, bytes.length);
      for (const auth of ['none', 'pass', 'ah', 'hmac']) {
        const policy = policyOf(advert, `version ${advert.version}`, auth);
        const verdict = checked(advert, policy);
        if (!verdict.ok) seen.add(verdict.reject);
      }
    }),
    { numRuns: 3000 },
  );
  assert.ok(seen.size >= 8, [...seen].join(' '));
});

test('the corpus of packets that a decoder could stumble over: each is refused under its name', () => {
  const { packets } = JSON.parse(readFileSync(join(repoRoot, 'fixtures/vrrp/hostile.json'), 'utf8')) as {
    packets: readonly {
      readonly name: string;
      readonly family: AddressFamily;
      readonly reject: string;
      readonly hex: string;
    }[];
  };
  assert.ok(packets.length > 25);
  for (const { name, family, reject, hex: text } of packets) {
    assert.equal(rejectOf(decodeAdvert(packet(Buffer.from(text, 'hex'), { family }))), reject, name);
  }
});

test('each reject of the decoder by its own packet', () => {
  const good = encodeAdvert(form({ version: 3 }), moment({}));
  const ah = encodeAdvert(form({ version: 2, interval: 1, auth: 'ah' }), moment({ ahSequence: 1 }));
  const changed = (from: Uint8Array, at: number, value: number): Uint8Array => {
    const copy = Uint8Array.from(from);
    copy[at] = value;
    return copy;
  };
  const cases: readonly [string, Uint8Array][] = [
    ['short', new Uint8Array(0)],
    ['short', good.subarray(0, 19)],
    ['short', good.subarray(0, 27)],
    ['ip-header', changed(good, 0, 0x55)],
    ['ip-header', changed(good, 0, 0x44)],
    ['short', changed(good, 0, 0x4f)],
    ['ip-length', changed(good, 3, 33)],
    ['fragment', changed(good, 6, 0x20)],
    ['fragment', changed(good, 7, 1)],
    ['protocol', changed(good, 9, 17)],
    ['version', changed(good, 20, 0x41)],
    ['type', changed(good, 20, 0x32)],
    ['length', changed(good, 23, 2)],
    ['ah-format', changed(ah, 20, 17)],
    ['ah-format', changed(ah, 21, 5)],
  ];
  for (const [reject, bytes] of cases) {
    const result = decodeAdvert(packet(bytes));
    assert.equal(result.ok ? 'taken' : result.reject, reject, hex(bytes));
  }
  assert.equal(rejectOf(decodeAdvert(packet(good.subarray(20, 27), { family: 'inet6' }))), 'short');
});

function rejectOf(result: ReturnType<typeof decodeAdvert>): string {
  return result.ok ? 'taken' : result.reject;
}

function decoded(given: {
  family: AddressFamily;
  bytes: Uint8Array;
  source: IpAddress;
  destination: IpAddress;
  ttl: number;
}): AdvertView {
  const result = decodeAdvert(given);
  assert.ok(result.ok, result.ok ? '' : `${result.reject}: ${result.detail}`);
  return result.advert;
}
