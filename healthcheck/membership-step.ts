/**
 * How a virtual server's membership begins, changes with each verdict, and ends (keepalived.md 16, 19).
 *
 * Pure: (state, event) -> (state, effects). The table itself is not among the effects: it follows from the state
 * (membership-destinations.ts). Reload has its own file.
 */
import { virtualServerName } from '../config/names.js';
import type { VirtualServer } from '../config/virtual-server.js';
import { unreachable } from '../runtime/errors.js';
import { sameDestination, wantedDestinations } from './membership-destinations.js';
import {
  aliveLine,
  logLine,
  type MembershipEffect,
  type MembershipStep,
  quorumNotices,
  serverNotices,
  weightLine,
} from './membership-effects.js';
import { settleQuorum } from './membership-quorum.js';
import {
  type CheckerVerdict,
  effectiveWeight,
  isAlive,
  isSuspended,
  type MembershipContext,
  type MembershipState,
  nameOf,
  type ServerMembership,
  unknownServer,
} from './membership-state.js';
import { isRunnable, type VerdictChange } from './verdict.js';

export type MembershipEvent =
  /** Indices of `change` are of this state's generation; its virtual server is this one. */
  | { readonly kind: 'verdict'; readonly change: VerdictChange }
  /** The VIP (for a group: any address of it) is on this host, or no longer is. */
  | { readonly kind: 'presence'; readonly present: boolean }
  /**
   * lvsd stops. `flush` is lvs_flush_on_stop: with it destinations go with their service, and real servers are neither
   * logged nor notified (keepalived.md 19).
   */
  | { readonly kind: 'stop'; readonly flush: 'off' | 'table' | 'virtual-servers' }
  /** The virtual server left the file. */
  | { readonly kind: 'remove' };

/**
 * First start, by keepalived's rules: servers without an alpha checker are in before any check has run.
 *
 * @param present whether the VIP is on this host (ha_suspend)
 */
export function startMembership(server: VirtualServer, present: boolean, context: MembershipContext): MembershipStep {
  const state: MembershipState = {
    name: virtualServerName(server),
    server,
    index: context.index,
    generation: context.generation,
    servers: server.realServers.map((real) => unknownServer(real, context.wall)),
    quorumUp: false,
    told: undefined,
    present,
    ended: false,
  };
  const effects: MembershipEffect[] = [];
  const begun = context.rsInitNotifies ? tellAlive(state, effects) : state;
  if (isSuspended(begun)) effects.push({ kind: 'suspend-checks', suspended: true });
  return { state: settleQuorum(begun, effects, 'start'), effects };
}

/** One step; an event for an ended membership, or with indices that it does not have, changes nothing. */
export function stepMembership(state: MembershipState, event: MembershipEvent): MembershipStep {
  if (state.ended) return { state, effects: [] };
  switch (event.kind) {
    case 'verdict':
      return hearVerdict(state, event.change);
    case 'presence': {
      const next = { ...state, present: event.present };
      const changed = isSuspended(next) !== isSuspended(state);
      return { state: next, effects: changed ? [{ kind: 'suspend-checks', suspended: isSuspended(next) }] : [] };
    }
    case 'stop':
      return stop(state, event.flush);
    case 'remove':
      return remove(state);
    default:
      return unreachable(event);
  }
}

function hearVerdict(state: MembershipState, change: VerdictChange): MembershipStep {
  const [, realServer, checker] = change.at;
  const server = state.servers[realServer];
  const before = server?.checkers[checker];
  const config = server?.config.checkers[checker];
  // A checker that has not run has nothing to say: what it is presumed to be was decided here.
  if (server === undefined || before === undefined || config === undefined || !isRunnable(config) || !change.run) {
    return { state, effects: [] };
  }
  const after: CheckerVerdict = {
    up: change.up,
    run: true,
    weight: change.weight,
    since: change.since,
    text: change.text,
  };
  const effects: MembershipEffect[] = [];
  // keepalived applies a script's weight before its verdict (15.8), each with its own look at the quorum.
  let next = reweigh(state, realServer, checker, { ...before, weight: change.weight }, effects);
  next = turn(next, realServer, checker, after, effects);
  return { state: next, effects };
}

function reweigh(
  state: MembershipState,
  realServer: number,
  checker: number,
  verdict: CheckerVerdict,
  effects: MembershipEffect[],
): MembershipState {
  const server = state.servers[realServer] as ServerMembership;
  if (server.checkers[checker]?.weight === verdict.weight) return state;
  const changed = withChecker(server, checker, verdict);
  const next = withServer(state, realServer, changed);
  const from = effectiveWeight(server);
  const to = effectiveWeight(changed);
  if (from === to) return next;
  effects.push(weightLine(next, changed, from, to, isAlive(changed)));
  return settleQuorum(next, effects, 'change');
}

