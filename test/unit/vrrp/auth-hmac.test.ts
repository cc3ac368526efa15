// auth_hmac: the draft's vectors both ways, each field turned over, the window, growth, clocks that step, rotation.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AddressFamily, IpAddress } from '../../../runtime/addresses.js';
import {
  checkTrailer,
  type HmacParameters,
  type HmacState,
  INITIAL_HMAC_STATE,
  nextSerial,
} from '../../../vrrp/auth-hmac.js';
import { addWords, foldChecksum, ipv6PseudoHeader } from '../../../vrrp/checksum.js';
import { type AdvertView, decodeAdvert } from '../../../vrrp/packet.js';
import { type AdvertForm, encodeAdvert } from '../../../vrrp/packet-encode.js';
import { repoRoot } from '../../root.js';
import { addresses, checked, form, freshState, hex, hmacParameters, ip, moment, packet, policyOf } from './packets.js';

interface Vector {
  readonly name: string;
  readonly family: AddressFamily;
  readonly source: string;
  readonly addresses: readonly string[];
  readonly hex: string;
}
const { vectors } = JSON.parse(readFileSync(join(repoRoot, 'fixtures/vrrp/auth-hmac.json'), 'utf8')) as {
  vectors: readonly Vector[];
};
const SERIAL = 0x6800000080000000n;
const monotonic: HmacParameters = { ...hmacParameters, antiReplay: 'monotonic' };
const WALL = 1_700_000_000_500;

function formOf(vector: Vector): AdvertForm {
  const made = form({ ...vector, version: 3, addresses: addresses(...vector.addresses), auth: 'hmac' });
  return made;
}

/** The view of a VRRP message; IPv4 ones get an IP header first. */
function viewOf(vector: Vector, message: Uint8Array): AdvertView {
  const source = ip(vector.source);
  let bytes = message;
  if (vector.family === 'inet') {
    const header = encodeAdvert(formOf(vector), moment({})).subarray(0, 20);
    bytes = Buffer.concat([header, message]);
  }
  const result = decodeAdvert(packet(bytes, { family: vector.family, source, destination: ip('fe80::20') }));
  assert.ok(result.ok, result.ok ? '' : result.reject);
  return result.advert;
}

const verdict = (
  view: AdvertView,
  parameters = monotonic,
  state: HmacState = INITIAL_HMAC_STATE,
  wall = WALL,
): string => {
  const result = checkTrailer(view, parameters, state, wall, 0);
  return result.ok ? 'ok' : result.reject;
};

for (const vector of vectors) {
  const wire = Buffer.from(vector.hex.replaceAll(' ', ''), 'hex');

  test(`draft vector: ${vector.name}`, () => {
    assert.equal(verdict(viewOf(vector, wire)), 'ok');
    const ours = encodeAdvert(
      formOf(vector),
      moment({ priority: 200, serial: SERIAL, checksum: 'message-only', destination: ip('fe80::20') }),
    );
    const message = vector.family === 'inet' ? ours.subarray(20) : ours;
    if (vector.family === 'inet6') {
      const sum = ipv6PseudoHeader(ip(vector.source), ip('fe80::20'), message.length);
      const checksum = foldChecksum(addWords(sum, message, 0, message.length));
      message[6] = checksum >> 8;
      message[7] = checksum & 0xff;
    }
    assert.equal(hex(message), wire.toString('hex'));
  });

  test(`each byte turned over: ${vector.name}`, () => {
    const trailer = wire.length - 28;
    for (let at = 1; at < wire.length; at++) {
      if (at === 3) continue; // the count of addresses: another shape
      const changed = Buffer.from(wire);
      changed[at] = (changed[at] as number) ^ 1;
      const within = at - trailer;
      const expected =
        at === 6 || at === 7
          ? 'ok' // the checksum is not signed
          : within === 0 || within === 2 || within === 3
            ? 'hmac-malformed'
            : within === 1
              ? 'hmac-unknown-key'
              : 'hmac-invalid';
      assert.equal(verdict(viewOf(vector, changed)), expected, `byte ${at}`);
    }
    assert.equal(
      verdict(viewOf({ ...vector, source: vector.family === 'inet' ? '198.51.100.11' : 'fe80::11' }, wire)),
      'hmac-invalid',
    );
  });
}

const sender = form({ version: 3, auth: 'hmac' });
const signed = (serial: bigint, source: IpAddress = sender.source): AdvertView => {
  const result = decodeAdvert(packet(encodeAdvert({ ...sender, source }, moment({ serial }))));
  assert.ok(result.ok);
  return result.advert;
};
const at = (wall: number): bigint => nextSerial(INITIAL_HMAC_STATE, hmacParameters, wall);

