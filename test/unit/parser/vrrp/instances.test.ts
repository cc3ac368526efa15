/**
 * Virtual routers as a whole: defaults, what keepalived puts right, what makes an instance impossible (vrrp.c of 2.2;
 * keepalived.md 10 to 12).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VrrpInstance } from '../../../../config/vrrp.js';
import { complaints, parseText } from '../schema/parse-text.js';

const VIP = 'virtual_ipaddress {\n10.0.0.9\n}';
const instance = (words: string, name = 'V'): string => `vrrp_instance ${name} {\n${words}\n}\n`;
const plain = (more: string): string => instance(`interface eth0\nvirtual_router_id 5\n${more}`);

function read(text: string): { readonly instance: VrrpInstance | undefined; readonly said: readonly string[] } {
  const { config, diagnostics } = parseText(text);
  const said = complaints(diagnostics).map((each) => each.replace(/^assumed /, ''));
  return { instance: [...config.vrrp.instances.values()][0], said };
}

test('an instance with nothing but what it needs has every default', () => {
  const { instance: found, said } = read(plain(VIP));
  assert.deepEqual(said, []);
  const { at: _at, addresses, ...rest } = found ?? { at: undefined, addresses: [] };
  assert.equal(addresses.length, 1);
  assert.deepEqual(rest, {
    name: 'V',
    interface: 'eth0',
    vrf: undefined,
    virtualRouterId: 5,
    version: 2,
    family: 'inet',
    initialState: 'BACKUP',
    priority: 100,
    advertInterval: 1,
    downTimerAdverts: 3,
    preempt: true,
    preemptDelay: 0,
    accept: true,
    strict: false,
    transport: { kind: 'multicast', group: '224.0.0.18' },
    sourceAddress: undefined,
    trackSource: false,
    device: { kind: 'interface' },
    vmacForAddresses: false,
    excludedAddresses: [],
    routes: [],
    rules: [],
    withoutAddresses: false,
    promoteSecondaries: false,
    trackPrimary: true,
    tracking: { interfaces: [], scripts: [], files: [], processes: [], bfd: [] },
    authentication: { kind: 'none' },
    hmac: undefined,
    scripts: {
      master: undefined,
      backup: undefined,
      fault: undefined,
      stop: undefined,
      any: undefined,
      deleted: undefined,
      masterReceivesLowerPriority: undefined,
    },
    notifyDeleted: false,
    notifyPriorityChanges: false,
    smtpAlert: false,
    garp: {
      delay: 5,
      repeat: 5,
      refresh: 0,
      refreshRepeat: 1,
      lowerPriorityDelay: 5,
      lowerPriorityRepeat: 5,
      extraInterval: 0,
      extraAll: false,
    },
    lowerPriorityNoAdvert: false,
    higherPrioritySendAdvert: false,
    ownerIgnoreAdverts: false,
    timerExpiredBackup: undefined,
    skipCheckAdvertAddresses: false,
    checksumV3AsV2: false,
    receiveBuffer: undefined,
    debug: 0,
    pollLink: false,
    syncGroup: undefined,
  });
});

test('what global_defs says flows into every instance, wherever it stands', () => {
  const text = `${plain(VIP)}global_defs {\nvrrp_version 3\nvrrp_garp_master_delay 7\nvrrp_garp_master_repeat 2\nvrrp_mcast_group4 224.0.0.99\nvrrp_down_timer_adverts 9\nsmtp_alert\nvrrp_notify_priority_changes\n}\n`;
  const { instance: found } = read(text);
  assert.deepEqual(
    [found?.version, found?.garp.delay, found?.garp.lowerPriorityDelay, found?.garp.lowerPriorityRepeat],
    [3, 7, 7, 2],
  );
  assert.deepEqual(found?.transport, { kind: 'multicast', group: '224.0.0.99' });
  assert.deepEqual([found?.downTimerAdverts, found?.smtpAlert, found?.notifyPriorityChanges], [9, true, true]);
});

test('what is put right, in keepalived’s words', () => {
  const facts: readonly (readonly [words: string, said: readonly string[], after: Partial<VrrpInstance>])[] = [
    ['state MASTER', [], { initialState: 'MASTER', priority: 255 }],
    ['priority 255', [], { initialState: 'MASTER', priority: 255 }],
    [
      'state MASTER\nstate BACKUP\npriority 90',
      ['(V) state previously set as MASTER - ignoring BACKUP'],
      {
        initialState: 'MASTER',
        priority: 90,
      },
    ],
    ['state SLAVE', ["(V) unknown state 'SLAVE', defaulting to BACKUP"], { initialState: 'BACKUP' }],
    [
      'priority 256',
      ["number '256' outside range [1, 255]", '(V) Priority not valid! must be between 1 & 255. Using default 100'],
      { priority: 100 },
    ],
    [
      'advert_int 0.5',
      ['(V) VRRPv2 advertisement interval 0.500000s must be an integer. rounding'],
      {
        advertInterval: 1 as VrrpInstance['advertInterval'],
      },
    ],
    [
      'version 3\nadvert_int 0.014',
      ['(V) VRRPv3 advertisement interval 0.014000s must be in units of 10ms - rounding'],
      {
        advertInterval: 0.01 as VrrpInstance['advertInterval'],
      },
    ],
    [
      'version 3\nadvert_int 50',
      ['(V) VRRPv3 advertisement interval 50.00s is out of range. Must be less than 40.96s. Setting to 40.95s'],
      { advertInterval: 40.95 as VrrpInstance['advertInterval'] },
    ],
    [
      'nopreempt\npriority 255',
      ['(V) nopreempt is incompatible with priority 255. resetting nopreempt'],
      { preempt: true },
    ],
    [
      'nopreempt\nstate MASTER\npriority 9',
      ['(V) Warning - nopreempt will not work with initial state MASTER - clearing'],
      { preempt: true },
    ],
    [
      'nopreempt\npreempt_delay 9',
      ['(V) preempt_delay is incompatible with nopreempt mode - resetting'],
      {
        preempt: false,
        preemptDelay: 0 as VrrpInstance['preemptDelay'],
      },
    ],
    [
      'authentication {\nauth_type PASS\nauth_pass 123456789\n}',
      ['Truncating auth_pass to 8 characters'],
      {
        authentication: { kind: 'PASS', password: '12345678' },
      },
    ],
    [
      'version 3\nauthentication {\nauth_type PASS\nauth_pass 1\n}',
      ['(V) VRRP version 3 does not support authentication. Ignoring.'],
      { authentication: { kind: 'none' } },
    ],
    [
      'authentication {\nauth_type AH\n}',
      ['(V) Authentication specified but no password given. Ignoring'],
      {
        authentication: { kind: 'none' },
      },
    ],
    [
      'state MASTER\npriority 9\nauthentication {\nauth_type AH\nauth_pass 1\n}',
      ['(V) Initial state master is incompatible with AH authentication - clearing'],
      { initialState: 'BACKUP' },
    ],
    [
      'unicast_src_ip 10.0.0.1',
      [
        '(V) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.',
      ],
      { transport: { kind: 'multicast', group: '224.0.0.18' as never } },
    ],
    ['unicast_ttl 9', ['(V): Cannot use unicast_ttl without unicast peers - resetting'], {}],
    ['vmac_xmit_base', ['(V) vmac_xmit_base is only valid with a vmac'], { device: { kind: 'interface' } }],
    [
      'use_vmac\npromote_secondaries',
      ['(V) promote_secondaries is automatically set for vmacs - ignoring'],
      {
        promoteSecondaries: false,
      },
    ],
    ['track_src_ip', [], { trackSource: false }],
    ['garp_master_repeat 0', ['(V): garp_master_repeat must be greater than 0, setting to 1'], {}],
  ];
  for (const [words, said, after] of facts) {
    const result = read(plain(`${words}\n${VIP}`));
    assert.deepEqual(result.said, said, words);
    for (const [field, value] of Object.entries(after)) {
      assert.deepEqual(result.instance?.[field as keyof VrrpInstance], value, `${words}: ${field}`);
    }
  }
});

test('strict mode allows what RFC 5798 allows', () => {
  const { instance: found, said } = read(
    plain(
      `strict_mode\nstate MASTER\npriority 90\npreempt_delay 9\ngarp_lower_prio_repeat 3\nlower_prio_no_advert no\nhigher_prio_send_advert\naccept\nauthentication {\nauth_type PASS\nauth_pass 1\n}\n${VIP}`,
    ),
  );
  assert.deepEqual(said, [
    '(V) State MASTER must match being address owner',
    '(V) Strict mode does not support authentication. Ignoring.',
    '(V) preempt_delay is incompatible with strict mode - resetting',
    '(V) warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting',
    '(V) Strict mode requires no repeat garps. resetting',
    '(V) Strict mode requires no lower priority advert. resetting',
    '(V) strict mode requires higher_prio_send_advert to be clear. resetting',
  ]);
  assert.deepEqual(
    [found?.initialState, found?.accept, found?.lowerPriorityNoAdvert, found?.higherPrioritySendAdvert],
    ['BACKUP', false, true, false],
  );
  assert.deepEqual([found?.garp.lowerPriorityRepeat, found?.garp.lowerPriorityDelay], [0, 0]);
});

test('what makes an instance impossible leaves it out, and it alone', () => {
  const facts: readonly (readonly [words: string, said: string])[] = [
    [`interface eth0\n${VIP}`, '(V) the virtual router id must be set'],
    [`virtual_router_id 5\n${VIP}`, '(V) Unknown interface!'],
    ['interface eth0\nvirtual_router_id 5\nversion 3', '(V) No VIP specified; at least one is required'],
    [
      `virtual_router_id 5\nunicast_peer {\n10.0.0.2\n}\n${VIP}`,
      '(V) : Unicast instances must have unicast_src_ip or interface',
    ],
    [
      `interface eth0\nvirtual_router_id 5\nstrict_mode\nunicast_peer {\n10.0.0.2\n}\n${VIP}`,
      '(V) Unicast peers are not supported in strict mode',
    ],
  ];
  for (const [words, message] of facts) {
    const { config, diagnostics } = parseText(instance(words) + plain(VIP).replace(' V ', ' other '));
    const said = complaints(diagnostics);
    assert.ok(said.includes(`assumed ${message}`), `${words}: ${said.join('; ')}`);
    assert.deepEqual([...config.vrrp.instances.keys()], ['other'], words);
  }
  const none = read(plain(''));
  assert.deepEqual(none.said, ['(V) No VIP specified; at least one is sensible']);
  assert.ok(none.instance !== undefined);
  assert.deepEqual(read(plain('no_virtual_ipaddress')).said, []);
});

test('one VRID a link, family and way of sending: the second is left out', () => {
  const of = (name: string, more: string): string =>
    instance(
      `interface eth0\nvirtual_router_id 5\n${more}\nvirtual_ipaddress {\n${name === 'six' ? 'fe80::5' : '10.0.0.5'}\n}`,
      name,
    );
  const { config, diagnostics } = parseText(
    of('first', '') +
      of('second', '') +
      of('six', '') +
      of('group', 'mcast_dst_ip 224.0.0.99') +
      of('unicast', 'unicast_peer {\n10.0.0.2\n}') +
      of('unicast2', 'unicast_peer {\n10.0.0.3\n}'),
  );
  assert.deepEqual(complaints(diagnostics), [
    'assumed first and second both use VRID 5 with IPv4 on interface eth0',
    'assumed (unicast) duplicate VRID conflict with unicast2 VRID 5',
  ]);
  assert.deepEqual([...config.vrrp.instances.keys()], ['first', 'six', 'group', 'unicast']);
});

test('more addresses than an advert holds are held and not advertised', () => {
  const addresses = Array.from({ length: 260 }, (_, i) => `10.1.${i >> 8}.${i & 255}`).join('\n');
  const { instance: found, said } = read(plain(`virtual_ipaddress {\n${addresses}\n}`));
  assert.deepEqual(said, [
    '(V) Number of VIPs (260) exceeds maximum/space available in packet (max 255 addresses) - excess moved to eVIPs',
  ]);
  assert.deepEqual([found?.addresses.length, found?.excludedAddresses.length], [255, 5]);
  const six = Array.from({ length: 90 }, (_, i) => `fe80::${(i + 1).toString(16)}`).join('\n');
  assert.equal(read(plain(`virtual_ipaddress {\n${six}\n}`)).instance?.addresses.length, 89);
});

test('use_vmac: a name, a MAC of six octets or of five and the VRID, a group', () => {
  const device = (words: string): unknown => read(plain(`${words}\n${VIP}`)).instance?.device;
  const vmac = {
    kind: 'vmac',
    name: undefined,
    mac: undefined,
    group: undefined,
    netlinkNotify: false,
    transmitOnBase: false,
  };
  assert.deepEqual(device('use_vmac'), vmac);
  assert.deepEqual(device('use_vmac name v0 02:00:00:00:AA:0b netlink_notify_msg group 7'), {
    ...vmac,
    name: 'v0',
    mac: '02:00:00:00:aa:0b',
    group: '7',
    netlinkNotify: true,
  });
  assert.deepEqual(device('use_vmac 2:0:0:0:1'), { ...vmac, mac: '02:00:00:00:01:05' });
  const refused: readonly (readonly [words: string, said: string])[] = [
    ['use_vmac 01:00:00:00:00:01', 'VMAC MAC address is multicast 01:00:00:00:00:01 - ignoring'],
    ['use_vmac 00:00:5e:00:01:09', 'VMAC MAC address not allowed to be RFC5798 address (00:00:5e:00:01:09) - ignoring'],
    ['use_vmac 00:00:5x', 'VMAC invalid MAC address 00:00:5x'],
    [
      'use_vmac a-name-that-is-too-long',
      "VMAC interface name 'a-name-that-is-too-long' too long or invalid characters - ignoring",
    ],
  ];
  for (const [words, said] of refused) assert.deepEqual(read(plain(`${words}\n${VIP}`)).said, [said]);
  const taken = parseText(
    plain(`use_vmac v0\n${VIP}`) + instance(`interface eth1\nvirtual_router_id 5\nuse_vmac v0\n${VIP}`, 'W'),
  );
  assert.ok(complaints(taken.diagnostics).includes('assumed (W) VRRP instance V is already using v0 - ignoring name'));
});
