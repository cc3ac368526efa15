/** The director's part of the status: what the file asks, what is alive, what the kernel has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directorStatus, type TableView } from '../../../../../cmd/lvsd/roles/director-status.js';
import { DriftMemory } from '../../../../../cmd/lvsd/roles/drift-memory.js';
import { Director } from '../../../../../director/director.js';
import { emptyJournal } from '../../../../../director/journal.js';
import type { IpvsFamily } from '../../../../../ipvs-netlink/ipvs-family.js';
import type { DumpSocket } from '../../../../../netlink/dump-socket.js';
import { LvsdError } from '../../../../../runtime/errors.js';
import { MemoryLog } from '../../../../../runtime/log.js';
import { FakeKernel } from '../../../director/fake-kernel.js';
import { parseText } from '../../../parser/schema/parse-text.js';

const real = (n: number, words = ''): string =>
  `real_server 10.1.0.${n} 8080 {\nweight 3\n${words}\nTCP_CHECK {\n}\n}\n`;
const text = `virtual_server 10.0.0.1 80 {
lvs_sched wrr
lvs_method NAT
protocol TCP
quorum 4
sorry_server 10.9.0.1 80
${real(1)}${real(2, 'inhibit_on_failure')}}
virtual_server fwmark 7 {
lvs_sched rr
lvs_method DR
ip_family inet
real_server 10.1.0.3 {
TCP_CHECK {
connect_port 80
}
}
}
`;

/** A kernel that answers no question about counters. */
function deaf<T extends object>(): T {
  return new Proxy({} as T, {
    get: () => {
      throw new LvsdError('LVSD_TEST', 'no answer');
    },
  });
}

async function rig() {
  const kernel = new FakeKernel();
  const director = new Director({
    log: new MemoryLog(),
    wall: () => 5000,
    table: kernel,
    journal: { append: () => true, replace: () => {} },
    present: () => true,
    effect: () => {},
  });
  await director.start(parseText(text).config, 1, emptyJournal);
  const view: TableView = {
    ipvs: deaf<IpvsFamily>(),
    dumps: deaf<DumpSocket>(),
    services: kernel.services,
    drift: new DriftMemory(),
    counters: { messages: 7, sends: 2, refused: 1 },
    lastError: { at: 9, text: 'no' },
  };
  return { director, view };
}

test('names, targets and settings of each virtual server, in file order', async () => {
  const { director, view } = await rig();
  const { generation, virtualServers } = directorStatus(director, view, 4);
  assert.equal(generation, 4);
  assert.deepEqual(
    virtualServers.map(({ name, target, scheduler, forwarding }) => [name, target.kind, scheduler, forwarding]),
    [
      ['[10.0.0.1]:tcp:80', 'address', 'wrr', 'NAT'],
      ['FWM 7', 'fwmark', 'rr', 'DR'],
    ],
  );
});

test('weights as configured, as effective, and as the kernel has them', async () => {
  const { director, view } = await rig();
  await director.verdicts([
    { at: [0, 0, 0], up: false, run: true, since: 6000, text: 'refused' },
    { at: [0, 1, 0], up: false, run: true, since: 6000, text: 'silent' },
  ]);
  const [first, second] = directorStatus(director, view, 1).virtualServers;
  assert.deepEqual(
    first?.realServers.map(({ alive, inhibited, reason, weight }) => [alive, inhibited, reason, weight]),
    [
      [false, false, 'refused', { configured: 3, effective: 3, inKernel: null }],
      [false, true, 'silent', { configured: 3, effective: 3, inKernel: 0 }],
    ],
  );
  assert.deepEqual([first?.quorum.needed, first?.quorum.have, first?.quorum.up], [4, 0, false]);
  assert.deepEqual(first?.sorryServer, { name: '[10.9.0.1]:tcp:80', active: true });
  assert.equal(second?.realServers[0]?.weight.inKernel, 1);
});

test('counters that the kernel does not tell are left out, and the rest is there', async () => {
  const { director, view } = await rig();
  const { virtualServers, ipvs } = directorStatus(director, view, 1);
  assert.equal(virtualServers[0]?.counters, null);
  assert.equal(ipvs.unavailable, null);
  assert.deepEqual(ipvs.netlink, { messages: 7, sendCalls: 2, errors: 1, lastError: { at: 9, text: 'no' } });
});

test('without IPVS the status says so', async () => {
  const { director } = await rig();
  const { virtualServers, ipvs } = directorStatus(director, undefined, 1);
  assert.match(ipvs.unavailable ?? '', /IPVS does not answer/);
  assert.equal(virtualServers[0]?.realServers[0]?.weight.inKernel, null);
});
