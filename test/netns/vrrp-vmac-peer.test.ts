/**
 * Elections between routers with VMACs: HostRouter here, keepalived 2.2.7 at the other end of a veth. Both send from the
 * same MAC address, which only a macvlan in private mode receives.
 */
import { spawnSync } from 'node:child_process';
import { after, afterEach, before, test } from 'node:test';
import { HostRouter } from '../../vrrp/host-router.js';
import { instanceText, optionsOf } from './vrrp-host-run.js';
import { Keepalived, openLab, run, type VrrpLab, wait } from './vrrp-lab.js';

let lab: VrrpLab;
let router: HostRouter | undefined;
let keepalived: Keepalived | undefined;
const log: string[] = [];

before(async () => {
  lab = await openLab();
});
after(() => lab.close());
afterEach(async () => {
  router?.stop();
  router = undefined;
  await keepalived?.stop();
  keepalived = undefined;
  log.length = 0;
  run('ip', 'link', 'set', 'lvs0', 'up');
});

const role = (): string => router?.router.instances()[0]?.election.role ?? 'none';
const shown = (): string =>
  `${role()}\n${log.join('\n')}\n${keepalived?.log.slice(-20).join('\n') ?? ''}\n${spawnSync('ip', ['address'], { encoding: 'utf8' }).stdout}`;

for (const [what, body] of [
  ['IPv4', 'use_vmac\nvirtual_ipaddress {\n10.50.1.1\n}'],
  ['IPv6', 'use_vmac\nvirtual_ipaddress {\nfe80::50:1\n}'],
  ['IPv4, adverts by the base interface', 'use_vmac\nvmac_xmit_base\nvirtual_ipaddress {\n10.50.1.1\n}'],
] as const) {
  test(`${what}: the higher one takes over, and gives back when it ends`, async (t) => {
    if (lab.peer === undefined) return t.skip(lab.missing);
    router = new HostRouter(optionsOf(instanceText('V', 51, body, 'lvs0')), {
      onNotify: () => {},
      onLog: (line) => log.push(line),
    });
    router.start();
    await wait(() => role() === 'master', shown, 3000);
    keepalived = new Keepalived(lab, instanceText('V', 51, body, 'lvs1').replace('priority 100', 'priority 150'));
    await wait(() => keepalived?.state('V') === 'MASTER' && role() === 'backup', shown, 10_000);
    // It hears every advert: for six intervals it stays where it is.
    const heard = (): number => router?.router.instances()[0]?.statistics.advert_rcvd ?? 0;
    const before = heard();
    await wait(() => heard() >= before + 6, shown, 5000);
    if (role() !== 'backup') throw new Error(shown());
    await keepalived.stop();
    keepalived = undefined;
    await wait(() => role() === 'master', shown, 3000);
  });
}
