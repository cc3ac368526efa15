/** The plan: services from addresses, marks and groups; destinations with the ports that IPVS leaves possible. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Config } from '../../../config/config.js';
import { addressesBetween, desiredServices, ownedBy, servicesOf } from '../../../director/plan.js';
import { destinationKeyText, serviceKeyText } from '../../../ipvs-netlink/model.js';
import { addressToBigInt, ipv4FromNumber } from '../../../runtime/addresses.js';
import { weight } from '../../../runtime/units.js';
import { address } from '../healthcheck/virtual-servers.js';
import { parseText } from '../parser/schema/parse-text.js';

function only(config: Config) {
  const [server] = config.virtualServers;
  assert.ok(server !== undefined);
  const services = servicesOf(server, config.groups);
  const wanted = server.realServers.map((one) => ({ server: one, weight: one.weight }));
  return {
    server,
    services: services.map(serviceKeyText),
    destinations: desiredServices(server, services, wanted).map(({ destinations }) => [...destinations.keys()]),
    desired: desiredServices(server, services, wanted),
    owned: ownedBy(server, services),
  };
}

const virtual = (head: string, method: string, inside: string, before = ''): Config =>
  parseText(`${before}virtual_server ${head} {\nlvs_sched rr\nlvs_method ${method}\nprotocol TCP\n${inside}}\n`).config;
const real = (words: string): string => `real_server ${words} {\nTCP_CHECK {\nconnect_port 80\n}\n}\n`;

test('NAT keeps the port of the server, other methods use that of the service', () => {
  assert.deepEqual(only(virtual('10.0.0.1 80', 'NAT', real('10.1.0.1 8080'))).destinations, [['[10.1.0.1]:8080']]);
  assert.deepEqual(only(virtual('10.0.0.1 80', 'DR', real('10.1.0.1 8080'))).destinations, [['[10.1.0.1]:80']]);
  assert.deepEqual(only(virtual('10.0.0.1 80', 'TUN', real('10.1.0.1 8080'))).destinations, [['[10.1.0.1]:80']]);
  assert.deepEqual(only(virtual('10.0.0.1 80', 'NAT', real('10.1.0.1'))).destinations, [['[10.1.0.1]:80']]);
});

test('the destinations of a mark have no port', () => {
  for (const method of ['DR', 'NAT']) {
    const { services, destinations } = only(virtual('fwmark 7', method, real('10.1.0.1')));
    assert.deepEqual(services, ['FWM 7']);
    assert.deepEqual(destinations, [['[10.1.0.1]:0']]);
  }
});

test('a group is a service for each address of each line, without repetition', () => {
  const group = 'virtual_server_group G {\n10.0.0.1-3 80\n10.0.0.2 80\n10.0.0.9 443\nfwmark 5\n}\n';
  const { services, destinations } = only(virtual('group G', 'DR', real('10.1.0.1'), group));
  assert.deepEqual(services, [
    '[10.0.0.1]:tcp:80',
    '[10.0.0.2]:tcp:80',
    '[10.0.0.3]:tcp:80',
    '[10.0.0.9]:tcp:443',
    'FWM 5',
  ]);
  assert.deepEqual(destinations, [
    ['[10.1.0.1]:80'],
    ['[10.1.0.1]:80'],
    ['[10.1.0.1]:80'],
    ['[10.1.0.1]:443'],
    ['[10.1.0.1]:0'],
  ]);
});

test('services of one port share their destinations, so that 65,000 addresses are not 65,000 lists', () => {
  const group = 'virtual_server_group G {\n10.0.0.1-100 80\n10.0.1.1 81\n}\n';
  const { desired } = only(virtual('group G', 'DR', real('10.1.0.1'), group));
  assert.equal(new Set(desired.map(({ destinations }) => destinations)).size, 2);
});

test('what is owned covers every service and every server, alive or not, and the sorry server', () => {
  const group = 'virtual_server_group G {\n10.0.0.1 80\n10.0.0.1 81\n}\n';
  const inside = `sorry_server 10.9.0.1 80\n${real('10.1.0.1')}${real('10.1.0.2')}`;
  const { owned, services } = only(virtual('group G', 'DR', inside, group));
  assert.deepEqual(owned.services, services);
  assert.deepEqual(
    [...owned.destinations].sort(),
    ['10.1.0.1', '10.1.0.2', '10.9.0.1'].flatMap((ip) => [`[${ip}]:80`, `[${ip}]:81`]),
  );
});

test('of two servers with one key the first counts', () => {
  const config = virtual('10.0.0.1 80', 'DR', real('10.1.0.1 80'));
  const [server] = config.virtualServers;
  assert.ok(server?.realServers[0] !== undefined);
  const one = server.realServers[0];
  const [desired] = desiredServices(server, servicesOf(server, config.groups), [
    { server: one, weight: weight(3) },
    { server: one, weight: weight(9) },
  ]);
  assert.deepEqual(
    [...(desired?.destinations.values() ?? [])].map((each) => [destinationKeyText(each), each.weight]),
    [['[10.1.0.1]:80', 3]],
  );
});

test('ranges of both families, whole and in order', () => {
  const between = (first: string, last: string): readonly string[] => [
    ...addressesBetween(address(first), address(last)),
  ];
  assert.deepEqual(between('10.0.0.254', '10.0.1.1'), ['10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1']);
  assert.deepEqual(between('2001:db8::fffe', '2001:db8::1:1'), [
    '2001:db8::fffe',
    '2001:db8::ffff',
    '2001:db8::1:0',
    '2001:db8::1:1',
  ]);
  assert.deepEqual(between('255.255.255.255', '255.255.255.255'), ['255.255.255.255']);
  fc.assert(
    fc.property(fc.nat(0xffff_0000), fc.nat(300), (first, length) => {
      const all = [...addressesBetween(ipv4FromNumber(first), ipv4FromNumber(first + length))];
      assert.deepEqual(
        all.map((one) => Number(addressToBigInt(one))),
        Array.from({ length: length + 1 }, (_, i) => first + i),
      );
    }),
  );
});

test('a virtual server whose group is not there stands for nothing', () => {
  const config = virtual('group G', 'DR', real('10.1.0.1'), 'virtual_server_group G {\n10.0.0.1 80\n}\n');
  const [server] = config.virtualServers;
  assert.ok(server !== undefined);
  assert.deepEqual(servicesOf(server, new Map()), []);
});
