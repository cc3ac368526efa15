/**
 * Verdicts on their way into the journal and back (architecture, section 3): after a crash each server starts from its
 * last verdict, not from keepalived's "alive until checked", so a server that was dead is not put back before its
 * first check, and nobody is notified of what he knows already.
 *
 * The journal names virtual servers, real servers and checkers by identity, never by index: the file may have changed
 * while lvsd was away. Reading is total: whatever lies on the disk is a journal or it is not.
 */
import { virtualServerName } from '../config/names.js';
import type { VirtualServer } from '../config/virtual-server.js';
import { checkerKey } from './check-loop-register.js';
import type { MembershipEffect, MembershipStep } from './membership-effects.js';
import { settleQuorum } from './membership-quorum.js';
import { carryServer } from './membership-reload.js';
import {
  type IdentifiedVerdict,
  identified,
  isSuspended,
  type MembershipContext,
  type MembershipState,
  nameOf,
  type ServerMembership,
  unknownServer,
} from './membership-state.js';
import type { RestoredVerdict } from './schedule.js';

export interface JournalledChecker {
  readonly identity: string;
  readonly up: boolean;
  readonly run: boolean;
  readonly weight?: number;
  readonly since: number;
  readonly text: string;
}

export interface JournalledServer {
  readonly name: string;
  readonly told?: boolean;
  readonly since: number;
  readonly checkers: readonly JournalledChecker[];
}

/** The journal's entry for one virtual server: plain JSON. */
export interface JournalledMembership {
  readonly name: string;
  readonly quorumUp: boolean;
  readonly told?: boolean;
  readonly servers: readonly JournalledServer[];
}

/** @param servers those of the state that are to be in it; default: all */
export function verdictsOf(
  state: MembershipState,
  servers: readonly ServerMembership[] = state.servers,
): JournalledMembership {
  const { name, quorumUp, told } = state;
  if (servers.length === 0)
    return told === undefined ? { name, quorumUp, servers: [] } : { name, quorumUp, told, servers: [] };
  return {
    name,
    quorumUp,
    ...(told === undefined ? {} : { told }),
    servers: servers.map((server) => ({
      name: nameOf(state, server),
      ...(server.told === undefined ? {} : { told: server.told }),
      since: server.since,
      checkers: identified(server).map(({ identity, up, run, weight, since, text }) => ({
        identity,
        up,
        run,
        ...(weight === undefined ? {} : { weight }),
        since,
        text,
      })),
    })),
  };
}

/**
 * The membership of a virtual server after a crash. Where the file did not change, nothing is said and nobody notified.
 * A server that the journal does not know begins as in `startMembership`.
 */
export function restoreMembership(
  server: VirtualServer,
  journal: JournalledMembership,
  present: boolean,
  context: MembershipContext,
): MembershipStep {
  const effects: MembershipEffect[] = [];
  const known = new Map(journal.servers.map((one) => [one.name, one]));
  const base: MembershipState = {
    name: virtualServerName(server),
    server,
    index: context.index,
    generation: context.generation,
    servers: [],
    quorumUp: journal.quorumUp,
    told: journal.told,
    present,
    ended: false,
  };
  const servers = server.realServers.map((config, realServer) => {
    const fresh = unknownServer(config, context.wall);
    const entry = known.get(nameOf(base, fresh));
    if (entry === undefined) return fresh;
    const before = entry.checkers.map((checker): IdentifiedVerdict => ({ ...checker, weight: checker.weight }));
    const kept = { ...fresh, told: entry.told, since: entry.since };
    return carryServer(base, kept, before, realServer, context.wall, effects);
  });
  const state = settleQuorum({ ...base, servers }, effects, 'change');
  if (isSuspended(state)) effects.push({ kind: 'suspend-checks', suspended: true });
  return { state, effects };
}

/**
 * For the checker role after a crash: what the journal knows of a checker, by its key (check-loop-register.ts). Only
 * checkers that have run are in it.
 */
export function restoredVerdicts(
  journals: readonly JournalledMembership[],
): (key: string) => RestoredVerdict | undefined {
  const known = new Map<string, RestoredVerdict>();
  for (const journal of journals) {
    for (const server of journal.servers) {
      const repeats = new Map<string, number>();
      for (const { identity, up, run, weight, since } of server.checkers) {
        const repeat = repeats.get(identity) ?? 0;
        repeats.set(identity, repeat + 1);
        if (run) known.set(checkerKey(journal.name, server.name, { identity, repeat }), { up, weight, since });
      }
    }
  }
  return (key) => known.get(key);
}

/** Whether a value read from the disk is a journal's entry: shape and ranges. */
export function isJournalledMembership(value: unknown): value is JournalledMembership {
  if (!isRecord(value)) return false;
  const { name, quorumUp, told, servers } = value;
  return (
    typeof name === 'string' &&
    typeof quorumUp === 'boolean' &&
    isOptionalBoolean(told) &&
    Array.isArray(servers) &&
    servers.every(isJournalledServer)
  );
}

function isJournalledServer(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { name, told, since, checkers } = value;
  return (
    typeof name === 'string' &&
    isOptionalBoolean(told) &&
    Number.isFinite(since) &&
    Array.isArray(checkers) &&
    checkers.every(isJournalledChecker)
  );
}

function isJournalledChecker(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { identity, up, run, weight, since, text } = value;
  return (
    typeof identity === 'string' &&
    typeof up === 'boolean' &&
    typeof run === 'boolean' &&
    (weight === undefined || (Number.isSafeInteger(weight) && Number(weight) >= 0)) &&
    Number.isFinite(since) &&
    typeof text === 'string'
  );
}

/** An object with any fields: each is looked at before it is used. */
type Untrusted = { readonly [Field in string]?: unknown };

function isRecord(value: unknown): value is Untrusted {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOptionalBoolean(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}
