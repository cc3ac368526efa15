// What an instance refuses, each by its name: authentication, TTL, version, interval, checksum, cast, peers; and what it
// only tells.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IpAddress } from '../../../runtime/addresses.js';
import { INITIAL_AH_COUNTER, nextAhCounter } from '../../../vrrp/authentication-header.js';
import { type AdvertView, decodeAdvert } from '../../../vrrp/packet.js';
import {
  type AdvertForm,
  type AdvertMoment,
  addressBytes,
  encodeAdvert,
  legacyKey,
} from '../../../vrrp/packet-encode.js';
import { checksumForm, type ReceivePolicy, type ReceiveState } from '../../../vrrp/receive-check.js';
import { addresses, checked, form, freshState, ip, moment, packet, policyOf } from './packets.js';

const two = form({ version: 2 });
const three = form({ version: 3 });
const PEER = ip('10.0.0.5');
const TO_US = ip('10.0.0.6');
const peers = new Map([[PEER, { min: 250, max: 255 }]]);

function sent(
  from: AdvertForm,
  given: Partial<AdvertMoment> = {},
  change: (bytes: Uint8Array) => void = () => {},
): AdvertView {
  const bytes = encodeAdvert(from, moment(given));
  change(bytes);
  const result = decodeAdvert(packet(bytes));
  assert.ok(result.ok, result.ok ? '' : result.reject);
  return result.advert;
}

function outcome(view: AdvertView, policy: ReceivePolicy, state: ReceiveState = freshState): string {
  const result = checked(view, policy, state);
  return result.ok ? ['taken', ...result.notes.map(({ note }) => note)].join(' ') : result.reject;
}

const policyFor = (view: AdvertView, change: Partial<ReceivePolicy> = {}, auth = 'none'): ReceivePolicy => ({
  ...policyOf(view, 'version', auth),
  ...change,
});

test('TTL: 255 for multicast; for unicast what the peer line allows', () => {
  const view = sent({ ...three, ttl: 254 });
  assert.equal(outcome(view, policyFor(view)), 'ttl');
  const unknown = { ...view, ttl: -1 };
  assert.equal(outcome(unknown, policyFor(unknown)), 'taken');
  const far = sent({ ...three, ttl: 249 }, { destination: TO_US });
  assert.equal(outcome(far, policyFor(far, { peers })), 'ttl');
  const near = sent({ ...three, ttl: 250 }, { destination: TO_US });
  assert.equal(outcome(near, policyFor(near, { peers })), 'taken');
});

test('version, interval: another version and a version 2 interval that differs are dropped, a version 3 one is told', () => {
  const view2 = sent(two);
  const view3 = sent(three);
  assert.equal(outcome(view2, policyFor(view2, { version: 3 })), 'version');
  assert.equal(outcome(view3, policyFor(view3, { version: 2 })), 'version');
  assert.equal(outcome(view2, policyFor(view2, { interval: 2 })), 'interval');
  assert.equal(outcome(view3, policyFor(view3, { interval: 50 })), 'taken interval');
});

test('authentication of version 2: unknown type, another type, another password, passwords of the same eight characters', () => {
  const odd = sent(two, {}, (bytes) => {
    bytes[24] = 3;
  });
  assert.equal(outcome(odd, policyFor(odd)), 'auth-type');
  const pass = sent(form({ version: 2, auth: 'pass' }));
  assert.equal(outcome(pass, policyFor(pass)), 'auth-mismatch');
  assert.equal(outcome(sent(two), policyFor(pass, {}, 'pass')), 'auth-mismatch');
  assert.equal(outcome(pass, policyFor(pass, {}, 'pass')), 'taken');
  const other = policyFor(pass, { authentication: { kind: 'pass', key: legacyKey('another') } });
  assert.equal(outcome(pass, other), 'auth-password');
  const longer = policyFor(pass, { authentication: { kind: 'pass', key: legacyKey('s3cretpaXXXX') } });
  assert.equal(outcome(pass, longer), 'taken');
});

test('AH: digest, SPI, a counter that must grow, TTL under the digest for multicast only', () => {
  const ah = form({ version: 2, auth: 'ah' });
  const view = sent(ah, { ahSequence: 5 });
  const policy = policyFor(view, {}, 'ah');
  assert.equal(outcome(view, policy), 'taken');
  assert.equal(outcome(view, policyFor(view)), 'ah-presence');
  assert.equal(outcome(sent(two), policyFor(sent(two), {}, 'ah')), 'ah-presence');
  assert.equal(outcome(view, { ...policy, authentication: { kind: 'ah', key: legacyKey('x') } }), 'ah-digest');
  for (const [at, reject] of [
    [4, 'ah-digest'], // identification: not mutable
    [8, 'ah-digest'], // TTL of multicast
    [1, 'taken'], // TOS
    [10, 'taken'], // header checksum
    [45, 'ah-digest'], // the VRID
  ] as const) {
    const changed = sent(ah, { ahSequence: 5 }, (bytes) => {
      bytes[at] = (bytes[at] as number) ^ 1;
    });
    assert.equal(outcome({ ...changed, ttl: 255 }, policy), reject, `byte ${at}`);
  }
  const result = checked(view, policy);
  assert.ok(result.ok);
  assert.equal(result.state.ah.sequence, 5);
  assert.equal(outcome(view, policy, result.state), 'ah-replay');
  assert.equal(outcome(sent(ah, { ahSequence: 6 }), policy, result.state), 'taken');
  const stolen = sent({ ...ah, source: ip('10.0.0.7') }, { ahSequence: 9 });
  const respelled: AdvertView = { ...stolen, source: PEER };
  assert.equal(outcome(respelled, policy), 'ah-spi');
  const unicast = sent(ah, { ahSequence: 5, unicast: true, destination: TO_US });
  assert.equal(outcome({ ...unicast, ttl: 252 }, policyFor(unicast, { peers }, 'ah')), 'taken');
  assert.equal(nextAhCounter(INITIAL_AH_COUNTER).sequence, 1);
  assert.equal(nextAhCounter({ sequence: 0xfffffffd }).sequence, 0xfffffffd);
});

