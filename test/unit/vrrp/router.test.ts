// Virtual routers together: sync groups as one, trackers into priorities and faults, scripts that have not answered,
// reloads, two routers that talk by packets, refusals told once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAdvert } from '../../../vrrp/packet.js';
import type { Tracker } from '../../../vrrp/tracking.js';
import { packet } from './packets.js';
import { configOf, HandRouter, instance } from './routers.js';

const script: Tracker = { kind: 'script', name: 'chk', weight: 0, reverse: false };

/** Delivers what `from` sent since the last time to `to`. */
function deliver(from: HandRouter, to: HandRouter): void {
  const sent = from.said();
  from.effects.length = 0;
  for (const { bytes } of sent) to.router.receive(packet(bytes), 'eth0', to.at);
}

test('an instance alone: BACKUP, then MASTER; stop says so', () => {
  const hand = new HandRouter().load(instance()).start();
  assert.deepEqual(hand.notified(), ['INSTANCE "VI_1" BACKUP 100']);
  hand.pass(4000);
  assert.equal(hand.roles(), 'VI_1:master');
  assert.deepEqual(hand.notified(), ['INSTANCE "VI_1" MASTER 100']);
  hand.router.stop(hand.at);
  assert.deepEqual(
    hand.effects.flatMap((effect) => (effect.kind === 'send' ? effect.adverts.map(({ bytes }) => bytes[22]) : [])),
    [0],
  );
  assert.deepEqual(hand.notified(), ['INSTANCE "VI_1" STOP 100']);
  const { advert_sent, pri_zero_sent, become_master, release_master } = hand.of('VI_1').statistics;
  assert.deepEqual([advert_sent, pri_zero_sent, become_master, release_master], [2, 1, 1, 1]);
});

test('two routers by packets: the lower one steps down, takes over on priority 0, and is preempted', () => {
  for (const auth of ['none', 'hmac']) {
    const high = new HandRouter().load(instance({ auth, source: '10.0.0.1', election: { priority: 150 } }));
    const low = new HandRouter()
      .load(instance({ auth, source: '10.0.0.2' }))
      .start()
      .pass(4000);
    high.now = 4000;
    high.start();
    assert.equal(low.roles(), 'VI_1:master');
    for (let i = 0; i < 8; i++) {
      low.pass(500);
      deliver(low, high);
      high.pass(500);
      deliver(high, low);
    }
    assert.deepEqual([high.roles(), low.roles()], ['VI_1:master', 'VI_1:backup'], auth);
    high.router.stop(high.at);
    deliver(high, low);
    assert.equal(low.of('VI_1').deadline - low.now, 609.375);
    low.pass(700);
    assert.equal(low.roles(), 'VI_1:master');
  }
});

test('a sync group is master when all its members want to be, and leaves it together', () => {
  const hand = new HandRouter()
    .load(instance({ group: 'G' }), instance({ name: 'VI_2', scope: 'eth1', group: 'G' }))
    .start();
  assert.deepEqual(hand.notified(), ['GROUP "G" BACKUP 0', 'INSTANCE "VI_1" BACKUP 100', 'INSTANCE "VI_2" BACKUP 100']);
  const high = new HandRouter().load(instance({ source: '10.0.0.200', election: { priority: 200 } })).start();
  // VI_1 hears a higher master for a while, VI_2 hears nobody.
  for (let i = 0; i < 10; i++) {
    high.pass(900);
    hand.pass(900);
    deliver(high, hand);
  }
  assert.equal(hand.roles(), 'VI_1:backup VI_2:backup');
  assert.equal(hand.of('VI_2').election.wanted, 'master');
  hand.pass(4000);
  assert.equal(hand.roles(), 'VI_1:master VI_2:master');
  assert.deepEqual(hand.lines(), [
    'VRRP_Group(G) Syncing instances to MASTER state',
    '(VI_1) Entering MASTER STATE',
    '(VI_2) Entering MASTER STATE',
  ]);
  assert.deepEqual(hand.notified(), ['INSTANCE "VI_1" MASTER 100', 'INSTANCE "VI_2" MASTER 100', 'GROUP "G" MASTER 0']);
  high.pass(1000);
  deliver(high, hand);
  assert.equal(hand.roles(), 'VI_1:backup VI_2:backup');
  assert.equal(hand.router.groupState('G'), 'BACKUP');
  assert.deepEqual(hand.notified(), ['INSTANCE "VI_1" BACKUP 100', 'INSTANCE "VI_2" BACKUP 100', 'GROUP "G" BACKUP 0']);
});