test('serial numbers are seconds, 1/65536 s and a counter, and only grow', () => {
  assert.equal(at(1_700_000_000_500), (1_700_000_000n << 32n) | (0x8000n << 16n));
  let state: HmacState = INITIAL_HMAC_STATE;
  const serials: bigint[] = [];
  for (const wall of [WALL, WALL, WALL, WALL - 1000, WALL + 1]) {
    const serial = nextSerial(state, hmacParameters, wall);
    serials.push(serial);
    state = { ...state, sent: serial };
  }
  for (let i = 1; i < serials.length; i++) assert.ok((serials[i] as bigint) > (serials[i - 1] as bigint));
  assert.equal(serials[2], (serials[0] as bigint) + 2n);
});

test('a clock set back: time mode gives the stranded number up, monotonic mode goes on growing', () => {
  const ahead: HmacState = { ...INITIAL_HMAC_STATE, sent: at(WALL + 3_600_000) };
  assert.equal(nextSerial(ahead, hmacParameters, WALL), at(WALL));
  assert.equal(nextSerial(ahead, monotonic, WALL), ahead.sent + 1n);
});

test('what is older or newer than the window is stale; what does not grow is a replay; another sender has its own mark', () => {
  const five = { ...hmacParameters, timeWindow: 5 };
  assert.equal(verdict(signed(at(WALL - 6000)), five), 'hmac-stale');
  assert.equal(verdict(signed(at(WALL + 6000)), five), 'hmac-stale');
  const first = checkTrailer(signed(at(WALL)), five, INITIAL_HMAC_STATE, WALL, 0);
  assert.ok(first.ok);
  assert.equal(verdict(signed(at(WALL)), five, first.state), 'hmac-replay');
  assert.equal(verdict(signed(at(WALL - 1000)), five, first.state), 'hmac-replay');
  assert.equal(verdict(signed(at(WALL) + 1n), five, first.state), 'ok');
  assert.equal(verdict(signed(at(WALL), ip('10.0.0.6')), five, first.state), 'ok');
});

test('a mark that lies outside the window expires, in time mode only', () => {
  const heard = [{ source: sender.source, serial: at(WALL + 3_600_000) }];
  const state: HmacState = { ...INITIAL_HMAC_STATE, heard };
  assert.equal(verdict(signed(at(WALL)), hmacParameters, state), 'ok');
  assert.equal(verdict(signed(at(WALL)), monotonic, state), 'hmac-replay');
});

test('forged senders do not push known ones out of memory', () => {
  let state = INITIAL_HMAC_STATE;
  const take = (view: AdvertView): void => {
    const result = checkTrailer(view, hmacParameters, state, WALL, 0);
    if (result.ok) state = result.state;
  };
  take(signed(at(WALL)));
  for (let i = 10; i < 30; i++) {
    const forged = signed(at(WALL), ip(`10.0.1.${i}`));
    forged.trailer[20] = (forged.trailer[20] as number) ^ 1;
    take(forged);
  }
  assert.deepEqual(
    state.heard.map(({ source }) => source),
    [sender.source],
  );
});

test('the modes: unsigned adverts, rotation of keys, a receiver that signs nothing', () => {
  const unsigned = encodeAdvert({ ...sender, authentication: { kind: 'none' } }, moment({}));
  const result = decodeAdvert(packet(unsigned));
  assert.ok(result.ok);
  const policy = policyOf(result.advert, 'version 3', 'hmac');
  const missing = checked(result.advert, policy);
  assert.equal(missing.ok ? 'taken' : missing.reject, 'hmac-missing');
  const parameters: HmacParameters = { ...hmacParameters, mode: 'permissive' };
  const taken = checked(result.advert, { ...policy, authentication: { kind: 'hmac', parameters } });
  assert.deepEqual(taken.ok && taken.notes.map(({ note }) => note), ['hmac-missing']);
  const silent = { kind: 'hmac', parameters: { ...hmacParameters, mode: 'receive-only' } } as const;
  assert.deepEqual(encodeAdvert({ ...sender, authentication: silent }, moment({ serial: SERIAL })), unsigned);
  const second = Uint8Array.from({ length: 32 }, () => 7);
  const rotated: HmacParameters = {
    ...hmacParameters,
    keys: new Map([...hmacParameters.keys, [2, second]]),
    activeKey: 2,
  };
  const bytes = encodeAdvert(
    { ...sender, authentication: { kind: 'hmac', parameters: rotated } },
    moment({ serial: at(WALL) }),
  );
  const view = decodeAdvert(packet(bytes));
  assert.ok(view.ok);
  assert.equal(verdict(view.advert, hmacParameters), 'hmac-unknown-key');
  assert.equal(verdict(view.advert, { ...rotated, activeKey: 1 }), 'ok');
  const skewed = checked(signed(at(WALL - 4000)), policy, freshState, WALL);
  assert.deepEqual(skewed.ok && skewed.notes.map(({ note }) => note), ['clock-skew']);
});
