/** Properties of the codecs: what is written is read back; any bytes are a value or a reject. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeDestination, writeDestination } from '../../../ipvs-netlink/destination-codec.js';
import {
  type ServiceKey,
  type ServiceSettings,
  sameDestination,
  sameSettings,
  serviceKeyText,
} from '../../../ipvs-netlink/model.js';
import { ServiceDecoder, writeService } from '../../../ipvs-netlink/service-codec.js';
import { decodeStatistics } from '../../../ipvs-netlink/statistics.js';
import { decodeDaemon } from '../../../ipvs-netlink/sync-daemon.js';
import { decodeTimeouts } from '../../../ipvs-netlink/timeouts.js';
import { AttributeWriter } from '../../../netlink/attribute.js';
import { anyDestination, anyKey, settingsFor } from './arbitrary-tables.js';

const NEST_HEADER = 4;
const keyAndSettings = anyKey.chain((key) => fc.tuple(fc.constant(key), settingsFor(key)));

function serviceBytes([key, settings]: readonly [ServiceKey, ServiceSettings]): Buffer {
  const writer = new AttributeWriter();
  writeService(writer, key, settings);
  return writer.take();
}

test('a service is read back as it was written', () => {
  const decoder = new ServiceDecoder();
  fc.assert(
    fc.property(keyAndSettings, ([key, settings]) => {
      const bytes = serviceBytes([key, settings]);
      const decoded = decoder.decode(bytes, NEST_HEADER, bytes.length);
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.key, key);
      assert.deepEqual(decoded.settings, settings);
      assert.ok(sameSettings(decoded.settings, settings));
      assert.equal(serviceKeyText(decoded.key), serviceKeyText(key));
    }),
    { numRuns: 500 },
  );
});

test('a destination is read back as it was written', () => {
  fc.assert(
    fc.property(anyDestination, (destination) => {
      const writer = new AttributeWriter();
      writeDestination(writer, destination);
      const decoded = decodeDestination(writer.take(), NEST_HEADER, writer.length, 'inet');
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.destination, destination);
      assert.ok(sameDestination(decoded.destination, destination));
    }),
    { numRuns: 500 },
  );
});

test('destinations that are written one after the other, alike or not, are read back as they were written', () => {
  const alike = fc.tuple(fc.array(anyDestination, { minLength: 1, maxLength: 4 }), fc.nat(3));
  fc.assert(
    fc.property(fc.array(alike, { maxLength: 4 }), (groups) => {
      for (const [group, chosen] of groups) {
        const forwarding = (group[chosen] ?? group[0])?.forwarding;
        for (const one of group) {
          const destination = forwarding === undefined ? one : { ...one, forwarding };
          const writer = new AttributeWriter(16).word(1);
          writeDestination(writer, destination);
          const decoded = decodeDestination(writer.take(), 4 + NEST_HEADER, writer.length, 'inet');
          assert.ok(decoded.ok);
          assert.deepEqual(decoded.destination, destination);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('two services have one name only if they are one', () => {
  fc.assert(
    fc.property(anyKey, anyKey, (a, b) => {
      assert.equal(serviceKeyText(a) === serviceKeyText(b), JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

function decodeAll(bytes: Buffer): void {
  new ServiceDecoder().decode(bytes, 0, bytes.length);
  for (const family of ['inet', 'inet6'] as const) decodeDestination(bytes, 0, bytes.length, family);
  decodeStatistics(bytes, 0, bytes.length);
  decodeDaemon(bytes, 0, bytes.length);
  decodeTimeouts(bytes);
}

test('any bytes are a value or a reject, never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => decodeAll(Buffer.from(bytes))),
    { numRuns: 1000 },
  );
});

test('any mutation of a good message is a value or a reject, never an exception', () => {
  const cut = fc.tuple(keyAndSettings, anyDestination, fc.nat(), fc.nat(255), fc.nat());
  fc.assert(
    fc.property(cut, ([service, destination, at, value, end]) => {
      const writer = new AttributeWriter();
      writeDestination(writer, destination);
      for (const good of [serviceBytes(service), writer.take()]) {
        const bytes = good.subarray(NEST_HEADER);
        bytes[at % bytes.length] = value;
        decodeAll(bytes);
        decodeAll(bytes.subarray(0, end % bytes.length));
      }
    }),
    { numRuns: 1000 },
  );
});

test('each kind of reject has its name', () => {
  const decode = (write: (writer: AttributeWriter) => void): string => {
    const writer = new AttributeWriter();
    write(writer);
    const decoded = new ServiceDecoder().decode(writer.take(), 0, writer.length);
    return decoded.ok ? 'ok' : decoded.reject;
  };
  assert.equal(
    decode((writer) => writer.word(0xffff)),
    'not-attributes',
  );
  assert.equal(
    decode((writer) => writer.u16(1, 99)),
    'no-family',
  );
  assert.equal(
    decode((writer) => writer.u16(1, 2)),
    'no-key',
  );
  assert.equal(
    decode((writer) => writer.u16(1, 2).u16(2, 1).be16(4, 80).bytes(3, Buffer.alloc(16))),
    'unknown-protocol',
  );
  assert.equal(
    decode((writer) => writer.u16(1, 10).u16(2, 6).be16(4, 80).bytes(3, Buffer.alloc(4))),
    'short-address',
  );
  assert.equal(
    decode((writer) => writer.u16(1, 2).u32(5, 7)),
    'no-settings',
  );
});
