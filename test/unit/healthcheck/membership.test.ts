// Membership rule by rule: keepalived.md 14, 16, 18.1, 19, with the log and FIFO lines to the letter.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Checker } from '../../../config/checker.js';
import type { VirtualServer, VirtualServerGroup } from '../../../config/virtual-server.js';
import {
  isJournalledMembership,
  type MembershipState,
  reloadMembership,
  restoredVerdicts,
  restoreMembership,
  stepMembership,
  verdictsOf,
  vipIsPresent,
  wantedDestinations,
} from '../../../healthcheck/membership.js';
import { checkerIdentity } from '../../../healthcheck/verdict.js';
import { fwmark, port } from '../../../runtime/units.js';
import {
  address,
  at,
  context,
  hear,
  misc,
  real,
  said,
  sorry,
  start,
  tcp,
  verdict,
  virtual,
} from './virtual-servers.js';

/** `10.1.0.1=1 10.9.0.1=0` */
function table(state: MembershipState): string {
  return wantedDestinations(state)
    .map(({ server, weight }) => `${server.address}=${weight}`)
    .join(' ');
}

const later = { ...context, generation: 2, wall: 5000 };
const alphaServer = (n: number, words: { readonly inhibit?: boolean; readonly notify?: boolean } = {}) =>
  real(n, { ...words, checkers: [tcp({ alpha: true })] });

test('a first start: non-alpha servers are in before any check, and the quorum is gained at once', () => {
  const step = start(virtual([real(1), real(2), alphaServer(3)]));
  assert.equal(table(step.state), '10.1.0.1=1 10.1.0.2=1');
  assert.deepEqual(said(step), [
    'Gained quorum 1+0=1 <= 2 for VS [10.0.0.1]:tcp:80',
    'quorum up: /quorum up',
    'fifo: "VS [10.0.0.1]:tcp:80 UP\\n"',
  ]);
});

test('rs_init_notifies tells of the servers that are up from the start', () => {
  const step = start(virtual([real(1, { notify: true })]), { rsInitNotifies: true });
  assert.deepEqual(said(step).slice(0, 2), [
    'notify [10.1.0.1]:tcp:80 up: /up 1',
    'fifo: "RS [10.1.0.1]:tcp:80 [10.0.0.1]:tcp:80 UP\\n"',
  ]);
});

test('an alpha start is silent without a sorry server', () => {
  const step = start(virtual([alphaServer(1)]));
  assert.equal(table(step.state), '');
  assert.deepEqual(said(step), []);
});

test('an alpha start with a sorry server puts it in and says so', () => {
  const step = start(virtual([alphaServer(1)], { sorryServer: sorry() }));
  assert.equal(table(step.state), '10.9.0.1=1');
  assert.deepEqual(said(step), [
    'Starting with quorum down 1-0=1 > 0 for VS [10.0.0.1]:tcp:80',
    'Adding sorry server [10.9.0.1]:tcp:80 to VS [10.0.0.1]:tcp:80',
    'Removing alive servers from the pool for VS [10.0.0.1]:tcp:80',
    'quorum down: /quorum down',
    'fifo: "VS [10.0.0.1]:tcp:80 DOWN\\n"',
  ]);
  const up = hear(step.state, verdict(0, true));
  assert.equal(table(up.state), '10.1.0.1=1');
  assert.deepEqual(said(up), [
    'Adding service [10.1.0.1]:tcp:80 to VS [10.0.0.1]:tcp:80',
    'notify [10.1.0.1]:tcp:80 up: -',
    'fifo: "RS [10.1.0.1]:tcp:80 [10.0.0.1]:tcp:80 UP\\n"',
    'Gained quorum 1+0=1 <= 1 for VS [10.0.0.1]:tcp:80',
    'Removing sorry server [10.9.0.1]:tcp:80 from VS [10.0.0.1]:tcp:80',
    'Adding alive servers to the pool for VS [10.0.0.1]:tcp:80',
    'quorum up: /quorum up',
    'fifo: "VS [10.0.0.1]:tcp:80 UP\\n"',
  ]);
});

