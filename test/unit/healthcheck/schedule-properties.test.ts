// What holds for every checker and every sequence of answers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Checker } from '../../../config/checker.js';
import { realServerName, virtualServerName } from '../../../config/names.js';
import { reloadCheck, type ScheduleEvent, startCheck, stepCheck } from '../../../healthcheck/schedule.js';
import type { CheckSubject } from '../../../healthcheck/schedule-lines.js';
import type { ProbeResult } from '../../../healthcheck/verdict.js';
import { http, misc, real, tcp, virtual } from './virtual-servers.js';

const anyWords = fc.record({
  delayLoop: fc.integer({ min: 1, max: 60 }),
  warmup: fc.integer({ min: 0, max: 60 }),
  retry: fc.integer({ min: 0, max: 4 }),
  delayBeforeRetry: fc.integer({ min: 0, max: 90 }),
  alpha: fc.boolean(),
  logAllFailures: fc.boolean(),
});
const anyChecker: fc.Arbitrary<Checker> = fc.oneof(
  anyWords.map((words) => tcp(words)),
  fc
    .tuple(anyWords, fc.integer({ min: 1, max: 4 }), fc.boolean())
    .map(([words, urls, fastRecovery]) => http(Array(urls).fill('/'), { ...words, fastRecovery })),
  fc.tuple(anyWords, fc.boolean()).map(([words, dynamic]) => misc('/check', { ...words, dynamic })),
);
const anyResult: fc.Arbitrary<ProbeResult> = fc.oneof(
  fc
    .option(fc.integer({ min: 0, max: 253 }), { nil: undefined })
    .map((weight): ProbeResult => ({ ok: true, detail: '', ...(weight === undefined ? {} : { weight }) })),
  fc.constantFrom<ProbeResult>(
    { ok: false, reason: 'timeout', detail: '' },
    { ok: false, reason: 'exit', detail: 'exited with status 1' },
    { ok: null, detail: 'trouble' },
  ),
);
const anyMove = fc.record({
  took: fc.integer({ min: 0, max: 100_000 }),
  result: anyResult,
  between: fc.option(fc.constantFrom('repeat', 'suspend', 'reload'), { nil: undefined, freq: 4 }),
});

function subjectOf(checker: Checker): CheckSubject {
  const name = realServerName(real(1), 'TCP');
  return {
    checker,
    virtualServer: virtualServerName(virtual([])),
    realServer: name,
    checked: name,
    logAllFailures: checker.schedule.logAllFailures,
  };
}

test('a verdict turns only by a run that says so, and a next run is always set, within its delays', () => {
  fc.assert(
    fc.property(anyChecker, anyChecker, fc.array(anyMove, { maxLength: 60 }), (checker, other, moves) => {
      let subject = subjectOf(checker);
      let state = startCheck(checker, 0, 0, 0.5);
      let now = 0;
      const take = (event: ScheduleEvent) => {
        const step = stepCheck(state, subject, event, now);
        state = step.state;
        return step;
      };
      for (const { took, result, between } of moves) {
        assert.ok(state.phase.kind === 'waiting');
        now = Math.max(now, state.phase.nextRun);
        take({ kind: 'due' });
        now += took;
        const before = state.checker;
        const step = take({ kind: 'result', result, wall: now });
        const after = state.checker;
        if (result.ok === null) assert.deepEqual({ ...after, lastResult: before.lastResult }, before);
        else if (result.ok) assert.ok(after.up || !before.up, 'a pass takes nobody down');
        else assert.ok(before.up || !after.up, 'a failure brings nobody up');
        const told = before.up !== after.up || before.hasRun !== after.hasRun || before.weight !== after.weight;
        assert.equal(step.changed, told, 'told exactly when up, run or weight changed');
        assert.ok(before.hasRun ? after.hasRun : true);
        const { schedule } = subject.checker;
        assert.ok(after.retriesUsed >= 0 && after.retriesUsed <= schedule.retry);
        assert.ok(state.phase.kind === 'waiting');
        assert.ok(state.phase.nextRun >= now);
        assert.ok(state.phase.nextRun <= now + 1000 * Math.max(schedule.delayLoop, schedule.delayBeforeRetry));
        if (subject.checker.kind === 'HTTP_GET') assert.ok(state.url < subject.checker.urls.length);
        const known = state.checker;
        if (between === 'repeat') take({ kind: 'repeat', after: 5 });
        else if (between === 'suspend') {
          take({ kind: 'suspend' });
          take({ kind: 'resume', random: 0.5 });
        } else if (between === 'reload') {
          // The same checker with another schedule.
          const again = { ...subject.checker, schedule: other.schedule } as Checker;
          state = reloadCheck(state, again, now);
          subject = subjectOf(again);
        }
        assert.deepEqual(
          { ...state.checker, retriesUsed: known.retriesUsed },
          known,
          'nothing between runs changes a verdict',
        );
      }
    }),
    { numRuns: 1000 },
  );
});

test('an up checker goes down at exactly the failure after `retry` forgiven ones', () => {
  fc.assert(
    fc.property(anyChecker, (checker) => {
      const subject = subjectOf(checker);
      let state = startCheck(checker, 0, 0, 0);
      const run = (result: ProbeResult) => {
        state = stepCheck(state, subject, { kind: 'due' }, 0).state;
        state = stepCheck(state, subject, { kind: 'result', result, wall: 0 }, 0).state;
      };
      for (let i = 0; i < 5; i++) run({ ok: true, detail: '' });
      assert.ok(state.checker.up && state.checker.hasRun);
      for (let i = 0; i < checker.schedule.retry; i++) {
        run({ ok: false, reason: 'timeout', detail: '' });
        assert.ok(state.checker.up);
      }
      run({ ok: false, reason: 'timeout', detail: '' });
      assert.equal(state.checker.up, false);
    }),
  );
});
