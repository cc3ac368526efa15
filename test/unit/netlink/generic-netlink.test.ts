/** Families of generic netlink, resolved by name. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AttributeWriter } from '../../../netlink/attribute.js';
import {
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_ATTR_MAXATTR,
  CTRL_ATTR_OPS,
  CTRL_ATTR_VERSION,
  decodeFamily,
  encodeGetFamily,
  FamilyError,
  GENL_ID_CTRL,
  GenericRequests,
  type RequestChannel,
  readGenericHeader,
  resolveFamily,
} from '../../../netlink/generic-netlink.js';
import { decodeMessages, NLM_F_DUMP, NLM_F_REQUEST } from '../../../netlink/message.js';
import { refused } from '../../../netlink/netlink-error.js';
import type { Answer } from '../../../netlink/request-socket.js';

const NO_EXTACK = { text: undefined, offset: undefined, missingType: undefined };

function familyPayload(): Buffer {
  const writer = new AttributeWriter().word(1);
  writer.string(CTRL_ATTR_FAMILY_NAME, 'IPVS').u16(CTRL_ATTR_FAMILY_ID, 29).u32(CTRL_ATTR_VERSION, 1);
  writer.u32(CTRL_ATTR_MAXATTR, 6);
  const list = writer.beginNest(CTRL_ATTR_OPS);
  for (const command of [1, 17]) {
    const operation = writer.beginNest(command);
    writer.u32(1, command).u32(2, 0xb).endNest(operation);
  }
  return writer.endNest(list).take();
}

function channel(answer: Answer): RequestChannel {
  return { stats: { sends: 0, messages: 0 }, exchange: () => [answer] };
}

test('a family is asked for by name', () => {
  const { messages } = decodeMessages(encodeGetFamily('IPVS'));
  assert.equal(messages.length, 1);
  assert.equal(messages[0]?.type, GENL_ID_CTRL);
  assert.deepEqual(readGenericHeader(messages[0]?.payload ?? Buffer.alloc(0)), { command: 3, version: 1 });
  assert.equal(messages[0]?.payload.toString('hex', 4), '0900020049505653' + '00000000');
});

test('its number, version and commands are read', () => {
  const reply = { type: GENL_ID_CTRL, flags: 0, sequence: 1, portId: 0, payload: familyPayload() };
  assert.deepEqual(resolveFamily(channel({ ok: true, replies: [reply] }), 'IPVS'), {
    name: 'IPVS',
    id: 29,
    version: 1,
    maximumAttribute: 6,
    commands: new Set([1, 17]),
  });
});

test('a family that is not there is an error with its errno and cause', () => {
  const cause = refused(2, NO_EXTACK);
  assert.throws(
    () => resolveFamily(channel({ ok: false, error: cause }), 'IPVS'),
    (error) => error instanceof FamilyError && error.errno === 2 && error.cause === cause,
  );
  assert.throws(
    () => resolveFamily(channel({ ok: true, replies: [] }), 'IPVS'),
    (error) => error instanceof FamilyError && error.errno === 0,
  );
});

test('any bytes are a family or none, never an exception', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeFamily(Buffer.from(bytes))));
  const good = familyPayload();
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
      const mutated = Buffer.from(good);
      mutated[at] = value;
      decodeFamily(mutated);
    }),
    { numRuns: 500 },
  );
});

test('a batch is a row of whole messages; request and dump stand alone', () => {
  const requests = new GenericRequests({ id: 29, version: 1 });
  requests
    .begin()
    .add(1, (into) => into.string(1, 'a'))
    .add(2);
  const { messages, reject } = decodeMessages(requests.batch);
  assert.equal(reject, undefined);
  assert.deepEqual(
    messages.map((message) => [message.type, message.flags, message.payload[0], message.payload.length]),
    [
      [29, NLM_F_REQUEST, 1, 12],
      [29, NLM_F_REQUEST, 2, 4],
    ],
  );
  const dump = decodeMessages(requests.dump(4)).messages[0];
  assert.equal(dump?.flags, NLM_F_REQUEST | NLM_F_DUMP);
});
