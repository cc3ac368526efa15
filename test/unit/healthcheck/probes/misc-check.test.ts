/** What a script's end says about its server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultOfScript, startMiscProbe } from '../../../../healthcheck/probes/misc-check.js';
import type { ProbeContext, ScriptEnd } from '../../../../healthcheck/probes/probe.js';
import type { ProbeResult } from '../../../../healthcheck/verdict.js';
import { ScriptRunner } from '../../../../observe/script-runner.js';
import { systemClock } from '../../../../runtime/clock.js';
import { MemoryLog } from '../../../../runtime/log.js';
import { seconds } from '../../../../runtime/units.js';
import { hostContext, miscCheck, probe, target } from './rig.js';

const exited = (status: number, dynamic = false): ProbeResult =>
  resultOfScript({ kind: 'exited', status }, miscCheck(dynamic));

test('exit codes without misc_dynamic', () => {
  assert.equal(exited(0).ok, true);
  for (const status of [1, 2, 127, 255]) {
    assert.deepEqual(exited(status), { ok: false, reason: 'exit', detail: `exited with status ${status}` });
  }
});

test('exit codes with misc_dynamic: code - 2 is the weight, 0 leaves it, 1 is down', () => {
  assert.deepEqual(exited(0, true), { ok: true, detail: 'exited with status 0' });
  assert.deepEqual(exited(1, true), { ok: false, reason: 'exit', detail: 'exited with status 1' });
  assert.deepEqual(exited(2, true), { ok: true, weight: 0, detail: 'exited with status 2' });
  assert.deepEqual(exited(255, true), { ok: true, weight: 253, detail: 'exited with status 255' });
});

test('a signal, a timeout, and a script that did not run', () => {
  const of = (end: ScriptEnd): ProbeResult => resultOfScript(end, miscCheck(false));
  assert.deepEqual(of({ kind: 'signalled', signal: 9 }), { ok: false, reason: 'signal', detail: 'due to signal 9' });
  assert.deepEqual(of({ kind: 'timed-out' }), { ok: false, reason: 'timeout', detail: '' });
  assert.deepEqual(of({ kind: 'disabled', why: 'no such file' }), {
    ok: true,
    detail: 'not checked, the script is disabled: no such file',
  });
  assert.deepEqual(of({ kind: 'not-run', why: 'no fork' }), {
    ok: null,
    detail: 'MISC_CHECK by [/bin/check] was not run: no fork',
  });
});

test('the runner is given an index and a time, and a cancelled run is ended there', async () => {
  const asked: unknown[] = [];
  let ended = 0;
  let answer: ((end: ScriptEnd) => void) | undefined;
  const context = hostContext((address, timeout, callback) => {
    asked.push([address, timeout]);
    answer = callback;
    return () => ended++;
  });
  const results: ProbeResult[] = [];
  const cancel = startMiscProbe(miscCheck(false), target('X'), context, (result) => results.push(result));
  assert.deepEqual(asked, [], 'never before it returns');
  await Promise.resolve();
  assert.deepEqual(asked, [[{ virtualServer: 0, realServer: 0, checker: 0 }, 3000]]);
  cancel();
  answer?.({ kind: 'exited', status: 0 });
  assert.equal(ended, 1);
  assert.deepEqual(results, []);
});

test('through the script runner: status, weight, timeout', async () => {
  const runner = new ScriptRunner({ clock: systemClock, log: new MemoryLog() });
  const user = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, name: 'me' };
  const context = (shell: string): ProbeContext =>
    hostContext((address, timeout, callback) =>
      runner.run(
        {
          name: shell,
          commands: [{ file: '/bin/sh', argv: ['sh', '-c', shell] }],
          user,
          lane: 'check',
          timeout,
          key: JSON.stringify(address),
        },
        callback,
      ),
    );
  assert.deepEqual(await probe(miscCheck(false), context('exit 0')), { ok: true, detail: 'exited with status 0' });
  assert.deepEqual(await probe(miscCheck(true), context('exit 102')), {
    ok: true,
    weight: 100,
    detail: 'exited with status 102',
  });
  const slow = { ...miscCheck(true), timeout: seconds(0.2) };
  assert.deepEqual(await probe(slow, context('exec sleep 100')), { ok: false, reason: 'timeout', detail: '' });
  runner.close();
});
