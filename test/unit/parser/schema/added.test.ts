/**
 * The words that lvsd and DPVS add: how they are read, what does not go together, and that printing keeps them
 * (architecture, section 6; fullnat-grammar.md 2, 6.1).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../../../config/config.js';
import { printConfig } from '../../../../parser/print.js';
import { checkPrimaryAddresses } from '../../../../parser/validate-added.js';
import type { IpAddress } from '../../../../runtime/addresses.js';
import { parseText, withoutPositions } from './parse-text.js';

/** `line class message` of everything that is more than a note. */
function said(text: string): readonly string[] {
  return parseText(text)
    .diagnostics.filter((each) => each.class !== 'note')
    .map((each) => `${each.at?.line} ${each.class} ${each.message}`);
}

function configOf(text: string): Config {
  assert.deepEqual(said(text), []);
  const { config } = parseText(text);
  const kept = ({ added, virtualServers, localAddressGroups }: Config): unknown =>
    withoutPositions([added, virtualServers, localAddressGroups]);
  assert.deepEqual(kept(parseText(printConfig(config)).config), kept(config), 'printing keeps it');
  return config;
}

const server = (address: string, words = '', scheduler = 'wlc', protocol = 'TCP'): string =>
  `virtual_server ${address} 80 {\nprotocol ${protocol}\nlvs_sched ${scheduler}\nlvs_method NAT\n${words}\nreal_server 10.1.0.1 80 {\n}\n}\n`;
const core = 'ospf_instance core {\nrouter_id 10.0.0.1\ninterface eth0 {\narea 0.0.0.11\n}\n}\n';

test('an ospf_instance as the design writes it', () => {
  const config = configOf(`
ospf_instance core {
    router_id 10.0.0.1
    interface eth0 {
        area 0.0.0.11 { type stub }
        network point-to-point
        hello_interval 1
        dead_interval 4
        cost 10
        mtu_ignore
        ttl_security
        neighbor_filter 10.0.0.0/30
        authentication { type hmac-sha-256  key 1 "a secret"  active_key 1 }
        track_bfd uplink
    }
    announce_as external
    announce_hold_down 5
    announce_delay 0
    withdraw_delay 3
    dry_run
}
bfd_instance uplink {
    neighbor_ip 10.0.0.2
}
`);
  assert.deepEqual(withoutPositions(config.added.ospf.get('core')), {
    name: 'core',
    routerId: '10.0.0.1',
    interfaces: [
      {
        name: 'eth0',
        area: '0.0.0.11',
        areaType: 'stub',
        network: 'point-to-point',
        helloInterval: 1,
        deadInterval: 4,
        cost: 10,
        mtuIgnore: true,
        ttlSecurity: true,
        neighborFilters: [{ address: '10.0.0.0', prefix: 30 }],
        authentication: { type: 'hmac-sha-256', keys: [{ id: 1, secret: { text: 'a secret' } }], activeKey: 1 },
        trackBfd: 'uplink',
      },
    ],
    announceAs: 'external',
    announceHoldDown: 5,
    announceDelay: 0,
    withdrawDelay: 3,
    dryRun: true,
  });
});

test('settings in one line or in several are the same', () => {
  const one = configOf(`announce_address 203.0.113.10 { ospf core metric 20 when all tag 7 }\n${core}`);
  const several = configOf(`announce_address 203.0.113.10\n{\nospf core\nmetric 20\nwhen all\ntag 7\n}\n${core}`);
  assert.deepEqual(withoutPositions(one), withoutPositions(several));
  assert.deepEqual(withoutPositions(one.added.announcements), [
    {
      address: '203.0.113.10',
      announcer: { kind: 'ospf', instance: 'core' },
      metric: 20,
      metricType: null,
      tag: 7,
      area: null,
      when: 'all',
      sorryMetric: null,
      withdrawOnSorry: false,
    },
  ]);
});

test('a virtual server with every word of its own', () => {
  const config = configOf(
    core +
      server(
        '203.0.113.10',
        'announce core { metric 20 }\nslow_start 30\ndrain_timeout 300\nmax_down_percent 50\nsyn_proxy\nest_timeout 900\nvip_bind_dev lo',
      ),
  );
  const [virtual] = config.virtualServers;
  assert.equal(virtual?.added?.announce?.metric, 20);
  assert.equal(virtual?.added?.slowStart?.duration, 30);
  assert.equal(virtual?.added?.drainTimeout, 300);
  assert.equal(virtual?.added?.maxDownPercent, 50);
  assert.equal(virtual?.fullnat.establishedTimeout, 900);
  assert.equal(virtual?.fullnat.vipBindDevice, 'lo');
});

