/**
 * Elections beside Debian's keepalived 2.2.7, over a veth between two network namespaces: preemption, priority 0, a dead
 * master, lower priority, what is refused on either side; versions, families, unicast, PASS, AH, the old checksum.
 *
 * One keepalived holds an instance of every kind, so that all elections run at the same time.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { type IpAddress, parseIpAddress } from '../../runtime/addresses.js';
import { Keepalived, OURS, openLab, THEIRS, type VrrpLab, wait } from './vrrp-lab.js';
import { LiveRouter, linkLocalOf } from './vrrp-router.js';

/** By name: the words of an instance, `us` and `them` as the unicast addresses; each has its own VRID. */
const KINDS: Readonly<Record<string, (us: string, them: string) => string>> = {
  v3: () => 'version 3\nadvert_int 0.2',
  v3_unicast: (us, them) => `version 3\nadvert_int 0.2\nunicast_src_ip ${us}\nunicast_peer {\n${them}\n}`,
  v3_old: (us, them) =>
    `version 3\nadvert_int 0.2\nold_unicast_checksum\nunicast_src_ip ${us}\nunicast_peer {\n${them}\n}`,
  v3_min_ttl: (us, them) => `version 3\nadvert_int 0.2\nunicast_src_ip ${us}\nunicast_peer {\n${them} min_ttl 250\n}`,
  v3_six: () => 'version 3\nadvert_int 0.2\nnative_ipv6',
  v2: () => 'version 2\nadvert_int 1',
  v2_pass: () => 'version 2\nadvert_int 1\nauthentication {\nauth_type PASS\nauth_pass secret\n}',
  v2_ah: () => 'version 2\nadvert_int 1\nauthentication {\nauth_type AH\nauth_pass secret\n}',
  v2_unicast_ah: (us, them) =>
    `version 2\nadvert_int 1\nauthentication {\nauth_type AH\nauth_pass secret\n}\nunicast_src_ip ${us}\nunicast_peer {\n${them}\n}`,
};
const ALL = Object.keys(KINDS);

function configuration(device: string, us: string, them: string, names: readonly string[], words: string): string {
  const blocks = names.map((name) => {
    const vrid = 10 + ALL.indexOf(name);
    const vip = name === 'v3_six' ? `fe80::${vrid}` : `10.50.1.${vrid}`;
    return `vrrp_instance ${name} {\ninterface ${device}\nvirtual_router_id ${vrid}\n${KINDS[name]?.(us, them)}\n${words}\nvirtual_ipaddress {\n${vip}\n}\n}\n`;
  });
  return `global_defs {\nvrrp_garp_master_delay 0\n}\n${blocks.join('')}`;
}

const ours = (names: readonly string[], words: string, more = ''): LiveRouter =>
  new LiveRouter(configuration('lvs0', OURS, THEIRS, names, words) + more, {
    inet: parseIpAddress(OURS) as IpAddress,
    inet6: linkLocalOf('lvs0'),
  });

let lab: VrrpLab;
before(async () => {
  lab = await openLab();
});
after(() => lab.close());

let keepalived: Keepalived | undefined;
let router: LiveRouter | undefined;
afterEach(async () => {
  router?.close();
  await keepalived?.stop();
  router = undefined;
  keepalived = undefined;
});

function begin(names: readonly string[], theirWords: string): Keepalived {
  keepalived = new Keepalived(lab, configuration('lvs1', THEIRS, OURS, names, theirWords));
  return keepalived;
}

const described = (): string =>
  `${router?.roles() ?? ''}\n${router?.log.slice(-20).join('\n') ?? ''}\n${keepalived?.log.slice(-40).join('\n') ?? ''}`;

test('every kind: we preempt keepalived, it takes over when we say goodbye, we hear it and stay BACKUP', async (t) => {
  if (lab.peer === undefined) return t.skip(lab.missing);
  const theirs = begin(ALL, 'priority 150');
  await wait(() => theirs.all(ALL, 'MASTER'), described, 15_000);
  router = ours(ALL, 'priority 200');
  router.start();
  const mastered = (): boolean =>
    router?.router.instances().every(({ election }) => election.role === 'master') === true;
  await wait(() => mastered() && theirs.all(ALL, 'BACKUP'), described, 15_000);
  for (const { name, statistics } of router.router.instances()) {
    assert.ok(statistics.advert_rcvd >= 1, `${name} heard keepalived`);
    const errors = Object.entries(statistics).filter(
      ([counter, count]) => /err|fail|invalid|mismatch|malformed/.test(counter) && count > 0,
    );
    assert.deepEqual(errors, [], name);
  }
  const before = Date.now();
  router.stop();
  await wait(() => theirs.all(ALL, 'MASTER'), described, 10_000);
  const took = Date.now() - before;
  assert.ok(took < 2500, `${took} ms: priority 0 was not understood by all`);
  router = ours(ALL, 'priority 100');
  router.start();
  await new Promise((resolve) => setTimeout(resolve, 5000));
  assert.ok(
    router.router.instances().every(({ election }) => election.role === 'backup'),
    described(),
  );
  for (const { name, election } of router.router.instances()) assert.equal(election.masterPriority, 150, name);
  await theirs.stop();
  await wait(mastered, described, 1500);
  t.diagnostic(`keepalived took over within ${took} ms of our priority 0`);
});

