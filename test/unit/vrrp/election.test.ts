// The election, row by row: what each state does with each event, its timers to the microsecond, its log lines to the
// letter.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ElectionEventName, ElectionRole } from '../../../vrrp/election-state.js';
import { ELECTION_TABLE } from '../../../vrrp/election-table.js';
import { compareAddresses, masterDownInterval, minimumSkew, skewTime } from '../../../vrrp/election-timers.js';
import { Machine } from './elections.js';
import { ip } from './packets.js';

test('each row of the table cites its source, and rows that do nothing say why', () => {
  const names = Object.keys(ELECTION_TABLE.backup) as ElectionEventName[];
  for (const role of ['init', 'backup', 'master', 'fault'] as const satisfies readonly ElectionRole[]) {
    assert.deepEqual(Object.keys(ELECTION_TABLE[role]), names);
    for (const name of names) {
      const { rfc, keepalived } = ELECTION_TABLE[role][name];
      assert.ok(rfc !== '-' || (keepalived ?? '') !== '', `${role} ${name}`);
    }
  }
});

test('skew and down intervals to the microsecond', () => {
  assert.equal(skewTime(2, 5000, 100), 609.375);
  assert.equal(masterDownInterval(2, 1000, 100, 3), 3609.375);
  assert.equal(masterDownInterval(3, 10, 100, 3), 36.093);
  assert.equal(masterDownInterval(3, 10, 254, 3), 30.078);
  assert.equal(minimumSkew(2, 4000), 3.906);
  assert.equal(minimumSkew(3, 100), 0.39);
  assert.equal(masterDownInterval(3, 100, 255, 1), 100.39);
});

test('addresses compare as unsigned numbers, not as text', () => {
  assert.equal(compareAddresses(ip('10.0.0.9'), ip('10.0.0.10')), -1);
  assert.equal(compareAddresses(ip('200.0.0.1'), ip('10.0.0.10')), 1);
  assert.equal(compareAddresses(ip('fe80::a'), ip('fe80::9')), 1);
  assert.equal(compareAddresses(ip('10.0.0.9'), ip('10.0.0.9')), 0);
});

test('INIT: start goes to BACKUP with a whole down timer and takes stale addresses away', () => {
  const machine = new Machine().started();
  assert.equal(machine.words, 'remove! BACKUP sync:backup');
  assert.deepEqual(machine.lines, ['(VI_1) Entering BACKUP STATE (init)']);
  assert.equal(machine.left, 3609.375);
  assert.equal(new Machine({ startsAs: 'master' }).started().left, 3609.375);
  assert.equal(new Machine({ startsAs: 'master', grouped: true }).started().left, 3609.375);
  assert.equal(new Machine({ version: 2, priority: 254 }).started().left, 3007.812);
  assert.equal(new Machine({ downTimerAdverts: 1 }).started().left, 1609.375);
});

test('INIT: an owner is MASTER a microsecond later; a faulty start is FAULT; adverts are not looked at', () => {
  const owner = new Machine({ priority: 255 }).started();
  assert.equal(owner.left, 0.001);
  assert.match(owner.due().words, /^advert:255 add announce:5 MASTER/);
  const faulty = new Machine().feed({ kind: 'fault' });
  assert.equal(faulty.words, 'remove! FAULT');
  assert.deepEqual(faulty.lines, ['(VI_1) Entering FAULT STATE (init)']);
  const early = new Machine().hear(200);
  assert.deepEqual([early.state.role, early.done.length], ['init', 0]);
});

test('BACKUP: the down timer fires: advert first, then addresses, announcement, notification', () => {
  const machine = new Machine().started().due();
  assert.equal(machine.words, 'advert:100 add announce:5 MASTER sync:master');
  assert.deepEqual(machine.lines, ['-D (VI_1) Receive advertisement timeout', '(VI_1) Entering MASTER STATE']);
  assert.equal(machine.left, 1000);
});

test('BACKUP: priority 0 leaves the skew only', () => {
  const machine = new Machine().started();
  machine.now += 500;
  machine.hear(0);
  assert.equal(machine.left, 609.375);
  assert.equal(machine.words, '');
  assert.match(machine.due().words, /MASTER/);
});

test('BACKUP: greater and equal priority restart the timer; version 3 adopts the interval, and not one of 0', () => {
  for (const priority of [101, 100]) {
    const machine = new Machine().started();
    machine.now += 3000;
    machine.hear(priority, { interval: 500, comparison: -1 });
    assert.equal(machine.left, 1804.687);
    assert.deepEqual(machine.lines, ['-D (VI_1) advertisement interval updated from 1000ms to 500ms by master']);
    assert.equal(machine.state.masterPriority, priority);
    machine.hear(priority, { interval: 0 });
    assert.equal(machine.state.masterInterval, 500);
  }
  const old = new Machine({ version: 2 }).started();
  old.now += 10;
  old.hear(200, { interval: 5000 });
  assert.equal(old.left, 3609.375);
});

