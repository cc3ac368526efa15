/**
 * One checker in the loop, and the checkers of one virtual server: what the loop keeps between two turns.
 */
import type { VirtualServer } from '../config/virtual-server.js';
import type { RegisteredChecker } from './check-loop-register.js';
import type { ScheduleState } from './schedule.js';
import type { Queued } from './schedule-queue.js';
import type { VerdictChange } from './verdict.js';

/** One virtual server of the Config in use with the checkers of each real server. */
export interface KnownVirtual {
  readonly virtual: VirtualServer;
  readonly index: number;
  readonly servers: ReadonlyMap<string, readonly Entry[]>;
}

export interface Entry extends Queued {
  registered: RegisteredChecker;
  state: ScheduleState;
  /** Number of the run in flight; an answer that names another one is of the past. */
  run: number;
  cancel: (() => void) | undefined;
  /** Repeats in a row for pauses. */
  repeats: number;
  /** The last `reconfigure` that it was in. */
  epoch: number;
  /** Counted since it was first seen, for status: runs, those that failed, those that began over a second late. */
  runs: number;
  failures: number;
  late: number;
}

/** What the director is told of a checker. */
export function verdictOf(entry: Entry): VerdictChange {
  const { address } = entry.registered;
  const { up, hasRun, weight, since, lastResult } = entry.state.checker;
  return {
    at: [address.virtualServer, address.realServer, address.checker],
    up,
    run: hasRun,
    ...(weight === undefined ? {} : { weight }),
    since,
    text: lastResult ?? '',
  };
}

/** Whether the checks of a virtual server stand still; those of one block do so together. */
export function isAsleep(known: KnownVirtual | undefined): boolean {
  for (const entries of known?.servers.values() ?? []) {
    for (const entry of entries) return entry.state.phase.kind === 'suspended';
  }
  return false;
}
