/**
 * What an election does in each case: the steps that the table (election-table.ts) names.
 *
 * A step returns the next state and pushes actions in the order in which they are to be done. Log lines are keepalived's, to
 * the letter (keepalived.md 12.3 and 21).
 *
 * Ours alone: a timer that fires late. A process that was stopped, or a machine that stood still, knows nothing of the time
 * between, and packets of that time may be lost. A backup wants to be run one interval before its down timer; when it was not
 * run for two intervals before it fires, it listens for one interval and its skew before it claims; at most three times in a
 * row, so that a machine that is always slow does its duty.
 * A master that has been silent for as long as the quickest peer waits goes to BACKUP and listens for one interval, whatever
 * wakes it: the peer that took over is heard within it. keepalived has the second as `timer_expired_backup`, off unless asked for.
 */
import type {
  ElectionAction,
  ElectionEvent,
  ElectionParameters,
  ElectionState,
  HeardAdvert,
} from './election-state.js';
import { masterDownInterval, minimumSkew, OWNER, skewTime } from './election-timers.js';

export interface StepContext {
  readonly state: ElectionState;
  readonly event: ElectionEvent;
  readonly parameters: ElectionParameters;
  readonly now: number;
  readonly actions: ElectionAction[];
}
export type Step = (context: StepContext) => ElectionState;

const NEVER = Number.POSITIVE_INFINITY;
const MOST_LISTENED = 3;
/** Intervals without being run after which a backup does not trust its down timer. */
const NOT_RUN = 2;
/** From this share of an interval on a late timer is reported. */
const REPORTED_LATENESS = 0.5;

export const stay: Step = ({ state }) => state;

function log({ actions, parameters }: StepContext, text: string, detail = false): void {
  actions.push({ kind: 'log', detail, text: `(${parameters.name}) ${text}` });
}

function downInterval({ state, parameters }: StepContext, masterInterval = state.masterInterval): number {
  const { version, downTimerAdverts } = parameters;
  return masterDownInterval(version, masterInterval, state.priority, downTimerAdverts);
}

const announcementsOff = {
  announceAt: NEVER,
  refreshAt: NEVER,
  lowerPrioAnnounceAt: NEVER,
  extraAt: NEVER,
} as const;

function advertOf({ event }: StepContext): HeardAdvert {
  return (event as Extract<ElectionEvent, { kind: 'advert' }>).advert;
}

function sendAdvert(context: StepContext): ElectionState {
  const { state, parameters, now, actions } = context;
  actions.push({ kind: 'send-advert', priority: state.priority });
  return { ...state, lastSent: now, deadline: now + parameters.interval };
}

// --- entering MASTER ---

/** The advert first, so that the old master takes its addresses away before we announce ours. */
export function becomeMaster(context: StepContext): ElectionState {
  const { state, parameters, now, actions } = context;
  const { announce, interval } = parameters;
  actions.push({ kind: 'send-advert', priority: state.priority });
  log(context, 'Entering MASTER STATE');
  if (parameters.version === 3 && state.masterInterval !== interval) {
    const text = `changing advert interval from ${state.masterInterval}ms to locally configured ${interval}ms`;
    log(context, text, true);
  }
  actions.push({ kind: 'add-addresses' });
  if (announce.masterRepeat > 0) actions.push({ kind: 'announce', repeat: announce.masterRepeat });
  actions.push({ kind: 'notify', state: 'MASTER' }, { kind: 'sync-daemon', role: 'master' });
  return {
    ...state,
    role: 'master',
    wanted: 'master',
    masterInterval: interval,
    masterAddress: undefined,
    lastSent: now,
    deadline: now + interval,
    preemptAt: undefined,
    listened: 0,
    announceAt: announce.masterDelay > 0 ? now + announce.masterDelay : NEVER,
    refreshAt: announce.masterRefresh > 0 ? now + announce.masterDelay + announce.masterRefresh : NEVER,
    lowerPrioAnnounceAt: NEVER,
    extraAt: announce.extraInterval > 0 ? now + announce.extraInterval : NEVER,
  };
}

// --- leaving MASTER ---

interface Leaving {
  /** How many adverts of priority 0: keepalived sends two on its way to FAULT. */
  readonly zeros: number;
  readonly masterInterval?: number;
  /** Milliseconds until the down timer; absent: the whole interval. */
  readonly down?: number;
}

