// A BFD session: the state machine of RFC 5880 section 6.2, detection, jitter, poll sequences, passive and demand, stop.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BFD_STATES, DIAGNOSTIC, encodeBfd } from '../../../bfd/packet.js';
import { BFD_TABLE, detectionTime, transmitInterval } from '../../../bfd/session.js';
import { type BfdEffect, type BfdSessionConfig, BfdSessions } from '../../../bfd/sessions.js';
import { ip } from '../vrrp/packets.js';
import { HandSession, parameters } from './sessions.js';

test('the table: RFC 5880 section 6.2 and 6.8.6, every pair of states', () => {
  const expected: Record<string, string> = {
    'down down': 'init',
    'down init': 'up',
    'init admin-down': 'down 3',
    'init init': 'up',
    'init up': 'up',
    'up admin-down': 'down 3',
    'up down': 'down 3',
  };
  for (const ours of BFD_STATES) {
    for (const theirs of BFD_STATES) {
      const row = BFD_TABLE[ours][theirs];
      const text = row === undefined ? undefined : [row.to, row.diagnostic].filter((x) => x !== undefined).join(' ');
      assert.equal(text, expected[`${ours} ${theirs}`], `${ours} ${theirs}`);
    }
  }
});

test('coming up: each change is told at once, the poll sequence names the real intervals', () => {
  const session = new HandSession().feed({ kind: 'start' }).due();
  assert.deepEqual(
    session.sent.map(({ state, yourDiscriminator, desiredMinTx }) => [state, yourDiscriminator, desiredMinTx]),
    [['down', 0, 1_000_000]],
  );
  session.now += 60;
  session.hear('down', { yourDiscriminator: 0 });
  assert.deepEqual(session.lines, ['(B) Entering Init state', '(B) Detection time is 150 ms (was 0 ms)']);
  assert.deepEqual(
    session.sent.map(({ state, yourDiscriminator }) => [state, yourDiscriminator]),
    [['init', 9]],
  );
  session.now += 60;
  session.hear('init');
  assert.deepEqual(session.lines, ['(B) Entering Up state', '(B) Starting poll sequence']);
  assert.deepEqual(
    session.sent.map(({ state, poll, desiredMinTx }) => [state, poll, desiredMinTx]),
    [['up', true, 50_000]],
  );
  assert.equal(transmitInterval(session.state), 50);
  session.now += 5;
  session.hear('up', { final: true });
  assert.equal(session.state.polling, false);
  assert.equal(session.due().sent[0]?.poll, false);
});

test('detection: three missed packets, told at once with the diagnostic; the discriminator is forgotten', () => {
  const session = new HandSession().up();
  assert.equal(detectionTime(session.state), 150);
  const heard = session.now;
  while (session.state.session === 'up') session.due();
  assert.equal(session.now, heard + 150);
  assert.deepEqual(session.lines.slice(0, 2), [
    '(B) Expired after 150 ms (0 usec overdue)',
    '(B) Entering Down state (Local diagnostic - Control Detection Time Expired, Remote diagnostic - No Diagnostic)',
  ]);
  const [last] = session.sent;
  assert.deepEqual(
    [last?.state, last?.diagnostic, last?.yourDiscriminator, last?.desiredMinTx],
    ['down', DIAGNOSTIC.detectionTimeExpired, 0, 1_000_000],
  );
  assert.equal(transmitInterval(session.state), 1000);
  assert.equal(session.state.expiresAt, Number.POSITIVE_INFINITY);
});

test('detection uses the slower of our required and their desired interval, times their multiplier', () => {
  const session = new HandSession({ minRx: 200 }).up();
  assert.equal(detectionTime(session.state), 600);
  session.hear('up', { desiredMinTx: 400_000, detectMultiplier: 5 });
  assert.equal(detectionTime(session.state), 2000);
  assert.deepEqual(session.lines, ['(B) Detection time is 2000 ms (was 600 ms)']);
});

test('the neighbour says Down or AdminDown: Down, diagnostic 3', () => {
  for (const said of ['down', 'admin-down'] as const) {
    const session = new HandSession().up();
    session.now += 60;
    session.hear(said, { diagnostic: 7 });
    assert.deepEqual([session.state.session, session.state.diagnostic], ['down', 3]);
    assert.match(
      session.lines[0] as string,
      /Neighbor Signaled Session Down, Remote diagnostic - Administratively Down\)$/,
    );
    assert.equal(session.sent.length, 1);
  }
});

test('jitter: 75 to 100 % of the interval; with a multiplier of 1 at most 90 %', () => {
  const waits = (multiplier: number): readonly number[] =>
    [0, 0.999999].map((random) => {
      const session = new HandSession({ multiplier }).up();
      session.random = random;
      session.due();
      return Math.round(session.state.sendAt - session.now);
    });
  assert.deepEqual(waits(3), [50, 38]);
  assert.deepEqual(waits(1), [45, 38]);
});

test('a poll is answered at once with F, without P, also while we poll', () => {
  const session = new HandSession().up();
  session.now += 5;
  session.hear('up', { poll: true });
  assert.deepEqual(
    session.sent.map(({ poll, final }) => [poll, final]),
    [[false, true]],
  );
});

