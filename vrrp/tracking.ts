/**
 * What an instance tracks, and what that makes of its priority and its health (keepalived.md 9).
 *
 * Five kinds of object: interfaces, scripts, files, processes, BFD sessions. An object without weight decides: while it is
 * bad the instance is in FAULT. One with weight moves the priority: a positive weight is added while it is good, a negative
 * one while it is bad, `reverse` turns the sign. Files carry a number, which is multiplied. An owner's priority (255) never
 * moves. Pure: readings in, an assessment out; who reads them is not known here.
 */
import { OWNER } from './election-timers.js';

export type TrackerKind = 'interface' | 'script' | 'file' | 'process' | 'bfd';

/** One line of a track_… block, with the weight that holds for this instance. */
export interface Tracker {
  readonly kind: TrackerKind;
  readonly name: string;
  /** -254..254; 0: it decides about FAULT. */
  readonly weight: number;
  readonly reverse: boolean;
}

/** Good or bad; a file's number; undefined: not known yet (a script that has not ended). */
export type TrackerReading = boolean | number | undefined;

export interface Assessment {
  /** Effective, 1..255. */
  readonly priority: number;
  /** keepalived's words for each reason to be in FAULT, as they follow the name of the instance. */
  readonly faults: readonly string[];
  /** Deciding scripts that have not ended yet. */
  readonly waiting: readonly string[];
}

/** A file's number times its weight; -254 means FAULT, 253 is the most (keepalived.md 9.2). */
function fileWeight(tracker: Tracker, value: number): number {
  const bounded = Math.max(-254, Math.min(254, Math.trunc(value)));
  if (tracker.weight === 0) return (bounded !== 0) !== tracker.reverse ? -254 : 0;
  return Math.max(-254, Math.min(253, bounded * tracker.weight * (tracker.reverse ? -1 : 1)));
}

function faultText({ kind, name, reverse }: Tracker, status: number): string {
  switch (kind) {
    case 'interface':
      return `: entering FAULT state (interface ${name} ${reverse ? 'up' : 'down'})`;
    case 'script':
      return `: entering FAULT state due to script ${name}`;
    case 'file':
      return `: entering FAULT state (tracked file ${name} has status ${status})`;
    case 'process':
      return ` entering FAULT state (tracked process ${name} quorum ${reverse ? '' : 'not '}achieved)`;
    case 'bfd':
      return ` entering FAULT state (tracked bfd ${name} ${reverse ? 'up' : 'down'})`;
  }
}

/**
 * What the readings make of an instance.
 * @param base the configured priority
 * @param read the reading of an object; an interface that does not exist is bad (false), a file that does not is 0
 */
export function assess(
  base: number,
  trackers: readonly Tracker[],
  read: (kind: TrackerKind, name: string) => TrackerReading,
): Assessment {
  const faults: string[] = [];
  const waiting: string[] = [];
  let total = base;
  for (const tracker of trackers) {
    const reading = read(tracker.kind, tracker.name);
    if (tracker.kind === 'file') {
      const status = fileWeight(tracker, typeof reading === 'number' ? reading : 0);
      if (status <= -254) faults.push(faultText(tracker, status));
      else total += status;
    } else if (reading === undefined) {
      if (tracker.weight === 0) waiting.push(tracker.name);
    } else {
      const good = reading !== false;
      if (tracker.weight === 0) {
        if (good === tracker.reverse) faults.push(faultText(tracker, 0));
      } else if (tracker.weight > 0 === good) {
        total += tracker.weight * (tracker.reverse ? -1 : 1);
      }
    }
  }
  const priority = base === OWNER ? OWNER : Math.max(1, Math.min(OWNER - 1, total));
  return { priority, faults, waiting };
}

/** The trackers of a sync group as a member has them: weights count only with sync_group_tracking_weight. */
export function groupTrackers(trackers: readonly Tracker[], trackingWeight: boolean): readonly Tracker[] {
  return trackingWeight ? trackers : trackers.map((tracker) => ({ ...tracker, weight: 0 }));
}
