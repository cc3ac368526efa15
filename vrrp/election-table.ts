/**
 * The election as a table: for each state and event one row, which names the section of the RFC that it follows and, where
 * keepalived departs from it or adds to it, what keepalived does (its section in keepalived.md).
 *
 * RFC 9568 is version 3 (INIT, BACKUP, ACTIVE: section 6.4); RFC 3768 section 6.4 is version 2 with the same states. What
 * both call Master or Active is MASTER here, as in keepalived's log. A step returns the next state and pushes actions in the
 * order in which they are to be done.
 *
 * Ours alone: a timer that fires late. A process that was stopped, or a machine that stood still, knows nothing of the time
 * between, and packets of that time may be lost. A backup whose down timer is late by an interval or more listens for one
 * interval and its skew before it claims; at most three times in a row, so that a machine that is always slow does its duty.
 * A master that has been silent for as long as the quickest peer waits goes to BACKUP and listens for one interval: the peer
 * that took over is heard within it. keepalived has the second as `timer_expired_backup`, off unless asked for.
 */
import type {
  ElectionAction,
  ElectionEvent,
  ElectionEventName,
  ElectionParameters,
  ElectionRole,
  ElectionState,
  HeardAdvert,
} from './election-state.js';
import { masterDownInterval, minimumSkew, OWNER, skewTime } from './election-timers.js';

interface StepContext {
  readonly state: ElectionState;
  readonly event: ElectionEvent;
  readonly parameters: ElectionParameters;
  readonly now: number;
  readonly actions: ElectionAction[];
}
type Step = (context: StepContext) => ElectionState;

export interface ElectionRow {
  /** Where the RFC says so; `-` for what it does not know. */
  readonly rfc: string;
  /** What keepalived adds or does otherwise. */
  readonly keepalived?: string;
  readonly step: Step;
}

const NEVER = Number.POSITIVE_INFINITY;
const MOST_LISTENED = 3;
/** From this share of an interval on a late timer is reported. */
const REPORTED_LATENESS = 0.5;

const stay: Step = ({ state }) => state;
const row = (rfc: string, step: Step, keepalived?: string): ElectionRow =>
  keepalived === undefined ? { rfc, step } : { rfc, step, keepalived };
const nothing = (why: string): ElectionRow => row('-', stay, why);

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
function becomeMaster(context: StepContext): ElectionState {
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
    masterPriority: state.priority,
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
    listened: 0,
    deadline: now + downInterval(context, masterInterval),
  };
}

const acceptNotLower: Step = (context) => {
  if (context.state.preemptAt !== undefined) log(context, 'stop preempt delay', true);
  return { ...acceptMaster(context), preemptAt: undefined };
};