test('a fault of one member is the fault of the whole group, and they recover together', () => {
  const hand = new HandRouter().load(
    instance({ group: 'G', trackers: [{ kind: 'interface', name: 'eth0', weight: 0, reverse: false }] }),
    instance({ name: 'VI_2', scope: 'eth1', group: 'G' }),
  );
  hand.router.tracked('interface', 'eth0', true, hand.at);
  hand.start().pass(8000);
  assert.equal(hand.roles(), 'VI_1:master VI_2:master');
  hand.notified();
  hand.router.tracked('interface', 'eth0', false, hand.at);
  assert.equal(hand.roles(), 'VI_1:fault VI_2:fault');
  assert.deepEqual(hand.lines(), [
    'VRRP_Group(G) Syncing instances to FAULT state',
    '(VI_1) Entering FAULT STATE',
    '(VI_2) Entering FAULT STATE',
  ]);
  assert.deepEqual(hand.notified(), ['INSTANCE "VI_1" FAULT 100', 'INSTANCE "VI_2" FAULT 100', 'GROUP "G" FAULT 0']);
  hand.router.setFault(hand.of('VI_2'), 'netdev', ' interface eth1 is gone', hand.at);
  hand.router.tracked('interface', 'eth0', true, hand.at);
  assert.equal(hand.roles(), 'VI_1:fault VI_2:fault');
  hand.router.setFault(hand.of('VI_2'), 'netdev', undefined, hand.at);
  assert.equal(hand.roles(), 'VI_1:backup VI_2:backup');
  assert.deepEqual(hand.notified(), ['INSTANCE "VI_2" BACKUP 100', 'INSTANCE "VI_1" BACKUP 100', 'GROUP "G" BACKUP 0']);
  hand.pass(8000);
  assert.equal(hand.roles(), 'VI_1:master VI_2:master');
});

test('a member of a group that hears a lower master has the others announce too', () => {
  const hand = new HandRouter()
    .load(instance({ group: 'G' }), instance({ name: 'VI_2', scope: 'eth1', group: 'G' }))
    .start()
    .pass(8000);
  const low = new HandRouter()
    .load(instance({ source: '10.0.0.200', election: { priority: 50 } }))
    .start()
    .pass(4000);
  hand.effects.length = 0;
  deliver(low, hand);
  const announced = hand.effects.flatMap((effect) =>
    effect.kind === 'act' && effect.action.kind === 'announce'
      ? [`${effect.instance.name}:${effect.action.repeat}`]
      : [],
  );
  assert.deepEqual(announced, ['VI_1:5', 'VI_2:5']);
  assert.deepEqual(hand.notified(), ['INSTANCE "VI_1" MASTER_RX_LOWER_PRI 100']);
});

test('weights move the priority, a deciding script makes FAULT, and one that has not answered holds INIT', () => {
  const hand = new HandRouter().load(
    instance({
      trackers: [
        script,
        { kind: 'process', name: 'p', weight: 20, reverse: false },
        { kind: 'file', name: 'f', weight: -2, reverse: false },
      ],
    }),
  );
  hand.router.tracked('process', 'p', false, hand.at);
  hand.start().pass(10_000);
  assert.equal(hand.roles(), 'VI_1:init');
  hand.router.tracked('script', 'chk', true, hand.at);
  assert.equal(hand.roles(), 'VI_1:backup');
  hand.router.tracked('process', 'p', true, hand.at);
  assert.equal(hand.of('VI_1').election.priority, 120);
  hand.router.tracked('file', 'f', 15, hand.at);
  assert.equal(hand.of('VI_1').election.priority, 90);
  hand.router.tracked('file', 'f', 127, hand.at);
  assert.equal(hand.roles(), 'VI_1:fault');
  hand.router.tracked('file', 'f', 0, hand.at);
  assert.equal(hand.roles(), 'VI_1:backup');
  hand.router.tracked('script', 'chk', false, hand.at);
  assert.equal(hand.roles(), 'VI_1:fault');
  const failed = new HandRouter().load(instance({ trackers: [script] }));
  failed.router.tracked('script', 'chk', false, failed.at);
  failed.start();
  assert.deepEqual(failed.lines(), [
    '(VI_1): entering FAULT state due to script chk',
    '(VI_1) Entering FAULT STATE (init)',
  ]);
});

