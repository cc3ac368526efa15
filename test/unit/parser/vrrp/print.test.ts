/**
 * The VRRP side printed means the same: whatever words stood there, good or not, parsing what is printed gives the
 * Config again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Config } from '../../../../config/config.js';
import { printConfig } from '../../../../parser/print.js';
import { parseText, withoutPositions } from '../schema/parse-text.js';

function comparable(config: Config): unknown {
  const { unbuilt: _unbuilt, ...rest } = config;
  return withoutPositions(rest);
}

function roundTrip(text: string): void {
  const { config } = parseText(text);
  const printed = printConfig(config);
  const again = parseText(printed).config;
  assert.deepEqual(comparable(again), comparable(config), text);
  assert.equal(printConfig(again), printed, text);
}

const pick = (...words: string[]): fc.Arbitrary<string> => fc.constantFrom(...words);
const number = (min: number, max: number): fc.Arbitrary<string> => fc.integer({ min, max }).map(String);
const name = fc.string({ unit: fc.constantFrom(...'ab.-_ "#!{}\''), minLength: 1, maxLength: 6 });
const quoted = (text: string): string => `"${text.replaceAll('"', '\\"')}"`;
const four = fc.tuple(number(0, 255), number(1, 254)).map(([a, b]) => `10.0.${a}.${b}`);
const six = number(1, 9999).map((n) => `fe80::${n}`);
const address = fc.oneof({ weight: 4, arbitrary: four }, six);
const device = pick('eth0', 'eth1', 'lo', 'bond0.7');

/** Some of these, in some order, with spaces between them. */
const some = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc
    .shuffledSubarray(parts, { maxLength: parts.length })
    .chain((chosen) => fc.tuple(...chosen).map((all) => all.join(' ')));
