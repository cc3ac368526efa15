/**
 * One BFD session: asynchronous mode, active or passive, no echo, no authentication (RFC 5880; RFC 5881 for one hop).
 *
 * Pure: (state, event, parameters, now, random) -> (state, actions). Times are monotonic milliseconds; the wire's
 * microseconds begin and end in `packetOf` and `hear`. The state machine of RFC 5880 section 6.2 is the table below.
 *
 * While a session is not up it says that it wants to send at most once in `idleTx` (at least a second, section 6.8.3); when
 * it comes up it says its real interval, and a poll sequence (section 6.5) makes sure that the neighbour has heard it.
 * keepalived names its real interval from the beginning; the neighbour sees the difference only before Up. Log lines are
 * keepalived's (keepalived.md 20).
 */
import { type BfdPacket, type BfdSessionState, DIAGNOSTIC, diagnosticText } from './packet.js';

/** What a session is configured with; milliseconds. */
export interface BfdParameters {
  readonly name: string;
  /** Desired Min TX Interval while up. */
  readonly minTx: number;
  /** Required Min RX Interval. */
  readonly minRx: number;
  /** Desired Min TX Interval while not up, at least 1000. */
  readonly idleTx: number;
  /** Detect Mult, 1..255. */
  readonly multiplier: number;
  /** Does not speak before it is spoken to (section 6.1). */
  readonly passive: boolean;
}

export interface BfdState {
  readonly session: BfdSessionState;
  readonly diagnostic: number;
  /** Unique among our sessions, not 0. */
  readonly localDiscriminator: number;
  /** 0: not known, or nothing was heard for a detection time. */
  readonly remoteDiscriminator: number;
  readonly remoteSession: BfdSessionState;
  readonly remoteDiagnostic: number;
  readonly remoteDemand: boolean;
  /** The neighbour's intervals in milliseconds, and its multiplier. */
  readonly remoteMinTx: number;
  readonly remoteMinRx: number;
  readonly remoteMultiplier: number;
  /** What our packets say. */
  readonly minTx: number;
  readonly minRx: number;
  /** What is in force: behind the two above while a poll sequence runs (section 6.8.3). */
  readonly usedMinTx: number;
  readonly usedMinRx: number;
  readonly polling: boolean;
  /** When the next periodic packet goes out; Infinity: none. */
  readonly sendAt: number;
  readonly lastSent: number;
  /** When the neighbour is taken for dead; Infinity: not now. */
  readonly expiresAt: number;
  readonly lastHeard: number;
}

export type BfdEvent =
  | { readonly kind: 'start' }
  /** AdminDown: the neighbour is told, then silence. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'timer' }
  | { readonly kind: 'packet'; readonly packet: BfdPacket }
  /** The parameters that are handed in are new. */
  | { readonly kind: 'configure' };

export type BfdAction =
  | { readonly kind: 'send'; readonly packet: BfdPacket }
  | { readonly kind: 'changed'; readonly session: BfdSessionState; readonly before: BfdSessionState }
  | { readonly kind: 'log'; readonly level: 'info' | 'warning'; readonly detail: boolean; readonly text: string };

export interface BfdStep {
  readonly state: BfdState;
  readonly actions: readonly BfdAction[];
}

const NEVER = Number.POSITIVE_INFINITY;

interface Transition {
  readonly to: BfdSessionState;
  readonly diagnostic?: number;
}
const none: Transition | undefined = undefined;
const signaled = DIAGNOSTIC.neighborSignaledDown;

/** RFC 5880 sections 6.2 and 6.8.6: our state, then the state that the neighbour's packet says. */
export const BFD_TABLE: Readonly<Record<BfdSessionState, Readonly<Record<BfdSessionState, Transition | undefined>>>> = {
  // 6.8.6: "If bfd.SessionState is AdminDown, discard the packet".
  'admin-down': { 'admin-down': none, down: none, init: none, up: none },
  down: { 'admin-down': none, down: { to: 'init' }, init: { to: 'up' }, up: none },
  init: { 'admin-down': { to: 'down', diagnostic: signaled }, down: none, init: { to: 'up' }, up: { to: 'up' } },
  up: {
    'admin-down': { to: 'down', diagnostic: signaled },
    down: { to: 'down', diagnostic: signaled },
    init: none,
    up: none,
  },
};

/** A session before its start. `discriminator`: 1..4294967295, unlike that of any other session of ours. */
export function initialBfd(parameters: BfdParameters, discriminator: number): BfdState {
  return {
    session: 'down',
    diagnostic: DIAGNOSTIC.none,
    localDiscriminator: discriminator,
    remoteDiscriminator: 0,
    remoteSession: 'down',
    remoteDiagnostic: DIAGNOSTIC.none,
    remoteDemand: false,
    remoteMinTx: 0,
    // Section 6.8.1: one microsecond, so that we may send before we know.
    remoteMinRx: 0.001,
    remoteMultiplier: 0,
    minTx: parameters.idleTx,
    minRx: parameters.minRx,
    usedMinTx: parameters.idleTx,
    usedMinRx: parameters.minRx,
    polling: false,
    sendAt: NEVER,
    lastSent: Number.NEGATIVE_INFINITY,
    expiresAt: NEVER,
    lastHeard: Number.NEGATIVE_INFINITY,
  };
}

