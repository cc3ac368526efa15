/** What checker, runner and director answer to messages that come twice, late, or with something unreadable. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CheckerRole } from '../../../../../cmd/lvsd/roles/checker.js';
import { DirectorRole } from '../../../../../cmd/lvsd/roles/director.js';
import { RunnerRole } from '../../../../../cmd/lvsd/roles/runner.js';
import { ownedFdCount } from '../../../../../native/descriptor.js';
import { sealedMemfd } from '../../../../../native/descriptor-passing.js';
import { RoleRig } from './role-rig.js';

const empty = 'global_defs {\nrouter_id a\n}\n';
const virtual = (n: number, check = 'TCP_CHECK {\n}'): string =>
  `virtual_server 10.0.0.${n} 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\nha_suspend\nreal_server 127.0.0.1 9 {\n${check}\n}\n}\n`;

const checker = (): RoleRig => new RoleRig('checker', '/nonexistent/journal', (context) => new CheckerRole(context));
const runner = (): RoleRig => new RoleRig('runner', '/nonexistent/journal', (context) => new RunnerRole(context));

test('a second commit of a generation is answered like the first, one of an unknown generation is not', async () => {
  for (const rig of [checker(), runner()]) {
    rig.show(3, empty);
    rig.commit(3);
    rig.commit(3);
    rig.commit(9);
    assert.deepEqual(
      rig.of('committed').map(({ generation }) => generation),
      [3, 3],
    );
    rig.role.onMessage({ type: 'stop' }, []);
  }
});

test('what was abandoned is not committed', () => {
  for (const rig of [checker(), runner()]) {
    rig.show(3, empty);
    rig.role.onMessage({ type: 'abandon', generation: 3 }, []);
    rig.commit(3);
    assert.deepEqual(rig.of('committed'), []);
    rig.role.onMessage({ type: 'stop' }, []);
  }
});

test('a checker suspends only by indices of its own generation', () => {
  const rig = checker();
  rig.show(1, virtual(1));
  rig.commit(1);
  const suspend = (generation: number): void =>
    rig.role.onMessage({ to: 'checker', type: 'suspend', generation, virtualServer: 0, suspended: true }, []);
  suspend(0);
  assert.equal(
    rig.log.lines.some((line) => line.startsWith('Suspending')),
    false,
  );
  suspend(1);
  assert.equal(
    rig.log.lines.some((line) => line.startsWith('Suspending')),
    true,
  );
  rig.role.onMessage({ type: 'stop' }, []);
});

test('a checker that was told before its first commit who stands still does not begin with them', () => {
  const rig = checker();
  rig.show(1, virtual(1) + virtual(2));
  rig.role.onMessage({ to: 'checker', type: 'suspend', generation: 1, virtualServer: 1, suspended: true }, []);
  rig.commit(1);
  const begun = rig.log.lines.filter((line) => line.startsWith('Activating'));
  assert.equal(begun.length, 1, begun.join('\n'));
  assert.match(begun[0] ?? '', /10\.0\.0\.1/);
  rig.role.onMessage({ type: 'stop' }, []);
});

test('a script that cannot be run is answered, and one that no longer is in force too', () => {
  const rig = runner();
  rig.show(1, virtual(1, 'MISC_CHECK {\nmisc_path /nonexistent/check\n}'));
  rig.commit(1);
  const run = (id: number, generation: number): void =>
    rig.role.onMessage(
      {
        to: 'runner',
        type: 'run',
        id,
        generation,
        script: { kind: 'misc', virtualServer: 0, realServer: 0, checker: 0 },
        timeout: 1000,
      },
      [],
    );
  run(1, 1);
  run(2, 77);
  assert.deepEqual(
    rig.of('ran').map(({ id, end }) => [id, end.kind]),
    [
      [1, 'disabled'],
      [2, 'not-run'],
    ],
  );
  rig.role.onMessage({ type: 'stop' }, []);
});

test('a plan that cannot be read is answered: a question does not end the process that holds the table', async () => {
  const rig = new RoleRig('director', '/nonexistent/journal', (context) => new DirectorRole(context));
  const opened = ownedFdCount();
  rig.role.onMessage({ type: 'plan', id: 5 }, [sealedMemfd('lvsd-test', Buffer.from('not a snapshot'))]);
  rig.role.onMessage({ type: 'plan', id: 6 }, []);
  await rig.says('answer', 2);
  for (const { id, value } of rig.of('answer')) {
    const { refusals } = value as { readonly refusals: readonly unknown[] };
    assert.equal(refusals.length, 1, String(id));
  }
  assert.equal(ownedFdCount(), opened, 'no descriptor is left');
  rig.role.onMessage({ type: 'stop' }, []);
  await rig.says('stopped');
  assert.deepEqual(rig.left, [0]);
});

test('a socket that was asked of a director that died is asked of the next, and nothing is left of it', async () => {
  const rig = checker();
  rig.show(1, virtual(1, 'TCP_CHECK {\nfwmark 5\n}'));
  rig.commit(1);
  // The first check falls somewhere into the first delay_loop.
  while (rig.of('open-socket').length === 0) {
    rig.clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  rig.role.onMessage({ type: 'tell-all' }, []);
  const asked = rig.of('open-socket');
  assert.deepEqual(
    asked.map(({ id }) => id),
    [asked[0]?.id, asked[0]?.id],
  );
  rig.role.onMessage({ to: 'checker', type: 'socket', id: asked[0]?.id ?? 0, error: 'no such device' }, []);
  rig.role.onMessage({ type: 'tell-all' }, []);
  assert.equal(rig.of('open-socket').length, 2, 'what was answered is not asked again');
  rig.role.onMessage({ type: 'stop' }, []);
});

test('a check script that still runs is known by what it checks, not by its place: a reload moves places', async () => {
  const rig = runner();
  const first = virtual(1, 'MISC_CHECK {\nmisc_path "/bin/sleep 60"\n}');
  const second = virtual(2, 'MISC_CHECK {\nmisc_path "/bin/true"\n}');
  const run = (id: number, generation: number, virtualServer: number): void =>
    rig.role.onMessage(
      {
        to: 'runner',
        type: 'run',
        id,
        generation,
        script: { kind: 'misc', virtualServer, realServer: 0, checker: 0 },
        timeout: 60_000,
      },
      [],
    );
  rig.show(1, first);
  rig.commit(1);
  run(1, 1, 0);
  rig.show(2, second + first);
  rig.commit(2);
  // Another check stands where the one that runs stood, and that one stands elsewhere.
  run(2, 2, 0);
  run(3, 2, 1);
  await rig.says('ran', 2);
  const ends = new Map(rig.of('ran').map(({ id, end }) => [id, end.kind]));
  assert.deepEqual([ends.get(2), ends.get(3)], ['exited', 'not-run']);
  rig.role.onMessage({ to: 'runner', type: 'cancel', id: 1 }, []);
  rig.role.onMessage({ type: 'stop' }, []);
});
