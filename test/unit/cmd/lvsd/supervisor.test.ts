/** The supervisor with roles that the test plays: who is shown what, and when, whatever dies in between. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SupervisorRig } from './fake-roles.js';

const empty = 'global_defs {\nrouter_id a\n}\n';
const virtual = (n = 1): string =>
  `virtual_server 10.0.0.${n} 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\nreal_server 10.0.0.2 80 {\nTCP_CHECK {\n}\n}\n}\n`;
const withRunner = `global_defs {\nnotify_fifo /tmp/x\n}\n`;

async function withRig(text: string, play: (rig: SupervisorRig) => Promise<void>): Promise<void> {
  const rig = new SupervisorRig(text);
  try {
    await play(rig);
  } finally {
    rig.close();
  }
}

/** A checker that begins: it hears of the dead before it commits. @param n the director is asked for the n-th time */
async function checkerBegins(rig: SupervisorRig, n: number): Promise<void> {
  await rig.agree(1, 'checker');
  await rig.role('director').hears('restore-checker', n);
  assert.equal(
    rig.role('checker').heard.some(({ type }) => type === 'commit'),
    false,
  );
  rig.role('director').say({ to: 'checker', type: 'restore', checkers: [] });
  await rig.commit(1, 'checker');
  const order = rig.role('checker').heard.map(({ type }) => type);
  assert.ok(order.indexOf('restore') < order.indexOf('commit'), order.join(' '));
}

/** A start with virtual servers, played to its end. */
async function started(rig: SupervisorRig): Promise<void> {
  await rig.supervisor.start();
  await rig.agree(1, 'director');
  await rig.commit(1, 'director');
  await rig.logged(/^Startup complete$/);
  await checkerBegins(rig, 1);
}

test('a file without work for roles starts at once', () =>
  withRig(empty, async (rig) => {
    await rig.supervisor.start();
    assert.deepEqual(rig.processes.lives, []);
    assert.ok(rig.log.lines.includes('Startup complete'));
    assert.equal(rig.supervisor.generation, 1);
  }));

test('at a start the table stands before the first check', () =>
  withRig(virtual(), async (rig) => {
    await rig.supervisor.start();
    await rig.agree(1, 'director');
    await rig.role('director').hears('commit');
    assert.equal(rig.life('checker'), undefined);
    await rig.commit(1, 'director');
    await rig.logged(/^Startup complete$/);
    await checkerBegins(rig, 1);
  }));

test('one refusal keeps the old configuration everywhere, and tells why', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    rig.write(virtual(2));
    const outcome = rig.supervisor.reload();
    const { generation } = await rig.role('director').hears('prepare', 2);
    const refusals = [{ code: 'LVSD_X', message: 'this cannot be' }];
    rig.role('director').say({ type: 'prepared', generation, refusals, diagnostics: [] });
    await rig.agree(2, 'checker');
    assert.equal((await outcome).result, 'refused');
    assert.equal(rig.supervisor.generation, 1);
    await rig.role('checker').hears('abandon');
    assert.ok(rig.log.lines.includes('this cannot be'));
    assert.deepEqual(rig.supervisor.reloads, { applied: 0, refused: 1 });
  }));

test('reloads that are asked for meanwhile are served together by one more', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    const first = rig.supervisor.reload();
    const others = [rig.supervisor.reload(), rig.supervisor.reload()];
    await rig.agree(2, 'director', 'checker');
    await rig.commit(2, 'checker', 'director');
    assert.equal((await first).generation, 2);
    await rig.agree(3, 'director', 'checker');
    await rig.commit(3, 'checker', 'director');
    assert.deepEqual(
      (await Promise.all(others)).map(({ generation }) => generation),
      [3, 3],
    );
  }));

test('a checker that died is started again with back-off and hears of the dead before it commits', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    rig.role('checker').end(null, 'SIGKILL');
    rig.pass(0);
    await checkerBegins(rig, 2);
    // The second death within a minute waits.
    rig.role('checker').end(1 + 69, null);
    const lives = rig.processes.lives.length;
    rig.pass(999);
    assert.equal(rig.processes.lives.length, lives);
    rig.pass(1);
    assert.equal(rig.processes.lives.length, lives + 1);
  }));