test('the first failure of an alpha server is told once, of others never twice', () => {
  const begun = start(virtual([alphaServer(1, { notify: true }), real(2)])).state;
  const first = hear(begun, verdict(0, false));
  assert.deepEqual(said(first), [
    'notify [10.1.0.1]:tcp:80 down: /down 1',
    'fifo: "RS [10.1.0.1]:tcp:80 [10.0.0.1]:tcp:80 DOWN\\n"',
  ]);
  assert.deepEqual(said(hear(first.state, verdict(0, false))), []);
  assert.deepEqual(
    said(hear(first.state, verdict(1, true))),
    [],
    'a first success of a server that is in says nothing',
  );
});

test('a server that dies and comes back', () => {
  const begun = start(virtual([real(1, { notify: true }), real(2)])).state;
  const dead = hear(begun, verdict(0, false));
  assert.equal(table(dead.state), '10.1.0.2=1');
  assert.deepEqual(said(dead), [
    'Removing service [10.1.0.1]:tcp:80 from VS [10.0.0.1]:tcp:80',
    'notify [10.1.0.1]:tcp:80 down: /down 1',
    'fifo: "RS [10.1.0.1]:tcp:80 [10.0.0.1]:tcp:80 DOWN\\n"',
  ]);
  assert.equal(dead.state.servers[0]?.since, 2000);
  const back = hear(dead.state, verdict(0, true));
  assert.equal(table(back.state), '10.1.0.1=1 10.1.0.2=1');
  assert.equal(said(back)[0], 'Adding service [10.1.0.1]:tcp:80 to VS [10.0.0.1]:tcp:80');
});

test('inhibit_on_failure: the entry stays with weight 0, also from an alpha start', () => {
  const begun = start(virtual([real(1, { inhibit: true, weight: 5 }), alphaServer(2, { inhibit: true })])).state;
  assert.equal(table(begun), '10.1.0.1=5 10.1.0.2=0');
  const dead = hear(begun, verdict(0, false));
  assert.equal(table(dead.state), '10.1.0.1=0 10.1.0.2=0');
  assert.equal(said(dead)[0], 'Disabling service [10.1.0.1]:tcp:80 of VS [10.0.0.1]:tcp:80');
  const back = hear(dead.state, verdict(0, true));
  assert.equal(table(back.state), '10.1.0.1=5 10.1.0.2=0');
  assert.equal(said(back)[0], 'Enabling service [10.1.0.1]:tcp:80 of VS [10.0.0.1]:tcp:80');
});

test('several checkers: up when all are up', () => {
  const begun = start(virtual([real(1, { checkers: [tcp(), tcp({ port: 81 })] })])).state;
  const one = hear(begun, verdict(0, false, { checker: 1 }));
  assert.equal(table(one.state), '');
  const both = hear(one.state, verdict(0, false, { checker: 0 }));
  assert.deepEqual(said(both), []);
  const half = hear(both.state, verdict(0, true, { checker: 1 }));
  assert.equal(table(half.state), '');
  assert.deepEqual(said(half), []);
  assert.equal(table(hear(half.state, verdict(0, true, { checker: 0 })).state), '10.1.0.1=1');
});

test('a server without a checker is always up', () => {
  assert.equal(table(start(virtual([real(1, { checkers: [] })], { alpha: true })).state), '10.1.0.1=1');
});

test('a verdict that has not run, or that names what is not there, changes nothing', () => {
  const begun = start(virtual([real(1)])).state;
  assert.equal(hear(begun, verdict(0, false, { run: false })).state, begun);
  assert.equal(hear(begun, verdict(7, false)).state, begun);
  assert.equal(hear(begun, verdict(0, false, { checker: 3 })).state, begun);
});

