/**
 * One checker's life between its runs: when it runs next, how many failures are forgiven, when the verdict turns.
 *
 * Pure: (state, event, now) -> (state, log lines, "tell the director"). It starts no probe and no timer; check-loop.ts
 * does. The lines themselves stand in schedule-lines.ts. Semantics are keepalived's (keepalived.md 15.1 to 15.3, 15.8,
 * 16); what one must know to read it:
 *
 * - The retry counter starts at its maximum, so the first failure after a start is decisive.
 * - TCP and HTTP wait from the end of a run, MISC from its beginning: a slow script does not stretch its interval.
 * - HTTP_GET asks for one url a run. To come up all urls must pass in a row; after a failure the failing one is asked
 *   first, then all again. `fast_recovery` takes the waiting out of that.
 * - While down: every delay_loop (HTTP: delay_before_retry where that is longer).
 *
 * Unlike keepalived, a reload keeps phase, counters and verdict of a checker that is still the same one (18.1).
 */
import type { Checker } from '../config/checker.js';
import { unreachable } from '../runtime/errors.js';
import { type CheckSubject, failureLine, forgivenLine, successLine } from './schedule-lines.js';
import { type CheckerState, type ProbeFailed, type ProbePassed, type ProbeResult, presumedUp } from './verdict.js';

/** Where a checker stands. Instants are milliseconds of the monotonic clock. */
export type Phase =
  | { readonly kind: 'waiting'; readonly nextRun: number }
  | { readonly kind: 'running'; readonly since: number }
  /** ha_suspend: its VIP is not on this host. Everything known is kept. */
  | { readonly kind: 'suspended' };

export interface ScheduleState {
  readonly checker: CheckerState;
  readonly phase: Phase;
  /** HTTP: the url that the next (or this) run asks for. */
  readonly url: number;
  /** HTTP: `url` is asked for because it failed; when it passes, all are asked again. */
  readonly urlFailed: boolean;
}

export type ScheduleEvent =
  /** Its time has come and a probe is being started. */
  | { readonly kind: 'due' }
  /** The probe answered. `wall`: milliseconds since 1970. */
  | { readonly kind: 'result'; readonly result: ProbeResult; readonly wall: number }
  /** The run does not count (we were stopped meanwhile): again, `after` milliseconds from now. */
  | { readonly kind: 'repeat'; readonly after: number }
  | { readonly kind: 'suspend' }
  /** `random`: 0 <= random < 1; the first run comes within delay_loop. */
  | { readonly kind: 'resume'; readonly random: number };

export interface ScheduleStep {
  readonly state: ScheduleState;
  /** Something that membership acts on changed: up, the first run, the weight. */
  readonly changed: boolean;
  /** Lines for the log at level info, in order. */
  readonly lines: readonly string[];
}

/** What an earlier process knew of this checker, from the journal. */
export interface RestoredVerdict {
  readonly up: boolean;
  readonly weight: number | undefined;
  readonly since: number;
}

const none: readonly string[] = [];

/** A checker's first run after start or reload comes 1 s + random(0..warmup) later (keepalived.md 15.1). */
export function firstRun(checker: Checker, now: number, random: number): number {
  return now + 1000 + random * checker.schedule.warmup * 1000;
}

/**
 * The state of a checker that begins.
 *
 * @param now monotonic milliseconds; `wall` milliseconds since 1970
 * @param random 0 <= random < 1, spreads the first run over warmup
 * @param restored from the journal after a crash: the checker goes on from there, and one that was up has its whole
 *   retry again, so that one lost packet after our own crash does not take a good server out
 * @param up what it is presumed to be when nothing is restored; default by alpha
 */
export function startCheck(
  checker: Checker,
  now: number,
  wall: number,
  random: number,
  restored?: RestoredVerdict,
  up: boolean = presumedUp(checker),
): ScheduleState {
  return {
    checker: {
      up: restored?.up ?? up,
      hasRun: false,
      retriesUsed: restored?.up === true ? 0 : checker.schedule.retry,
      weight: restored?.weight,
      since: restored?.since ?? wall,
      lastResult: undefined,
      lastRun: undefined,
    },
    phase: { kind: 'waiting', nextRun: firstRun(checker, now, random) },
    url: 0,
    urlFailed: false,
  };
}

/** One step of the machine; see `ScheduleEvent`. A result that comes while no run is on changes nothing. */
export function stepCheck(
  state: ScheduleState,
  subject: CheckSubject,
  event: ScheduleEvent,
  now: number,
): ScheduleStep {
  switch (event.kind) {
    case 'due':
      return quiet({ ...state, phase: { kind: 'running', since: now } });
    case 'repeat':
      if (state.phase.kind === 'suspended') return quiet(state);
      return quiet({ ...state, phase: { kind: 'waiting', nextRun: now + event.after } });
    case 'suspend':
      return quiet({ ...state, phase: { kind: 'suspended' } });
    case 'resume': {
      if (state.phase.kind !== 'suspended') return quiet(state);
      const span = subject.checker.schedule.delayLoop * 1000;
      return quiet({ ...state, phase: { kind: 'waiting', nextRun: now + event.random * span } });
    }
    case 'result':
      if (state.phase.kind !== 'running') return quiet(state);
      return finish(state, state.phase.since, subject, event.result, now, event.wall);
    default:
      return unreachable(event);
  }
}

