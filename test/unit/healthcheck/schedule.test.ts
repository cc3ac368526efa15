// One checker's schedule: keepalived.md 15.1 to 15.3, 15.8, 16, each rule as a little story.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Checker } from '../../../config/checker.js';
import { realServerName, virtualServerName } from '../../../config/names.js';
import {
  type RestoredVerdict,
  reloadCheck,
  type ScheduleState,
  type ScheduleStep,
  startCheck,
  stepCheck,
} from '../../../healthcheck/schedule.js';
import type { CheckSubject } from '../../../healthcheck/schedule-lines.js';
import type { ProbeResult } from '../../../healthcheck/verdict.js';
import { http, misc, real, tcp, virtual } from './virtual-servers.js';

const pass: ProbeResult = { ok: true, detail: 'fine' };
const refuse: ProbeResult = {
  ok: false,
  reason: 'connection',
  detail: 'TCP connection to [10.1.0.1]:tcp:80 failed.',
};

function subjectOf(checker: Checker): CheckSubject {
  const server = virtual([real(1)]);
  const name = realServerName(real(1), 'TCP');
  return {
    checker,
    virtualServer: virtualServerName(server),
    realServer: name,
    checked: name,
    logAllFailures: checker.schedule.logAllFailures,
  };
}

/** Runs a checker through its runs, one answer each, and keeps what it said. */
class Story {
  state: ScheduleState;
  now = 0;
  lines: string[] = [];
  verdicts: boolean[] = [];
  readonly #subject: CheckSubject;

  constructor(checker: Checker, restored?: RestoredVerdict) {
    this.#subject = subjectOf(checker);
    this.state = startCheck(checker, 0, 0, 0.5, restored);
  }

  get nextRun(): number {
    const { phase } = this.state;
    return phase.kind === 'waiting' ? phase.nextRun : Number.NaN;
  }

  /** Waits for the next run, answers `took` ms later. Returns how long it was until the run after that, from the answer. */
  run(result: ProbeResult, took = 0): number {
    this.now = this.nextRun;
    this.#take(stepCheck(this.state, this.#subject, { kind: 'due' }, this.now));
    this.now += took;
    this.#take(stepCheck(this.state, this.#subject, { kind: 'result', result, wall: this.now }, this.now));
    return this.nextRun - this.now;
  }

  #take(step: ScheduleStep): void {
    this.state = step.state;
    this.lines.push(...step.lines);
    if (step.changed) this.verdicts.push(step.state.checker.up);
  }
}

test('the first run comes 1 s + random(0..warmup) after the start', () => {
  const checker = tcp({ warmup: 8 });
  for (const [random, at] of [
    [0, 1000],
    [0.5, 5000],
  ] as const) {
    const { phase } = startCheck(checker, 0, 0, random);
    assert.deepEqual(phase, { kind: 'waiting', nextRun: at });
  }
});

test('the first failure after a start is decisive, whatever retry says', () => {
  const story = new Story(tcp({ retry: 3, delayLoop: 10 }));
  assert.equal(story.run(refuse), 10_000);
  assert.equal(story.state.checker.up, false);
  assert.deepEqual(story.verdicts, [false]);
  assert.deepEqual(story.lines, ['TCP_CHECK on service [10.1.0.1]:tcp:80 failed.']);
});

test('after a success, retry failures are forgiven, delay_before_retry apart; the next one is decisive', () => {
  const story = new Story(tcp({ retry: 2, delayLoop: 10, delayBeforeRetry: 1 }));
  assert.equal(story.run(pass), 10_000);
  assert.equal(story.run(refuse), 1000);
  assert.equal(story.run(refuse), 1000);
  assert.equal(story.state.checker.up, true);
  assert.equal(story.state.checker.retriesUsed, 2);
  assert.equal(story.run(refuse), 10_000);
  assert.equal(story.state.checker.up, false);
  assert.equal(story.run(refuse), 10_000, 'while down: every delay_loop');
  assert.equal(story.run(pass), 10_000);
  assert.equal(story.state.checker.up, true);
  assert.deepEqual(story.verdicts, [true, false, true]);
  assert.deepEqual(story.lines, [
    'TCP connection to [10.1.0.1]:tcp:80 success.',
    'TCP_CHECK on service [10.1.0.1]:tcp:80 failed after 2 retries.',
    'TCP connection to [10.1.0.1]:tcp:80 success.',
  ]);
});