/** The nearest instant at which a `timer` event is wanted; Infinity: none. */
export function bfdDeadline(state: BfdState): number {
  return Math.min(state.sendAt, state.expiresAt);
}

/** Section 6.8.4: how long silence may last. */
export function detectionTime(state: BfdState): number {
  return state.remoteMultiplier * Math.max(state.usedMinRx, state.remoteMinTx);
}

/** Section 6.8.7: how often we send, before jitter. */
export function transmitInterval(state: BfdState): number {
  return Math.max(state.usedMinTx, state.remoteMinRx);
}

interface Context {
  readonly parameters: BfdParameters;
  readonly now: number;
  readonly random: () => number;
  readonly actions: BfdAction[];
}

/**
 * One step of a session.
 * @param random 0 <= random() < 1, for the jitter
 */
export function stepBfd(
  before: BfdState,
  event: BfdEvent,
  parameters: BfdParameters,
  now: number,
  random: () => number,
): BfdStep {
  const actions: BfdAction[] = [];
  const context: Context = { parameters, now, random, actions };
  return { state: after(before, event, context), actions };
}

function after(state: BfdState, event: BfdEvent, context: Context): BfdState {
  switch (event.kind) {
    case 'start':
      return schedule({ ...state, session: 'down', diagnostic: DIAGNOSTIC.none, sendAt: NEVER }, context);
    case 'stop':
      return stop(state, context);
    case 'timer':
      return timer(state, context);
    case 'packet':
      return state.session === 'admin-down' ? state : hear(state, event.packet, context);
    case 'configure':
      return configure(state, context);
  }
}

// --- sending ---

const toWire = (ms: number): number => Math.min(0xffffffff, Math.round(ms * 1000));

function packetOf(state: BfdState, parameters: BfdParameters, final: boolean): BfdPacket {
  return {
    diagnostic: state.diagnostic,
    state: state.session,
    // Section 6.5: a packet with F does not poll.
    poll: state.polling && !final,
    final,
    controlPlaneIndependent: false,
    demand: false,
    detectMultiplier: parameters.multiplier,
    myDiscriminator: state.localDiscriminator,
    yourDiscriminator: state.remoteDiscriminator,
    desiredMinTx: toWire(state.minTx),
    requiredMinRx: toWire(state.minRx),
    requiredMinEchoRx: 0,
  };
}

function send(state: BfdState, context: Context, final = false): BfdState {
  context.actions.push({ kind: 'send', packet: packetOf(state, context.parameters, final) });
  return { ...state, lastSent: context.now };
}

/** Section 6.8.7: whether periodic packets are sent at all. */
function speaks(state: BfdState, { passive }: BfdParameters): boolean {
  if (state.session === 'admin-down') return false;
  if (passive && state.remoteDiscriminator === 0) return false;
  if (state.remoteMinRx === 0) return false;
  return !(state.remoteDemand && state.session === 'up' && state.remoteSession === 'up' && !state.polling);
}

/** The time to the next packet: 75 to 100 % of the interval, to 90 % where one loss decides (section 6.8.7). */
function jittered(interval: number, { parameters, random }: Context): number {
  const least = parameters.multiplier === 1 ? 0.1 : 0;
  return interval * (1 - least - random() * (0.25 - least));
}

function schedule(state: BfdState, context: Context): BfdState {
  if (!speaks(state, context.parameters)) return { ...state, sendAt: NEVER };
  const wait = jittered(transmitInterval(state), context);
  // A session that has not spoken for an interval speaks now: at its start, and when its interval became shorter.
  return { ...state, sendAt: Math.max(context.now, state.lastSent + wait) };
}

// --- states ---

const NAMES: Readonly<Record<BfdSessionState, string>> = {
  'admin-down': 'AdminDown',
  down: 'Down',
  init: 'Init',
  up: 'Up',
};

function log({ actions, parameters }: Context, text: string, level: 'info' | 'warning' = 'info', detail = false): void {
  actions.push({ kind: 'log', level, detail, text: `(${parameters.name}) ${text}` });
}