function leaveMaster(context: StepContext, to: 'backup' | 'fault', leaving: Leaving): ElectionState {
  const { state, parameters, now, actions } = context;
  actions.push({ kind: 'sync-daemon', role: 'backup' });
  log(context, `Entering ${to === 'backup' ? 'BACKUP' : 'FAULT'} STATE`);
  for (let i = 0; i < leaving.zeros; i++) actions.push({ kind: 'send-advert', priority: 0 });
  if (leaving.zeros > 0) log(context, 'sent 0 priority', true);
  actions.push(
    { kind: 'remove-addresses', force: false },
    { kind: 'notify', state: to === 'backup' ? 'BACKUP' : 'FAULT' },
  );
  if (to === 'backup' && parameters.grouped) actions.push({ kind: 'group', request: 'backup' });
  const masterInterval = leaving.masterInterval ?? state.masterInterval;
  return {
    ...state,
    ...announcementsOff,
    role: to,
    wanted: to,
    masterInterval,
    preemptAt: undefined,
    conflictUntil: undefined,
    listened: 0,
    deadline: to === 'fault' ? NEVER : now + (leaving.down ?? downInterval(context, masterInterval)),
  };
}

// --- adverts ---

/** Version 3 adopts the master's interval (RFC 9568 section 6.4.2); one of 0 would take us for dead at once. */
function adoptedInterval(context: StepContext, by: string): number {
  const { state, parameters } = context;
  if (parameters.version === 2) return parameters.interval;
  const { interval } = advertOf(context);
  if (interval === 0) return state.masterInterval;
  if (interval !== state.masterInterval) {
    log(context, `advertisement interval updated from ${state.masterInterval}ms to ${interval}ms by ${by}`, true);
  }
  return interval;
}

/** Whoever sent it is master; the down timer starts anew. */
function acceptMaster(context: StepContext): ElectionState {
  const { state, now } = context;
  const { priority, source } = advertOf(context);
  const masterInterval = adoptedInterval(context, 'master');
  return {
    ...state,
    wanted: 'backup',
    masterInterval,
    masterPriority: priority,
    masterAddress: source,
    ranAt: now,
    listened: 0,
    deadline: now + downInterval(context, masterInterval),
  };
}

export const acceptNotLower: Step = (context) => {
  if (context.state.preemptAt === undefined) return acceptMaster(context);
  log(context, 'stop preempt delay', true);
  return { ...acceptMaster(context), preemptAt: undefined };
};

export const backupHearsLower: Step = (context) => {
  const { state, parameters, now } = context;
  const { priority, source } = advertOf(context);
  if (state.yielded) return backupHearsLower({ ...context, state: { ...state, yielded: false, priority: OWNER } });
  const owner = state.priority === OWNER;
  if (!parameters.preempt && !owner) return acceptMaster(context);
  if (parameters.preemptDelay > 0 && !owner && (state.preemptAt === undefined || now < state.preemptAt)) {
    if (state.preemptAt === undefined) {
      log(context, `start preempt delay (${(parameters.preemptDelay / 1000).toFixed(6)})`, true);
    }
    return { ...acceptMaster(context), preemptAt: state.preemptAt ?? now + parameters.preemptDelay };
  }
  log(context, `received lower priority (${priority}) advert from ${source} - discarding`);
  return { ...state, masterAddress: source };
};

export const masterHearsLower: Step = (context) => {
  const { parameters, actions } = context;
  const { lowerPrioNoAdvert } = parameters;
  const { priority, source, ahSequence } = advertOf(context);
  let state = context.state;
  const forcing = lowerPrioNoAdvert ? '' : ', forcing new election';
  log(context, `Received advert from ${source} with lower priority ${priority}, ours ${state.priority}${forcing}`);
  if (ahSequence !== undefined) {
    log(context, 'IPSEC-AH : Syncing seq_num - Increment seq');
    actions.push({ kind: 'ah-sequence', sequence: ahSequence + 1 });
  }
  if (!lowerPrioNoAdvert) state = sendAdvert(context);
  state = announceLowerPrio({ ...context, state });
  if (parameters.grouped) actions.push({ kind: 'group', request: 'lower-advert' });
  actions.push({ kind: 'event', event: 'MASTER_RX_LOWER_PRI' });
  return state;
};

export const announceLowerPrio: Step = ({ state, parameters, now, actions }) => {
  const { lowerPrioRepeat, lowerPrioDelay } = parameters.announce;
  if (lowerPrioRepeat === 0) return state;
  actions.push({ kind: 'announce', repeat: lowerPrioRepeat });
  return lowerPrioDelay === 0 ? state : { ...state, lowerPrioAnnounceAt: now + lowerPrioDelay };
};

export const masterHearsHigher: Step = (context) => {
  const { state, parameters, actions } = context;
  const { priority, source } = advertOf(context);
  if (parameters.higherPrioSendAdvert) actions.push({ kind: 'send-advert', priority: state.priority });
  log(
    context,
    priority > state.priority
      ? `Master received advert from ${source} with higher priority ${priority}, ours ${state.priority}`
      : `Master received advert from ${source} with same priority ${priority} but higher IP address than ours`,
  );
  const masterInterval = adoptedInterval(context, 'new master');
  const next = leaveMaster(context, 'backup', { zeros: 0, masterInterval });
  return { ...next, masterPriority: priority, masterAddress: source };
};