const backupHearsLower: Step = (context) => {
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

const masterHearsLower: Step = (context) => {
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

const announceLowerPrio: Step = ({ state, parameters, now, actions }) => {
  const { lowerPrioRepeat, lowerPrioDelay } = parameters.announce;
  if (lowerPrioRepeat === 0) return state;
  actions.push({ kind: 'announce', repeat: lowerPrioRepeat });
  return lowerPrioDelay === 0 ? state : { ...state, lowerPrioAnnounceAt: now + lowerPrioDelay };
};

const masterHearsHigher: Step = (context) => {
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

const masterHearsEqual: Step = (context) => {
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

const masterHearsZero: Step = (context) => {
  log(context, 'Master received priority 0 message', true);
  return sendAdvert(context);
};

const backupHearsZero: Step = (context) => {
  const { state, parameters, now } = context;
  log(context, 'Backup received priority 0 advertisement', true);
  return { ...state, deadline: now + skewTime(parameters.version, state.masterInterval, state.priority) };
};

// --- timers ---

const downTimer: Step = (context) => {
  const { state, parameters, now, actions } = context;
  const by = now - state.deadline;
  if (by >= state.masterInterval && state.listened < MOST_LISTENED) {
    actions.push({ kind: 'late', by, listening: true });
    log(context, `VRRP thread timer expired ${seconds(by)} seconds ago - listening before becoming master`);
    const wait = state.masterInterval + skewTime(parameters.version, state.masterInterval, state.priority);
    return { ...state, listened: state.listened + 1, deadline: now + wait };
  }
  if (by > state.masterInterval * REPORTED_LATENESS) actions.push({ kind: 'late', by, listening: false });
  log(context, 'Receive advertisement timeout', true);
  const restored: ElectionState = state.yielded ? { ...state, yielded: false, priority: OWNER } : state;
  if (!parameters.grouped) return becomeMaster({ ...context, state: restored });
  // Held until every member of the group wants to be master.
  actions.push({ kind: 'group', request: 'master' });
  return { ...restored, wanted: 'master', deadline: now + downInterval({ ...context, state: restored }) };
};

const advertTimer: Step = (context) => {
  const { state, parameters, now, actions } = context;
  const { version, interval, downTimerAdverts, otherPriority } = parameters;
  const by = now - state.deadline;
  if (now - state.lastSent >= masterDownInterval(version, interval, otherPriority, downTimerAdverts)) {
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

const start: Step = (context) => {
  const { state, parameters, now, actions } = context;
  const { version, interval } = parameters;
  actions.push({ kind: 'remove-addresses', force: true });
  log(context, 'Entering BACKUP STATE (init)');
  actions.push({ kind: 'notify', state: 'BACKUP' }, { kind: 'sync-daemon', role: 'backup' });
  const owner = state.priority === OWNER;
  const early = parameters.grouped && state.wanted === 'master';
  const wait = owner ? 0.001 : early ? interval + minimumSkew(version, interval) : downInterval(context);
  return { ...state, role: 'backup', wanted: owner ? 'master' : 'backup', deadline: now + wait };
};

const startFaulty: Step = (context) => {
  const { state, actions } = context;
  actions.push({ kind: 'remove-addresses', force: true });
  log(context, 'Entering FAULT STATE (init)');
  actions.push({ kind: 'notify', state: 'FAULT' });
  return { ...state, role: 'fault', wanted: 'fault' };
};

const backupFails: Step = (context) => {
  const { state, actions } = context;
  log(context, 'Entering FAULT STATE');
  actions.push({ kind: 'notify', state: 'FAULT' });
  return { ...state, role: 'fault', wanted: 'fault', deadline: NEVER, preemptAt: undefined, listened: 0 };
};

const masterFails: Step = (context) => leaveMaster(context, 'fault', { zeros: 2 });

const recover: Step = (context) => {
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

const stop: Step = (context) => {
  const { state, actions } = context;
  if (state.role === 'master') {
    actions.push({ kind: 'send-advert', priority: 0 });
    log(context, 'sent 0 priority', true);
    actions.push({ kind: 'remove-addresses', force: false });
  }
  if (state.role !== 'init') actions.push({ kind: 'notify', state: 'STOP' });
  return { ...state, ...announcementsOff, role: 'init', wanted: 'backup', deadline: NEVER, preemptAt: undefined };
};

const addressLost: Step = (context) => leaveMaster(context, 'backup', { zeros: 1 });
const groupBackup: Step = (context) => leaveMaster(context, 'backup', { zeros: 0 });

const changePriority: Step = (context) => {
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
const configure: Step = (context) => {
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

/** RFC numbers without a section sign are of section 6.4 of both RFCs: 6.4.1 Initialize, 6.4.2 Backup, 6.4.3 Master. */
export const ELECTION_TABLE: Readonly<Record<ElectionRole, Readonly<Record<ElectionEventName, ElectionRow>>>> = {
  init: {
    start: row('6.4.1', start, '12.3: BACKUP first, also an owner, whose down timer is then 1 us; stale addresses go'),
    stop: nothing('nothing was begun'),
    'down-timer': nothing('no timer runs'),
    'advert-timer': nothing('no timer runs'),
    'advert-zero': row('6.4.1: packets are not looked at', stay),
    'advert-higher': row('6.4.1: packets are not looked at', stay),
    'advert-equal': row('6.4.1: packets are not looked at', stay),
    'advert-lower': row('6.4.1: packets are not looked at', stay),
    fault: row('-', startFaulty, '12.3: FAULT (init)'),
    clear: nothing('there is no fault'),
    priority: row('-', changePriority, '9: trackers'),
    'address-lost': nothing('we have none'),
    'group-master': nothing('it has not started'),
    'group-backup': nothing('it has not started'),
    'group-lower-advert': nothing('we are not master'),
    configure: row('-', configure, '18.2'),
  },
  backup: {
    start: nothing('it has started'),
    stop: row('6.4.2: Shutdown', stop, '13: notify STOP'),
    'down-timer': row('6.4.2: Active_Down_Timer fires', downTimer, '10: a member of a group waits for the others'),
    'advert-timer': nothing('no such timer runs'),
    'advert-zero': row('6.4.2: priority zero: down timer to Skew_Time', backupHearsZero),
    'advert-higher': row('6.4.2: priority greater: down timer anew', acceptNotLower, '12.3: ends a preempt delay'),
    'advert-equal': row('6.4.2: priority equal: down timer anew', acceptNotLower, '12.3: ends a preempt delay'),
    'advert-lower': row(
      '6.4.2: discarded, unless Preempt_Mode is False',
      backupHearsLower,
      '12.4: preempt_delay begins when a lower master is first heard',
    ),
    fault: row('-', backupFails, '12.3'),
    clear: nothing('there is no fault'),
    priority: row('-', changePriority, '9: the down timer moves by the change of skew'),
    'address-lost': nothing('we hold none'),
    'group-master': row('-', becomeMaster, '10: every member wants MASTER'),
    'group-backup': nothing('it is backup'),
    'group-lower-advert': nothing('we are not master'),
    configure: row('-', configure, '18.2: the down timer starts anew'),
  },
  master: {
    start: nothing('it has started'),
    stop: row('6.4.3: Shutdown: advert with priority 0', stop, '13: notify STOP'),
    'down-timer': nothing('no such timer runs'),
    'advert-timer': row('6.4.3: Adver_Timer fires', advertTimer, '11: timer_expired_backup'),
    'advert-zero': row('6.4.3: priority zero: advert at once', masterHearsZero),
    'advert-higher': row('6.4.3: priority greater: to Backup', masterHearsHigher, '7.4: higher_prio_send_advert'),
    'advert-equal': row(
      '6.4.3: priority equal: the higher address stays',
      masterHearsEqual,
      '12.3: two owners; our own address is told, and nothing else',
    ),
    'advert-lower': row(
      '6.4.3: discarded, advert at once (RFC 9568; RFC 3768 only discards)',
      masterHearsLower,
      '12.3: and announced anew; lower_prio_no_advert',
    ),
    fault: row('-', masterFails, '12.3: two adverts of priority 0, as captured (fixtures/vrrp)'),
    clear: nothing('there is no fault'),
    priority: row('-', changePriority, '9: told by the next advert'),
    'address-lost': row('-', addressLost, '12.3: priority 0, BACKUP, and the election puts the address back'),
    'group-master': nothing('it is master'),
    'group-backup': row('-', groupBackup, '10'),
    'group-lower-advert': row('-', announceLowerPrio, '12.3: the same for the sync group'),
    configure: row('-', configure, '18.2: stays master, an advert at once'),
  },
  fault: {
    start: nothing('it has started'),
    stop: row('-', stop, '13: notify STOP'),
    'down-timer': nothing('no timer runs'),
    'advert-timer': nothing('no timer runs'),
    'advert-zero': nothing('12.3: adverts are ignored in FAULT'),
    'advert-higher': nothing('12.3: adverts are ignored in FAULT'),
    'advert-equal': nothing('12.3: adverts are ignored in FAULT'),
    'advert-lower': nothing('12.3: adverts are ignored in FAULT'),
    fault: nothing('it is in FAULT'),
    clear: row('-', recover, '12.3: BACKUP with a whole down timer; an owner is MASTER at once'),
    priority: row('-', changePriority, '9'),
    'address-lost': nothing('we hold none'),
    'group-master': nothing('a group with a member in FAULT is in FAULT'),
    'group-backup': nothing('it leaves FAULT by `clear`'),
    'group-lower-advert': nothing('we are not master'),
    configure: row('-', configure, '18.2'),
  },
};
