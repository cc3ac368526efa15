/**
 * What a virtual router puts on its host: HostRouter beside keepalived 2.2.7, the same file in two namespaces that are
 * alike. As MASTER, after the end, and after a crash, ip(8) must show the same of both.
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
afterEach(() => both.stop());

test('addresses with all their words', async (t) => {
  if (stand.peer === undefined) return t.skip(stand.missing);
  const addresses = `virtual_ipaddress {
    10.50.1.1/24 brd + label eth0:1
    10.50.1.2 scope link
    10.50.1.3 scope 42
    10.50.1.4 peer 10.50.1.99
    10.50.1.5/24 brd 10.50.1.77 noprefixroute
    10.50.1.6 preferred_lft 50
    10.51.1.7/25 dev eth0p
  }
  virtual_ipaddress_excluded {
    fd00::1
    fd00::2/64
    fd00::3/64 home -nodad preferred_lft 0
    fd04::4/64 mngtmpaddr noprefixroute
    fd00::5 peer fd00::99
    fd00::6 preferred_lft forever
  }`;
  // keepalived 2.2.7 leaves the addresses with a peer on the host.
  await both.compare(instanceText('V', 51, addresses), 'ours');
});

const routing = `virtual_ipaddress {
    10.50.1.1/24
  }
  virtual_ipaddress_excluded {
    fd00::1/64
  }
  virtual_routes {
    10.60.0.0/16 via 10.50.0.9
    10.61.0.0/16 dev eth0
    10.62.0.0/16 via 10.50.0.9 dev eth0 metric 5 table 100 src 10.50.1.1
    10.62.1.0/24 via 10.50.0.9 dev eth0 table 70000
    blackhole 10.63.0.0/16
    unreachable 10.64.0.0/16 metric 3
    prohibit 10.64.1.0/24
    throw 10.64.2.0/24 table 100
    10.65.0.0/16 nexthop via 10.50.0.9 weight 2 nexthop via 10.50.0.8 dev eth0
    10.66.0.0/16 via 10.50.0.9 or 10.50.0.8
    10.67.0.0/16 via 10.50.0.9 mtu lock 1400 advmss 1200 rto_min 200ms window 1000 initcwnd 9 initrwnd 8 reordering 4 ssthresh 7 cwnd 5 hoplimit 60 scope 0 tos 0x10
    10.67.1.0/24 via 10.50.0.9 dev eth0 protocol static no_track
    10.68.0.0/16 via 10.99.0.1 dev eth0 onlink realms 3/4 features ecn quickack 1 congctl cubic
    10.69.0.0/16 dev eth0 scope link
    fd01::/64 via fd00::9 dev eth0
    fd02::/64 dev eth0 metric 7 pref high expires 1000
    fd03::/64 via fd00::9 mtu 1400 hoplimit 9
    default via 10.50.0.9 table 101
  }
  virtual_rules {
    from 10.50.1.1 table 100 priority 70
    from 10.50.1.2 to 10.0.0.0/8 table 101 priority 77 fwmark 5/0xff
    to fd00::/64 iif eth0 table 102 priority 78
    not from 10.1.0.0/16 oif eth0 goto 90 priority 79
    from 10.2.0.0/16 blackhole priority 80
    tos 0x10 uidrange 5-9 ipproto tcp sport 5-9 dport 80-81 table 100 suppress_prefixlength 3 priority 90
    from fd00::1 table 70000 suppress_ifgroup 7 priority 91
    from 10.3.0.0/16 realms 3/4 table 100 tunnel-id 77 priority 92
    from 10.4.0.0/16 prohibit priority 93
    from 10.5.0.0/16 unreachable priority 94
    from 10.6.0.0/16 nop priority 95
    fwmark 9 table 100 priority 96 no_track
  }`;

test('routes and rules with all their words', async (t) => {
  if (stand.peer === undefined) return t.skip(stand.missing);
  await both.compare(instanceText('V', 51, routing));
});

test('static addresses, routes and rules stand from the start to the end', async (t) => {
  if (stand.peer === undefined) return t.skip(stand.missing);
  const text = `static_ipaddress {
  10.70.0.1/24 dev eth0 label eth0:s
  fd07::1/64 dev eth0p
}
static_routes {
  10.71.0.0/16 via 10.50.0.9 dev eth0
  10.72.0.0/16 via 10.70.0.9
  fd08::/64 dev eth0p metric 9
}
static_rules {
  from 10.70.0.0/24 table 100 priority 60
}
`;
  await both.compare(`${text}${instanceText('V', 51, 'virtual_ipaddress {\n10.50.1.1\n}')}`);
});

test('what a crash left is gone at the next start, before anything is won', async () => {
  const bare = picture(stand.here);
  const text = instanceText('V', 51, routing);
  await both.beginAsMaster(asOwner(text));
  assert.ok(picture(stand.here).length > bare.length + 30);
  both.crash();
  both.begin(text);
  assertSame(picture(stand.here), bare, 'what was left');
});

test('routes and rules that somebody takes away come back; the untracked do not', async () => {
  const ours = await both.beginAsMaster(asOwner(instanceText('V', 51, routing)));
  const whole = picture(stand.here);
  const missing = (): string => {
    const now = new Set(picture(stand.here));
    return whole.filter((line) => !now.has(line)).join('\n');
  };
  const shown = (): string => `${missing()}\n${both.log.join('\n')}`;
  const taken = [
    'route del 10.61.0.0/16',
    '-6 route del fd02::/64',
    'route del 10.62.1.0/24 table 70000',
    'rule del priority 77',
  ];
  for (const [i, words] of taken.entries()) {
    run('ip', ...words.split(' '));
    await wait(() => ours.routesLost === i + 1 && missing() === '', shown, 2000);
  }
  run('ip', 'rule', 'del', 'priority', '96');
  run('ip', 'rule', 'del', 'priority', '70');
  await wait(() => ours.routesLost === 5, shown, 2000);
  assert.equal(stand.here('ip rule show priority 96'), '');
  assert.match(stand.here('ip rule show priority 70'), /10\.50\.1\.1/);
});

test('a reload changes what differs, and an instance that goes takes its things along', async () => {
  const bare = picture(stand.here);
  const own = (routes: string, vrid = 51): string =>
    asOwner(instanceText(`V${vrid}`, vrid, `virtual_ipaddress {\n10.50.${vrid}.1\n}\nvirtual_routes {\n${routes}\n}`));
  const stable = '10.60.0.0/16 via 10.50.0.9 dev eth0';
  const ours = await both.beginAsMaster(
    `${own(`${stable}\n10.61.0.0/16 dev eth0`)}${own('10.62.0.0/16 dev eth0', 52)}`,
  );
  const routes = (): string =>
    [...stand.here('ip route show proto keepalived').matchAll(/^10\.(\d+)/gm)].map(([, net]) => net).join(' ');
  assert.equal(routes(), '60 61 62');
  ours.reload(optionsOf(own(`${stable}\n10.63.0.0/16 dev eth0`)));
  assert.equal(routes(), '60 63');
  assert.equal(stand.here('ip -o address show to 10.50.52.1'), '');
  await both.stop();
  assertSame(picture(stand.here), bare, 'after the end');
});

test('a route whose interface comes later stands as soon as it does', async () => {
  const routes = 'virtual_routes {\n10.60.0.0/16 dev late0\n}\nvirtual_rules {\niif late0 table 100 priority 60\n}';
  await both.beginAsMaster(
    asOwner(instanceText('V', 51, `virtual_ipaddress {\n10.50.1.1\n10.50.1.2 dev late0\n}\n${routes}`)),
  );
  assert.match(stand.here('ip rule show priority 60'), /iif late0/);
  assert.equal(stand.here('ip route show 10.60.0.0/16'), '');
  run('ip', 'link', 'add', 'late0', 'link', 'eth0p', 'type', 'macvlan');
  run('ip', 'link', 'set', 'late0', 'up');
  await wait(
    () => stand.here('ip route show 10.60.0.0/16').includes('late0') && stand.here('ip address').includes('10.50.1.2'),
    () => `${stand.here('ip address; ip route')}\n${both.log.join('\n')}`,
    2000,
  );
  run('ip', 'link', 'del', 'late0');
});

test('track_group: what the members stand on is put back; while it cannot stand they are in FAULT', async () => {
  run('ip', 'link', 'add', 'late0', 'link', 'eth0p', 'type', 'macvlan');
  run('ip', 'link', 'set', 'late0', 'up');
  const text = 'track_group G {\ngroup {\nV\n}\n}\nstatic_routes {\n10.60.0.0/16 dev late0 track_group G\n}\n';
  const ours = await both.beginAsMaster(text + asOwner(instanceText('V', 51, 'virtual_ipaddress {\n10.50.1.1\n}')));
  const role = (): string => ours.router.instances()[0]?.election.role ?? '';
  const shown = (): string => `${role()}\n${stand.here('ip route')}\n${both.log.join('\n')}`;
  run('ip', 'route', 'del', '10.60.0.0/16');
  await wait(() => stand.here('ip route show 10.60.0.0/16') !== '', shown, 2000);
  assert.equal(role(), 'master');
  run('ip', 'link', 'del', 'late0');
  await wait(() => role() === 'fault', shown, 2000);
  run('ip', 'link', 'add', 'late0', 'link', 'eth0p', 'type', 'macvlan');
  run('ip', 'link', 'set', 'late0', 'up');
  await wait(() => role() === 'master', shown, 3000);
  run('ip', 'link', 'del', 'late0');
});

test('track_src_ip: FAULT while the source address is gone', async () => {
  run('ip', 'address', 'add', '10.50.0.77/24', 'dev', 'eth0');
  const body = 'mcast_src_ip 10.50.0.77\ntrack_src_ip\nvirtual_ipaddress {\n10.50.1.1\n}';
  const ours = await both.beginAsMaster(asOwner(instanceText('V', 51, body)));
  const role = (): string => ours.router.instances()[0]?.election.role ?? '';
  run('ip', 'address', 'del', '10.50.0.77/24', 'dev', 'eth0');
  await wait(
    () => role() === 'fault',
    () => both.log.join('\n'),
    2000,
  );
  run('ip', 'address', 'add', '10.50.0.77/24', 'dev', 'eth0');
  await wait(
    () => role() === 'master',
    () => both.log.join('\n'),
    3000,
  );
});
