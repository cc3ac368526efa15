/**
 * use_vmac on a host: HostRouter beside keepalived 2.2.7, the same file in two namespaces that are alike. Names, MAC
 * addresses, what stands on the interfaces and the kernel's parameters must be the same as MASTER and after the end.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { asOwner, HostRun, instanceText, optionsOf } from './vrrp-host-run.js';
import { run, wait } from './vrrp-lab.js';
import { assertSame, openStand, picture, type Stand } from './vrrp-stand.js';

let stand: Stand;
let both: HostRun;

before(async () => {
  stand = await openStand();
});
after(() => stand.close());
beforeEach(async () => {
  await stand.renew();
  both = new HostRun(stand);
});
afterEach(async () => {
  await both.stop();
  stand.here('echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter; ip link del vrrp.51');
});

const vips = (...lines: readonly string[]): string => `virtual_ipaddress {\n${lines.join('\n')}\n}`;

/** keepalived 2.2.7 does not put arp_ignore and arp_filter of the base interface back. */
const LEAVES = 'ours';

test('one VMAC', async (t) => {
  if (stand.peer === undefined) return t.skip(stand.missing);
  await both.compare(instanceText('V', 51, `use_vmac\n${vips('10.50.1.1/24')}`), LEAVES);
});

test('VMACs of IPv4 and IPv6, named and not, on the base interface and off it', async (t) => {
  if (stand.peer === undefined) return t.skip(stand.missing);
  const excluded = 'virtual_ipaddress_excluded {\nfd00::1\n}';
  const routes = 'virtual_routes {\n10.60.0.0/16 dev eth0\n10.61.0.0/16 via 10.50.1.9\n}';
  await both.compare(
    [
      instanceText('V', 51, `use_vmac\n${vips('10.50.1.1/24', '10.50.1.2 dev eth0')}\n${excluded}\n${routes}`),
      instanceText('V4', 54, `use_vmac foo\nvmac_xmit_base\n${vips('10.50.2.1/24 brd +')}`),
      instanceText('V6', 51, `use_vmac\n${vips('fe80::1', 'fd00::5/64')}`),
      instanceText(
        'VA',
        56,
        `use_vmac vm56 02:00:00:00:aa:bb\n${vips('10.50.3.1/24 dev eth0p use_vmac', '10.50.3.2/24')}`,
      ),
    ].join(''),
    LEAVES,
  );
});

test('names that are taken', async (t) => {
  if (stand.peer === undefined) return t.skip(stand.missing);
  const prefixes = 'global_defs {\nvmac_prefix vp\nvmac_addr_prefix va\n}\n';
  const text = [
    instanceText('V6', 51, `use_vmac\n${vips('fe80::1')}\nvirtual_ipaddress_excluded {\n10.9.9.9\n}`),
    instanceText('V4', 51, `use_vmac\n${vips('10.8.8.8', '10.8.8.9 dev eth0p use_vmac')}`),
  ].join('');
  await both.compare(prefixes + text, LEAVES);
});

test('promote_secondaries of an interface that is no VMAC', async (t) => {
  if (stand.peer === undefined) return t.skip(stand.missing);
  await both.compare(instanceText('V', 51, `promote_secondaries\n${vips('10.50.1.1/24')}`));
});

test('the reverse path filter of all goes down with a VMAC, other interfaces keep theirs, and it comes back', async () => {
  stand.here('echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter');
  const before = picture(stand.here);
  const filters = (): string =>
    stand
      .here('cd /proc/sys/net/ipv4/conf; for i in *; do echo $i $(cat $i/rp_filter); done')
      .trim()
      .split('\n')
      .join(', ');
  await both.beginAsMaster(asOwner(instanceText('V', 51, `use_vmac\n${vips('10.50.1.1/24')}`)));
  assert.equal(filters(), 'all 0, default 1, eth0 1, eth0p 1, lo 1, vrrp.51 0');
  await both.stop();
  assertSame(picture(stand.here), before, 'after the end');
});

test('a VMAC that a crash left is taken over, and what stood on it goes', async () => {
  const bare = picture(stand.here);
  const text = instanceText('V', 51, `use_vmac\n${vips('10.50.1.1/24')}`);
  await both.beginAsMaster(asOwner(text));
  const index = (): string => stand.here('cat /sys/class/net/vrrp.51/ifindex');
  const first = stand.here('ip -o link show vrrp.51');
  both.crash();
  both.begin(text);
  assert.equal(stand.here('ip -o link show vrrp.51'), first, 'the same interface');
  assert.equal(stand.here('ip -o -4 address show vrrp.51'), '');
  await both.stop();
  assert.equal(index(), '');
  // The parameters of the base interface are what the crash left: nobody knows what they were before.
  const kept = (lines: readonly string[]): string[] => lines.filter((line) => !/eth0\/arp_/.test(line));
  assertSame(kept(picture(stand.here)), kept(bare), 'after the end');
});

test('an interface of that name that is somebody else’s is left alone, and told of', async () => {
  run('ip', 'link', 'add', 'mine', 'type', 'veth', 'peer', 'name', 'mine2');
  both.begin(instanceText('V', 51, `use_vmac mine\n${vips('10.50.1.1/24')}`));
  assert.ok(
    both.log.some((line) => line.includes('an interface mine is there that is no macvlan')),
    both.log.join('\n'),
  );
  await both.stop();
  assert.match(stand.here('ip -o link show mine'), /mine/);
  run('ip', 'link', 'del', 'mine');
});

test('a VMAC that somebody deletes comes back with its addresses', async () => {
  await both.beginAsMaster(asOwner(instanceText('V', 51, `use_vmac\n${vips('10.50.1.1/24')}`)));
  run('ip', 'link', 'del', 'vrrp.51');
  await wait(
    () => stand.here('ip -o -4 address show vrrp.51').includes('10.50.1.1/24'),
    () => `${stand.here('ip address')}\n${both.log.join('\n')}`,
    2000,
  );
});

test('a reload gives an instance a VMAC and takes it away again; it stays MASTER', async () => {
  const bare = picture(stand.here);
  const plain = asOwner(instanceText('V', 51, vips('10.50.1.1/24')));
  const vmac = asOwner(instanceText('V', 51, `use_vmac\n${vips('10.50.1.1/24')}`));
  const ours = await both.beginAsMaster(plain);
  const on = (): string => /(?:\d+: )(\S+)/.exec(stand.here('ip -o address show to 10.50.1.1'))?.[1] ?? '';
  assert.equal(on(), 'eth0');
  ours.reload(optionsOf(vmac));
  assert.equal(on(), 'vrrp.51');
  ours.reload(optionsOf(plain));
  assert.equal(on(), 'eth0');
  assert.equal(ours.router.instances()[0]?.election.role, 'master');
  await both.stop();
  assertSame(picture(stand.here), bare, 'after the end');
});