const word = (head: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  value.map((each) => `${head} ${each}`);
const lines = (line: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(line, { maxLength: 3 }).map((all) => all.join('\n'));
const block = (head: string, line: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  lines(line).map((body) => `${head} {\n${body}\n}`);

const addressLine = fc
  .tuple(
    address,
    pick('', '/24', '/32', '/64', '/129', '/x'),
    some(
      word('dev', device),
      word('brd', pick('+', '-', '10.0.0.255')),
      word('scope', pick('link', 'host', '7', '256')),
      word('label', pick('eth0:1', 'a#b')),
      word('peer', address),
      word('preferred_lft', pick('forever', '0', '99')),
      pick('home', '-nodad', 'mngtmpaddr', 'noprefixroute', 'autojoin', 'no_track', 'use_vmac', 'what'),
    ),
  )
  .map(([ip, prefix, options]) => `${ip}${prefix} ${options}`);

const routeLine = fc
  .tuple(
    fc.oneof(four, pick('default', '10.0.0.0/8', 'fd00::/8', 'inet6 default', 'blackhole 10.9.0.0/16')),
    some(
      word('via', address),
      word('dev', device),
      word('src', four),
      word('table', pick('main', '7', '4294967295', 'none')),
      word('protocol', pick('static', '18', '300')),
      word('scope', pick('link', 'nowhere')),
      word('tos', pick('0x10', 'ff', 'lowdelay')),
      word('metric', number(0, 999)),
      word('realms', pick('3/4', '5', 'cosmos')),
      word('mtu', pick('1400', 'lock 1400')),
      word('rtt', pick('30', '30ms', 'lock 2s', '960s')),
      word('rto_min', pick('5', '5ms')),
      word('congctl', pick('bbr', 'lock cubic')),
      word('encap', pick('mpls 16/17', 'ip id 5 dst 10.0.0.1 ttl 3', 'ip6 dst fd00::1 tc 8', 'ila 1:2:3:4', 'gre')),
      pick('onlink', 'features ecn', 'ttl-propagate enabled', 'no_track', 'expires 5', 'pref high', 'quickack 1'),
    ),
    pick('', 'nexthop via 10.0.0.1 dev eth0 weight 3', 'nexthop dev eth0 nexthop via fe80::1 onlink realms 3/4'),
  )
  .map((parts) => parts.join(' '));

const ruleLine = some(
  word('from', fc.oneof(address, pick('default', '10.0.0.0/8'))),
  word('to', fc.oneof(address, pick('any'))),
  word('iif', device),
  word('oif', device),
  word('fwmark', pick('5', '0x10/0xff', 'x')),
  word('tos', pick('8', '0x20')),
  word('ipproto', pick('tcp', '17', '999')),
  word('sport', pick('80', '80-90', 'x')),
  word('uidrange', pick('5-9', '5')),
  word('tunnel-id', number(0, 99)),
  word('realms', pick('3/4', '5')),
  word('suppress_prefixlength', number(0, 32)),
  word('protocol', pick('18', '4')),
  word('preference', number(0, 99)),
  pick('table 7', 'lookup main', 'goto 100', 'nop', 'blackhole', 'l3mdev'),
  pick('not', 'inet', 'inet6', 'no_track'),
);

const bool = pick('', ' true', ' no');
const instanceWord = fc.oneof(
  word('interface', device),
  word('virtual_router_id', number(1, 4)),
  word('state', pick('MASTER', 'BACKUP', 'SLAVE')),
  word('priority', pick('1', '100', '255', '256')),
  word('advert_int', pick('1', '0.5', '0.014', '50', '255')),
  word('version', pick('2', '3')),
  word('preempt_delay', pick('5', '2.5')),
  word('down_timer_adverts', number(1, 100)),
  word('timer_expired_backup', pick('', '7')),
  word('debug', number(0, 4)),
  word('kernel_rx_buf_size', number(0, 9999)),
  word('garp_master_delay', number(0, 9)),
  word('garp_master_repeat', number(0, 9)),
  word('garp_lower_prio_repeat', number(0, 9)),
  word('garp_lower_prio_delay', number(0, 9)),
  word('garp_extra_if', pick('all 5', '7', 'all')),
  fc
    .tuple(
      pick(
        'strict_mode',
        'native_ipv6',
        'lower_prio_no_advert',
        'higher_prio_send_advert',
        'owner_ignore_adverts',
        'skip_check_adv_addr',
        'check_unicast_src',
        'v3_checksum_as_v2',
        'smtp_alert',
        'notify_priority_changes',
      ),
      bool,
    )
    .map((parts) => parts.join('')),
  pick('nopreempt', 'accept', 'no_accept', 'dont_track_primary', 'promote_secondaries', 'no_virtual_ipaddress'),
  pick('track_src_ip', 'unicast_fault_no_peer', 'old_unicast_checksum', 'vmac_xmit_base', 'use_vmac_addr'),
  pick(
    'notify_deleted',
    'linkbeat_use_polling',
    'notify_master "/bin/x \'a b\'" user group',
    'notify "/bin/y \\"#\\""',
  ),
  word('use_vmac', pick('', 'v0', '02:00:00:00:01', 'name v1 02:00:00:00:00:07 group 5 netlink_notify_msg')),
  word('use_ipvlan', pick('10.0.0.7/24', 'ipv0 private', 'fe80::7/64 vepa')),
  word('unicast_src_ip', address),
  word('mcast_src_ip', address),
  word('mcast_dst_ip', pick('224.0.0.99', 'ff02::99', '10.0.0.1')),
  word('unicast_ttl', number(0, 255)),
  block(
    'unicast_peer',
    fc.tuple(address, pick('', 'min_ttl 5', 'min_ttl 9 max_ttl 20')).map((parts) => parts.join(' ')),
  ),
  block('virtual_ipaddress', addressLine),
  block('virtual_ipaddress_excluded', addressLine),
  block('virtual_routes', routeLine),
  block('virtual_rules', ruleLine),
  block(
    'track_interface',
    fc.tuple(device, pick('', 'weight 5', 'weight -254 reverse')).map((parts) => parts.join(' ')),
  ),
  block('track_script', pick('s', 's weight 5', 'none')),
  block('track_file', pick('t', 't weight 254 noreverse')),
  block('track_process', pick('p', 'p weight 3 reverse')),
  block('track_bfd', pick('b', 'dead', 'b weight -3')),
  name.map((password) => `authentication {\nauth_type PASS\nauth_pass ${quoted(password)}\n}`),
  block('auth_hmac', pick('key 1 "a #b"', 'key 2 c', 'active_key 2', 'mode permissive', 'time_window 5')),
);

const instance = (vrid: number): fc.Arbitrary<string> =>
  fc
    .tuple(name, fc.array(instanceWord, { maxLength: 9 }), address)
    .map(
      ([called, words, vip]) =>
        `vrrp_instance ${quoted(called)} {\ninterface eth0\nvirtual_router_id ${vrid}\n${words.join('\n')}\nvirtual_ipaddress {\n${vip}\n}\n}`,
    );

const declarations = [
  'vrrp_script s {\nscript "/bin/x \'a\'" nobody\nweight 7 reverse\ninterval 2.5\nrise 2\n}',
  'track_file t {\nfile "/t #1"\nweight -3\ninit_file 7 overwrite\n}',
  'vrrp_track_process p {\nprocess x "a b" c\nparam_match partial\nquorum_max 5\nquorum 2\ndelay 1.5\n}',
  'bfd_instance b {\nneighbor_ip 10.1.1.1\nmin_rx 20.5\nweight 9 reverse\nvrrp\n}',
  'bfd_instance dead {\n}',
  'track_group tg {\ngroup {\na\n}\n}',
  'garp_group {\ngarp_interval 0.5\ninterfaces {\neth0 eth1\n}\n}',
  'interface_up_down_delays {\neth0 1.5 2\n}',
];

const file = fc
  .tuple(
    fc.subarray(declarations),
    fc.tuple(instance(1), instance(2), instance(3)),
    fc.tuple(
      block('static_ipaddress', addressLine),
      block('static_routes', routeLine),
      block('static_rules', ruleLine),
    ),
    fc.array(name, { minLength: 1, maxLength: 4 }),
    pick(
      '',
      'global_defs {\nvrrp_strict\n}',
      'global_defs {\nvrrp_min_garp\nvrrp_version 3\nvrrp_mcast_group4 224.0.0.5\n}',
    ),
  )
  .map(([declared, instances, statics, members, globals]) =>
    [
      globals,
      ...declared,
      ...statics,
      ...instances,
      `vrrp_sync_group g {\ngroup {\n${members.map(quoted).join('\n')}\n}\nsync_group_tracking_weight\ntrack_interface {\neth1 weight 5\n}\n}`,
    ].join('\n'),
  );

test('property: whatever stood there, printing keeps its meaning', () => {
  fc.assert(
    fc.property(file, (text) => roundTrip(text)),
    { numRuns: 400 },
  );
});

test('every kind of line is printed as it was read', () => {
  roundTrip(
    [
      ...declarations,
      'vrrp_instance a {\ninterface eth0\nvirtual_router_id 1\nversion 3\nuse_ipvlan name ipv0 10.0.0.7/24 vepa\nvirtual_ipaddress {\n10.0.0.1/24 brd + dev eth1 scope link label eth1:1 home -nodad no_track preferred_lft 30 use_vmac\n}\nvirtual_routes {\ninet6 unicast fd00::/8 from fe80::/64 via fe80::1 dev eth0 expires 60 pref low encap ip6 dst fd00::1 tc 8 hoplimit 3\n}\ntrack_bfd {\nb\ndead\n}\n}',
      'static_ipaddress {\n10.0.0.2 track_group tg dev eth0\nfe80::1/64\n}',
      'static_routes {\n10.2.0.0/16 dev eth0 track_group tg mtu lock 1400\n}',
      'static_rules {\niif eth0 table 7 preference 9 track_group tg fwmark 0x10/0xff\n}',
    ].join('\n'),
  );
});
