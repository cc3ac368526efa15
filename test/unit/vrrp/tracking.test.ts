// Weights, reverse and clamps of each kind of tracked object; the spacing of announcements; what is told, to the letter.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announceDue, announceSoon, forget, newPacer } from '../../../vrrp/announce-pacing.js';
import { alertMail, fifoLine, notifyArguments, scriptWord } from '../../../vrrp/notification.js';
import { assess, groupTrackers, type Tracker, type TrackerKind, type TrackerReading } from '../../../vrrp/tracking.js';

const one = (kind: TrackerKind, weight: number, reverse: boolean, reading: TrackerReading, base = 100): string => {
  const tracker: Tracker = { kind, name: 'x', weight, reverse };
  const { priority, faults, waiting } = assess(base, [tracker], () => reading);
  return faults.length > 0 ? 'fault' : waiting.length > 0 ? 'waiting' : String(priority);
};

test('interfaces, scripts, processes and BFD sessions: good and bad, weights and reverse', () => {
  for (const kind of ['interface', 'script', 'process', 'bfd'] as const) {
    const row = (weight: number, reverse: boolean): string =>
      `${one(kind, weight, reverse, true)} ${one(kind, weight, reverse, false)}`;
    assert.equal(row(0, false), '100 fault', kind);
    assert.equal(row(0, true), 'fault 100', kind);
    assert.equal(row(20, false), '120 100', kind);
    assert.equal(row(-20, false), '100 80', kind);
    assert.equal(row(20, true), '80 100', kind);
    assert.equal(row(-20, true), '100 120', kind);
  }
  assert.equal(one('script', 0, false, undefined), 'waiting');
  assert.equal(one('script', 20, false, undefined), '100');
});

test('files: a number times the weight, -254 is FAULT, 253 the most; without weight anything but 0 is FAULT', () => {
  assert.equal(one('file', 1, false, 30), '130');
  assert.equal(one('file', -2, false, 30), '40');
  assert.equal(one('file', 2, true, 30), '40');
  assert.equal(one('file', -1, false, 254), 'fault');
  assert.equal(one('file', -2, false, 127), 'fault');
  assert.equal(one('file', 254, false, 254, 1), '254');
  assert.equal(one('file', 0, false, 0), '100');
  assert.equal(one('file', 0, false, -1), 'fault');
  assert.equal(one('file', 0, true, 0), 'fault');
  assert.equal(one('file', 0, true, 7), '100');
  assert.equal(one('file', 1, false, undefined), '100');
});

test('priorities stay between 1 and 254, and an owner does not move', () => {
  assert.equal(one('process', -253, false, false), '1');
  assert.equal(one('process', 253, false, true), '254');
  assert.equal(one('process', -253, false, false, 255), '255');
});

test('the trackers of a group count as weightless unless it says otherwise', () => {
  const trackers: Tracker[] = [{ kind: 'bfd', name: 'b', weight: 5, reverse: true }];
  assert.deepEqual(groupTrackers(trackers, false), [{ kind: 'bfd', name: 'b', weight: 0, reverse: true }]);
  assert.deepEqual(groupTrackers(trackers, true), trackers);
});

test('announcements without an interval go out at once, repeats and all', () => {
  const { pacer, send } = announceSoon(newPacer<string>(0), ['a', 'b', 'a', 'b'], 5);
  assert.deepEqual([send, pacer.waiting], [['a', 'b', 'a', 'b'], []]);
});

test('with an interval each address waits once; what is not ours any more leaves the line', () => {
  let { pacer, send } = announceSoon(newPacer<string>(100), ['a', 'b', 'c', 'a', 'b', 'c'], 5);
  assert.deepEqual([send, pacer.waiting, pacer.freeAt], [['a'], ['b', 'c', 'a'], 105]);
  ({ pacer, send } = announceDue(pacer, 104));
  assert.deepEqual(send, []);
  ({ pacer, send } = announceDue(pacer, 105));
  assert.deepEqual([send, pacer.waiting, pacer.freeAt], [['b'], ['c', 'a'], 205]);
  pacer = forget(pacer, (address) => address === 'c');
  ({ pacer, send } = announceDue(pacer, 300));
  assert.deepEqual([send, pacer.waiting], [['a'], []]);
  ({ pacer, send } = announceSoon(pacer, ['z'], 350));
  assert.deepEqual([send, pacer.waiting], [[], ['z']]);
});

test('FIFO lines, arguments of notify, words of scripts and mails', () => {
  const instance = { kind: 'INSTANCE', name: 'VI 1', priority: 100 } as const;
  const group = { kind: 'GROUP', name: 'G' } as const;
  assert.equal(fifoLine(instance, 'MASTER'), 'INSTANCE "VI 1" MASTER 100\n');
  assert.equal(fifoLine(instance, 'MASTER_RX_LOWER_PRI'), 'INSTANCE "VI 1" MASTER_RX_LOWER_PRI 100\n');
  assert.equal(fifoLine(group, 'FAULT'), 'GROUP "G" FAULT 0\n');
  assert.deepEqual(notifyArguments(instance, 'BACKUP'), ['INSTANCE', 'VI 1', 'BACKUP', '100']);
  assert.deepEqual(notifyArguments(group, 'STOP'), ['GROUP', 'G', 'STOP', '0']);
  assert.equal(scriptWord('MASTER_RX_LOWER_PRI'), 'notify_master_rx_lower_pri');
  assert.equal(scriptWord('DELETED'), 'notify_deleted');
  assert.equal(scriptWord('BACKUP_PRIORITY'), undefined);
  assert.deepEqual(alertMail(instance, 'MASTER'), {
    subject: 'VRRP Instance VI 1 - Entering MASTER state',
    body: '=> VRRP Instance is now owning VRRP VIPs <=',
  });
  assert.equal(alertMail(group, 'BACKUP')?.body, '=> All VRRP group instances are now in BACKUP state <=');
  assert.equal(alertMail(instance, 'MASTER_RX_LOWER_PRI'), undefined);
});
