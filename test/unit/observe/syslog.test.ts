/** Syslog: the line's form, and what happens when syslog is absent, slow, or restarted. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type OpenDatagram, openDatagram, type SendOutcome } from '../../../observe/datagram.js';
import { parseFacility, rfc3164Line, Syslog, syslogIdent } from '../../../observe/syslog.js';
import { SinkLog } from '../../../runtime/log.js';
import { listenForDatagrams } from './datagram-listener.js';

const noon = new Date(2026, 10, 5, 8, 3, 9).getTime();

test('a line has priority, time with a padded day, ident, pid and text', () => {
  const line = rfc3164Line('daemon', 'info', noon, 'Keepalived_healthcheckers', 141, 'Gained quorum').toString();
  assert.equal(line, '<30>Nov  5 08:03:09 Keepalived_healthcheckers[141]: Gained quorum');
  assert.ok(rfc3164Line('local7', 'error', noon, 'K', 1, 'x').toString().startsWith('<187>'));
});

test('a long line is cut, and never inside a character', () => {
  for (let shift = 0; shift < 3; shift++) {
    const line = rfc3164Line('daemon', 'info', noon, 'K', 1, 'x'.repeat(shift) + '€'.repeat(4000));
    assert.ok(line.length <= 8192 && line.length > 8188);
    assert.ok(!line.toString('utf8').includes('\ufffd'));
  }
});

test('facilities are those of -S', () => {
  assert.deepEqual(['0', '7', 'local3', 'user', 'daemon'].map(parseFacility), [
    'local0',
    'local7',
    'local3',
    'user',
    'daemon',
  ]);
  for (const wrong of ['8', '9', 'local8', 'kern', '', '-1', '01'])
    assert.equal(parseFacility(wrong), undefined, wrong);
});

test("idents are keepalived's, with namespace and instance behind", () => {
  assert.equal(syslogIdent({}), 'Keepalived');
  assert.equal(syslogIdent({ role: 'director' }), 'Keepalived_healthcheckers');
  assert.equal(syslogIdent({ role: 'vrrp', instance: 'blue' }), 'Keepalived_vrrp_blue');
  assert.equal(syslogIdent({ role: 'runner', namespace: 'ns1' }), 'Keepalived_runner_ns1');
});

test('lines go through a real socket, also after syslog was restarted, and a second line cannot be forged', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-syslog-'));
  const path = join(folder, 'log');
  let listener = listenForDatagrams(path);
  const syslog = new Syslog({ ident: 'Keepalived', facility: 'daemon', pid: 7, open: openDatagram, path });
  const log = new SinkLog([syslog.sink], { wall: () => noon });
  try {
    log.info('one');
    log.warning('two\nthree\x1b[31m');
    assert.deepEqual(listener.take(), [
      '<30>Nov  5 08:03:09 Keepalived[7]: one',
      '<28>Nov  5 08:03:09 Keepalived[7]: two',
      '<28>Nov  5 08:03:09 Keepalived[7]: three\\x1b[31m',
    ]);
    listener.close();
    rmSync(path);
    log.info('lost');
    assert.equal(syslog.dropped(), 1);
    listener = listenForDatagrams(path);
    log.info('back');
    assert.deepEqual(listener.take(), [
      '<30>Nov  5 08:03:09 Keepalived[7]: back',
      '<28>Nov  5 08:03:09 Keepalived[7]: 1 log lines were lost before this one: syslog did not take them',
    ]);
  } finally {
    syslog.close();
    listener.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a syslog that takes nothing never blocks: lines are dropped and counted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-syslog-'));
  const path = join(folder, 'log');
  const listener = listenForDatagrams(path);
  const syslog = new Syslog({ ident: 'K', facility: 'daemon', pid: 7, open: openDatagram, path });
  const log = new SinkLog([syslog.sink]);
  try {
    const sent = 5000;
    for (let i = 0; i < sent; i++) log.info(`line ${i}`);
    assert.ok(syslog.dropped() > 0);
    assert.equal(listener.take().length, sent - syslog.dropped());
  } finally {
    syslog.close();
    listener.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a full queue does not open a new socket; a socket that is gone does, once a line', () => {
  const outcomes: SendOutcome[] = ['full', 'gone', 'gone', 'sent'];
  let opened = 0;
  const open: OpenDatagram = () => {
    opened++;
    return { send: () => outcomes.shift() ?? 'sent', close: () => {} };
  };
  const syslog = new Syslog({ ident: 'K', facility: 'daemon', pid: 1, open });
  const log = new SinkLog([syslog.sink]);
  log.info('full');
  assert.deepEqual([opened, syslog.dropped()], [1, 1]);
  log.info('gone twice');
  assert.deepEqual([opened, syslog.dropped()], [2, 2]);
  log.info('sent');
  assert.deepEqual([opened, syslog.dropped()], [3, 2]);
});