export const masterHearsEqual: Step = (context) => {
  const { state, parameters, now } = context;
  const { comparison, interval } = advertOf(context);
  if (comparison === 0) {
    log(context, 'WARNING - equal priority advert received from remote host with our IP address.');
    return state;
  }
  if (state.priority !== OWNER) return comparison > 0 ? masterHearsHigher(context) : masterHearsLower(context);
  // Two owners: the one with the lower address yields at once; the other one gives it time, then yields too.
  const grace = 2 * parameters.interval + 1.2 * Math.max(parameters.interval, interval);
  const conflictUntil = state.conflictUntil ?? now + grace;
  if (state.conflictUntil === undefined || comparison > 0 || now >= conflictUntil) {
    log(
      context,
      'CONFIGURATION ERROR: local instance and a remote instance are both configured as address owner, please fix' +
        (comparison > 0 || now >= conflictUntil ? ' - reducing local priority' : ''),
    );
  }
  if (comparison < 0 && now < conflictUntil) {
    return { ...masterHearsLower(context), conflictUntil };
  }
  return masterHearsHigher({ ...context, state: { ...state, priority: OWNER - 1, yielded: true } });
};

export const masterHearsZero: Step = (context) => {
  log(context, 'Master received priority 0 message', true);
  return sendAdvert(context);
};

export const backupHearsZero: Step = (context) => {
  const { state, parameters, now } = context;
  log(context, 'Backup received priority 0 advertisement', true);
  return { ...state, deadline: now + skewTime(parameters.version, state.masterInterval, state.priority) };
};

// --- timers ---

/** Whether a backup's down timer is over, and it was not run before it for so long that it cannot believe it. */
export function wasNotRun(state: ElectionState, now: number): boolean {
  if (state.role !== 'backup' || state.deadline > now || state.listened >= MOST_LISTENED) return false;
  return now - state.ranAt >= NOT_RUN * state.masterInterval;
}

const listen: Step = (context) => {
  const { state, parameters, now, actions } = context;
  const by = now - state.deadline;
  actions.push({ kind: 'late', by, listening: true });
  log(context, `VRRP thread timer expired ${seconds(by)} seconds ago - listening before becoming master`);
  const wait = state.masterInterval + skewTime(parameters.version, state.masterInterval, state.priority);
  return { ...state, listened: state.listened + 1, deadline: now + wait };
};

/**
 * What a pause of this process or machine has made of the state, before anything else is looked at: adverts that waited in a
 * socket meanwhile would else be answered as if nothing had happened.
 */
export const afterPause: Step = (context) => {
  const { state, parameters, now } = context;
  if (isSilentTooLong(state, parameters, now)) return advertTimer(context);
  return wasNotRun(state, now) ? listen(context) : state;
};

export const downTimer: Step = (context) => {
  const { state, parameters, now, actions } = context;
  const by = now - state.deadline;
  if (by > state.masterInterval * REPORTED_LATENESS) actions.push({ kind: 'late', by, listening: false });
  if (parameters.held) {
    log(context, 'the virtual servers are not ready: staying BACKUP', true);
    return { ...state, deadline: now + downInterval(context) };
  }
  log(context, 'Receive advertisement timeout', true);
  const restored: ElectionState = state.yielded ? { ...state, yielded: false, priority: OWNER } : state;
  if (!parameters.grouped) return becomeMaster({ ...context, state: restored });
  // Held until every member of the group wants to be master.
  actions.push({ kind: 'group', request: 'master' });
  return { ...restored, wanted: 'master', deadline: now + downInterval({ ...context, state: restored }) };
};

/** Whether a master has said nothing for as long as the quickest peer waits before it takes over. */
function isSilentTooLong(state: ElectionState, parameters: ElectionParameters, now: number): boolean {
  const { version, interval, downTimerAdverts, otherPriority } = parameters;
  const { role, lastSent } = state;
  return role === 'master' && now - lastSent >= masterDownInterval(version, interval, otherPriority, downTimerAdverts);
}

export const advertTimer: Step = (context) => {
  const { state, parameters, now, actions } = context;
  const { version, interval } = parameters;
  const by = now - state.deadline;
  if (isSilentTooLong(state, parameters, now)) {
    actions.push({ kind: 'late', by, listening: true });
    log(
      context,
      `VRRP thread timer expired ${seconds(by)} seconds ago - reverting to backup, another router may be master`,
    );
    return leaveMaster(context, 'backup', { zeros: 0, down: interval + minimumSkew(version, interval) });
  }
  if (by > interval * REPORTED_LATENESS) actions.push({ kind: 'late', by, listening: false });
  const next = sendAdvert(context);
  const over = state.conflictUntil !== undefined && now > state.conflictUntil + interval;
  return over ? { ...next, conflictUntil: undefined } : next;
};