/**
 * The state of a checker that a reload kept (same identity), with the new schedule applied (keepalived.md 18.1).
 *
 * The next run keeps its instant, unless the new interval is shorter than what is left of the old one. Failures that
 * were already forgiven stay forgiven up to the new `retry`: then one more is decisive.
 */
export function reloadCheck(state: ScheduleState, checker: Checker, now: number): ScheduleState {
  const { schedule } = checker;
  const retriesUsed = Math.min(state.checker.retriesUsed, schedule.retry);
  const longest = (state.checker.hasRun ? schedule.delayLoop : schedule.warmup + 1) * 1000;
  const wait = Math.max(longest, schedule.delayBeforeRetry * 1000);
  const phase: Phase =
    state.phase.kind === 'waiting' && state.phase.nextRun > now + wait
      ? { kind: 'waiting', nextRun: now + wait }
      : state.phase;
  if (retriesUsed === state.checker.retriesUsed && phase === state.phase) return state;
  return { ...state, phase, checker: { ...state.checker, retriesUsed } };
}

function quiet(state: ScheduleState): ScheduleStep {
  return { state, changed: false, lines: none };
}

function finish(
  state: ScheduleState,
  started: number,
  subject: CheckSubject,
  result: ProbeResult,
  now: number,
  wall: number,
): ScheduleStep {
  if (result.ok === null) {
    const nextRun = now + subject.checker.schedule.delayLoop * 1000;
    return quiet({
      ...state,
      phase: { kind: 'waiting', nextRun },
      checker: { ...state.checker, lastResult: result.detail },
    });
  }
  return result.ok
    ? passed(state, started, subject, result, now, wall)
    : failed(state, started, subject, result, now, wall);
}

function passed(
  state: ScheduleState,
  started: number,
  subject: CheckSubject,
  result: ProbePassed,
  now: number,
  wall: number,
): ScheduleStep {
  const { checker } = subject;
  const before = state.checker;
  const weight = checker.kind === 'MISC_CHECK' && checker.dynamic ? result.weight : undefined;
  const round = nextUrl(state, checker);
  const decided = round.complete;
  const turned = decided && (!before.up || !before.hasRun);
  const after: CheckerState = {
    up: decided ? true : before.up,
    hasRun: before.hasRun || decided,
    // Until the first whole round is through, one failure stays decisive.
    retriesUsed: before.hasRun || decided ? 0 : before.retriesUsed,
    weight,
    since: decided && !before.up ? wall : before.since,
    lastResult: result.detail,
    lastRun: wall,
  };
  const hurry = checker.kind !== 'MISC_CHECK' && 'fastRecovery' in checker && checker.fastRecovery;
  const delay = hurry && (!after.hasRun || !after.up) ? 0 : checker.schedule.delayLoop * 1000;
  return {
    state: { checker: after, url: round.url, urlFailed: false, phase: wait(checker, started, now, delay) },
    changed: turned || weight !== before.weight,
    lines: turned ? [successLine(subject)] : none,
  };
}

/** The url after one that passed, and whether that was the last of a whole round. */
function nextUrl(state: ScheduleState, checker: Checker): { readonly url: number; readonly complete: boolean } {
  if (checker.kind !== 'HTTP_GET' && checker.kind !== 'SSL_GET') return { url: 0, complete: true };
  if (state.urlFailed) return { url: 0, complete: false };
  const url = state.url + 1;
  return url >= checker.urls.length ? { url: 0, complete: true } : { url, complete: false };
}

function failed(
  state: ScheduleState,
  started: number,
  subject: CheckSubject,
  result: ProbeFailed,
  now: number,
  wall: number,
): ScheduleStep {
  const { checker } = subject;
  const { schedule } = checker;
  const before = state.checker;
  const open = before.up || !before.hasRun;
  const forgiven = open && before.retriesUsed < schedule.retry;
  const decisive = open && !forgiven;
  const lines: string[] = [];
  if (open && subject.logAllFailures) lines.push(...forgivenLine(subject, result, decisive));
  if (decisive) lines.push(failureLine(subject, result, before.hasRun));
  const after: CheckerState = {
    up: before.up && !decisive,
    hasRun: before.hasRun || decisive,
    retriesUsed: forgiven ? before.retriesUsed + 1 : 0,
    weight: before.weight,
    since: decisive && before.up ? wall : before.since,
    lastResult: result.detail === '' ? result.reason : result.detail,
    lastRun: wall,
  };
  const http = checker.kind === 'HTTP_GET' || checker.kind === 'SSL_GET';
  const retryDelay = schedule.delayBeforeRetry * 1000;
  const loopDelay = schedule.delayLoop * 1000;
  const delay = forgiven ? retryDelay : http ? Math.max(retryDelay, loopDelay) : loopDelay;
  return {
    state: { checker: after, url: state.url, urlFailed: http && !after.up, phase: wait(checker, started, now, delay) },
    changed: decisive,
    lines,
  };
}

function wait(checker: Checker, started: number, now: number, delay: number): Phase {
  const from = checker.kind === 'MISC_CHECK' ? started : now;
  return { kind: 'waiting', nextRun: Math.max(now, from + delay) };
}
