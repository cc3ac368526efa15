/**
 * Messages of routes, rules and links whose kernel module a test machine may not have: the bytes that the kernel's headers
 * ask for. What the kernel of the machine takes is tested beside keepalived (test/netns/vrrp-host-peer.test.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route } from '../../../config/route.js';
import { forEachAttribute } from '../../../netlink/attribute.js';
import { NLMSG_HEADER_LENGTH } from '../../../netlink/message.js';
import { encodeConfiguredRouteAdd } from '../../../netlink/rtnetlink-configured-route.js';
import { encodeLinkMake } from '../../../netlink/rtnetlink-link-make.js';
import { parseText } from '../parser/schema/parse-text.js';

/** The attributes of a message, nested ones under `path`, as hexadecimal bytes. */
function attributes(message: Buffer, header: number, ...path: readonly number[]): Map<number, string> {
  let [bytes, start] = [message.subarray(NLMSG_HEADER_LENGTH), header];
  for (const step of path) {
    let found: Buffer | undefined;
    const inside = bytes;
    forEachAttribute(inside, start, inside.length, (type, from, to) => {
      if (type === step) found = inside.subarray(from, to);
    });
    assert.ok(found, `no attribute ${step}`);
    [bytes, start] = [found, 0];
  }
  const all = new Map<number, string>();
  const whole = forEachAttribute(bytes, start, bytes.length, (type, from, to) => {
    all.set(type, bytes.subarray(from, to).toString('hex'));
  });
  assert.ok(whole);
  return all;
}

function routeOf(line: string): Route {
  const [route] = parseText(`static_routes {\n${line}\n}\n`).config.vrrp.staticRoutes;
  assert.ok(route, line);
  return route;
}

const encode = (line: string): Buffer => encodeConfiguredRouteAdd(routeOf(line), () => 7);
const [ROUTE_HEADER, ENCAP, ENCAP_TYPE] = [12, 22, 21];

test('MPLS: a stack of labels, the last one marked', () => {
  const message = encode('10.0.0.0/8 via 10.1.0.1 dev eth0 encap mpls 100/200');
  assert.equal(attributes(message, ROUTE_HEADER).get(ENCAP_TYPE), '0100');
  assert.deepEqual([...attributes(message, ROUTE_HEADER, ENCAP)], [[1, '00064000000c8100']]);
});

test('IP in IP: identifier in network order, addresses, TTL and TOS', () => {
  const message = encode('10.0.0.0/8 dev eth0 encap ip id 258 dst 10.2.0.1 src 10.2.0.2 tos 4 ttl 9');
  assert.equal(attributes(message, ROUTE_HEADER).get(ENCAP_TYPE), '0200');
  assert.deepEqual(
    [...attributes(message, ROUTE_HEADER, ENCAP)].sort(([a], [b]) => a - b),
    [
      [1, '0000000000000102'],
      [2, '0a020001'],
      [3, '0a020002'],
      [4, '09'],
      [5, '04'],
    ],
  );
});

test('ILA: a locator of eight bytes', () => {
  const message = encode('fd01::/64 dev eth0 encap ila 1:22:333:4444');
  assert.equal(attributes(message, ROUTE_HEADER).get(ENCAP_TYPE), '0300');
  assert.deepEqual([...attributes(message, ROUTE_HEADER, ENCAP)], [[1, '0001002203334444']]);
});

test('next hops carry weight less one, interface, flags and gateway', () => {
  const message = encode('10.0.0.0/8 nexthop via 10.1.0.1 dev eth0 weight 3 onlink nexthop via 10.1.0.2');
  assert.equal(
    attributes(message, ROUTE_HEADER).get(9),
    ['1000', '04', '02', '07000000', '08000500', '0a010001'].join('') +
      ['1000', '00', '00', '00000000', '08000500', '0a010002'].join(''),
  );
});

test('a gateway of the other family is RTA_VIA', () => {
  const route = { ...routeOf('10.0.0.0/8 via 10.1.0.1 dev eth0'), gateway: 'fe80::1' as Route['gateway'] };
  const all = attributes(
    encodeConfiguredRouteAdd(route as Route, () => 7),
    ROUTE_HEADER,
  );
  assert.equal(all.get(18), '0a00fe800000000000000000000000000001');
  assert.equal(all.get(5), undefined);
});

test('an ipvlan has a mode and flags', () => {
  const message = encodeLinkMake({ kind: 'ipvlan', name: 'iv0', lower: 3, mode: 'private', group: 5 });
  assert.equal(attributes(message, 16, 18).get(1), Buffer.from('ipvlan\0').toString('hex'));
  assert.deepEqual(
    [...attributes(message, 16, 18, 2)],
    [
      [1, '0000'],
      [2, '0100'],
    ],
  );
  assert.equal(attributes(message, 16).get(27), '05000000');
});
