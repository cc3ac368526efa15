/** Operations on their way to a kernel: batches, refusals, what is tolerated. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Applier } from '../../../ipvs-netlink/apply.js';
import { IpvsFamily } from '../../../ipvs-netlink/ipvs-family.js';
import {
  addressServiceKey,
  type DesiredService,
  type Destination,
  type ServiceSettings,
  serviceKeyText,
} from '../../../ipvs-netlink/model.js';
import type { Operation } from '../../../ipvs-netlink/operations.js';
import { destinationMap, NOTHING_OWNED, operationsForNewService, reconcile } from '../../../ipvs-netlink/reconcile.js';
import { type IpAddress, ipv4FromNumber, parseIpAddress } from '../../../runtime/addresses.js';
import { MemoryLog } from '../../../runtime/log.js';
import { port, weight } from '../../../runtime/units.js';
import { SimulatedKernel } from './simulated-kernel.js';

const ip = (text: string): IpAddress => parseIpAddress(text) as IpAddress;
const settings = (scheduler: string): ServiceSettings => ({
  scheduler,
  flags: 0,
  persistence: undefined,
  persistenceEngine: undefined,
});
const server = (address: string, w = 1): Destination => ({
  address: ip(address),
  port: port(80),
  forwarding: { method: 'droute' },
  weight: weight(w),
  upperThreshold: 0,
  lowerThreshold: 0,
});
function service(n: number, scheduler: string, ...servers: Destination[]): DesiredService {
  const key = addressServiceKey('TCP', ipv4FromNumber(0xc0000200 + n), port(80));
  return { key, settings: settings(scheduler), destinations: destinationMap(servers) };
}
const textOf = (one: DesiredService): string => serviceKeyText(one.key);
const on = (one: DesiredService) => ({ serviceText: textOf(one), service: one.key });

interface Bench {
  readonly kernel: SimulatedKernel;
  readonly log: MemoryLog;
  readonly applier: Applier;
  readonly done: Operation[];
  turns: number;
  apply(operations: readonly Operation[]): ReturnType<Applier['apply']>;
}

function bench(largestSlice = 512): Bench {
  const kernel = new SimulatedKernel();
  const log = new MemoryLog();
  const done: Operation[] = [];
  const made: Bench = {
    kernel,
    log,
    done,
    turns: 0,
    applier: new Applier(IpvsFamily.open(kernel), log, {
      largestSlice,
      now: () => 0,
      turn: async () => {
        made.turns++;
      },
    }),
    apply: (operations) => made.applier.apply(operations, (operation) => done.push(operation)),
  };
  return made;
}

test('one changed weight is one message in one sendmsg', async () => {
  const { kernel, apply } = bench();
  const one = service(1, 'wlc', server('10.0.0.1'));
  kernel.put(one);
  const { sends, messages } = kernel.stats;
  const report = await apply([{ ...on(one), kind: 'set-dest', destination: server('10.0.0.1', 9) }]);
  assert.deepEqual([report.done, report.messages, report.sends], [1, 1, 1]);
  assert.deepEqual([kernel.stats.messages - messages, kernel.stats.sends - sends], [1, 1]);
  assert.equal(kernel.services.get(textOf(one))?.destinations.get('[10.0.0.1]:80')?.weight, 9);
});

test('slices are bounded, the event loop turns between them, and counts are exact', async () => {
  const made = bench(10);
  const operations = Array.from({ length: 9 }, (_, n) =>
    operationsForNewService(textOf(service(n, 'rr')), service(n, 'rr', server('10.0.0.1'), server('10.0.0.2'))),
  ).flat();
  const report = await made.apply(operations);
  assert.deepEqual([report.done, report.messages, report.sends], [27, 27, 3]);
  assert.equal(made.turns, 2);
  assert.equal(made.kernel.services.size, 9);
  assert.deepEqual(made.done, operations);
});

test('a slow kernel gets smaller slices', async () => {
  const kernel = new SimulatedKernel();
  let now = 0;
  kernel.onChange = () => {
    now += 1;
  };
  const applier = new Applier(IpvsFamily.open(kernel), new MemoryLog(), {
    largestSlice: 64,
    sliceMilliseconds: 20,
    now: () => now,
    turn: async () => undefined,
  });
  const operations = Array.from({ length: 300 }, (_, n) => {
    const one = service(n, 'rr');
    return { ...on(one), kind: 'new-service', settings: one.settings } satisfies Operation;
  });
  const report = await applier.apply(operations, () => undefined);
  assert.equal(report.done, 300);
  assert.ok(report.sends >= 300 / 32, `${report.sends} slices`);
});

test('what exists is edited, what is gone is put back, and it is logged as keepalived does', async () => {
  const { kernel, log, apply, done } = bench();
  const there = service(1, 'rr', server('10.0.0.1', 7));
  const gone = service(2, 'wlc', server('10.0.0.1'));
  kernel.put(there);
  const report = await apply([
    ...operationsForNewService(textOf(there), service(1, 'wlc', server('10.0.0.1'), server('10.0.0.2'))),
    { ...on(gone), kind: 'set-service', settings: settings('sh') },
    { ...on(gone), kind: 'set-dest', destination: server('10.0.0.1', 3) },
    { ...on(there), kind: 'set-dest', destination: server('10.0.0.9') },
    { ...on(there), kind: 'del-dest', destination: { address: ip('10.0.0.77'), port: port(80) } },
    { ...on(service(3, 'rr')), kind: 'del-service' },
  ]);
  assert.deepEqual([report.done, report.tolerated, report.refused.length], [8, 7, 0]);
  assert.equal(kernel.services.get(textOf(there))?.settings.scheduler, 'wlc');
  assert.equal(kernel.services.get(textOf(there))?.destinations.get('[10.0.0.1]:80')?.weight, 1);
  assert.equal(kernel.services.get(textOf(gone))?.settings.scheduler, 'sh');
  assert.equal(kernel.services.get(textOf(gone))?.destinations.get('[10.0.0.1]:80')?.weight, 3);
  assert.ok(kernel.services.get(textOf(there))?.destinations.has('[10.0.0.9]:80'));
  assert.ok(
    log.lines.some((line) => line.startsWith('IPVS cmd IP_VS_SO_SET_ADD(1154) error: Service already exists(17) (')),
  );
  assert.ok(
    log.lines.some((line) =>
      line.startsWith('IPVS cmd IP_VS_SO_SET_ADDDEST(1159) error: Destination already exists(17) ('),
    ),
  );
  assert.ok(
    log.lines.some((line) => line.startsWith('IPVS cmd IP_VS_SO_SET_DELDEST(1160) error: No such destination(2) (')),
  );
  assert.equal(done.length, 8);
});

test('an addition that had to be sent again is still ahead of the removals', async () => {
  const { kernel, apply } = bench();
  const one = service(1, 'rr', server('10.0.0.1'));
  kernel.put(one);
  let least = Number.POSITIVE_INFINITY;
  kernel.onChange = () => {
    least = Math.min(least, kernel.services.get(textOf(one))?.destinations.size ?? 0);
  };
  await apply([
    { ...on(one), kind: 'set-dest', destination: server('10.0.0.2') },
    { ...on(one), kind: 'del-dest', destination: { address: ip('10.0.0.1'), port: port(80) } },
  ]);
  assert.equal(least, 1);
  assert.deepEqual([...(kernel.services.get(textOf(one))?.destinations.keys() ?? [])], ['[10.0.0.2]:80']);
});

test('a missing scheduler is told once with its cure, its servers are passed over, the rest goes on', async () => {
  const { kernel, log, apply } = bench(4);
  const bad = [1, 2, 3].map((n) => service(n, 'nosuch', server('10.0.0.1'), server('10.0.0.2'), server('10.0.0.3')));
  const good = service(4, 'rr', server('10.0.0.1'));
  const desired = new Map([...bad, good].map((one) => [textOf(one), one]));
  const report = await apply(reconcile(desired, new Map(), NOTHING_OWNED));
  assert.deepEqual([...kernel.services.keys()], [textOf(good)]);
  assert.equal(report.done, 2);
  assert.equal(report.refused.length, 3);
  assert.equal(report.skipped.length, 9);
  const lines = log.lines.filter((line) => line.includes('nosuch'));
  assert.equal(lines.length, 2);
  assert.match(
    lines[0] ?? '',
    /^IPVS cmd IP_VS_SO_SET_ADD\(1154\) error: Scheduler or persistence engine not found\(2\) \(VS \[192\.0\.2\.1\]:tcp:80: .*modprobe ip_vs_nosuch/,
  );
  assert.equal(lines[1], 'Scheduler nosuch not found: and 2 more like this');
});

test('a refusal is told once until it changes: not at every verdict, but again when it was taken in between or a reload asks', async () => {
  const { kernel, log, applier, apply } = bench();
  const one = service(1, 'nosuch', server('10.0.0.1'));
  const make = operationsForNewService(textOf(one), one);
  const told = (): number => log.lines.filter((line) => line.includes('not found(2)')).length;
  for (let i = 0; i < 3; i++) assert.equal((await apply(make)).refused.length, 1);
  assert.equal(told(), 1, log.lines.join('\n'));
  applier.tellAnew();
  await apply(make);
  assert.equal(told(), 2);
  // The module comes, and goes again after the service was taken away.
  kernel.schedulers.add('nosuch');
  await apply(make);
  assert.match(log.lines.at(-1) ?? '', /IPVS takes now what it refused before/);
  await apply([{ ...on(one), kind: 'del-service' }]);
  kernel.schedulers.delete('nosuch');
  await apply(make);
  assert.equal(told(), 3);
});

test('a flood of refusals is told in part and counted', async () => {
  const { log, apply } = bench();
  const one = service(1, 'rr', ...Array.from({ length: 200 }, (_, n) => server(`2001:db8::${n + 1}`)));
  const report = await apply(operationsForNewService(textOf(one), one));
  assert.equal(report.refused.length, 200);
  assert.equal(log.lines.length, 21);
  assert.match(log.lines[0] ?? '', /ADDDEST\(1159\) error: Invalid operation\. .*another family/);
  assert.match(log.lines[20] ?? '', /and 180 more/);
});

test('a server whose service was removed by others is refused with its service', async () => {
  const { apply } = bench();
  const one = service(1, 'rr');
  const report = await apply([{ ...on(one), kind: 'set-dest', destination: server('10.0.0.1') }]);
  assert.equal(report.refused[0]?.error.errno, 3);
  assert.match(
    report.refused[0]?.line ?? '',
    /EDITDEST\(1161\) error: Service not defined\(3\) \(\[10\.0\.0\.1\]:80 of VS \[192\.0\.2\.1\]:tcp:80/,
  );
});

test('calls queue up', async () => {
  const made = bench(1);
  const one = service(1, 'rr', server('10.0.0.1'));
  const first = made.apply(operationsForNewService(textOf(one), one));
  const second = made.apply([{ ...on(one), kind: 'del-service' }]);
  assert.equal((await first).done, 2);
  assert.equal((await second).done, 1);
  assert.equal((await second).tolerated, 0);
  assert.equal(made.kernel.services.size, 0);
});