test('a success in between gives the whole retry back', () => {
  const story = new Story(tcp({ retry: 1 }));
  for (const result of [pass, refuse, pass, refuse, pass]) story.run(result);
  assert.equal(story.state.checker.up, true);
  assert.deepEqual(story.verdicts, [true]);
});

test('retry 0: the first failure of an up server is decisive and its line names no retries', () => {
  const story = new Story(tcp({ retry: 0 }));
  story.run(pass);
  story.run(refuse);
  assert.equal(story.lines[1], 'TCP_CHECK on service [10.1.0.1]:tcp:80 failed.');
});

test('alpha starts down, is told once that it is, and needs one success', () => {
  const story = new Story(tcp({ alpha: true }));
  assert.equal(story.state.checker.up, false);
  story.run(refuse);
  story.run(refuse);
  story.run(pass);
  assert.deepEqual(story.verdicts, [false, true]);
});

test('log_all_failures: each failed run has its line, and the decisive one both', () => {
  const story = new Story(tcp({ retry: 1, logAllFailures: true }));
  story.run(pass);
  story.run(refuse);
  story.run(refuse);
  story.run(refuse);
  assert.deepEqual(story.lines.slice(1), [
    'TCP connection to [10.1.0.1]:tcp:80 failed.',
    'TCP connection to [10.1.0.1]:tcp:80 failed.',
    'TCP_CHECK on service [10.1.0.1]:tcp:80 failed after 1 retries.',
  ]);
});

test('what could not be asked is asked again after delay_loop and never counted', () => {
  const story = new Story(tcp({ retry: 1 }));
  story.run(pass);
  story.run(refuse);
  assert.equal(story.run({ ok: null, detail: 'no descriptor' }), 10_000);
  assert.equal(story.state.checker.retriesUsed, 1);
  assert.equal(story.state.checker.up, true);
  assert.equal(story.state.checker.lastResult, 'no descriptor');
});

test('HTTP: one url a run, all of them before the first success', () => {
  const story = new Story(http(['/a', '/b', '/c']));
  const asked: number[] = [];
  for (let i = 0; i < 3; i++) {
    asked.push(story.state.url);
    assert.equal(story.run(pass), 10_000);
  }
  assert.deepEqual(asked, [0, 1, 2]);
  assert.deepEqual(story.lines, ['Remote Web server [10.1.0.1]:tcp:80 succeed on service.']);
  assert.equal(story.state.url, 0);
});

test('HTTP: until the first round is through, one failure is decisive', () => {
  const story = new Story(http(['/a', '/b'], { retry: 3 }));
  story.run(pass);
  story.run(refuse);
  assert.equal(story.state.checker.up, false);
  assert.deepEqual(story.lines, ['HTTP_CHECK on service [10.1.0.1]:tcp:80 failed after 3 retries.']);
});

test('HTTP: after a failure the failing url comes first, then all again', () => {
  const story = new Story(http(['/a', '/b'], { retry: 0, delayLoop: 10, delayBeforeRetry: 12 }));
  story.run(pass);
  story.run(pass);
  story.run(pass);
  assert.equal(story.run(refuse), 12_000, 'the longer of delay_loop and delay_before_retry');
  const asked: number[] = [];
  for (let i = 0; i < 3; i++) {
    assert.equal(story.state.checker.up, false);
    asked.push(story.state.url);
    story.run(pass);
  }
  assert.deepEqual(asked, [1, 0, 1]);
  assert.equal(story.state.checker.up, true);
});

test('HTTP fast_recovery takes the waiting out of coming up', () => {
  const story = new Story(http(['/a', '/b'], { fastRecovery: true, retry: 0 }));
  assert.equal(story.run(pass), 0);
  assert.equal(story.run(pass), 10_000);
  assert.equal(story.run(refuse), 10_000);
  assert.equal(story.run(pass), 0);
  assert.equal(story.run(pass), 0);
  assert.equal(story.run(pass), 10_000);
  assert.equal(story.state.checker.up, true);
});

test('SSL_GET is called SSL_CHECK in its failure line', () => {
  const story = new Story({ ...http(['/']), kind: 'SSL_GET', schedule: tcp({ retry: 0 }).schedule });
  story.run(pass);
  story.run(refuse);
  assert.equal(story.lines[1], 'SSL_CHECK on service [10.1.0.1]:tcp:80 failed.');
});