test('new intervals: slower sending and quicker hearing wait for the end of the poll sequence (section 6.8.3)', () => {
  const session = new HandSession().up();
  session.parameters = parameters({ minTx: 300, minRx: 20 });
  session.feed({ kind: 'configure' });
  assert.deepEqual(session.lines, ['(B) Starting poll sequence']);
  assert.deepEqual([transmitInterval(session.state), detectionTime(session.state)], [50, 150]);
  const [packet] = session.due().sent;
  assert.deepEqual([packet?.poll, packet?.desiredMinTx, packet?.requiredMinRx], [true, 300_000, 20_000]);
  session.hear('up', { final: true, desiredMinTx: 20_000 });
  assert.deepEqual([transmitInterval(session.state), detectionTime(session.state)], [300, 60]);
  assert.equal(session.feed({ kind: 'configure' }).done.length, 0);
});

test('passive: silent until spoken to; demand: silent while both are up, but for polls; a required interval of 0: silent', () => {
  const passive = new HandSession({ passive: true }).feed({ kind: 'start' });
  assert.equal(passive.state.sendAt, Number.POSITIVE_INFINITY);
  passive.hear('down', { yourDiscriminator: 0 });
  assert.equal(passive.sent.length, 1);
  const demand = new HandSession().up().hear('up', { demand: true });
  assert.equal(demand.state.sendAt, Number.POSITIVE_INFINITY);
  const deaf = new HandSession().up().hear('up', { requiredMinRx: 0 });
  assert.equal(deaf.state.sendAt, Number.POSITIVE_INFINITY);
});

test('stop: the neighbour is told AdminDown, nothing is heard any more', () => {
  const session = new HandSession().up();
  session.now += 60;
  session.feed({ kind: 'stop' });
  assert.deepEqual(
    session.sent.map(({ state, diagnostic }) => [state, diagnostic]),
    [['admin-down', 7]],
  );
  assert.equal(session.hear('up').done.length, 0);
  assert.equal(session.feed({ kind: 'stop' }).done.length, 0);
});

const one = (given: Partial<BfdSessionConfig> = {}): BfdSessionConfig => ({
  parameters: parameters(),
  neighbor: ip('10.0.0.2'),
  leastTtl: 255,
  multihop: false,
  ...given,
});

test('sessions: by discriminator and address; TTL 254, strangers and foreign discriminators are refused and counted', () => {
  const effects: BfdEffect[] = [];
  const sessions = new BfdSessions(
    (effect) => effects.push(effect),
    () => 0.25,
  );
  sessions.configure([one(), one({ parameters: parameters({ name: 'C' }), neighbor: ip('fe80::2') })], 0);
  const discriminators = sessions.all().map(({ state }) => state.localDiscriminator);
  assert.equal(new Set(discriminators).size, 2);
  const hello = new HandSession().feed({ kind: 'start' }).due().sent[0];
  assert.ok(hello);
  const bytes = encodeBfd(hello);
  sessions.receive(bytes, ip('10.0.0.2'), 254, false, 1);
  sessions.receive(bytes, ip('10.0.0.3'), 255, false, 1);
  sessions.receive(bytes, ip('10.0.0.2'), 255, true, 1);
  sessions.receive(encodeBfd({ ...hello, yourDiscriminator: 1 }), ip('10.0.0.2'), 255, false, 1);
  sessions.receive(bytes.subarray(1), ip('10.0.0.2'), 255, false, 1);
  assert.deepEqual(
    [...sessions.rejects],
    [
      ['ttl', 1],
      ['no-session', 3],
      ['short', 1],
    ],
  );
  assert.equal(sessions.get('B')?.state.session, 'down');
  sessions.receive(bytes, ip('10.0.0.2'), 255, false, 1);
  sessions.receive(bytes, ip('fe80::2'), -1, false, 1);
  assert.deepEqual(
    sessions.all().map(({ state }) => state.session),
    ['init', 'init'],
  );
});

test('sessions: a reload keeps what it can, stops what is gone, begins what is new', () => {
  let random = 0.1;
  const effects: BfdEffect[] = [];
  const sessions = new BfdSessions(
    (effect) => effects.push(effect),
    () => (random = (random * 7.7) % 1),
  );
  sessions.configure([one(), one({ parameters: parameters({ name: 'C' }), neighbor: ip('10.0.0.3') })], 0);
  const kept = sessions.get('B');
  sessions.timer(0);
  effects.length = 0;
  sessions.configure(
    [one({ parameters: parameters({ minTx: 80 }) }), one({ parameters: parameters({ name: 'D' }) })],
    500,
  );
  assert.equal(sessions.get('B'), kept);
  assert.equal(sessions.get('C'), undefined);
  assert.deepEqual(
    effects.flatMap((effect) =>
      effect.kind === 'changed' ? [`${effect.session.config.parameters.name} ${effect.to}`] : [],
    ),
    ['C admin-down'],
  );
  sessions.stop(600);
  assert.equal(sessions.deadline, Number.POSITIVE_INFINITY);
});
