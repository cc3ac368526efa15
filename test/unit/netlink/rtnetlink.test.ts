/** Links, addresses and routes as the kernel writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NLMSG_HEADER_LENGTH } from '../../../netlink/message.js';
import { decodeInterfaceAddress, encodeAddressAdd, encodeAddressDelete } from '../../../netlink/rtnetlink-address.js';
import { decodeLink, encodeLinkUp } from '../../../netlink/rtnetlink-link.js';
import { decodeRoute, encodeRouteAdd } from '../../../netlink/rtnetlink-route.js';
import { type IpAddress, ipv4FromNumber, ipv6FromBigInt, parseIpAddress } from '../../../runtime/addresses.js';

const payload = (message: Buffer): Buffer => message.subarray(NLMSG_HEADER_LENGTH, message.readUInt32LE(0));
const ip = (text: string): IpAddress => parseIpAddress(text) as IpAddress;

const addresses = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }).map(ipv4FromNumber),
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(ipv6FromBigInt),
);

test('any bytes are a value or nothing, never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      decodeLink(buffer);
      decodeInterfaceAddress(buffer);
      decodeRoute(buffer);
    }),
    { numRuns: 2000 },
  );
});

test('an address that is asked for is the address that is read', () => {
  fc.assert(
    fc.property(addresses, fc.integer({ min: 1, max: 0x7fffffff }), fc.nat(32), (address, index, prefixLength) => {
      const read = decodeInterfaceAddress(payload(encodeAddressAdd({ index, address, prefixLength, flags: 0x202 })));
      assert.deepEqual(read, { index, address, peer: address, prefixLength, scope: 0, flags: 0x202, label: '' });
      const gone = decodeInterfaceAddress(payload(encodeAddressDelete({ index, address, prefixLength })));
      assert.equal(gone?.address, address);
    }),
  );
});

test('every cut of a message is refused or read without the missing part', () => {
  const whole = payload(encodeAddressAdd({ index: 3, address: ip('192.0.2.1'), prefixLength: 32, label: 'lo:vip' }));
  assert.equal(decodeInterfaceAddress(whole)?.label, 'lo:vip');
  for (let length = 0; length < whole.length; length++) {
    const read = decodeInterfaceAddress(whole.subarray(0, length));
    assert.ok(read === undefined || read.address === '192.0.2.1');
  }
});

test('a route is read back, with a table beyond eight bits', () => {
  const route = {
    destination: ip('2001:db8::'),
    prefixLength: 32,
    gateway: ip('2001:db8::1'),
    index: 7,
    metric: 20,
    table: 1000,
    protocol: 18,
    type: 'unicast' as const,
  };
  const read = decodeRoute(payload(encodeRouteAdd(route)));
  assert.deepEqual(read, { ...route, family: 'inet6', scope: 0, source: undefined });
});

test("a message of the bridge's family is no link", () => {
  const message = payload(encodeLinkUp(4, true));
  message[0] = 7;
  assert.equal(decodeLink(message), undefined);
});