test('a reload starts at once what it needs, whatever back-off it was to wait for', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    rig.role('checker').end(null, 'SIGKILL');
    rig.pass(0);
    rig.role('checker').end(null, 'SIGKILL');
    rig.write(virtual(2));
    const outcome = rig.supervisor.reload();
    // It is shown the configuration in force, as any that comes back, and then the new one.
    await rig.agree(2, 'director', 'checker');
    await rig.role('director').hears('restore-checker', 2);
    rig.role('director').say({ to: 'checker', type: 'restore', checkers: [] });
    await rig.commit(1, 'checker');
    await rig.commit(2, 'director');
    assert.deepEqual([(await outcome).result, rig.supervisor.generation], ['applied', 2]);
    const lives = rig.processes.lives.length;
    rig.pass(60_000);
    assert.equal(rig.processes.lives.length, lives, 'the back-off that it did not wait for starts nothing more');
  }));

test('a process that could not be started is tried again, and stop does not wait for it', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    rig.processes.failNext = true;
    rig.role('checker').end(null, 'SIGKILL');
    rig.pass(0);
    await rig.logged(/^Cannot run the checker process: .*EAGAIN/);
    const lives = rig.processes.lives.length;
    rig.pass(1000);
    assert.equal(rig.processes.lives.length, lives + 1);
    rig.processes.failNext = true;
    rig.role('checker').end(null, 'SIGKILL');
    rig.pass(2000);
    await rig.supervisor.stop();
    assert.deepEqual(rig.exits, [0]);
  }));

test('SIGHUP while the startup script runs waits for the start', () =>
  withRig(`global_defs {\nstartup_script /bin/true\n}\n`, async (rig) => {
    const start = rig.supervisor.start();
    const { id } = await rig.role('runner').hears('run-script');
    const reloaded = rig.supervisor.reload();
    assert.equal(rig.log.lines.includes('Reloading'), false);
    rig.role('runner').say({ type: 'answer', id, value: { kind: 'exited', status: 0 } });
    await start;
    await rig.agree(2, 'runner');
    await rig.commit(2, 'runner');
    await rig.agree(3, 'runner');
    await rig.commit(3, 'runner');
    assert.equal((await reloaded).result, 'applied');
    const told = rig.log.lines.filter((line) => /^(Startup complete|Reloading|Reload complete)$/.test(line));
    assert.deepEqual(told, ['Startup complete', 'Reloading', 'Reload complete']);
  }));

test('the first virtual server may come with a reload', () =>
  withRig(withRunner, async (rig) => {
    await rig.supervisor.start();
    await rig.agree(1, 'runner');
    await rig.commit(1, 'runner');
    await rig.logged(/^Startup complete$/);
    rig.write(withRunner + virtual());
    const outcome = rig.supervisor.reload();
    // Roles that are new are shown the configuration in force first, as any that comes back, then the new one.
    const generation = await rig.agree(2, 'director', 'checker', 'runner');
    await rig.commit(2, 'runner');
    await rig.role('director').hears('restore-checker');
    rig.role('director').say({ to: 'checker', type: 'restore', checkers: [] });
    await rig.commit(1, 'checker', 'director');
    assert.deepEqual([(await outcome).result, rig.supervisor.generation], ['applied', generation]);
  }));

test('a role that ends with a status that cannot be mended ends lvsd', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    rig.role('director').end(1, null);
    assert.deepEqual(rig.exits, [1]);
  }));

test('the goodbye: checks first, then the table', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    const stopped: string[] = [];
    for (const name of ['checker', 'director'] as const)
      void rig
        .role(name)
        .hears('stop')
        .then(() => stopped.push(name));
    await rig.supervisor.stop();
    assert.deepEqual(stopped, ['checker', 'director']);
    assert.deepEqual(rig.exits, [0]);
  }));