test('quorum with hysteresis: lost below Q-H, gained at Q+H', () => {
  let state = start(
    virtual(
      [1, 2, 3, 4, 5].map((n) => real(n)),
      { quorum: 3, hysteresis: 1, sorryServer: sorry() },
    ),
  ).state;
  assert.equal(state.quorumUp, true);
  const lines: string[] = [];
  const turn = (n: number, up: boolean) => {
    const step = hear(state, verdict(n, up));
    state = step.state;
    lines.push(...said(step).filter((line) => line.includes('quorum ') && line.includes('for VS')));
  };
  turn(0, false);
  turn(1, false);
  turn(2, false);
  assert.equal(state.quorumUp, true, 'live 2 = Q-H');
  turn(3, false);
  assert.equal(state.quorumUp, false, 'live 1');
  assert.equal(table(state), '10.9.0.1=1', 'the one that is alive leaves the pool to the sorry server');
  turn(0, true);
  turn(1, true);
  assert.equal(state.quorumUp, false, 'live 3 < Q+H');
  turn(2, true);
  assert.equal(table(state), '10.1.0.1=1 10.1.0.2=1 10.1.0.3=1 10.1.0.5=1');
  assert.deepEqual(lines, [
    'Lost quorum 3-1=2 > 1 for VS [10.0.0.1]:tcp:80',
    'Gained quorum 3+1=4 <= 4 for VS [10.0.0.1]:tcp:80',
  ]);
});

test('quorum lost without a sorry server removes nobody', () => {
  let state = start(virtual([real(1), real(2)], { quorum: 2 })).state;
  const step = hear(state, verdict(0, false));
  state = step.state;
  assert.equal(state.quorumUp, false);
  assert.equal(table(state), '10.1.0.2=1');
  assert.deepEqual(said(step).slice(-3), [
    'Lost quorum 2-0=2 > 1 for VS [10.0.0.1]:tcp:80',
    'quorum down: /quorum down',
    'fifo: "VS [10.0.0.1]:tcp:80 DOWN\\n"',
  ]);
});

test('sorry_server_inhibit: the sorry server stays with weight 0, inhibited servers too while it is active', () => {
  let state = start(virtual([real(1, { inhibit: true })], { sorryServer: sorry('10.9.0.1', true) })).state;
  assert.equal(table(state), '10.1.0.1=1 10.9.0.1=0');
  const step = hear(state, verdict(0, false));
  state = step.state;
  assert.equal(table(state), '10.1.0.1=0 10.9.0.1=1');
  assert.ok(said(step).includes('Enabling sorry server [10.9.0.1]:tcp:80 to VS [10.0.0.1]:tcp:80'));
  assert.ok(
    said(hear(state, verdict(0, true))).includes('Disabling sorry server [10.9.0.1]:tcp:80 from VS [10.0.0.1]:tcp:80'),
  );
});

test('a sorry server that is also a real server is one destination', () => {
  const server = virtual([real(1), real(2)], { sorryServer: sorry('10.1.0.1', true) });
  let state = start(server).state;
  assert.equal(table(state), '10.1.0.1=1 10.1.0.2=1');
  state = hear(state, verdict(0, false)).state;
  assert.equal(table(state), '10.1.0.2=1 10.1.0.1=0');
  state = hear(state, verdict(1, false)).state;
  assert.equal(table(state), '10.1.0.1=1');
});

test('misc_dynamic: the weight asked for replaces the configured one; several add up their differences', () => {
  const dynamic = [misc('/a', { dynamic: true }), misc('/b', { dynamic: true })];
  let state = start(virtual([real(1, { weight: 10, checkers: dynamic })])).state;
  const first = hear(state, verdict(0, true, { weight: 4 }));
  state = first.state;
  assert.deepEqual(said(first), [
    'Changing weight from 10 to 4 for active service [10.1.0.1]:tcp:80 of VS [10.0.0.1]:tcp:80',
  ]);
  state = hear(state, verdict(0, true, { checker: 1, weight: 12 })).state;
  assert.equal(table(state), '10.1.0.1=6');
  state = hear(state, verdict(0, true, { checker: 1, weight: 0 })).state;
  assert.equal(table(state), '10.1.0.1=0', 'clamped, not negative');
  assert.equal(state.quorumUp, false, 'a live weight of 0 has no quorum');
  state = hear(state, verdict(0, false)).state;
  const back = hear(state, verdict(0, true));
  assert.ok(said(back).every((line) => !line.startsWith('Changing weight')));
  assert.equal(table(back.state), '10.1.0.1=0');
});

