/**
 * A virtual server whose block may have changed: what survives, what is said (keepalived.md 18.1).
 *
 * Servers are the same by address and port, checkers by identity. The new state is computed whole and then compared
 * with the old one, so a reload of an equal block says nothing, and a quorum that is lost and gained within one reload
 * (a pool replaced by another) is no edge; keepalived runs both notifiers there. Sorry server changes do not repeat
 * quorum_down.
 */
import type { SorryServer, VirtualServer } from '../config/virtual-server.js';
import { sameDestination, wantedDestinations } from './membership-destinations.js';
import {
  aliveLine,
  logLine,
  type MembershipEffect,
  type MembershipStep,
  poolLine,
  serverNotices,
  sorryLine,
  weightLine,
} from './membership-effects.js';
import { settleQuorum } from './membership-quorum.js';
import {
  carryVerdicts,
  effectiveWeight,
  type IdentifiedVerdict,
  identified,
  isAlive,
  isSuspended,
  type MembershipContext,
  type MembershipState,
  nameOf,
  type ServerMembership,
  sorryIsActive,
  unknownServer,
} from './membership-state.js';
import { departure } from './membership-step.js';

/**
 * @param state the virtual server as it was; same identity (name) as `server`
 * @param server its block in the new Config
 */
export function reloadMembership(
  state: MembershipState,
  server: VirtualServer,
  context: MembershipContext,
): MembershipStep {
  if (server === state.server) {
    return { state: { ...state, index: context.index, generation: context.generation }, effects: [] };
  }
  const effects: MembershipEffect[] = [];
  const before = new Map(state.servers.map((one) => [nameOf(state, one) as string, one]));
  const staying = new Set<string>();
  const base: MembershipState = { ...state, server, index: context.index, generation: context.generation };
  const news: MembershipEffect[] = [];
  const servers = server.realServers.map((config, realServer): ServerMembership => {
    const fresh = unknownServer(config, context.wall);
    const name = nameOf(base, fresh);
    const known = before.get(name);
    if (known === undefined) {
      if (!context.rsInitNotifies || !isAlive(fresh)) return fresh;
      news.push(...serverNotices(base, fresh, realServer, true));
      return { ...fresh, told: true };
    }
    staying.add(name);
    const kept = { ...fresh, told: known.told, since: known.since };
    const carried = carryServer(base, kept, identified(known), realServer, context.wall, news);
    const from = effectiveWeight(known);
    const to = effectiveWeight(carried);
    if (from !== to) news.push(weightLine(base, carried, from, to, isAlive(carried)));
    return carried;
  });
  const wanted = wantedDestinations(state);
  state.servers.forEach((gone, realServer) => {
    const name = nameOf(state, gone);
    if (staying.has(name)) return;
    effects.push(logLine(`service ${name} no longer exist`));
    const inTable = wanted.some((one) => sameDestination(one.server, gone.config));
    effects.push(...departure(state, gone, realServer, inTable));
  });
  effects.push(...news);
  let next: MembershipState = { ...base, servers };
  const settling: MembershipEffect[] = [];
  next = settleQuorum(next, settling, 'reload');
  effects.push(...settling.slice(0, 1), ...sorryChanges(state, next), ...settling.slice(1));
  if (isSuspended(next) !== isSuspended(state)) {
    effects.push({ kind: 'suspend-checks', suspended: isSuspended(next) });
  }
  return { state: next, effects };
}

/**
 * A server that stays, or that a journal knew: its checkers carried over, and said if that brings it up or down.
 *
 * @param fresh the server as the new Config has it, with what its notifiers were told
 * @param before its checkers' verdicts
 */
export function carryServer(
  state: MembershipState,
  fresh: ServerMembership,
  before: readonly IdentifiedVerdict[],
  realServer: number,
  wall: number,
  effects: MembershipEffect[],
): ServerMembership {
  const wasAlive = before.every((checker) => checker.up);
  const carried = { ...fresh, checkers: carryVerdicts(fresh.config, before, wasAlive, wall) };
  const alive = isAlive(carried);
  if (alive === wasAlive) return carried;
  effects.push(aliveLine(state, carried, alive), ...serverNotices(state, carried, realServer, alive));
  return { ...carried, told: alive, since: wall };
}

/** What happened to sorry servers between two states: one may have gone, another one come, or its duty changed. */
function sorryChanges(before: MembershipState, after: MembershipState): readonly MembershipEffect[] {
  const old = before.server.sorryServer;
  const now = after.server.sorryServer;
  const wasActive = sorryIsActive(before);
  const active = sorryIsActive(after);
  const same = old !== undefined && now !== undefined && sameDestination(old, now);
  const effects: MembershipEffect[] = [];
  if (old !== undefined && !same && (wasActive || old.inhibit)) effects.push(removed(before, old));
  if (old !== undefined && same && wasActive && !active) effects.push(sorryLine(after, now, false));
  if (now !== undefined && active && !(same && wasActive)) effects.push(sorryLine(after, now, true));
  if (wasActive !== active) effects.push(poolLine(after, !active));
  return effects;
}

/** Left the file: gone from the table also with inhibit, so never "Disabling". */
function removed(state: MembershipState, sorry: SorryServer): MembershipEffect {
  return sorryLine(state, { ...sorry, inhibit: false }, false);
}
