/**
 * What the check loop is given and what it shows: its options, its counters, its view of one checker.
 */
import type { Checker } from '../config/checker.js';
import type { Clock } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import type { RegisteredChecker } from './check-loop-register.js';
import type { RestoredVerdict, ScheduleState } from './schedule.js';
import type { ProbeResult, ProbeTarget, VerdictChange } from './verdict.js';

/** Starts one run; returns what ends it early. `done` at most once; after a cancel it is ignored. */
export type StartRun = (checker: Checker, target: ProbeTarget, done: (result: ProbeResult) => void) => () => void;

export interface CheckLoopOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly startRun: StartRun;
  /** 0 <= random() < 1. */
  readonly random: () => number;
  /** A verdict that membership must hear, with the generation of Config that its indices belong to. */
  readonly onVerdict: (change: VerdictChange, generation: number) => void;
  /** Probes at once; the role sets it below its descriptor limit. Default 8192. */
  readonly maxInFlight?: number;
  /** Milliseconds that a timer may be overdue before the loop takes it for a pause. Default 500. */
  readonly pauseAfter?: number;
}

export interface ReconfigureOptions {
  /** First start after a crash: the journal's verdict by a checker's key (check-loop-register.ts). */
  readonly restored?: (key: string) => RestoredVerdict | undefined;
  /**
   * Indices of all virtual servers whose checks stand still (ha_suspend). Absent: those that stood still go on doing so,
   * and new ones run.
   */
  readonly suspended?: ReadonlySet<number>;
}

/** Counters since start, for metrics and `lvsctl status`. */
export interface CheckLoopStatistics {
  readonly checkers: number;
  readonly inFlight: number;
  readonly runs: number;
  /** Runs that started more than a second after their time. */
  readonly lateRuns: number;
  /** Milliseconds that the latest of them was late. */
  readonly worstLateness: number;
  /** Times that this process was not run for a while. */
  readonly pauses: number;
  /** Runs repeated for it. */
  readonly repeated: number;
  /** Runs that did not end by themselves. */
  readonly hung: number;
  /** Runs that could not be made. */
  readonly inconclusive: number;
}

/** One checker in the loop, for status. */
export interface CheckView {
  readonly registered: RegisteredChecker;
  readonly state: ScheduleState;
  /** Since it was first seen; goes on across reloads. */
  readonly runs: number;
  readonly failures: number;
  /** Runs that began more than a second after they were due. */
  readonly late: number;
}