test('the weight of a server that is down is said to be inactive', () => {
  const server = virtual([real(1, { weight: 10, checkers: [misc('/a', { dynamic: true }), tcp()] }), real(2)]);
  const dead = hear(start(server).state, verdict(0, false, { checker: 1 })).state;
  assert.deepEqual(said(hear(dead, verdict(0, true, { weight: 3 }))), [
    'Changing weight from 10 to 3 for inactive service [10.1.0.1]:tcp:80 of VS [10.0.0.1]:tcp:80',
  ]);
});

test('all weights 0: no quorum, the sorry server serves, and nothing overflows (keepalived.md 24.2)', () => {
  const server = virtual([real(1, { weight: 0 })], { quorum: 0, hysteresis: 4294967295, sorryServer: sorry() });
  const step = start(server);
  assert.equal(step.state.quorumUp, false);
  assert.equal(table(step.state), '10.9.0.1=1');
  assert.equal(said(step)[0], 'Starting with quorum down 1-0=1 > 0 for VS [10.0.0.1]:tcp:80');
});

test('stop without omega: lines, no notifiers; afterwards nothing is wanted', () => {
  const step = stepMembership(start(virtual([real(1, { notify: true })])).state, { kind: 'stop', flush: 'off' });
  assert.deepEqual(said(step), ['Shutting down service [10.1.0.1]:tcp:80 from VS [10.0.0.1]:tcp:80']);
  assert.equal(table(step.state), '');
  assert.equal(hear(step.state, verdict(0, true)).state, step.state);
});

test('stop with omega: those who believe it is up are told, and waited for', () => {
  const server = virtual([real(1, { notify: true }), real(2, { notify: true })], { omega: true });
  const state = hear(start(server).state, verdict(1, false)).state;
  const step = stepMembership(state, { kind: 'stop', flush: 'off' });
  assert.deepEqual(said(step), [
    'Shutting down service [10.1.0.1]:tcp:80 from VS [10.0.0.1]:tcp:80',
    'notify [10.1.0.1]:tcp:80 down (waited for): /down 1',
    'fifo: "RS [10.1.0.1]:tcp:80 [10.0.0.1]:tcp:80 DOWN\\n"',
    'Shutting down service [10.1.0.2]:tcp:80 from VS [10.0.0.1]:tcp:80',
    'quorum down (waited for): /quorum down',
    'fifo: "VS [10.0.0.1]:tcp:80 DOWN\\n"',
  ]);
  const flushed = stepMembership(state, { kind: 'stop', flush: 'virtual-servers' });
  assert.deepEqual(said(flushed), ['quorum down (waited for): /quorum down', 'fifo: "VS [10.0.0.1]:tcp:80 DOWN\\n"']);
  const lost = hear(state, verdict(0, false)).state;
  assert.equal(
    said(stepMembership(lost, { kind: 'stop', flush: 'virtual-servers' })).length,
    0,
    'quorum_down has run already',
  );
});

