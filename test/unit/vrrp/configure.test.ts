// From a file to the router: units, defaults of auth_hmac, peers, trackers of instance and group, identities.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bfdSessionConfig } from '../../../bfd/configure.js';
import { type HostFacts, routerConfig } from '../../../vrrp/configure.js';
import type { VirtualRouterConfig } from '../../../vrrp/virtual-router.js';
import { parseText } from '../parser/schema/parse-text.js';
import { hex, ip } from './packets.js';

const host: HostFacts = {
  sourceOf: (device, family) => (device === 'eth0' ? ip(family === 'inet' ? '10.0.0.1' : 'fe80::1') : undefined),
  hmacKey: (written) => Buffer.from(written.replace('hex:', ''), 'hex'),
  held: false,
  logUnknownVrids: false,
};

function instancesOf(text: string): readonly VirtualRouterConfig[] {
  const { config } = parseText(text);
  return routerConfig(config.vrrp, host).instances;
}

const VI = (name: string, words: string): string =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id 51\n${words}\nvirtual_ipaddress {\n10.0.0.100\n10.0.0.101/24\n}\n}\n`;

test('a plain instance', () => {
  const [one] = instancesOf(VI('V', 'priority 150\nadvert_int 2\n'));
  assert.equal(one?.identity, 'eth0 inet 51');
  assert.equal(one?.source, '10.0.0.1');
  assert.deepEqual(
    [
      one?.form.version,
      one?.form.interval,
      one?.form.ttl,
      one?.form.addressCount,
      hex(one?.form.addresses ?? new Uint8Array()),
    ],
    [2, 2, 255, 2, '0a0000640a000065'],
  );
  const { election } = one as VirtualRouterConfig;
  assert.deepEqual(
    [election.interval, election.priority, election.startsAs, election.preempt],
    [2000, 150, 'backup', true],
  );
  assert.deepEqual([election.announce.masterDelay, election.announce.masterRepeat], [5000, 5]);
  assert.deepEqual(one?.trackers, [{ kind: 'interface', name: 'eth0', weight: 0, reverse: false }]);
});

test('version 3 in centiseconds, unicast, auth_hmac and its defaults', () => {
  const key = '00'.repeat(32);
  const words = [
    'version 3\nadvert_int 0.25\nunicast_src_ip 10.0.0.7',
    'unicast_peer {\n10.0.0.2 min_ttl 250\n10.0.0.3\n}',
    `auth_hmac {\nkey 3 hex:${key}\nactive_key 3\n}`,
    'dont_track_primary',
  ];
  const [one] = instancesOf(VI('V', words.join('\n')));
  assert.equal(one?.identity, 'eth0@10.0.0.7 inet 51');
  assert.deepEqual([one?.form.interval, one?.election.interval, one?.source], [25, 250, '10.0.0.7']);
  assert.deepEqual(one?.peers, ['10.0.0.2', '10.0.0.3']);
  assert.deepEqual(one?.receive.peers.get(ip('10.0.0.2')), { min: 250, max: 255 });
  assert.equal(one?.receive.oldUnicastChecksum, 'adapt');
  assert.deepEqual(one?.trackers, []);
  const { authentication } = (one as VirtualRouterConfig).form;
  assert.ok(authentication.kind === 'hmac');
  const { activeKey, antiReplay, timeWindow, mode, keys } = authentication.parameters;
  assert.deepEqual([activeKey, antiReplay, timeWindow, mode, keys.get(3)?.length], [3, 'time', 5, 'enforce', 32]);
});

test('trackers of an instance and of its group, whose weights count only where it says so', () => {
  const trackers = (word: string): readonly string[] => {
    const text = [
      'vrrp_script s {\nscript "/bin/true"\nweight 10\n}\n',
      `vrrp_sync_group G {\ngroup {\nV\n}\n${word}track_script {\ns\n}\n}\n`,
      VI('V', 'track_interface {\neth1 weight -5\n}\n'),
    ].join('');
    const [one] = instancesOf(text);
    assert.deepEqual([one?.group, one?.election.grouped], ['G', true]);
    return (one?.trackers ?? []).map(({ kind, name, weight }) => `${kind} ${name} ${weight}`);
  };
  assert.deepEqual(trackers(''), ['interface eth0 0', 'interface eth1 0', 'script s 0']);
  assert.deepEqual(trackers('sync_group_tracking_weight\n'), ['interface eth0 0', 'interface eth1 -5', 'script s 10']);
});

test('a BFD session', () => {
  const { config } = parseText(
    'bfd_instance b {\nneighbor_ip 10.0.0.2\nmin_rx 50\nmin_tx 60\nmultiplier 3\nmax_hops 2\n}\n',
  );
  const [instance] = config.bfd.values();
  assert.ok(instance);
  const session = bfdSessionConfig(instance);
  assert.deepEqual(
    [session.parameters.minRx, session.parameters.minTx, session.parameters.idleTx, session.parameters.multiplier],
    [50, 60, 1000, 3],
  );
  assert.deepEqual([session.neighbor, session.leastTtl, session.multihop], ['10.0.0.2', 253, false]);
});
