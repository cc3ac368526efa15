/**
 * The short way of an advert that repeats the one before ends where the whole way does, and is taken only where it may be.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { IpAddress } from '../../../runtime/addresses.js';
import { stepElection } from '../../../vrrp/election.js';
import { type ElectionState, type HeardAdvert, initialElection } from '../../../vrrp/election-state.js';
import { decodeAdvert, type ReceivedPacket, senderOf, vridAt } from '../../../vrrp/packet.js';
import { encodeAdvert } from '../../../vrrp/packet-encode.js';
import { hearsAgain, RepeatedAdvert } from '../../../vrrp/repeated-advert.js';
import { parameters as parametersOf } from './elections.js';
import { form, moment } from './packets.js';

const MASTER = '10.0.0.2' as IpAddress;
const OTHER = '10.0.0.3' as IpAddress;
// Mostly the same ones, so that the short way is often taken.
const priority = fc.constantFrom(99, 100, 100, 100, 255);
const interval = fc.constantFrom(10, 100, 100, 100);

test('the short way changes what the table changes, and says nothing', () => {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.record({
        role: fc.constantFrom<ElectionState['role']>('backup', 'backup', 'backup', 'master', 'fault', 'init'),
        wanted: fc.constantFrom<ElectionState['wanted']>('backup', 'backup', 'master'),
        priority,
        masterInterval: interval,
        masterPriority: priority,
        masterAddress: fc.constantFrom(MASTER, MASTER, OTHER, undefined),
        deadline: fc.constantFrom(500, 1000, 1300),
        preemptAt: fc.constantFrom(undefined, undefined, 900),
        listened: fc.constantFrom(0, 0, 1, 3),
        ranAt: fc.constantFrom(0, 900, 990),
      }),
      fc.record({ priority: fc.constantFrom(0, 99, 100, 100, 100, 255), interval }),
      fc.record({ version: fc.constantFrom(2 as const, 3 as const), interval, preempt: fc.boolean() }),
      (fields, said, chosen) => {
        const parameters = { ...parametersOf({}), ...chosen };
        const state: ElectionState = { ...initialElection(parameters, fields.priority), ...fields };
        const heard: HeardAdvert = { ...said, source: MASTER, comparison: 1 };
        const short = hearsAgain(state, heard, parameters, 1000);
        if (short === undefined) return;
        taken++;
        const whole = stepElection(state, { kind: 'advert', advert: heard }, parameters, 1000);
        assert.deepEqual(whole.actions, []);
        assert.deepEqual(short, whole.state);
      },
    ),
    { numRuns: 20_000 },
  );
  assert.ok(taken > 50, `taken ${taken} times`);
});

const packet = (change: (bytes: Uint8Array) => void = () => {}): ReceivedPacket => {
  const bytes = Uint8Array.from(encodeAdvert(form({ version: 3 }), moment({})));
  change(bytes);
  return { family: 'inet', bytes, source: OTHER, destination: OTHER, ttl: -1 };
};

test('identification and header checksum may differ, no other byte', () => {
  const first = packet();
  const decoded = decodeAdvert(first);
  assert.ok(decoded.ok);
  assert.equal(vridAt(first), decoded.advert.vrid);
  assert.equal(senderOf(first), decoded.advert.source);
  const repeated = new RepeatedAdvert(decoded.advert, { priority: 100, source: MASTER, comparison: 1, interval: 100 });
  for (let at = 0; at < first.bytes.length; at++) {
    const other = packet((bytes) => {
      bytes[at] = (bytes[at] as number) ^ 1;
    });
    assert.equal(repeated.isRepeatedBy(other), [4, 5, 10, 11].includes(at), `byte ${at}`);
  }
  assert.equal(repeated.isRepeatedBy({ ...first, bytes: first.bytes.subarray(1) }), false);
});

test('a packet of any bytes has a VRID or none', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.constantFrom('inet' as const, 'inet6' as const),
      (bytes, family) => {
        const vrid = vridAt({ family, bytes, source: OTHER, destination: OTHER, ttl: -1 });
        assert.ok(vrid >= 0 && vrid <= 255);
      },
    ),
  );
});