test('a virtual server that leaves the file', () => {
  const state = hear(start(virtual([real(1), real(2, { inhibit: true })])).state, verdict(1, false)).state;
  const step = stepMembership(state, { kind: 'remove' });
  assert.deepEqual(said(step), [
    'Removing Virtual Server [10.0.0.1]:tcp:80',
    'Removing service [10.1.0.1]:tcp:80 from VS [10.0.0.1]:tcp:80',
    'notify [10.1.0.1]:tcp:80 down: -',
    'fifo: "RS [10.1.0.1]:tcp:80 [10.0.0.1]:tcp:80 DOWN\\n"',
    'Removing (inhibited) service [10.1.0.2]:tcp:80 from VS [10.0.0.1]:tcp:80',
    'quorum down: /quorum down',
    'fifo: "VS [10.0.0.1]:tcp:80 DOWN\\n"',
  ]);
  const group: VirtualServer = virtual([real(1)], { target: { kind: 'group', group: 'web', ordinal: 0 } });
  assert.equal(said(stepMembership(start(group).state, { kind: 'remove' }))[0], 'Removing Virtual Server Group [web]');
});

test('scripts are named by their place in a generation of Config', () => {
  const begun = start(virtual([real(1), real(2, { notify: true })]), { index: 7, generation: 3 }).state;
  const effect = hear(begun, verdict(1, false)).effects.find((one) => one.kind === 'notify-server');
  assert.ok(effect?.kind === 'notify-server' && effect.script !== undefined);
  assert.deepEqual(
    [effect.script.generation, effect.script.virtualServer, effect.script.realServer, effect.script.word],
    [3, 7, 1, 'notify_down'],
  );
  const gone = reloadMembership(begun, virtual([real(1)]), { ...later, index: 0, generation: 4 });
  const last = gone.effects.find((one) => one.kind === 'notify-server');
  assert.ok(last?.kind === 'notify-server');
  assert.equal(last.script?.generation, 3, 'a server that left: the script of the generation before');
});

test('reload: servers and checkers that stay keep their verdicts, weights change in place', () => {
  const state = hear(start(virtual([real(1), real(2)])).state, verdict(0, false)).state;
  const step = reloadMembership(state, virtual([real(2, { weight: 9 }), real(1, { weight: 4 })]), later);
  assert.equal(table(step.state), '10.1.0.2=9');
  assert.deepEqual(said(step), [
    'Changing weight from 1 to 9 for active service [10.1.0.2]:tcp:80 of VS [10.0.0.1]:tcp:80',
    'Changing weight from 1 to 4 for inactive service [10.1.0.1]:tcp:80 of VS [10.0.0.1]:tcp:80',
  ]);
  assert.equal(step.state.generation, 2);
});

test('reload: a server that leaves is removed at once and told of; one that comes starts as at a start', () => {
  const state = start(virtual([real(1, { notify: true }), real(2)])).state;
  const step = reloadMembership(state, virtual([real(2), real(3), alphaServer(4)]), later);
  assert.equal(table(step.state), '10.1.0.2=1 10.1.0.3=1');
  assert.deepEqual(said(step), [
    'service [10.1.0.1]:tcp:80 no longer exist',
    'Removing service [10.1.0.1]:tcp:80 from VS [10.0.0.1]:tcp:80',
    'notify [10.1.0.1]:tcp:80 down: /down 1',
    'fifo: "RS [10.1.0.1]:tcp:80 [10.0.0.1]:tcp:80 DOWN\\n"',
  ]);
});

test('reload: a checker that is gone no longer counts, so its server comes up', () => {
  const state = hear(
    start(virtual([real(1, { checkers: [tcp(), tcp({ port: 81 })] }), real(2)])).state,
    verdict(0, false, { checker: 1 }),
  ).state;
  const step = reloadMembership(state, virtual([real(1, { checkers: [tcp()] }), real(2)]), later);
  assert.equal(table(step.state), '10.1.0.1=1 10.1.0.2=1');
  assert.equal(said(step)[0], 'Adding service [10.1.0.1]:tcp:80 to VS [10.0.0.1]:tcp:80');
});