const seconds = (ms: number): string => (ms / 1000).toFixed(6);

// --- start, stop, faults, reload ---

/** The whole down timer also with `state MASTER`: measured of keepalived 2.2.7, alone and in a group (fixtures/vrrp). */
export const start: Step = (context) => {
  const { state, now, actions } = context;
  actions.push({ kind: 'remove-addresses', force: true });
  log(context, 'Entering BACKUP STATE (init)');
  actions.push({ kind: 'notify', state: 'BACKUP' }, { kind: 'sync-daemon', role: 'backup' });
  const owner = state.priority === OWNER;
  const wait = owner ? 0.001 : downInterval(context);
  return { ...state, role: 'backup', wanted: owner ? 'master' : 'backup', deadline: now + wait };
};

export const startFaulty: Step = (context) => {
  const { state, actions } = context;
  actions.push({ kind: 'remove-addresses', force: true });
  log(context, 'Entering FAULT STATE (init)');
  actions.push({ kind: 'notify', state: 'FAULT' });
  return { ...state, role: 'fault', wanted: 'fault' };
};

export const backupFails: Step = (context) => {
  const { state, actions } = context;
  log(context, 'Entering FAULT STATE');
  actions.push({ kind: 'notify', state: 'FAULT' });
  return { ...state, role: 'fault', wanted: 'fault', deadline: NEVER, preemptAt: undefined, listened: 0 };
};

export const masterFails: Step = (context) => leaveMaster(context, 'fault', { zeros: 2 });

export const recover: Step = (context) => {
  const { state, parameters, now, actions } = context;
  if (parameters.unicast) actions.push({ kind: 'announce-source' });
  const fresh: ElectionState = { ...state, masterInterval: parameters.interval, preemptAt: undefined };
  if (state.priority === OWNER && !parameters.grouped) return becomeMaster({ ...context, state: fresh });
  log(context, 'Entering BACKUP STATE');
  actions.push({ kind: 'notify', state: 'BACKUP' });
  const owner = state.priority === OWNER;
  const wait = owner ? 0.001 : downInterval({ ...context, state: fresh });
  return { ...fresh, role: 'backup', wanted: owner ? 'master' : 'backup', deadline: now + wait };
};

export const stop: Step = (context) => {
  const { state, actions } = context;
  if (state.role === 'master') {
    actions.push({ kind: 'send-advert', priority: 0 });
    log(context, 'sent 0 priority', true);
    actions.push({ kind: 'remove-addresses', force: false });
  }
  if (state.role !== 'init') actions.push({ kind: 'notify', state: 'STOP' });
  return { ...state, ...announcementsOff, role: 'init', wanted: 'backup', deadline: NEVER, preemptAt: undefined };
};

export const addressLost: Step = (context) => leaveMaster(context, 'backup', { zeros: 1 });
export const groupBackup: Step = (context) => leaveMaster(context, 'backup', { zeros: 0 });

export const changePriority: Step = (context) => {
  const { state, event, parameters, actions } = context;
  const { priority } = event as Extract<ElectionEvent, { kind: 'priority' }>;
  // An owner does not change (keepalived.md 9.1), nor does one that has yielded to another owner.
  if (priority === state.priority || parameters.priority === OWNER) return state;
  log(context, `Changing effective priority from ${state.priority} to ${priority}`);
  if (parameters.notifyPriorityChanges && (state.role === 'master' || state.role === 'backup')) {
    actions.push({ kind: 'event', event: state.role === 'master' ? 'MASTER_PRIORITY' : 'BACKUP_PRIORITY' });
  }
  if (state.role !== 'backup') return { ...state, priority };
  const { version } = parameters;
  const shift =
    skewTime(version, state.masterInterval, priority) - skewTime(version, state.masterInterval, state.priority);
  return { ...state, priority, deadline: state.deadline + shift };
};

/** State is kept; what was learnt under the old interval or version is not. */
export const configure: Step = (context) => {
  const { state, event, parameters, now } = context;
  const { priority } = event as Extract<ElectionEvent, { kind: 'configure' }>;
  const { interval } = parameters;
  const changed: ElectionState = { ...state, priority, yielded: false, conflictUntil: undefined, preemptAt: undefined };
  switch (state.role) {
    case 'init':
    case 'fault':
      return { ...changed, masterInterval: interval };
    case 'backup': {
      const fresh = { ...changed, masterInterval: parameters.version === 2 ? interval : state.masterInterval };
      return { ...fresh, deadline: now + downInterval({ ...context, state: fresh }) };
    }
    case 'master':
      return sendAdvert({ ...context, state: { ...changed, masterInterval: interval } });
  }
};