test('places of redis', () => {
  const redisOf = (line: string): unknown => configOf(`cluster {\n${line}\nnode lvs-a\n}\n`).added.cluster?.redis;
  assert.deepEqual(redisOf('redis redis://127.0.0.1:6379/0'), { kind: 'single', url: 'redis://127.0.0.1:6379/0' });
  assert.deepEqual(redisOf('redis rediss://[2001:db8::1]'), { kind: 'single', url: 'rediss://[2001:db8::1]' });
  assert.deepEqual(redisOf('redis sentinel mymaster 10.0.0.1:26379 10.0.0.2'), {
    kind: 'sentinel',
    master: 'mymaster',
    nodes: ['10.0.0.1:26379', '10.0.0.2'],
  });
  assert.deepEqual(redisOf('redis cluster a:1 b:2'), { kind: 'cluster', nodes: ['a:1', 'b:2'] });
  assert.deepEqual(said('cluster {\nnode a\n}\n'), ['1 unusable cluster does not say where Redis is']);
  assert.deepEqual(said('cluster {\nredis http://x\n}\n'), ['2 unusable Invalid redis place']);
  assert.deepEqual(said('cluster {\nredis cluster\n}\n'), ['2 unusable redis cluster names no node']);
});

test('announcements of one address that contradict each other are told with both places', () => {
  const two = (a: string, b: string): readonly string[] =>
    said(core + server('203.0.113.10', a) + server('203.0.113.10', b).replace(' 80 {', ' 443 {'));
  assert.deepEqual(two('announce core { metric 20 }', 'announce core { metric 20 }'), []);
  assert.deepEqual(two('announce core { metric 20 }', 'announce core { metric 30 }'), [
    '19 unusable 203.0.113.10 is announced twice: metric 30 here, 20 there (test.conf line 11)',
  ]);
  assert.deepEqual(two('announce core', 'announce loopback'), [
    '19 unusable 203.0.113.10 is announced twice: by loopback here, by ospf core there (test.conf line 11)',
  ]);
  assert.deepEqual(two('announce core', 'announce core { tag 3 }'), [
    '19 unusable 203.0.113.10 is announced twice: tag 3 here, unsaid there (test.conf line 11)',
  ]);
  const both = (words: string): readonly string[] =>
    said(`${core}announce_address 203.0.113.10 {\nospf core\nmetric 20\n}\n${server('203.0.113.10', words)}`);
  assert.deepEqual(both('announce core'), [], 'the block says it for all');
  assert.deepEqual(both('announce core { metric 20 }'), []);
  assert.equal(both('announce core { metric 9 }').length, 1);
  assert.deepEqual(said(`${core}${'announce_address 203.0.113.10 {\nospf core\n}\n'.repeat(2)}`), [
    '10 unusable 203.0.113.10 is announced twice: a second announce_address (test.conf line 7)',
  ]);
});

test('an address that is announced belongs to no virtual router', () => {
  const router =
    'vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n203.0.113.10\n}\nvirtual_ipaddress_excluded {\n203.0.113.11\n}\n}\n';
  assert.deepEqual(said(`${router}${core}announce_address 203.0.113.11 {\nospf core\n}\n`), [
    '17 unusable 203.0.113.11 is announced, and an address of vrrp_instance V too (test.conf line 1)',
  ]);
  assert.equal(said(router + core + server('203.0.113.10', 'announce core')).length, 1);
  assert.deepEqual(said(router + core + server('203.0.113.12', 'announce core')), []);
});

test('slow_start does not go with schedulers that hash', () => {
  for (const scheduler of ['mh', 'sh', 'dh']) {
    assert.deepEqual(said(server('203.0.113.10', 'slow_start 30', scheduler)), [
      `5 unusable slow_start does not go with lvs_sched ${scheduler} of [203.0.113.10]:tcp:80`,
    ]);
  }
  for (const scheduler of ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'sed', 'nq'])
    assert.deepEqual(said(server('203.0.113.10', 'slow_start 30', scheduler)), []);
  assert.deepEqual(said(server('203.0.113.10', 'slow_start 0', 'mh')), [], 'off is off');
});

test('local addresses are nobody else’s', () => {
  const group = 'local_address_group la {\n10.20.0.1-9\n10.20.0.20\n2001:db8::10-20\n}\n';
  assert.deepEqual(said(group + server('203.0.113.10')), []);
  assert.deepEqual(said(group + server('10.20.0.20')), [
    '3 unusable local address 10.20.0.20 is an address of virtual_server [10.20.0.20]:tcp:80',
  ]);
  assert.deepEqual(said(`${group}virtual_server_group g {\n10.20.0.5-30 80\n2001:db8::15 80\n}\n`), [
    '2 unusable local address 10.20.0.5 is an address of virtual_server_group g',
    '3 unusable local address 10.20.0.20 is an address of virtual_server_group g',
    '4 unusable local address 2001:db8::15 is an address of virtual_server_group g',
  ]);
  assert.deepEqual(said(server('10.20.0.7', 'local_address {\n10.20.0.7\n}')), [
    '6 unusable local address 10.20.0.7 is an address of virtual_server [10.20.0.7]:tcp:80',
  ]);
  const primary = [{ address: '10.20.0.4' as IpAddress, interface: 'eth1' }];
  assert.deepEqual(
    checkPrimaryAddresses(parseText(group).config, primary).map((each) => `${each.at?.line} ${each.message}`),
    ['2 local address 10.20.0.4 is the primary address of eth1'],
  );
});

