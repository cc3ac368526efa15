/**
 * The election of one virtual router: what it is told, what it does, what it remembers.
 *
 * `stepElection` is pure: (state, event, parameters, now) -> (state, actions). The machine itself is the table of
 * election-table.ts, one row for each state and event. Time is a monotonic instant in milliseconds and comes from outside;
 * the state carries the instants at which something is due, `nextDeadline` names the nearest, and at that instant, or as
 * soon after it as the shell can, a `timer` event is fed. The shell empties its sockets before it feeds a timer, so an
 * advert that has arrived is always heard before its absence is believed.
 *
 * Beyond the RFCs there is keepalived: FAULT, sync groups (their rule is in router.ts; here are the requests and commands),
 * preempt_delay, bursts of gratuitous ARP, two owners that meet (keepalived.md 12). Beyond keepalived: a router that was
 * not run for a while listens before it claims anything (election-table.ts, `late`).
 */
import type {
  ElectionAction,
  ElectionEvent,
  ElectionEventName,
  ElectionParameters,
  ElectionState,
} from './election-state.js';
import { afterPause, type StepContext } from './election-steps.js';
import { ELECTION_TABLE } from './election-table.js';

export interface ElectionStep {
  readonly state: ElectionState;
  readonly actions: readonly ElectionAction[];
}

const NEVER = Number.POSITIVE_INFINITY;

function nameOf(event: Exclude<ElectionEvent, { kind: 'timer' }>, priority: number): ElectionEventName {
  if (event.kind !== 'advert') return event.kind;
  const theirs = event.advert.priority;
  if (theirs === 0) return 'advert-zero';
  if (theirs === priority) return 'advert-equal';
  return theirs > priority ? 'advert-higher' : 'advert-lower';
}

/**
 * One step of an election.
 * @param now monotonic milliseconds, never before the one of the step before
 */
export function stepElection(
  before: ElectionState,
  event: ElectionEvent,
  parameters: ElectionParameters,
  now: number,
): ElectionStep {
  const { state, actions } = step(before, event, parameters, now);
  const current = state.role !== 'backup' || state.ranAt === now;
  return { state: current ? state : { ...state, ranAt: now }, actions };
}

function step(before: ElectionState, event: ElectionEvent, parameters: ElectionParameters, now: number): ElectionStep {
  const actions: ElectionAction[] = [];
  let context: StepContext = { state: before, event, parameters, now, actions };
  // A reload brings another interval: what was right by the old one is not judged by the new.
  let state = event.kind === 'configure' ? before : afterPause(context);
  if (state !== before) context = { ...context, state };
  if (event.kind !== 'timer') {
    return { state: ELECTION_TABLE[state.role][nameOf(event, state.priority)].step(context), actions };
  }
  if (state.deadline <= now && (state.role === 'backup' || state.role === 'master')) {
    state = ELECTION_TABLE[state.role][state.role === 'backup' ? 'down-timer' : 'advert-timer'].step(context);
  }
  return { state: state.role === 'master' ? announceWhatIsDue(state, parameters, now, actions) : state, actions };
}

/** The bursts after the first (keepalived.md 12.5). */
function announceWhatIsDue(
  before: ElectionState,
  { announce }: ElectionParameters,
  now: number,
  actions: ElectionAction[],
): ElectionState {
  let state = before;
  if (state.announceAt <= now) {
    actions.push({ kind: 'announce', repeat: announce.masterRepeat });
    state = { ...state, announceAt: NEVER };
  }
  if (state.lowerPrioAnnounceAt <= now) {
    actions.push({ kind: 'announce', repeat: announce.lowerPrioRepeat });
    state = { ...state, lowerPrioAnnounceAt: NEVER };
  }
  if (state.refreshAt <= now) {
    actions.push({ kind: 'announce', repeat: announce.masterRefreshRepeat });
    state = { ...state, refreshAt: now + announce.masterRefresh };
  }
  if (state.extraAt <= now) {
    actions.push({ kind: 'announce-extra' });
    state = { ...state, extraAt: now + announce.extraInterval };
  }
  return state;
}
