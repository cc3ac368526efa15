/** Links and addresses as the monitor remembers them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressTable } from '../../../host/addresses.js';
import { LinkTable } from '../../../host/links.js';
import { IFA_F_DADFAILED, type InterfaceAddress } from '../../../netlink/rtnetlink-address.js';
import type { Link } from '../../../netlink/rtnetlink-link.js';
import { ipv4FromNumber } from '../../../runtime/addresses.js';

const link = (index: number, name: string, up = true): Link => ({
  index,
  name,
  flags: up ? 0x41 : 0,
  up,
  running: up,
  loopback: false,
  hardwareType: 1,
  hardwareAddress: '',
  mtu: 1500,
  lowerIndex: 0,
  masterIndex: 0,
  operationalState: 6,
  kind: '',
});

const entry = (index: number, n: number, flags = 0): InterfaceAddress => {
  const address = ipv4FromNumber(n);
  return { index, address, peer: address, prefixLength: 32, scope: 0, flags, label: '' };
};

test('a link that is told twice is one event', () => {
  const table = new LinkTable();
  assert.deepEqual(
    table.set(link(2, 'eth0')).map((event) => event.kind),
    ['appeared'],
  );
  assert.deepEqual(table.set(link(2, 'eth0')), []);
  assert.deepEqual(
    table.set(link(2, 'eth0', false)).map((event) => event.kind),
    ['changed'],
  );
  assert.equal(table.byName('eth0')?.up, false);
});

test('a new link takes the name of an old one before the old one is told gone', () => {
  const table = new LinkTable();
  table.set(link(2, 'eth0'));
  table.set(link(3, 'eth0'));
  table.delete(2);
  assert.equal(table.byName('eth0')?.index, 3);
  table.set(link(3, 'wan0'));
  assert.equal(table.byName('eth0'), undefined);
  assert.equal(table.byName('wan0')?.index, 3);
});

test('a dump makes the table what the dump says, whatever was there', () => {
  const links = fc.uniqueArray(fc.record({ index: fc.integer({ min: 1, max: 8 }), up: fc.boolean() }), {
    selector: (item) => item.index,
  });
  fc.assert(
    fc.property(links, links, (first, second) => {
      const table = new LinkTable();
      table.replace(first.map((item) => link(item.index, `eth${item.index}`, item.up)));
      const events = table.replace(second.map((item) => link(item.index, `eth${item.index}`, item.up)));
      const order = (list: readonly Link[]) => [...list].sort((a, b) => a.index - b.index);
      assert.deepEqual(order(table.all()), order(second.map((item) => link(item.index, `eth${item.index}`, item.up))));
      for (const item of second) assert.equal(table.byName(`eth${item.index}`)?.index, item.index);
      const gone = first.filter((item) => !second.some((other) => other.index === item.index)).length;
      assert.equal(events.filter((event) => event.kind === 'disappeared').length, gone);
    }),
  );
});

test('an address is present while one interface has it, and events tell each edge once', () => {
  const step = fc.record({
    act: fc.constantFrom('set', 'delete', 'interface', 'replace'),
    index: fc.integer({ min: 1, max: 3 }),
    n: fc.integer({ min: 1, max: 3 }),
    failed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const table = new AddressTable();
      const model = new Map<string, InterfaceAddress>();
      const told = new Set<string>();
      for (const { act, index, n, failed } of steps) {
        const item = entry(index, n, failed ? IFA_F_DADFAILED : 0);
        const key = `${index} ${n}`;
        let events: ReturnType<AddressTable['set']> = [];
        if (act === 'set') {
          model.set(key, item);
          events = table.set(item);
        } else if (act === 'delete') {
          model.delete(key);
          events = table.delete(item);
        } else if (act === 'interface') {
          for (const name of [...model.keys()]) if (name.startsWith(`${index} `)) model.delete(name);
          events = table.deleteInterface(index);
        } else {
          model.clear();
          model.set(key, item);
          events = table.replace([item]);
        }
        for (const event of events) {
          assert.equal(told.has(event.address), !event.present);
          if (event.present) told.add(event.address);
          else told.delete(event.address);
        }
        for (const number of [1, 2, 3]) {
          const address = ipv4FromNumber(number);
          const expected = [...model.values()].some((other) => other.address === address && other.flags === 0);
          assert.equal(table.has(address), expected);
          assert.equal(told.has(address), expected);
        }
      }
    }),
  );
});