test('a role that came back during a reload that is refused gets the configuration in force, not nothing', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    rig.write(virtual(2));
    const outcome = rig.supervisor.reload();
    await rig.role('director').hears('prepare', 2);
    rig.role('checker').end(null, 'SIGKILL');
    rig.pass(0);
    // The checker that came back is shown the new file only, and the director refuses it.
    const { generation } = await rig.role('director').hears('prepare', 3);
    await rig.role('checker').hears('prepare', 1);
    const refusals = [{ code: 'LVSD_X', message: 'this cannot be' }];
    rig.role('checker').say({ type: 'prepared', generation, refusals: [], diagnostics: [] });
    rig.role('director').say({ type: 'prepared', generation, refusals, diagnostics: [] });
    assert.equal((await outcome).result, 'refused');
    const shown = await rig.role('checker').hears('prepare', 2);
    assert.deepEqual([shown.generation, shown.purpose], [1, 'return']);
  }));

test('a director that dies in the first commit: the start is over when another has committed, and lvs_flush still counts', () =>
  withRig(virtual(), async (rig) => {
    await rig.supervisor.start();
    await rig.agree(1, 'director');
    await rig.role('director').hears('commit');
    rig.role('director').end(70, null);
    rig.pass(0);
    const shown = await rig.role('director').hears('prepare');
    assert.equal(shown.purpose, 'start');
    await rig.agree(1, 'director');
    await rig.role('director').hears('commit');
    assert.equal(rig.log.lines.includes('Startup complete'), false);
    assert.equal(rig.life('checker'), undefined);
    await rig.commit(1, 'director');
    await rig.logged(/^Startup complete$/);
    await checkerBegins(rig, 1);
    // From now on a director that comes back is no start any more.
    rig.role('director').end(null, 'SIGKILL');
    rig.pass(60_000);
    assert.equal((await rig.role('director').hears('prepare')).purpose, 'return');
  }));

test('a first commit that never comes ends the start, it is not called complete', () =>
  withRig(virtual(), async (rig) => {
    await rig.supervisor.start();
    await rig.agree(1, 'director');
    await rig.role('director').hears('commit');
    rig.pass(600_000);
    assert.deepEqual(rig.exits, [1]);
    assert.equal(rig.log.lines.includes('Startup complete'), false);
  }));

test('a director that came back in the middle of a commit hears of the newest verdicts', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    rig.write(virtual(2));
    const outcome = rig.supervisor.reload();
    await rig.agree(2, 'director', 'checker');
    await rig.role('checker').hears('commit', 2);
    rig.role('director').end(null, 'SIGKILL');
    rig.pass(0);
    await rig.agree(1, 'director');
    await rig.commit(2, 'checker');
    await rig.commit(1, 'director');
    assert.equal((await outcome).result, 'applied');
    await rig.role('checker').hears('tell-all');
  }));

test('stop while the director is dead: another is started at once and takes the table away', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    rig.role('director').end(null, 'SIGKILL');
    rig.pass(0);
    rig.role('director').end(null, 'SIGKILL');
    const lives = rig.processes.lives.length;
    const end = rig.supervisor.stop();
    await rig.logged(/^The stop waits for the director process/);
    assert.equal(rig.processes.lives.length, lives + 1, 'no back-off at a stop');
    await rig.agree(1, 'director');
    await rig.role('director').hears('commit');
    assert.equal(
      rig.role('director').heard.some(({ type }) => type === 'stop'),
      false,
    );
    await rig.commit(1, 'director');
    await rig.role('director').hears('stop');
    await end;
    assert.deepEqual(rig.exits, [0]);
  }));

test('stop does not wait for ever for a director: the journal knows what stays', () =>
  withRig(virtual(), async (rig) => {
    await started(rig);
    rig.role('director').end(null, 'SIGKILL');
    const end = rig.supervisor.stop();
    await rig.logged(/^The stop waits for the director process/);
    rig.pass(30_000);
    await end;
    assert.ok(rig.log.lines.some((line) => /^No director came to serve within 30 seconds/.test(line)));
    assert.deepEqual(rig.exits, [0]);
  }));
