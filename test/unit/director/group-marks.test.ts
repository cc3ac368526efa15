/** The marks of nftables_ipvs and the tables that give them; what nft shows of them is in netns/mark-tables.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../../config/config.js';
import { groupMarks, markTables, noMarks } from '../../../director/group-marks.js';
import { servicesOf } from '../../../director/plan.js';
import { MarkTables } from '../../../host/mark-tables.js';
import { serviceKeyText } from '../../../ipvs-netlink/model.js';
import { parseText } from '../parser/schema/parse-text.js';

const server = (target: string, protocol = 'TCP', more = ''): string =>
  `virtual_server ${target} {\nprotocol ${protocol}\nlvs_sched rr\nlvs_method TUN\n${more}\nreal_server 192.0.2.1 80 {\n}\n}\n`;
const group = (name: string, ...lines: string[]): string => `virtual_server_group ${name} {\n${lines.join('\n')}\n}\n`;
const on = 'global_defs {\nnftables_ipvs\n}\n';

const configOf = (text: string): Config => parseText(text).config;
const marksOf = (config: Config, before: Config = configOf('')): Record<string, number> => {
  const marks = groupMarks(before, []);
  const earlier = before.virtualServers.map((one) => ({
    server: one,
    services: servicesOf(one, before.groups, marks),
  }));
  return Object.fromEntries(groupMarks(config, earlier));
};
const services = (config: Config): readonly string[] =>
  config.virtualServers.flatMap((one) => servicesOf(one, config.groups, groupMarks(config, [])).map(serviceKeyText));

test('a mark for each group and protocol, in file order; without the word none', () => {
  const text =
    group('a', '203.0.113.1 80') +
    group('b', '203.0.113.2 80', '203.0.113.9-20 443') +
    server('group a') +
    server('group b', 'UDP') +
    server('group a', 'UDP') +
    server('group b') +
    server('203.0.113.99 80');
  assert.deepEqual(marksOf(configOf(on + text)), { 'a TCP': 1000, 'b UDP': 1001, 'a UDP': 1002, 'b TCP': 1003 });
  assert.deepEqual(services(configOf(on + text)), [
    'FWM 1000',
    'FWM 1001',
    'FWM 1002',
    'FWM 1003',
    '[203.0.113.99]:tcp:80',
  ]);
  assert.equal(groupMarks(configOf(text), []), noMarks);
});

test('both families share the mark, and each that the group names has its service', () => {
  const text = group('a', '203.0.113.1 80', '2001:db8::1 80');
  assert.deepEqual(services(configOf(on + text + server('group a'))), ['FWM 1000', 'FWM6 1000']);
  const six = configOf(on + group('a', '2001:db8::1 80') + server('group a'));
  assert.deepEqual(services(six), ['FWM6 1000']);
  assert.deepEqual(
    markTables(six, groupMarks(six, [])).map((table) => table.family),
    ['inet6'],
  );
});

test('groups with marks of their own stay as they are, and their marks are passed over', () => {
  const text =
    group('a', '203.0.113.1 80') +
    group('b', '203.0.113.2 80', 'fwmark 1000') +
    server('group a') +
    server('group b') +
    server('fwmark 1001', 'TCP', 'ip_family inet');
  assert.deepEqual(marksOf(configOf(on + text)), { 'a TCP': 1002 });
  assert.deepEqual(services(configOf(on + text)), ['FWM 1002', '[203.0.113.2]:tcp:80', 'FWM 1000', 'FWM 1001']);
});

test('a group keeps its mark for as long as it is there; marks that are free are used again', () => {
  const groups = group('a', '203.0.113.1 80') + group('b', '203.0.113.2 80') + group('c', '203.0.113.3 80');
  const first = configOf(on + groups + server('group a') + server('group b'));
  const second = configOf(on + groups + server('group c') + server('group b'));
  assert.deepEqual(marksOf(second, first), { 'b TCP': 1001, 'c TCP': 1000 });
});

test('a start mark at the end of all marks goes on from the first', () => {
  const words = 'global_defs {\nnftables_ipvs\nnftables_ipvs_start_fwmark 4294967295\n}\n';
  const groups = group('a', '203.0.113.1 80') + group('b', '203.0.113.2 80');
  assert.deepEqual(marksOf(configOf(words + groups + server('group a') + server('group b'))), {
    'a TCP': 4294967295,
    'b TCP': 1,
  });
});

test('an address of two groups goes to the first; without a port every port matches', () => {
  const config = configOf(
    on +
      group('a', '203.0.113.1 80', '203.0.113.5') +
      group('b', '203.0.113.1 80', '203.0.113.2 80') +
      server('group a') +
      server('group b'),
  );
  const [table] = markTables(config, groupMarks(config, []));
  assert.deepEqual(
    table?.maps.map(({ protocol, elements }) => [
      protocol,
      elements.map((each) => `${each.first} ${each.firstPort}-${each.lastPort} ${each.mark}`),
    ]),
    [['TCP', ['203.0.113.1 80-80 1000', '203.0.113.5 0-65535 1000', '203.0.113.2 80-80 1001']]],
  );
});

test('unchanged tables send nothing; a refusal leaves what was in force', () => {
  let sent = 0;
  let refuse = false;
  const tables = new MarkTables(() => {
    sent++;
    if (refuse) throw new Error('refused');
  });
  const of = (text: string): ReturnType<typeof markTables> => {
    const config = configOf(on + text + server('group a'));
    return markTables(config, groupMarks(config, []));
  };
  const one = of(group('a', '203.0.113.1 80'));
  tables.apply(one);
  tables.apply(of(group('a', '203.0.113.1 80')));
  tables.withdraw(one);
  assert.equal(sent, 1);
  refuse = true;
  assert.throws(() => tables.apply(of(group('a', '203.0.113.2 80'))));
  assert.equal(tables.current, one);
});