test('references that lead nowhere', () => {
  assert.deepEqual(said(server('203.0.113.10', 'announce core')), [
    '5 unusable announced by core, which is no ospf_instance',
  ]);
  assert.deepEqual(said(`${core}announce_address 203.0.113.10 {\nospf core\narea 7\n}\n`), [
    '7 unusable area 0.0.0.7 is on no interface of ospf_instance core',
  ]);
  assert.deepEqual(said('announce_address 203.0.113.10 {\nmetric 3\n}\n'), [
    '1 unusable announce_address 203.0.113.10 does not say who announces it',
  ]);
  assert.deepEqual(said('ospf_instance core {\nrouter_id 10.0.0.1\n}\n'), [
    '1 unusable ospf_instance core has no interface',
  ]);
  assert.deepEqual(
    said(
      'ospf_instance core {\ninterface eth0 {\nhello_interval 10\ndead_interval 10\nauthentication { type md5 }\n}\n}\n',
    ),
    [
      '5 unusable authentication of type md5 has no key',
      '2 unusable dead_interval 10 of eth0 is not longer than its hello_interval 10',
    ],
  );
});

test('both dialects of FULLNAT', () => {
  const config = configOf(`
tunnel_group t {
    tunnel_entry tun1 {
        kind ipip
        local 192.168.0.1
        remote 192.168.0.2
        if dpdk0
    }
}
deny_address_group bad {
    198.51.100.7
    198.51.100.16-31
    ipset:evil
}
allow_address_group good {
    198.51.100.0/24
}
local_address_group ali {
    10.20.0.10
    10.20.0.32-63
}
local_address_group dpvs {
    10.21.0.10 dpdk0
    10.21.0.32-63 dpdk0
    2001:db8::1-ff dpdk1
}
${server('203.0.113.10', 'lb_kind FNAT\nladdr_group_name dpvs\ndaddr_group_name bad\nwaddr_group_name good\nsyn_proxy\nexpire_quiescent_conn\nestablish_timeout 3600\nproxy_protocol v2\nbps 1000\nlimit_proportion 50')}
${server('203.0.113.11', 'quic\nhash_target qid\nladdr_group_name ali', 'mh', 'UDP')}
`);
  assert.deepEqual(withoutPositions(config.localAddressGroups.get('dpvs')?.entries), [
    { first: '10.21.0.10', last: '10.21.0.10', device: 'dpdk0' },
    { first: '10.21.0.32', last: '10.21.0.63', device: 'dpdk0' },
    { first: '2001:db8::1', last: '2001:db8::ff', device: 'dpdk1' },
  ]);
  assert.deepEqual(withoutPositions(config.added.denyGroups.get('bad')?.entries), [
    { kind: 'range', first: '198.51.100.7', last: '198.51.100.7' },
    { kind: 'range', first: '198.51.100.16', last: '198.51.100.31' },
    { kind: 'ipset', name: 'evil' },
  ]);
  assert.deepEqual(withoutPositions(config.added.tunnelGroups.get('t')?.entries), [
    { interface: 'tun1', kind: 'ipip', local: '192.168.0.1', remote: '192.168.0.2', link: 'dpdk0' },
  ]);
  const [first, second] = config.virtualServers;
  assert.equal(first?.forwarding.method, 'FNAT');
  assert.equal(first?.fullnat.establishedTimeout, 3600);
  assert.equal(first?.added?.dpvs?.proxyProtocol, 'v2');
  assert.equal(second?.added?.dpvs?.hashTarget, 'qid');
});

test('limits of the dialects', () => {
  assert.deepEqual(said('local_address_group la {\n10.20.0.1-255\n10.20.0.0-0\n}\n'), [
    '2 assumed invalid: local IP address range 255',
    '3 assumed invalid: local IP address range 0',
  ]);
  assert.deepEqual(said(server('203.0.113.10', 'establish_timeout 3601')), [
    '5 assumed establish_timeout 3601 is more than 3600',
  ]);
  assert.deepEqual(said(server('203.0.113.10', 'est_timeout 9999')), []);
  assert.deepEqual(said(server('203.0.113.10', 'quic')), ['1 unusable quic needs protocol UDP']);
  assert.deepEqual(said(server('203.0.113.10', 'daddr_group_name x')), [
    '1 unusable daddr_group_name x is no deny_address_group',
  ]);
  assert.deepEqual(said('deny_address_group d {\nipset:\n}\n'), ["2 assumed Invalid ipset 'ipset:' - skipping"]);
});

test('each use that decides who gets traffic is named with its place', () => {
  const { config } = parseText(`${core}${server('203.0.113.10', 'announce core\nslow_start 3\nsyn_proxy')}`);
  assert.deepEqual(
    config.unbuilt.map((use) => `${use.at.line} ${use.decides} ${use.word}`),
    ['1 traffic ospf_instance', '11 traffic announce', '12 traffic slow_start', '13 traffic syn_proxy'],
  );
});