function turn(
  state: MembershipState,
  realServer: number,
  checker: number,
  verdict: CheckerVerdict,
  effects: MembershipEffect[],
): MembershipState {
  const server = state.servers[realServer] as ServerMembership;
  const changed = withChecker(server, checker, verdict);
  const alive = isAlive(changed);
  if (alive !== isAlive(server)) return changeAlive(state, realServer, changed, verdict.since, effects);
  // The first failure of an alpha checker: the server was down, and now that is known (keepalived tells it too).
  if (!alive && !verdict.up && server.checkers[checker]?.run === false && server.told === undefined) {
    effects.push(...serverNotices(state, changed, realServer, false));
    return withServer(state, realServer, { ...changed, told: false });
  }
  return withServer(state, realServer, changed);
}

/** A server came up or went down: line, notifiers, and what that does to the quorum. */
export function changeAlive(
  state: MembershipState,
  realServer: number,
  server: ServerMembership,
  wall: number,
  effects: MembershipEffect[],
): MembershipState {
  const alive = isAlive(server);
  effects.push(aliveLine(state, server, alive));
  effects.push(...serverNotices(state, server, realServer, alive));
  return settleQuorum(withServer(state, realServer, { ...server, told: alive, since: wall }), effects, 'change');
}

/** rs_init_notifies: those that are up from the start are told of. */
function tellAlive(state: MembershipState, effects: MembershipEffect[]): MembershipState {
  const servers = state.servers.map((server, realServer) => {
    if (!isAlive(server)) return server;
    effects.push(...serverNotices(state, server, realServer, true));
    return { ...server, told: true };
  });
  return { ...state, servers };
}

/** Down notifiers only with omega, and only for those who do not know it already. */
function stop(state: MembershipState, flush: 'off' | 'table' | 'virtual-servers'): MembershipStep {
  const { omega } = state.server;
  const effects: MembershipEffect[] = [];
  if (flush === 'off') {
    state.servers.forEach((server, realServer) => {
      const inhibited = server.config.inhibitOnFailure && !isAlive(server) ? '(inhibited) ' : '';
      effects.push(logLine(`Shutting down ${inhibited}service ${nameOf(state, server)} from VS ${state.name}`));
      if (omega && isAlive(server)) effects.push(...serverNotices(state, server, realServer, false, true));
    });
  }
  if (omega && state.told !== false) effects.push(...quorumNotices(state, false, true));
  return { state: { ...state, ended: true, quorumUp: false, told: omega ? false : state.told }, effects };
}

function remove(state: MembershipState): MembershipStep {
  const target = state.server.target;
  const effects: MembershipEffect[] = [
    logLine(
      target.kind === 'group'
        ? `Removing Virtual Server Group [${target.group}]`
        : `Removing Virtual Server ${state.name}`,
    ),
  ];
  const wanted = wantedDestinations(state);
  state.servers.forEach((server, realServer) => {
    effects.push(
      ...departure(
        state,
        server,
        realServer,
        wanted.some((one) => sameDestination(one.server, server.config)),
      ),
    );
  });
  if (state.quorumUp) effects.push(...quorumNotices(state, false));
  return { state: { ...state, ended: true, quorumUp: false, told: state.quorumUp ? false : state.told }, effects };
}

/** A server leaves for good, at a reload: gone from the table at once, also with inhibit (keepalived.md 18.1). */
export function departure(
  state: MembershipState,
  server: ServerMembership,
  realServer: number,
  inTable: boolean,
): readonly MembershipEffect[] {
  const effects: MembershipEffect[] = [];
  const alive = isAlive(server);
  const inhibited = server.config.inhibitOnFailure && !alive ? '(inhibited) ' : '';
  if (inTable) effects.push(logLine(`Removing ${inhibited}service ${nameOf(state, server)} from VS ${state.name}`));
  if (alive) effects.push(...serverNotices(state, server, realServer, false));
  return effects;
}

export function withServer(state: MembershipState, realServer: number, server: ServerMembership): MembershipState {
  return { ...state, servers: state.servers.with(realServer, server) };
}

function withChecker(server: ServerMembership, checker: number, verdict: CheckerVerdict): ServerMembership {
  return { ...server, checkers: server.checkers.with(checker, verdict) };
}