test('MISC: the interval counts from the beginning of the run', () => {
  const story = new Story(misc('/check', { delayLoop: 10 }));
  assert.equal(story.run(pass, 4000), 6000);
  assert.equal(story.run(pass, 14_000), 0);
});

test('MISC: its lines', () => {
  const failed: ProbeResult = { ok: false, reason: 'exit', detail: 'exited with status 1' };
  const killed: ProbeResult = { ok: false, reason: 'timeout', detail: '' };
  const story = new Story(misc('/usr/bin/check -v', { retry: 1, logAllFailures: true }));
  story.run(pass);
  story.run(failed);
  story.run(failed);
  const name = 'Misc check for [[10.1.0.1]:tcp:80 VS [10.0.0.1]:tcp:80] by [/usr/bin/check]';
  assert.deepEqual(story.lines, [
    `${name} succeeded.`,
    `${name} failed (exited with status 1).`,
    `${name} failed after 1 retries (exited with status 1).`,
  ]);
  const once = new Story(misc('/usr/bin/check'));
  once.run(killed);
  assert.deepEqual(once.lines, [`${name} timed out with retry disabled.`]);
});

test('misc_dynamic: the weight is passed on when it changes, exit 0 gives the configured one back', () => {
  const story = new Story(misc('/check', { dynamic: true }));
  const weights: (number | undefined)[] = [];
  for (const result of [{ ...pass, weight: 8 }, { ...pass, weight: 8 }, { ...pass, weight: 3 }, pass] as const) {
    const before = story.verdicts.length;
    story.run(result);
    if (story.verdicts.length > before) weights.push(story.state.checker.weight);
  }
  assert.deepEqual(weights, [8, 3, undefined]);
  const fixed = new Story(misc('/check'));
  fixed.run({ ...pass, weight: 8 });
  assert.equal(fixed.state.checker.weight, undefined, 'without misc_dynamic there is no weight');
});

test('restored after a crash: an up server keeps its whole retry, a dead one stays dead until it passes', () => {
  const up = new Story(tcp({ retry: 2 }), { up: true, weight: undefined, since: 77 });
  up.run(refuse);
  assert.equal(up.state.checker.up, true);
  assert.equal(up.state.checker.since, 77);
  const down = new Story(tcp(), { up: false, weight: undefined, since: 77 });
  assert.equal(down.state.checker.up, false);
  down.run(pass);
  assert.equal(down.state.checker.up, true);
});

test('a reload keeps the phase and applies the new schedule', () => {
  const story = new Story(tcp({ delayLoop: 60, retry: 3 }));
  story.run(pass);
  for (let i = 0; i < 3; i++) story.run(refuse);
  assert.equal(story.state.checker.retriesUsed, 3);
  const same = reloadCheck(story.state, tcp({ delayLoop: 60, retry: 3 }), story.now);
  assert.equal(same, story.state);
  const fewer = reloadCheck(story.state, tcp({ delayLoop: 60, retry: 1 }), story.now);
  assert.equal(fewer.checker.retriesUsed, 1);
  const story2 = new Story(tcp({ delayLoop: 60 }));
  story2.run(pass);
  const shorter = reloadCheck(story2.state, tcp({ delayLoop: 2 }), story2.now);
  assert.deepEqual(shorter.phase, { kind: 'waiting', nextRun: story2.now + 2000 });
  const longer = reloadCheck(story2.state, tcp({ delayLoop: 600 }), story2.now);
  assert.deepEqual(longer.phase, story2.state.phase);
});

test('suspended: nothing is known anew and nothing is forgotten', () => {
  const checker = tcp({ retry: 0, delayLoop: 10 });
  const subject = subjectOf(checker);
  const story = new Story(checker);
  story.run(refuse);
  const asleep = stepCheck(story.state, subject, { kind: 'suspend' }, story.now).state;
  assert.deepEqual(asleep.phase, { kind: 'suspended' });
  const stray = stepCheck(asleep, subject, { kind: 'result', result: pass, wall: 0 }, story.now);
  assert.equal(stray.state, asleep);
  const awake = stepCheck(asleep, subject, { kind: 'resume', random: 0.5 }, 100_000).state;
  assert.deepEqual(awake.phase, { kind: 'waiting', nextRun: 105_000 });
  assert.equal(awake.checker.up, false);
});