test('BACKUP: a lower priority is discarded and the timer runs on; nopreempt takes it for master', () => {
  const machine = new Machine().started();
  const { deadline } = machine.state;
  machine.now += 1000;
  machine.hear(99);
  assert.equal(machine.state.deadline, deadline);
  assert.deepEqual(machine.lines, ['(VI_1) received lower priority (99) advert from 10.0.0.9 - discarding']);
  const polite = new Machine({ preempt: false }).started();
  polite.now += 1000;
  polite.hear(99);
  assert.equal(polite.left, 3609.375);
  assert.equal(new Machine({ preempt: false, priority: 255 }).started().hear(99).left, 0.001);
});

test('BACKUP: preempt_delay begins with the first lower master, ends by a higher one, then preempts', () => {
  const machine = new Machine({ preemptDelay: 3000 }).started();
  machine.hear(50);
  assert.deepEqual(machine.lines, ['-D (VI_1) start preempt delay (3.000000)']);
  machine.now += 2000;
  machine.hear(50);
  assert.equal(machine.left, 3609.375);
  machine.hear(150);
  assert.deepEqual(machine.lines, ['-D (VI_1) stop preempt delay']);
  machine.hear(50);
  machine.now += 3000;
  const { deadline } = machine.state;
  machine.hear(50);
  assert.equal(machine.state.deadline, deadline, 'the delay is over: adverts are discarded');
  assert.match(machine.due().words, /MASTER/);
});

test('MASTER: an advert each interval; its bursts: the second, the refresh, the extra interfaces', () => {
  const machine = new Machine({
    announce: {
      masterDelay: 5000,
      masterRepeat: 2,
      masterRefresh: 2500,
      masterRefreshRepeat: 3,
      lowerPrioDelay: 0,
      lowerPrioRepeat: 1,
      extraInterval: 4200,
    },
  }).master();
  const began = machine.now;
  const seen: string[] = [];
  while (machine.now < began + 10_500) {
    machine.due();
    seen.push(`${machine.now - began} ${machine.words}`);
  }
  assert.deepEqual(
    seen.filter((line) => !line.endsWith(' advert:100')),
    [
      '4200 announce-extra',
      '5000 advert:100 announce:2',
      '7500 announce:3',
      '8400 announce-extra',
      '10000 advert:100 announce:3',
      '11000 advert:100',
    ].filter((line) => !line.endsWith(' advert:100')),
  );
  assert.equal(seen.filter((line) => line.includes('advert:100')).length, 11);
});

test('MASTER: priority 0 is answered at once, and the advert timer starts anew', () => {
  const machine = new Machine().master();
  machine.now += 400;
  machine.hear(0);
  assert.equal(machine.words, 'advert:100');
  assert.equal(machine.left, 1000);
});

test('MASTER: a lower priority: an advert, an announcement and a second one later; not with lower_prio_no_advert', () => {
  const machine = new Machine().master();
  machine.now += 400;
  machine.hear(99);
  assert.equal(machine.words, 'advert:100 announce:5 MASTER_RX_LOWER_PRI');
  assert.deepEqual(machine.lines, [
    '(VI_1) Received advert from 10.0.0.9 with lower priority 99, ours 100, forcing new election',
  ]);
  assert.equal(machine.left, 1000);
  assert.equal(machine.state.lowerPrioAnnounceAt, machine.now + 5000);
  const quiet = new Machine({ lowerPrioNoAdvert: true, grouped: true }).master();
  quiet.now += 400;
  quiet.hear(99, { ahSequence: 7 });
  assert.equal(quiet.words, 'ah:8 announce:5 group:lower-advert MASTER_RX_LOWER_PRI');
  assert.equal(quiet.left, 600);
  assert.match(quiet.lines[0] as string, /lower priority 99, ours 100$/);
});

test('MASTER: a greater priority, or an equal one with a higher address, and it is BACKUP', () => {
  const machine = new Machine().master().hear(101, { interval: 500 });
  assert.equal(machine.words, 'sync:backup remove BACKUP');
  assert.deepEqual(machine.lines, [
    '(VI_1) Master received advert from 10.0.0.9 with higher priority 101, ours 100',
    '-D (VI_1) advertisement interval updated from 1000ms to 500ms by new master',
    '(VI_1) Entering BACKUP STATE',
  ]);
  assert.equal(machine.left, 1804.687);
  assert.equal(machine.state.announceAt, Number.POSITIVE_INFINITY);
  const equal = new Machine({ higherPrioSendAdvert: true, grouped: true }).master().hear(100, { comparison: 1 });
  assert.equal(equal.words, 'advert:100 sync:backup remove BACKUP group:backup');
  assert.match(equal.lines[0] as string, /with same priority 100 but higher IP address than ours$/);
  const higherAddress = new Machine().master().hear(100, { comparison: -1 });
  assert.equal(higherAddress.words, 'advert:100 announce:5 MASTER_RX_LOWER_PRI');
  const ourselves = new Machine().master().hear(100, { comparison: 0 });
  assert.equal(ourselves.words, '');
  assert.match(ourselves.lines[0] as string, /^\(VI_1\) WARNING - equal priority advert received/);
});

