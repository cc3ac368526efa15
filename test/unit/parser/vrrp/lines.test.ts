/**
 * The lines with a grammar of their own: addresses, routes, rules, unicast peers, tracked things. What each word becomes,
 * and what keepalived says and does where one is no good (vrrp_ipaddress.c, vrrp_iproute.c, vrrp_iprule.c of 2.2).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route } from '../../../../config/route.js';
import type { Rule } from '../../../../config/rule.js';
import type { VirtualAddress } from '../../../../config/virtual-address.js';
import { complaints, parseText } from '../schema/parse-text.js';

const inside = (block: string, line: string): string =>
  `vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress_excluded {\n}\n${block} {\n${line}\n}\nno_virtual_ipaddress\n}\n`;

function addressOf(line: string): { readonly address: VirtualAddress | undefined; readonly said: readonly string[] } {
  const { config, diagnostics } = parseText(inside('virtual_ipaddress', line));
  return { address: config.vrrp.instances.get('V')?.addresses[0], said: complaints(diagnostics) };
}

function routeOf(line: string): { readonly route: Route | undefined; readonly said: readonly string[] } {
  const { config, diagnostics } = parseText(inside('virtual_routes', line));
  return { route: config.vrrp.instances.get('V')?.routes[0], said: complaints(diagnostics) };
}

function ruleOf(line: string): { readonly rule: Rule | undefined; readonly said: readonly string[] } {
  const { config, diagnostics } = parseText(inside('virtual_rules', line));
  return { rule: config.vrrp.instances.get('V')?.rules[0], said: complaints(diagnostics) };
}

test('an address line: every word', () => {
  const { address, said } = addressOf(
    '10.0.0.1/24 brd + dev eth1 scope link label eth1:1 home -nodad mngtmpaddr noprefixroute autojoin no_track preferred_lft 30 use_vmac',
  );
  assert.deepEqual(said, []);
  const { at: _at, ...rest } = address ?? { at: undefined };
  assert.deepEqual(rest, {
    address: '10.0.0.1',
    prefix: 24,
    peer: undefined,
    broadcast: '10.0.0.255',
    scope: 253,
    label: 'eth1:1',
    flags: { home: true, noDad: true, manageTemporary: true, noPrefixRoute: true, autoJoin: true },
    preferredLifetime: 30,
    track: false,
    device: 'eth1',
    vmac: true,
  });
});

test('an address line: what follows from the address alone', () => {
  const facts: readonly (readonly [line: string, field: keyof VirtualAddress, value: unknown])[] = [
    ['10.0.0.1', 'prefix', 32],
    ['fe80::1', 'prefix', 128],
    ['fe80::1', 'preferredLifetime', 0],
    ['fe80::1/64', 'preferredLifetime', 'forever'],
    ['10.0.0.1', 'preferredLifetime', undefined],
    ['10.0.0.9/29 brd -', 'broadcast', '10.0.0.8'],
    ['10.0.0.9/0 brd +', 'broadcast', '255.255.255.255'],
    ['10.0.0.1 peer 10.0.0.2', 'peer', '10.0.0.2'],
    ['10.0.0.1 label a-name-of-more-than-15', 'label', 'a-name-of-more-'],
  ];
  for (const [line, field, value] of facts) assert.equal(addressOf(line).address?.[field], value, line);
});

test('an address line: what keepalived complains about, and whether the address stays', () => {
  const facts: readonly (readonly [line: string, stays: boolean, said: readonly string[]])[] = [
    ['10.0.0.300', false, ['VRRP parsed invalid IP 10.0.0.300. skipping IP...']],
    ['10.0.0.1/33', true, ['Invalid address prefix len 33 for address 10.0.0.1/33 - using 32']],
    ['10.0.0.1 dev', false, ['No dev parameter specified for 10.0.0.1']],
    ['10.0.0.1 dev eth0 dev eth1', false, ['Cannot specify ipaddress device more than once for 10.0.0.1']],
    ['10.0.0.1 notrack', true, ["Unknown configuration entry 'notrack' for ip address - ignoring"]],
    [
      '10.0.0.1 track_group g',
      true,
      [
        "Unknown configuration entry 'track_group' for ip address - ignoring",
        "Unknown configuration entry 'g' for ip address - ignoring",
      ],
    ],
    ['10.0.0.1 scope nowhat', true, ["Invalid scope 'nowhat' specified for 10.0.0.1 - ignoring"]],
    ['10.0.0.1/31 brd +', true, ['Address prefix length 31 too long for broadcast']],
    ['10.0.0.1/24 brd 10.0.0.x', false, ['VRRP is trying to assign invalid broadcast 10.0.0.x. skipping VIP...']],
    [
      'fe80::1/64 brd +',
      false,
      ['VRRP is trying to assign a broadcast + to the IPv6 address fe80::1/64 !!?? WTF... skipping VIP...'],
    ],
    ['fe80::1/64 scope link', true, ['Cannot specify scope for IPv6 addresses (fe80::1/64) - ignoring scope']],
    ['fe80::1/64 label x', true, ['Cannot specify label for IPv6 addresses (fe80::1/64) - ignoring label']],
    ['10.0.0.1/24 peer 10.0.0.2', true, ['Cannot specify address prefix when specifying peer address - ignoring']],
    [
      '10.0.0.1 peer 10.0.0.2 brd 10.0.0.3',
      true,
      ['Cannot specify broadcast and peer addresses - ignoring broadcast address'],
    ],
    ['10.0.0.1 peer fe80::1', true, ['Peer address fe80::1 does not match address family']],
    ['10.0.0.1 preferred_lft x', true, ["invalid number 'x'", 'preferred_lft x is invalid']],
  ];
  for (const [line, stays, said] of facts) {
    const result = addressOf(line);
    assert.deepEqual(
      result.said,
      said.map((each) => `assumed ${each}`),
      line,
    );
    assert.equal(result.address !== undefined, stays, line);
  }
});

test('a second family is refused among the addresses, and taken among the excluded ones', () => {
  const { config, diagnostics } = parseText(
    'vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n10.0.0.1\nfe80::1\n}\nvirtual_ipaddress_excluded {\nfe80::2\n}\n}\n',
  );
  assert.deepEqual(complaints(diagnostics), [
    'assumed (V): address family must match VRRP instance [fe80::1] - ignoring',
  ]);
  const instance = config.vrrp.instances.get('V');
  assert.deepEqual(
    [instance?.addresses.map((each) => each.address), instance?.excludedAddresses.map((each) => each.address)],
    [['10.0.0.1'], ['fe80::2']],
  );
});

test('a route line: the words of ip route', () => {
  const { route, said } = routeOf(
    'to unicast 10.2.0.0/16 via 10.0.0.9 dev eth1 src 10.0.0.1 table 100 scope link tos 0x10 metric 7 onlink realms 3/4 mtu lock 1400 advmss 1300 rtt 30 rttvar lock 2s rto_min 50ms hoplimit 9 initcwnd 10 quickack 1 congctl lock bbr features ecn ttl-propagate disabled encap mpls 16/17',
  );
  assert.deepEqual(said, []);
  const { at: _at, ...rest } = route ?? { at: undefined };
  assert.deepEqual(rest, {
    family: 'inet',
    type: 'unicast',
    destination: { address: '10.2.0.0', length: 16 },
    from: undefined,
    gateway: '10.0.0.9',
    device: 'eth1',
    nextHops: [],
    preferredSource: '10.0.0.1',
    table: 100,
    protocol: 18,
    scope: 253,
    tos: 16,
    priority: 7,
    onLink: true,
    realms: 0x30004,
    encapsulation: { kind: 'mpls', labels: [16, 17] },
    expires: undefined,
    metrics: {
      mtu: 1400,
      advmss: 1300,
      rtt: 30,
      rttvar: 8000,
      rto_min: 50,
      hoplimit: 9,
      initcwnd: 10,
      quickack: 1,
    },
    locked: ['mtu', 'rttvar', 'congctl'],
    congestionControl: 'bbr',
    ecn: true,
    preference: undefined,
    ttlPropagate: false,
    track: true,
    trackGroup: undefined,
  });
});

test('a route line: families, next hops and what is old', () => {
  const six = routeOf('inet6 default via fe80::1 dev eth0 expires 60 pref high').route;
  assert.deepEqual(
    [six?.family, six?.destination, six?.expires, six?.preference],
    ['inet6', { address: '::', length: 0 }, 60, 1],
  );
  const hops = routeOf('10.2.0.0/16 no_track nexthop via 10.0.0.1 dev eth0 weight 2 nexthop via inet 10.0.0.2 onlink');
  assert.deepEqual(hops.said, []);
  assert.deepEqual(
    hops.route?.nextHops.map(({ gateway, device, weight, onLink }) => [gateway, device, weight, onLink]),
    [
      ['10.0.0.1', 'eth0', 2, false],
      ['10.0.0.2', undefined, undefined, true],
    ],
  );
  const old = routeOf('10.2.0.0/16 gw 10.0.0.1 or 10.0.0.2 no_track');
  assert.deepEqual(old.said, [
    'assumed "gw" for routes is deprecated. Please use "via"',
    'assumed "or" for routes is deprecated. Please use "nexthop"',
  ]);
  assert.deepEqual(
    [old.route?.gateway, old.route?.nextHops.map((hop) => hop.gateway)],
    [undefined, ['10.0.0.1', '10.0.0.2']],
  );
  assert.deepEqual(routeOf('default6 dev eth0').said, [], 'deprecated, and no error');
});

test('a route line: what leaves it out, and what is only told', () => {
  const facts: readonly (readonly [line: string, stays: boolean, said: string])[] = [
    [
      '10.2.0.0/16 via 10.0.0.1',
      true,
      'Warning - cannot track route 10.2.0.0/16 with no interface specified, not tracking',
    ],
    ['via 10.0.0.1 dev eth0', false, 'Route must have a destination'],
    ['10.2.0.0/16 via fe80::1 dev eth0', false, 'Cannot mix IPv4 and IPv6 addresses for route'],
    ['10.2.0.0/16 dev eth0 table nowhere', false, 'Routing table nowhere not found for route'],
    [
      '10.2.0.0/16 dev eth0 protocol static',
      true,
      'Route cannot be tracked if protocol is not RTPROT_KEEPALIVED(18), resetting protocol',
    ],
    ['10.2.0.0/16 dev eth0 expires 9', false, 'expires is only valid for IPv6'],
    ['10.2.0.0/16 dev eth0 hoplimit 256', false, 'Invalid hoplimit 256 specified for route'],
    ['10.2.0.0/16 dev eth0 expires', false, 'expires is only valid for IPv6'],
    ['10.2.0.0/16 dev eth0 vrf blue', false, 'VRF blue not found for route'],
    ['10.2.0.0/16 dev eth0 rtt 1.5', false, 'Invalid rtt 1.5 for route'],
    ['10.2.0.0/16 dev eth0 rtt 960001', false, 'Invalid rtt 960001 for route'],
    ['10.2.0.0/16 dev eth0 rttvar 481s', false, 'Invalid rttvar 481s for route'],
    ['10.2.0.0/16 dev eth0 rto_min 1.0001s', false, 'Invalid rto_min value 1.0001s specified for route'],
    ['10.2.0.0/16 dev eth0 encap gre 1', true, 'Unknown encap type - gre'],
    ['10.2.0.0/16 dev eth0 encap ip ttl 5', true, 'address or id missing for ip encapsulation'],
    ['inet6 10.2.0.0/16 dev eth0', false, 'Cannot mix IPv4 and IPv6 addresses for route (10.2.0.0/16)'],
    ['10.2.0.0/16 dev eth0 nexthop via 10.0.0.1 rest', true, 'Route has trailing nonsense after nexthops - rest'],
  ];
  for (const [line, stays, said] of facts) {
    const result = routeOf(line);
    assert.deepEqual(result.said, [`assumed ${said}`], line);
    assert.equal(result.route !== undefined, stays, line);
  }
  assert.deepEqual(routeOf('10.2.0.0/16 dev eth0 what').said, [
    'assumed VRRP parsed invalid IP what. skipping IP...',
    'assumed unknown route keyword what',
  ]);
  assert.match(routeOf('10.2.0.0/16 via').said[0] ?? '', /^missing .* is missing a parameter after keyword `via`/);
});

test('a route line: times are in eighths, quarters and whole milliseconds unless they name a unit', () => {
  const { route, said } = routeOf('append 0x1 10.2.0.0/16 dev eth0 rtt 1.5s rttvar 3 rto_min 7');
  assert.deepEqual(said, []);
  assert.deepEqual([route?.type, route?.metrics], ['unicast', { rtt: 12000, rttvar: 3, rto_min: 7 }]);
});

test('a rule line: the words of ip rule', () => {
  const { rule, said } = ruleOf(
    'not from 10.0.0.0/24 to default fwmark 0x10/0xff iif eth0 oif eth1 tos 8 ipproto TCP sport 80-80 dport 1000-2000 uidrange 5-9 tunnel-id 77 preference 0x64 lookup 200 realms 5 suppress_prefixlength 0 sup_group 3 protocol 18',
  );
  assert.deepEqual(said, []);
  const { at: _at, ...rest } = rule ?? { at: undefined };
  assert.deepEqual(rest, {
    family: 'inet',
    invert: true,
    from: { address: '10.0.0.0', length: 24 },
    to: { address: '0.0.0.0', length: 0 },
    priority: 100,
    action: { kind: 'table', table: 200 },
    tos: 8,
    fwmark: { mark: 16, mask: 255 },
    inputInterface: 'eth0',
    outputInterface: 'eth1',
    realms: 5,
    suppressPrefixLength: 0,
    suppressGroup: 3,
    tunnelId: '77',
    uids: { first: 5, last: 9 },
    protocol: 18,
    ipProtocol: 6,
    sourcePorts: { first: 80, last: 80 },
    destinationPorts: { first: 1000, last: 2000 },
    track: true,
    trackGroup: undefined,
  });
});

test('a rule line: actions, and what is refused', () => {
  const facts: readonly (readonly [line: string, action: string | undefined, said: readonly string[]])[] = [
    ['preference 5 goto 9', 'goto', []],
    ['preference 5 type blackhole', 'blackhole', []],
    ['preference 5 l3mdev', 'l3mdev', []],
    ['preference 5 nop', 'nop', []],
    ['goto 9', undefined, ['Invalid rule - goto target 9 specified without preference']],
    ['preference 9 goto 9', undefined, ['Invalid rule - preference 9 >= goto target 9']],
    ['preference 5 from 10.0.0.1', undefined, ['No action specified for rule - ignoring']],
    ['preference 5 table 0', undefined, ['Table 0 is not valid']],
    ['preference 5 nop realms 5', undefined, ['suppressor/realm specified for non table action - skipping']],
    ['preference 5 table 9 from fe80::1 to 10.0.0.1', undefined, ['rule specification has mixed IPv4 and IPv6']],
    [
      'preference 5 table 9 from everywhere',
      undefined,
      ['VRRP parsed invalid IP everywhere. skipping IP...', 'Invalid rule from address everywhere'],
    ],
    ['preference 5 table 9 what', undefined, ['Unknown rule option what']],
    ['preference 5 unicast', undefined, ['Invalid rule action unicast']],
    ['table 9', 'table', ['Rule has no preference specified - setting to 16384. This is probably not what you want.']],
    ['preference 5 table 9 sport x', 'table', ['invalid sport range x']],
    ['preference 5 table 9 sport 80', 'table', ['invalid sport range 80']],
    ['preference 5 table 9 ipproto sctp tos +1 fwmark +1', 'table', []],
    ['preference 5 table 9 ipproto 0x10', 'table', ['Invalid ipproto 0x10']],
    ['preference 5 table 9 ipproto icmpv6', 'table', ['Invalid ipproto icmpv6']],
    ['preference 5 table 9 sup_group 2147483648', undefined, ['suppress_group 2147483648 is invalid']],
  ];
  for (const [line, action, said] of facts) {
    const result = ruleOf(line);
    assert.deepEqual(
      result.said,
      said.map((each) => `assumed ${each}`),
      line,
    );
    assert.equal(result.rule?.action.kind, action, line);
  }
});

test('rules without a preference count down, each family for itself', () => {
  const { config } = parseText(
    'static_rules {\nfrom 10.0.0.1 table 1\nfrom fe80::1 table 1\nfrom 10.0.0.2 table 1\n}\n',
  );
  assert.deepEqual(
    config.vrrp.staticRules.map((rule) => rule.priority),
    [16384, 16384, 16383],
  );
});

test('a unicast peer may bound the TTL; every bound asks for the check of the source', () => {
  const { config, diagnostics } = parseText(
    'vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nunicast_peer {\n10.0.0.2 min_ttl 250 max_ttl 255\n10.0.0.3\n10.0.0.x\nfe80::1\n10.0.0.4 what 5\n10.0.0.5 min_ttl\n10.0.0.6 min_ttl 9 max_ttl 3\n}\nvirtual_ipaddress {\n10.0.0.9\n}\n}\n',
  );
  assert.deepEqual(complaints(diagnostics), [
    'assumed Configuration error: VRRP instance[V] malformed unicast peer address[10.0.0.x]. Skipping...',
    'assumed Configuration error: VRRP instance[V] and unicast peer address[fe80::1] MUST be of the same family !!! Skipping...',
    'assumed (V) unknown unicast_peer option what',
    'assumed (V) min_ttl is missing a value',
    'assumed (V) min_ttl 9 > max_ttl 3 - all packets will be discarded',
  ]);
  const transport = config.vrrp.instances.get('V')?.transport;
  assert.ok(transport?.kind === 'unicast');
  assert.equal(transport.checkSource, true);
  assert.deepEqual(
    transport.peers.map(({ address, minTtl, maxTtl }) => [address, minTtl, maxTtl]),
    [
      ['10.0.0.2', 250, 255],
      ['10.0.0.3', undefined, undefined],
      ['10.0.0.4', undefined, undefined],
      ['10.0.0.5', undefined, undefined],
      ['10.0.0.6', 9, 3],
    ],
  );
});

test('tracked things: names that were declared above, weights within bounds', () => {
  const { config, diagnostics } = parseText(
    [
      'vrrp_script s {\nscript /bin/x\nweight 5 reverse\n}',
      'track_file t {\nfile /t\n}',
      'bfd_instance only_checker {\nneighbor_ip 10.1.1.1\nchecker\n}',
      'vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n10.0.0.9\n}',
      'track_script {\ns\ns weight 3\nlater\n}',
      'track_file {\nt weight -254 noreverse\n}',
      'track_interface {\neth1 weight 254\neth2 weight\neth3 wait 3\neth0\n}',
      'track_bfd {\nonly_checker\n}',
      '}',
      'vrrp_script later {\nscript /bin/y\n}',
    ].join('\n'),
  );
  assert.deepEqual(complaints(diagnostics), [
    'assumed (V) duplicate track_script s - ignoring',
    'assumed (V) track script later not found, ignoring...',
    'assumed (V) weight for eth1 cannot be +/-254. Setting to +/-253',
    'assumed (V) weight without value specified for track_interface eth2 - ignoring',
    'assumed (V) unknown track_interface eth3 option wait - ignoring',
    'assumed (V) track bfd only_checker not found, ignoring...',
    'assumed (V) Ignoring track_interface eth0 since own interface',
  ]);
  const tracking = config.vrrp.instances.get('V')?.tracking;
  assert.deepEqual(
    [
      tracking?.scripts.map(({ name, weight, reverse }) => [name, weight, reverse]),
      tracking?.files.map(({ name, weight, reverse }) => [name, weight, reverse]),
      tracking?.interfaces.map((each) => [each.interface, each.weight]),
    ],
    [[['s', 5, true]], [['t', -254, false]], [['eth1', 253]]],
  );
});
