/** Netlink messages: written, read, and refused when they lie. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AttributeWriter } from '../../../netlink/attribute.js';
import {
  decodeError,
  decodeMessages,
  encodeMessage,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSGERR_ATTR_MISS_TYPE,
  NLMSGERR_ATTR_MSG,
  NLMSGERR_ATTR_OFFS,
} from '../../../netlink/message.js';

const outgoing = fc.record({
  type: fc.integer({ min: 16, max: 65535 }),
  flags: fc.integer({ min: 0, max: 65535 }),
  sequence: fc.integer({ min: 0, max: 0xffffffff }),
  payload: fc.uint8Array({ maxLength: 200 }),
});

test('messages in one datagram are read back as they were written', () => {
  fc.assert(
    fc.property(fc.array(outgoing, { maxLength: 8 }), (list) => {
      const { messages, reject } = decodeMessages(Buffer.concat(list.map(encodeMessage)));
      assert.equal(reject, undefined);
      assert.deepEqual(
        messages.map(({ type, flags, sequence, portId, payload }) => ({ type, flags, sequence, portId, payload })),
        list.map((message) => ({ ...message, portId: 0, payload: Buffer.from(message.payload) })),
      );
    }),
  );
});

test('any bytes are messages and perhaps a reject, never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      for (const message of decodeMessages(bytes).messages) decodeError(message);
      for (const type of [NLMSG_ERROR, NLMSG_DONE])
        decodeError({ type, flags: NLM_F_ACK_TLVS, payload: Buffer.from(bytes) });
    }),
    { numRuns: 500 },
  );
});

test('what is no message is named, with those before it kept', () => {
  const good = encodeMessage({ type: 20, flags: NLM_F_REQUEST, sequence: 1, payload: Buffer.alloc(4) });
  const cut = decodeMessages(Buffer.concat([good, Buffer.alloc(5)]));
  assert.equal(cut.messages.length, 1);
  assert.deepEqual(cut.reject, { kind: 'short-header', offset: 20, have: 5 });
  const lying = Buffer.from(good);
  lying.writeUInt32LE(64, 0);
  assert.deepEqual(decodeMessages(lying).reject, { kind: 'bad-length', offset: 0, length: 64, have: 20 });
});

function tlvs(): Buffer {
  return new AttributeWriter()
    .string(NLMSGERR_ATTR_MSG, 'Nexthop has invalid gateway')
    .u32(NLMSGERR_ATTR_OFFS, 44)
    .u32(NLMSGERR_ATTR_MISS_TYPE, 7)
    .take();
}

function errorPayload(errno: number, request: Buffer, rest: Buffer): Buffer {
  const number = Buffer.alloc(4);
  number.writeInt32LE(-errno);
  return Buffer.concat([number, request, rest]);
}

test("a refusal carries errno and the kernel's sentence, with the request whole or cut", () => {
  const request = encodeMessage({ type: 0x1c, flags: NLM_F_REQUEST, sequence: 9, payload: Buffer.alloc(13, 7) });
  const expected = {
    errno: 22,
    requestType: 0x1c,
    extack: { text: 'Nexthop has invalid gateway', offset: 44, missingType: 7 },
  };
  const whole = { type: NLMSG_ERROR, flags: NLM_F_ACK_TLVS, payload: errorPayload(22, request, tlvs()) };
  assert.deepEqual(decodeError(whole), expected);
  const header = request.subarray(0, 16);
  const cut = { type: NLMSG_ERROR, flags: NLM_F_ACK_TLVS | NLM_F_CAPPED, payload: errorPayload(22, header, tlvs()) };
  assert.deepEqual(decodeError(cut), expected);
});

test('an acknowledgement has errno 0, the end of a dump may have one, other messages none', () => {
  const header = encodeMessage({ type: 5, flags: NLM_F_ACK, sequence: 1, payload: Buffer.alloc(0) });
  const none = { text: undefined, offset: undefined, missingType: undefined };
  assert.deepEqual(decodeError({ type: NLMSG_ERROR, flags: NLM_F_CAPPED, payload: errorPayload(0, header, tlvs()) }), {
    errno: 0,
    requestType: 5,
    extack: none,
  });
  const done = { type: NLMSG_DONE, flags: 0, payload: errorPayload(105, Buffer.alloc(0), Buffer.alloc(0)) };
  assert.deepEqual(decodeError(done), { errno: 105, requestType: 0, extack: none });
  assert.equal(decodeError({ type: NLMSG_DONE, flags: 0, payload: Buffer.alloc(0) })?.errno, 0);
  assert.equal(decodeError({ type: 20, flags: 0, payload: Buffer.alloc(20) }), undefined);
  assert.equal(decodeError({ type: NLMSG_ERROR, flags: 0, payload: Buffer.alloc(3) }), undefined);
});
