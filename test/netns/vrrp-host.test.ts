/**
 * The router on a real host (vrrp/host-router.ts): its virtual addresses come with MASTER and go with it, stale ones are
 * taken away, what somebody removes comes back, a link that goes down is a fault, a reload changes the list, and keepalived
 * beside it takes over and gives back.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, afterEach, before, test } from 'node:test';
import { HostRouter, type HostRouterOptions } from '../../vrrp/host-router.js';
import { fifoLine } from '../../vrrp/notification.js';
import { parseText } from '../unit/parser/schema/parse-text.js';
import { Keepalived, openLab, run, type VrrpLab, wait } from './vrrp-lab.js';

let lab: VrrpLab;
let router: HostRouter | undefined;
let keepalived: Keepalived | undefined;
const told: string[] = [];
const log: string[] = [];

before(async () => {
  lab = await openLab();
});
after(() => lab.close());
afterEach(async () => {
  router?.close();
  router = undefined;
  await keepalived?.stop();
  keepalived = undefined;
  told.length = 0;
  log.length = 0;
  run('ip', 'link', 'set', 'lvs0', 'up');
  spawnSync('sh', ['-c', 'for a in 10.50.1.1 10.50.1.2 10.50.1.3; do ip address del $a/32 dev lvs0; done 2>/dev/null']);
});

const text = (device: string, priority: number, addresses: readonly string[]): string =>
  `vrrp_instance V {\ninterface ${device}\nvirtual_router_id 51\nversion 3\nadvert_int 0.1\npriority ${priority}\nvirtual_ipaddress {\n${addresses.join('\n')}\n}\n}\n`;

const optionsOf = (priority: number, addresses: readonly string[]): HostRouterOptions => ({
  config: parseText(text('lvs0', priority, addresses)).config.vrrp,
  hmacKey: (written) => Buffer.from(written),
  held: false,
  logUnknownVrids: false,
});

function begin(priority: number, ...addresses: readonly string[]): HostRouter {
  router = new HostRouter(optionsOf(priority, addresses), {
    onNotify: (subject, state) => told.push(fifoLine(subject, state).trim()),
    onLog: (line) => log.push(line),
  });
  router.start();
  return router;
}

/** The virtual addresses that stand on lvs0. */
const standing = (): string =>
  [
    ...spawnSync('ip', ['-4', '-o', 'address', 'show', 'dev', 'lvs0'], { encoding: 'utf8' }).stdout.matchAll(
      /inet (10\.50\.1\.\d+)\//g,
    ),
  ]
    .map((match) => match[1])
    .sort()
    .join(' ');

const shown = (): string =>
  `"${standing()}" ${told.join(', ')}\n${log.join('\n')}\n${keepalived?.log.slice(-20).join('\n') ?? ''}`;

test('addresses come with MASTER, are announced, and go at the stop; a stale one of a crash goes at the start', async () => {
  run('ip', 'address', 'add', '10.50.1.1/32', 'dev', 'lvs0');
  const ours = begin(100, '10.50.1.1', '10.50.1.2');
  assert.equal(standing(), '', 'the stale address');
  await wait(() => standing() === '10.50.1.1 10.50.1.2', shown, 3000);
  assert.equal(ours.announcer.sent, 10, 'five for each address');
  ours.stop();
  assert.equal(standing(), '');
  assert.deepEqual(told, ['INSTANCE "V" BACKUP 100', 'INSTANCE "V" MASTER 100', 'INSTANCE "V" STOP 100']);
});