test('reload: a new alpha checker holds a server down only if the server was not up', () => {
  const more = [tcp(), tcp({ port: 81, alpha: true })];
  const before = virtual([real(1, { checkers: [tcp()] }), real(2, { checkers: [tcp()] })]);
  const state = hear(start(before).state, verdict(0, false)).state;
  const step = reloadMembership(state, virtual([real(1, { checkers: more }), real(2, { checkers: more })]), later);
  assert.equal(table(step.state), '10.1.0.2=1');
  const passes = hear(step.state, verdict(0, true));
  assert.equal(table(passes.state), '10.1.0.2=1', 'the new alpha checker has not passed yet');
  assert.equal(table(hear(passes.state, verdict(0, true, { checker: 1 })).state), '10.1.0.1=1 10.1.0.2=1');
  const fails = hear(step.state, verdict(1, false, { checker: 1 }));
  assert.equal(table(fails.state), '', 'a new checker that is down takes its server down');
});

test('reload: inhibit switched on and off', () => {
  const state = hear(start(virtual([real(1), real(2)])).state, verdict(0, false)).state;
  const on = reloadMembership(state, virtual([real(1, { inhibit: true }), real(2)]), later);
  assert.equal(table(on.state), '10.1.0.1=0 10.1.0.2=1');
  assert.equal(table(reloadMembership(on.state, virtual([real(1), real(2)]), later).state), '10.1.0.2=1');
});

test('reload: a quorum that the new numbers change is an edge; a pool swapped whole is not', () => {
  const state = start(virtual([real(1), real(2)])).state;
  const lost = reloadMembership(state, virtual([real(1), real(2)], { quorum: 3 }), later);
  assert.deepEqual(said(lost), [
    'Lost quorum 3-0=3 > 2 for VS [10.0.0.1]:tcp:80',
    'quorum down: /quorum down',
    'fifo: "VS [10.0.0.1]:tcp:80 DOWN\\n"',
  ]);
  const swapped = reloadMembership(state, virtual([real(3), real(4)]), later);
  assert.ok(said(swapped).every((line) => !line.includes('quorum')));
});

test('reload: sorry servers come, go and change', () => {
  const dead = hear(start(virtual([real(1), real(2)], { quorum: 2 })).state, verdict(0, false)).state;
  assert.equal(table(dead), '10.1.0.2=1');
  const come = reloadMembership(dead, virtual([real(1), real(2)], { quorum: 2, sorryServer: sorry() }), later);
  assert.equal(table(come.state), '10.9.0.1=1');
  assert.deepEqual(said(come), [
    'Adding sorry server [10.9.0.1]:tcp:80 to VS [10.0.0.1]:tcp:80',
    'Removing alive servers from the pool for VS [10.0.0.1]:tcp:80',
  ]);
  const other = reloadMembership(
    come.state,
    virtual([real(1), real(2)], { quorum: 2, sorryServer: sorry('10.9.0.2') }),
    later,
  );
  assert.equal(table(other.state), '10.9.0.2=1');
  assert.deepEqual(said(other), [
    'Removing sorry server [10.9.0.1]:tcp:80 from VS [10.0.0.1]:tcp:80',
    'Adding sorry server [10.9.0.2]:tcp:80 to VS [10.0.0.1]:tcp:80',
  ]);
  const gone = reloadMembership(other.state, virtual([real(1), real(2)], { quorum: 2 }), later);
  assert.equal(table(gone.state), '10.1.0.2=1');
  assert.deepEqual(said(gone), [
    'Removing sorry server [10.9.0.2]:tcp:80 from VS [10.0.0.1]:tcp:80',
    'Adding alive servers to the pool for VS [10.0.0.1]:tcp:80',
  ]);
});