test('two owners: the lower address yields at once and takes 255 back when the other is gone', () => {
  const machine = new Machine({ priority: 255 }).master().hear(255, { comparison: 1 });
  assert.deepEqual([machine.state.role, machine.state.priority], ['backup', 254]);
  assert.match(machine.lines[0] as string, /CONFIGURATION ERROR.* - reducing local priority$/);
  machine.now += 900;
  machine.hear(255);
  assert.equal(machine.state.role, 'backup');
  machine.due();
  assert.deepEqual([machine.state.role, machine.state.priority], ['master', 255]);
});

test('two owners: the higher address gives the other one time, then yields too', () => {
  const machine = new Machine({ priority: 255 }).master();
  for (let heard = 0; heard < 4; heard++) {
    machine.hear(255, { comparison: -1 });
    assert.equal(machine.state.role, 'master', `advert ${heard}`);
    machine.now += 1000;
    machine.feed({ kind: 'timer' });
  }
  machine.hear(255, { comparison: -1 });
  assert.deepEqual([machine.state.role, machine.state.priority], ['backup', 254]);
  const alone = new Machine({ priority: 255 }).master().hear(255, { comparison: -1 });
  for (let i = 0; i < 8; i++) alone.due();
  assert.equal(alone.state.conflictUntil, undefined, 'the conflict is over');
});

test('FAULT: from MASTER with priority 0, from BACKUP silently; adverts are ignored; back with a whole down timer', () => {
  const machine = new Machine({ unicast: true }).master().feed({ kind: 'fault' });
  assert.equal(machine.words, 'sync:backup advert:0 advert:0 remove FAULT');
  assert.equal(machine.state.deadline, Number.POSITIVE_INFINITY);
  machine.hear(50).hear(0);
  assert.equal(machine.done.length, 0);
  machine.feed({ kind: 'clear' });
  assert.equal(machine.words, 'announce-source BACKUP');
  assert.equal(machine.left, 3609.375);
  assert.equal(new Machine().started().feed({ kind: 'fault' }).words, 'FAULT');
  const owner = new Machine({ priority: 255 }).master().feed({ kind: 'fault' }).feed({ kind: 'clear' });
  assert.match(owner.words, /^advert:255 add announce:5 MASTER/);
});

test('an address that was taken away: priority 0, BACKUP, and the election puts it back', () => {
  const machine = new Machine().master().feed({ kind: 'address-lost' });
  assert.equal(machine.words, 'sync:backup advert:0 remove BACKUP');
  assert.match(machine.due().words, /add/);
  assert.equal(new Machine().started().feed({ kind: 'address-lost' }).done.length, 0);
});

test('stop: a master says so; everybody notifies; nothing is due any more', () => {
  const machine = new Machine().master().feed({ kind: 'stop' });
  assert.equal(machine.words, 'advert:0 remove STOP');
  assert.deepEqual(machine.lines, ['-D (VI_1) sent 0 priority']);
  assert.equal(new Machine().started().feed({ kind: 'stop' }).words, 'STOP');
  assert.equal(new Machine().feed({ kind: 'stop' }).words, '');
  assert.equal(machine.state.deadline, Number.POSITIVE_INFINITY);
});

test('the effective priority changes: the down timer moves by the skew, a master tells by its next advert', () => {
  const machine = new Machine({ notifyPriorityChanges: true }).started();
  machine.now += 1000;
  machine.feed({ kind: 'priority', priority: 228 });
  assert.equal(machine.left, 2609.375 - 500);
  assert.equal(machine.words, 'BACKUP_PRIORITY');
  assert.deepEqual(machine.lines, ['(VI_1) Changing effective priority from 100 to 228']);
  const master = new Machine({ notifyPriorityChanges: true }).master().feed({ kind: 'priority', priority: 50 });
  assert.equal(master.words, 'MASTER_PRIORITY');
  assert.equal(master.due().words, 'advert:50');
  assert.equal(new Machine({ priority: 255 }).started().feed({ kind: 'priority', priority: 50 }).state.priority, 255);
});