test('an address that somebody takes away is put back at once; who does it again and again meets BACKUP', async () => {
  const ours = begin(100, '10.50.1.1', '10.50.1.2');
  await wait(() => standing() === '10.50.1.1 10.50.1.2', shown, 3000);
  for (let times = 1; times <= 5; times++) {
    run('ip', 'address', 'del', '10.50.1.2/32', 'dev', 'lvs0');
    await wait(() => ours.addressesLost === times && standing() === '10.50.1.1 10.50.1.2', shown, 1000);
  }
  assert.deepEqual(told.slice(-1), ['INSTANCE "V" MASTER 100']);
  run('ip', 'address', 'del', '10.50.1.2/32', 'dev', 'lvs0');
  await wait(() => told.length === 4 && standing() === '10.50.1.1 10.50.1.2', shown, 3000);
  assert.deepEqual(told.slice(-2), ['INSTANCE "V" BACKUP 100', 'INSTANCE "V" MASTER 100']);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(ours.addressesLost, 6, 'its own removals are not counted');
});

test('a link that goes down is a fault, and one that comes back is not', async () => {
  begin(100, '10.50.1.1');
  await wait(() => standing() === '10.50.1.1', shown, 3000);
  run('ip', 'link', 'set', 'lvs0', 'down');
  await wait(() => told.at(-1) === 'INSTANCE "V" FAULT 100', shown, 2000);
  assert.equal(standing(), '');
  run('ip', 'link', 'set', 'lvs0', 'up');
  await wait(() => standing() === '10.50.1.1', shown, 5000);
  assert.deepEqual(told.slice(-2), ['INSTANCE "V" BACKUP 100', 'INSTANCE "V" MASTER 100']);
});

test('a reload gives a master other addresses, and it stays master', async () => {
  const ours = begin(100, '10.50.1.1', '10.50.1.2');
  await wait(() => standing() === '10.50.1.1 10.50.1.2', shown, 3000);
  told.length = 0;
  ours.reload(optionsOf(120, ['10.50.1.2', '10.50.1.3']));
  assert.equal(standing(), '10.50.1.2 10.50.1.3');
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(standing(), '10.50.1.2 10.50.1.3');
  assert.deepEqual(told, []);
});

test('keepalived of a higher priority takes the addresses over, and gives them back when it ends', async (t) => {
  if (lab.peer === undefined) return t.skip(lab.missing);
  begin(100, '10.50.1.1');
  await wait(() => standing() === '10.50.1.1', shown, 3000);
  keepalived = new Keepalived(lab, text('lvs1', 150, ['10.50.1.1']));
  await wait(() => keepalived?.state('V') === 'MASTER' && standing() === '', shown, 10_000);
  await keepalived.stop();
  keepalived = undefined;
  await wait(() => standing() === '10.50.1.1', shown, 2000);
});

test('a busy socket is read in batches: sixty instances stay BACKUP under adverts, and take over when they end', async (t) => {
  if (lab.peer === undefined) return t.skip(lab.missing);
  const vrids = Array.from({ length: 60 }, (_, i) => i + 1);
  const many = (device: string, priority: number): string =>
    vrids
      .map((vrid) => text(device, priority, [`10.51.${vrid}.1`]).replace('vrrp_instance V ', `vrrp_instance V${vrid} `))
      .join('')
      .replaceAll('virtual_router_id 51', () => `virtual_router_id ${++numbered}`);
  let numbered = 0;
  keepalived = new Keepalived(lab, many('lvs1', 150));
  const names = vrids.map((vrid) => `V${vrid}`);
  await wait(() => keepalived?.all(names, 'MASTER') === true, shown, 15_000);
  numbered = 0;
  const config = parseText(many('lvs0', 100).replaceAll('priority 100', 'priority 100\ndown_timer_adverts 10')).config
    .vrrp;
  const ours = new HostRouter(
    { ...optionsOf(100, []), config },
    { onNotify: () => {}, onLog: (line) => log.push(line) },
  );
  router = ours;
  ours.start();
  const all = (role: string): boolean => ours.router.instances().every(({ election }) => election.role === role);
  const heard = (): number => Math.min(...ours.router.instances().map(({ statistics }) => statistics.advert_rcvd));
  await wait(
    () => heard() >= 15,
    () => `${heard()}\n${shown()}`,
    10_000,
  );
  assert.ok(all('backup'), shown());
  await keepalived.stop();
  keepalived = undefined;
  await wait(() => all('master'), shown, 5000);
  ours.stop();
});