function enter(state: BfdState, to: BfdSessionState, diagnostic: number, context: Context): BfdState {
  const { parameters, actions } = context;
  const before = state.session;
  const remote = `Remote diagnostic - ${diagnosticText(state.remoteDiagnostic)}`;
  const why = to === 'down' ? ` (Local diagnostic - ${diagnosticText(diagnostic)}, ${remote})` : '';
  log(context, `Entering ${NAMES[to]} state${why}`, to === 'down' || to === 'admin-down' ? 'warning' : 'info');
  actions.push({ kind: 'changed', session: to, before });
  const next: BfdState = { ...state, session: to, diagnostic };
  if (to === 'up') return propose(next, parameters.minTx, parameters.minRx, context);
  if (before !== 'up') return next;
  // Section 6.8.3: not up, so at most once a second; slower at once, because no session depends on it.
  return { ...next, minTx: parameters.idleTx, usedMinTx: parameters.idleTx, usedMinRx: next.minRx, polling: false };
}

/** New intervals of ours (section 6.8.3): what makes us slower, or the neighbour late, waits for the end of the poll. */
function propose(state: BfdState, minTx: number, minRx: number, context: Context): BfdState {
  if (minTx === state.minTx && minRx === state.minRx) return state;
  if (state.session !== 'up') return { ...state, minTx, minRx, usedMinTx: minTx, usedMinRx: minRx };
  log(context, 'Starting poll sequence', 'info', true);
  return {
    ...state,
    minTx,
    minRx,
    usedMinTx: Math.min(minTx, state.usedMinTx),
    usedMinRx: Math.max(minRx, state.usedMinRx),
    polling: true,
  };
}

function stop(before: BfdState, context: Context): BfdState {
  if (before.session === 'admin-down') return before;
  const spoke = speaks(before, context.parameters);
  const state = enter(before, 'admin-down', DIAGNOSTIC.administrativelyDown, context);
  const last = spoke ? send(state, context) : state;
  return { ...last, sendAt: NEVER, expiresAt: NEVER, remoteDiscriminator: 0, remoteSession: 'down' };
}

function configure(state: BfdState, context: Context): BfdState {
  const { minTx, idleTx, minRx } = context.parameters;
  const next = propose(state, state.session === 'up' ? minTx : idleTx, minRx, context);
  return next === state ? state : schedule(next, context);
}

// --- timers ---

function timer(before: BfdState, context: Context): BfdState {
  const { now } = context;
  let state = before;
  if (state.expiresAt <= now) {
    const silent = now - state.lastHeard;
    const overdue = Math.round((now - state.expiresAt) * 1000);
    log(context, `Expired after ${Math.floor(silent)} ms (${overdue} usec overdue)`, 'warning');
    // Section 6.8.1: bfd.RemoteDiscr is zero after a detection time without a packet.
    state = { ...state, remoteDiscriminator: 0, remoteSession: 'down', remoteDemand: false, expiresAt: NEVER };
    if (state.session === 'init' || state.session === 'up') {
      // Section 6.8.4; the neighbour is told at once.
      state = send(enter(state, 'down', DIAGNOSTIC.detectionTimeExpired, context), context);
    }
    state = schedule(state, context);
  }
  if (state.sendAt <= now) state = schedule(send(state, context), context);
  return state;
}

// --- hearing ---

/** Section 6.8.6, from the rule on the neighbour's discriminator on. */
function hear(before: BfdState, packet: BfdPacket, context: Context): BfdState {
  const { now, parameters } = context;
  let state: BfdState = {
    ...before,
    remoteDiscriminator: packet.myDiscriminator,
    remoteSession: packet.state,
    remoteDiagnostic: packet.diagnostic,
    remoteDemand: packet.demand,
    remoteMinTx: packet.desiredMinTx / 1000,
    remoteMinRx: packet.requiredMinRx / 1000,
    remoteMultiplier: packet.detectMultiplier,
    lastHeard: now,
  };
  if (packet.final && state.polling) {
    state = { ...state, polling: false, usedMinTx: state.minTx, usedMinRx: state.minRx };
  }
  const transition = BFD_TABLE[state.session][packet.state];
  if (transition !== undefined) {
    state = enter(state, transition.to, transition.diagnostic ?? DIAGNOSTIC.none, context);
  }
  const detection = detectionTime(state);
  if (detection !== detectionTime(before)) {
    const text = `Detection time is ${Math.floor(detection)} ms (was ${Math.floor(detectionTime(before))} ms)`;
    log(context, text);
  }
  // Also while Down: section 6.8.1 forgets the neighbour's discriminator after a detection time of silence.
  state = { ...state, expiresAt: now + detection };
  if (packet.poll) state = send(state, context, true);
  else if (transition !== undefined) {
    // Section 6.8.7, the last rule: what differs from the last packet is told between periodic ones, so that a session comes
    // up in round trips and not in seconds. Never oftener than the neighbour can take it.
    if (speaks(state, parameters) && now - before.lastSent >= state.remoteMinRx) state = send(state, context);
  }
  const changed =
    transition !== undefined ||
    packet.poll ||
    transmitInterval(state) !== transmitInterval(before) ||
    speaks(state, parameters) !== speaks(before, parameters);
  return changed ? schedule(state, context) : state;
}