test('what is told of trackers before the start counts from the start', () => {
  const hand = new HandRouter().load(
    instance({ trackers: [{ kind: 'process', name: 'p', weight: 20, reverse: false }] }),
  );
  hand.router.tracked('process', 'p', true, hand.at);
  assert.equal(hand.start().of('VI_1').election.priority, 120);
});

test('an instance without an address is in FAULT until it has one', () => {
  const hand = new HandRouter().load(instance({ source: undefined })).start();
  assert.deepEqual(hand.lines()[0], '(VI_1) entering FAULT state (no IPv4 address for interface)');
  hand.router.setSource(hand.of('VI_1'), instance().source, hand.at);
  hand.pass(4000);
  assert.equal(hand.roles(), 'VI_1:master');
});

test('a reload: the same identity goes on as master and misses no advert, a new one begins, an old one lets go', () => {
  const hand = new HandRouter()
    .load(instance(), instance({ name: 'VI_2', vrid: 52 }))
    .start()
    .pass(5000);
  const kept = hand.of('VI_1');
  hand.notified();
  const next = configOf([
    instance({ name: 'renamed', election: { priority: 120 } }),
    instance({ name: 'VI_3', vrid: 53 }),
  ]);
  hand.router.reload(next, hand.at);
  assert.equal(hand.roles(), 'renamed:master VI_3:backup');
  assert.equal(hand.of('renamed'), kept);
  const said = hand.said();
  assert.deepEqual(
    said.map(({ bytes }) => `${bytes[21]}:${bytes[22]}`),
    ['52:0', '51:120'],
  );
  assert.deepEqual(hand.notified(), ['INSTANCE "VI_2" DELETED 100', 'INSTANCE "VI_3" BACKUP 100']);
  hand.pass(999);
  assert.deepEqual(hand.notified(), []);
});

test('version 2 to version 3 at a reload: adverts of the old version are refused, those of the new one heard', () => {
  const hand = new HandRouter().load(instance({ version: 2 })).start();
  const peer = new HandRouter()
    .load(instance({ source: '10.0.0.9', election: { priority: 200 } }))
    .start()
    .pass(4000);
  const [sent] = peer.said();
  assert.ok(sent);
  for (let i = 0; i < 3; i++) hand.router.receive(packet(sent.bytes), 'eth0', hand.at);
  assert.equal(hand.of('VI_1').statistics.vers_err, 3);
  assert.equal(hand.lines().filter((line) => line.includes('wrong version. Received 3 and expect 2')).length, 1);
  hand.router.reload(configOf([instance()]), hand.at);
  hand.router.receive(packet(sent.bytes), 'eth0', hand.at);
  assert.equal(hand.of('VI_1').election.masterPriority, 200);
});

test('packets of nobody: counted, told with log_unknown_vrids; broken ones with our VRID are ours to count', () => {
  const hand = new HandRouter();
  hand.router.load(configOf([instance()], true));
  hand.start();
  const other = new HandRouter()
    .load(instance({ vrid: 77, source: '10.0.0.9' }))
    .start()
    .pass(4000);
  deliver(other, hand);
  assert.equal(hand.router.unknownVrids, 1);
  assert.match(hand.lines().at(-1) as string, /^Unknown VRID\(77\) received on interface\(eth0\)/);
  const ours = new HandRouter()
    .load(instance({ source: '10.0.0.9' }))
    .start()
    .pass(4000);
  const [sent] = ours.said();
  assert.ok(sent);
  const cut = Buffer.from(sent.bytes.subarray(0, 30));
  cut[3] = 30;
  assert.equal(decodeAdvert(packet(cut)).ok, false);
  hand.router.receive(packet(cut), 'eth0', hand.at);
  assert.equal(hand.of('VI_1').statistics.packet_len_err, 1);
});

test('unicast: one packet for each peer, equal but for their destination', () => {
  const hand = new HandRouter()
    .load(instance({ peers: ['10.0.0.2', '10.0.0.3'], auth: 'hmac' }))
    .start()
    .pass(4000);
  const [first] = hand.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.adverts] : []));
  assert.deepEqual(
    first?.map(({ destination }) => destination),
    ['10.0.0.2', '10.0.0.3'],
  );
  const [a, b] = (first ?? []).map(({ bytes }) => Buffer.from(bytes).subarray(28).toString('hex'));
  assert.equal(a, b, 'signed once');
});