test('a member of a group asks before it is master', () => {
  const machine = new Machine({ grouped: true }).started().due();
  assert.equal(machine.words, 'group:master');
  assert.deepEqual([machine.state.role, machine.state.wanted, machine.left], ['backup', 'master', 3609.375]);
  machine.hear(150);
  assert.equal(machine.state.wanted, 'backup');
  assert.match(machine.feed({ kind: 'group-master' }).words, /MASTER/);
  assert.equal(machine.feed({ kind: 'group-lower-advert' }).words, 'announce:5');
  assert.equal(machine.feed({ kind: 'group-backup' }).words, 'sync:backup remove BACKUP group:backup');
});

test('a reload: a master stays one and sends at once, a backup begins to wait anew, another version forgets what it learnt', () => {
  const machine = new Machine().master();
  machine.now += 300;
  machine.parameters = { ...machine.parameters, version: 2, interval: 2000, priority: 120 };
  machine.feed({ kind: 'configure', priority: 120 });
  assert.deepEqual([machine.words, machine.state.role, machine.left], ['advert:120', 'master', 2000]);
  const backup = new Machine().started().hear(200, { interval: 100 });
  backup.parameters = { ...backup.parameters, version: 2 };
  backup.feed({ kind: 'configure', priority: 100 });
  assert.deepEqual([backup.state.role, backup.left], ['backup', 3609.375]);
});

test('late timers: reported from half an interval; a backup that was not run listens first, three times at most', () => {
  const machine = new Machine().started().due(600);
  assert.match(machine.words, /^late advert:100/);
  const stopped = new Machine().started();
  for (let i = 0; i < 3; i++) {
    stopped.due(5000);
    assert.equal(stopped.words, 'late:listen');
    assert.equal(stopped.left, 1609.375);
  }
  assert.match(stopped.lines[0] as string, /VRRP thread timer expired 5\.000000 seconds ago - listening/);
  assert.match(stopped.due(5000).words, /MASTER/);
  const barely = new Machine().started().stopped(1);
  assert.equal(barely.words, 'late:listen', 'not run for the whole interval, and one millisecond late');
  const heardNothing = new Machine().started().due(900);
  assert.match(heardNothing.words, /^late advert:100/, 'it was run an interval before, and had heard nothing');
  const heard = new Machine().started().due(5000).hear(150);
  assert.deepEqual([heard.state.listened, heard.left], [0, 3609.375]);
});

test('late timers: a master that was silent as long as the quickest peer waits goes to BACKUP and listens', () => {
  const short = new Machine().master().due(1900);
  assert.equal(short.words, 'late advert:100');
  const long = new Machine().master().due(2100);
  assert.equal(long.words, 'late:listen sync:backup remove BACKUP');
  assert.equal(long.left, 1003.906);
  assert.match(long.due().words, /MASTER/, 'nobody was heard');
  const taken = new Machine().master().due(2100).hear(150);
  assert.equal(taken.left, 3609.375);
  const patient = new Machine({ otherPriority: 100, downTimerAdverts: 5 }).master().due(4500);
  assert.equal(patient.words, 'late advert:100 announce:5');
});

test('a master that was stopped does not answer what waited in its sockets: it is BACKUP before it hears', () => {
  const machine = new Machine({ preempt: false }).master();
  machine.now += 3500;
  machine.hear(50);
  assert.equal(machine.words, 'late:listen sync:backup remove BACKUP');
  assert.deepEqual([machine.state.role, machine.left], ['backup', 3609.375]);
  machine.hear(50);
  assert.equal(machine.words, '');
  const preempting = new Machine().master();
  preempting.now += 3500;
  preempting.hear(50);
  assert.deepEqual([preempting.state.role, preempting.left], ['backup', 1003.906]);
  const slower = new Machine().master();
  slower.now += 3500;
  slower.parameters = { ...slower.parameters, interval: 100 };
  assert.equal(slower.feed({ kind: 'configure', priority: 100 }).words, 'advert:100');
});

test('held: a backup whose virtual servers are not ready waits on, and takes over when they are', () => {
  const machine = new Machine({ held: true }).started().due();
  assert.deepEqual([machine.words, machine.state.role, machine.left], ['', 'backup', 3609.375]);
  machine.parameters = { ...machine.parameters, held: false };
  assert.match(machine.due().words, /MASTER/);
});

test('a clock is only ever compared with itself: the same run at another hour is the same', () => {
  const run = (began: number): readonly string[] => {
    const machine = new Machine();
    machine.now = began;
    const words: string[] = [];
    machine.started().due();
    for (const priority of [99, 0, 120]) words.push(machine.hear(priority).words);
    words.push(machine.due().words);
    return words;
  };
  assert.deepEqual(run(0), run(4_000_000_000));
});