test('checksums: wrong ones; the old unicast form is learnt unless told never; on; without pseudo header', () => {
  const wrong = sent(three, {}, (bytes) => {
    bytes[27] = (bytes[27] as number) ^ 1;
  });
  assert.equal(outcome(wrong, policyFor(wrong)), 'checksum');
  const wrong2 = sent(two, {}, (bytes) => {
    bytes[27] = (bytes[27] as number) ^ 1;
  });
  assert.equal(outcome(wrong2, policyFor(wrong2)), 'checksum');
  const old = sent(three, { destination: TO_US, checksum: 'multicast-pseudo-header' });
  const current = sent(three, { destination: TO_US });
  const adapting = policyFor(old, { peers });
  const result = checked(old, adapting);
  assert.ok(result.ok && result.state.adapted);
  assert.deepEqual(
    result.notes.map(({ text }) => text),
    ['Setting unicast VRRPv3 checksum to old version'],
  );
  assert.equal(checksumForm(adapting, result.state), 'multicast-pseudo-header');
  assert.equal(outcome(current, adapting, result.state), 'checksum');
  assert.equal(outcome(old, adapting, result.state), 'taken');
  assert.equal(outcome(old, policyFor(old, { peers, oldUnicastChecksum: 'never' })), 'checksum');
  assert.equal(outcome(old, policyFor(old, { peers, oldUnicastChecksum: 'on' })), 'taken');
  assert.equal(outcome(current, policyFor(current, { peers, oldUnicastChecksum: 'on' })), 'checksum');
  const plain = sent(three, { checksum: 'message-only' });
  assert.equal(outcome(plain, policyFor(plain)), 'checksum');
  assert.equal(outcome(plain, policyFor(plain, { checksumWithoutPseudoHeader: true })), 'taken');
});

test('unicast where multicast is expected and the other way round; strangers; owners that do not listen', () => {
  const multicast = sent(three);
  const unicast = sent(three, { destination: TO_US });
  assert.equal(outcome(unicast, policyFor(unicast)), 'cast');
  assert.equal(outcome(multicast, policyFor(multicast, { peers })), 'cast');
  assert.equal(outcome(multicast, policyFor(multicast, { ownerIgnores: true })), 'owner');
  const strangers = new Map<IpAddress, { min: number; max: number }>([[ip('10.0.0.99'), { min: 0, max: 255 }]]);
  assert.equal(outcome(unicast, policyFor(unicast, { peers: strangers })), 'peer');
  assert.equal(outcome(unicast, policyFor(unicast, { peers: strangers, checkUnicastSource: false })), 'taken');
  const six = (to: string): AdvertView => {
    const bytes = encodeAdvert(form({ family: 'inet6', version: 3, addresses: addresses('fe80::100') }), moment({}));
    const result = decodeAdvert(packet(bytes, { family: 'inet6', destination: ip(to) }));
    assert.ok(result.ok);
    return result.advert;
  };
  assert.equal(outcome(six('ff02::12'), policyFor(six('ff02::12'))), 'taken');
  assert.equal(outcome(six('fe80::6'), policyFor(six('fe80::6'))), 'cast');
  assert.equal(outcome(six('ff::1'), policyFor(six('ff::1'))), 'cast');
});

test('another list of addresses is told and accepted; its order does not matter; not looked at again from the same sender', () => {
  const view = sent(form({ version: 3, addresses: addresses('10.0.0.1', '10.0.0.2') }));
  const list = (...texts: string[]): Partial<ReceivePolicy> => ({
    addresses: addressBytes(addresses(...texts), 'inet'),
    addressCount: texts.length,
  });
  assert.equal(outcome(view, policyFor(view, list('10.0.0.2', '10.0.0.1'))), 'taken');
  assert.equal(outcome(view, policyFor(view, list('10.0.0.1', '10.0.0.3'))), 'taken addresses');
  assert.equal(outcome(view, policyFor(view, list('10.0.0.1'))), 'taken addresses');
  const policy = policyFor(view, { ...list('10.0.0.1'), skipCheckOfSameSender: true });
  const first = checked(view, policy);
  assert.ok(first.ok);
  assert.deepEqual(
    first.notes.map(({ text }) => text),
    ['received an unexpected ip number count 2, expected 1!'],
  );
  assert.equal(outcome(view, policy, first.state), 'taken');
});

test('a trailer where none is configured is a wrong length, as for keepalived', () => {
  const view = sent(form({ version: 3, auth: 'hmac' }), { serial: 5n });
  assert.equal(outcome(view, policyFor(view)), 'length');
});