test('a master that dies: we take over after the down interval, not before and not much later', async (t) => {
  if (lab.peer === undefined) return t.skip(lab.missing);
  const names = ['v3', 'v3_six'];
  const theirs = begin(names, 'priority 150');
  router = ours(names, 'priority 100');
  router.start();
  await wait(() => theirs.all(names, 'MASTER'), described, 10_000);
  await wait(() => router?.of('v3').election.masterPriority === 150, described, 2000);
  await new Promise((resolve) => setTimeout(resolve, 500));
  router.changes.length = 0;
  await theirs.kill();
  keepalived = undefined;
  await router.until(() => router?.changes.length === names.length, 'MASTER', 3000);
  const waits = router.changes.map(({ at, name, state }) => {
    assert.equal(state, 'MASTER', name);
    return at - (router?.heardAt.get(name) ?? 0);
  });
  // 3 x 200 ms and 121.8 ms of skew after the last advert; later only if the machine is busy.
  assert.ok(
    waits.every((wait) => wait >= 721.8 && wait < 3000),
    waits.join(),
  );
  t.diagnostic(waits.map((wait) => `${wait.toFixed(1)} ms`).join(', '));
});

test('nopreempt, equal priority, and what keepalived must not believe: a wrong checksum, TTL 254, another version', async (t) => {
  if (lab.peer === undefined) return t.skip(lab.missing);
  const theirs = begin(['v3'], 'priority 100');
  await wait(() => theirs.all(['v3'], 'MASTER'), described, 10_000);
  router = ours(['v3'], 'priority 200\nnopreempt');
  router.start();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(router.roles(), 'v3:backup', 'nopreempt');
  router.close();
  // Equal priority: their address is higher, so they stay.
  router = ours(['v3'], 'priority 100');
  router.start();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(router.roles(), 'v3:backup', 'equal priority');
  router.close();
  const spoils: readonly [string, (bytes: Uint8Array) => void, string][] = [
    ['a wrong checksum', (bytes) => bytes.set([(bytes[26] as number) ^ 1], 26), 'Invalid VRRPv3 checksum'],
    ['TTL 254', (bytes) => bytes.set([254], 8), 'invalid TTL/HL. Received 254 and expect 255'],
    ['version 2', (bytes) => bytes.set([0x21], 20), 'vrrp packet too short'],
  ];
  for (const [what, spoil, line] of spoils) {
    router = ours(['v3'], 'priority 200');
    router.spoil = spoil;
    router.start();
    await router.until(() => router?.roles() === 'v3:master', what, 3000);
    await wait(() => theirs.says(line), described, 3000);
    assert.equal(theirs.state('v3'), 'MASTER', what);
    router.close();
  }
});

test('what we must not believe: adverts of a higher priority whose TTL is too low; the master stays, and counts them', async (t) => {
  if (lab.peer === undefined) return t.skip(lab.missing);
  const names = ['v3_min_ttl'];
  router = ours(names, 'priority 100');
  router.start();
  await router.until(() => router?.roles() === 'v3_min_ttl:master', 'MASTER', 3000);
  const theirs = begin(names, 'priority 200\nunicast_ttl 249');
  await wait(() => theirs.all(names, 'MASTER'), described, 10_000);
  await wait(() => (router?.of('v3_min_ttl').statistics.ip_ttl_err ?? 0) > 5, described, 3000);
  assert.equal(router.roles(), 'v3_min_ttl:master');
  assert.equal(router.log.filter((line) => line === '(v3_min_ttl) TTL/HL 249 not in range 250 - 255').length, 1);
});

test('sync groups on both sides: one member that fails takes the other along, and they come back together', async (t) => {
  if (lab.peer === undefined) return t.skip(lab.missing);
  const names = ['v3', 'v3_unicast'];
  const group = `vrrp_sync_group G {\ngroup {\n${names.join('\n')}\n}\n}\n`;
  keepalived = new Keepalived(lab, configuration('lvs1', THEIRS, OURS, names, 'priority 150') + group);
  const theirs = keepalived;
  await wait(() => theirs.all(names, 'MASTER'), described, 10_000);
  router = ours(names, 'priority 200', group);
  router.start();
  const live = router;
  const roles = (role: string): boolean => live.router.instances().every(({ election }) => election.role === role);
  await wait(() => roles('master') && theirs.all(names, 'BACKUP'), described, 5000);
  assert.ok(theirs.says('VRRP_Group(G) Syncing instances to BACKUP state'));
  live.router.setFault(live.of('v3'), 'test', ' a fault', LiveRouter.at);
  assert.ok(roles('fault'), described());
  await wait(() => theirs.all(names, 'MASTER'), described, 5000);
  live.router.setFault(live.of('v3'), 'test', undefined, LiveRouter.at);
  live.arm();
  await wait(() => roles('master') && theirs.all(names, 'BACKUP'), described, 5000);
});

test('a master that was stopped for a second and a half does not fight for what keepalived took over', async (t) => {
  if (lab.peer === undefined) return t.skip(lab.missing);
  router = ours(['v3'], 'priority 200\nnopreempt');
  router.start();
  await router.until(() => router?.roles() === 'v3:master', 'MASTER', 3000);
  const theirs = begin(['v3'], 'priority 150');
  await wait(() => theirs.says('(v3) Entering BACKUP STATE (init)'), described, 10_000);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { statistics } = router.of('v3');
  const sent = statistics.advert_sent;
  // Nothing of ours runs: as after SIGSTOP.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  await wait(() => router?.roles() === 'v3:backup' && theirs.state('v3') === 'MASTER', described, 3000);
  const entered = theirs.log.length;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(router.roles(), 'v3:backup');
  assert.ok(!theirs.log.slice(entered).some((line) => line.includes('Entering')), described());
  assert.ok(statistics.advert_sent - sent <= 1, `${statistics.advert_sent - sent} adverts`);
});