test('the journal brings the verdicts back without a word, also through JSON', () => {
  const server = virtual([real(1, { notify: true }), real(2), real(3, { checkers: [misc('/a', { dynamic: true })] })], {
    sorryServer: sorry(),
  });
  let state = hear(start(server).state, verdict(0, false)).state;
  state = hear(state, verdict(2, true, { weight: 7 })).state;
  const journal: unknown = JSON.parse(JSON.stringify(verdictsOf(state)));
  assert.ok(isJournalledMembership(journal));
  const step = restoreMembership(server, journal, true, later);
  assert.deepEqual(said(step), []);
  assert.equal(table(step.state), table(state));
  assert.deepEqual({ ...step.state, generation: 1 }, state);
  const known = restoredVerdicts([journal]);
  const identity = checkerIdentity(server.realServers[0]?.checkers[0] as Checker);
  assert.deepEqual(known(`[10.0.0.1]:tcp:80 [10.1.0.1]:tcp:80 0 ${identity}`), {
    up: false,
    weight: undefined,
    since: 2000,
  });
  assert.equal(known(`[10.0.0.1]:tcp:80 [10.1.0.2]:tcp:80 0 ${identity}`), undefined, 'has not run');
});

test('a dead server of the journal is not put back before its check, whatever else changed in the file', () => {
  const state = hear(start(virtual([real(1), real(2)])).state, verdict(0, false)).state;
  const changed = virtual([real(1, { weight: 50 }), real(3)], { quorum: 2 });
  const step = restoreMembership(changed, verdictsOf(state), true, later);
  assert.equal(table(step.state), '10.1.0.3=1');
  assert.equal(said(step)[0], 'Lost quorum 2-0=2 > 1 for VS [10.0.0.1]:tcp:80');
});

test('what is not a journal is refused', () => {
  for (const bad of [
    null,
    [],
    {},
    { name: 'x', quorumUp: true, servers: [{}] },
    { name: 'x', quorumUp: 1, servers: [] },
  ]) {
    assert.equal(isJournalledMembership(bad), false);
  }
});

test('ha_suspend: checks stand still without the VIP, what is known stays', () => {
  const server = virtual([real(1)], { haSuspend: true });
  const begun = start(server).state;
  const away = stepMembership(begun, { kind: 'presence', present: false });
  assert.deepEqual(said(away), ['suspend checks']);
  assert.equal(table(away.state), '10.1.0.1=1');
  assert.deepEqual(said(stepMembership(away.state, { kind: 'presence', present: false })), []);
  assert.deepEqual(said(stepMembership(away.state, { kind: 'presence', present: true })), ['go on with checks']);
  assert.deepEqual(said(reloadMembership(away.state, virtual([real(1)]), later)), ['go on with checks']);
  assert.deepEqual(said(stepMembership(start(virtual([real(1)])).state, { kind: 'presence', present: false })), []);
});

test('ha_suspend: any address of a group counts, a fwmark has none', () => {
  const range = (first: string, last: string) => ({
    kind: 'range' as const,
    first: address(first),
    last: address(last),
    port: port(80),
    at,
  });
  const groups = new Map<string, VirtualServerGroup>([
    [
      'web',
      {
        name: 'web',
        at,
        entries: [range('10.0.0.1', '10.0.0.1'), range('10.0.1.0', '10.0.1.255'), range('fd00::1', 'fd00::f')],
      },
    ],
    ['marks', { name: 'marks', at, entries: [{ kind: 'fwmark', mark: fwmark(5), family: 'inet', at }] }],
  ]);
  const web = { target: { kind: 'group' as const, group: 'web', ordinal: 0 } };
  const here = (...ips: string[]) => vipIsPresent(web, groups, new Set(ips.map(address)));
  assert.equal(here('10.0.0.1'), true);
  assert.equal(here('10.0.1.77'), true);
  assert.equal(here('fd00::a'), true);
  assert.equal(here('10.0.2.1', 'fd00::10', '::1'), false);
  assert.equal(vipIsPresent({ target: { kind: 'group', group: 'marks', ordinal: 0 } }, groups, new Set()), true);
  assert.equal(vipIsPresent({ target: { kind: 'fwmark', mark: fwmark(5), family: 'inet' } }, groups, new Set()), true);
  assert.equal(vipIsPresent(virtual([]), groups, new Set([address('10.0.0.1')])), true);
  assert.equal(vipIsPresent(virtual([]), groups, new Set([address('10.0.0.2')])), false);
});
