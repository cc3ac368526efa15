/**
 * What membership knows about one virtual server, and what follows from it at once: who is alive, with what weight,
 * whether checks stand still.
 *
 * A server is alive when every checker of it is up (keepalived.md 16); with no checker it always is. Nothing derived is
 * stored: liveness, weights and the sorry server's duty are computed from the verdicts and `quorumUp`, so they cannot
 * disagree with them. `quorumUp` itself is stored, because hysteresis makes it depend on the past.
 */
import type { Checker } from '../config/checker.js';
import { type RealServerName, realServerName, type VirtualServerName } from '../config/names.js';
import type { RealServer, VirtualServer } from '../config/virtual-server.js';
import { clampWeight, type Weight } from '../runtime/units.js';
import { checkerIdentity, presumedUp } from './verdict.js';

/** The last verdict of one checker, in the order of the real server's checkers. */
export interface CheckerVerdict {
  readonly up: boolean;
  /** False: `up` is only presumed, no run has decided. */
  readonly run: boolean;
  /** misc_dynamic: the weight it asks for. */
  readonly weight: number | undefined;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly text: string;
}

export interface ServerMembership {
  readonly config: RealServer;
  readonly checkers: readonly CheckerVerdict[];
  /** What the notifiers were told last; undefined: nothing yet (a start tells nothing unless rs_init_notifies). */
  readonly told: boolean | undefined;
  /** Milliseconds since 1970 since when it is alive, or not. */
  readonly since: number;
}

export interface MembershipState {
  readonly name: VirtualServerName;
  readonly server: VirtualServer;
  /** Index of the virtual server in its Config, and which generation of Config that is. */
  readonly index: number;
  readonly generation: number;
  readonly servers: readonly ServerMembership[];
  readonly quorumUp: boolean;
  /** What the quorum notifiers were told last. */
  readonly told: boolean | undefined;
  /** Whether its VIP (for a group: any address of it) is on this host; matters for ha_suspend only. */
  readonly present: boolean;
  /** After `stop` or `remove` nothing is wanted any more. */
  readonly ended: boolean;
}

/** What `start`, `reload` and `restore` need besides the virtual server. */
export interface MembershipContext {
  readonly index: number;
  readonly generation: number;
  /** global_defs: servers that are up at the start are notified as well. */
  readonly rsInitNotifies: boolean;
  /** Milliseconds since 1970. */
  readonly wall: number;
}

/** `[10.1.0.1]:tcp:80`: spelled where it is said, because a start has tens of thousands and says none. */
export function nameOf(state: MembershipState, server: ServerMembership): RealServerName {
  return realServerName(server.config, state.server.protocol);
}

export function isAlive({ checkers }: ServerMembership): boolean {
  for (let i = 0; i < checkers.length; i++) if (!(checkers[i] as CheckerVerdict).up) return false;
  return true;
}

/** Configured weight plus what its checkers contribute (each replaces: weight + (asked - weight)), clamped (16). */
export function effectiveWeight(server: ServerMembership): Weight {
  const { checkers } = server;
  const configured: number = server.config.weight;
  let weight = configured;
  for (let i = 0; i < checkers.length; i++) {
    const asked = (checkers[i] as CheckerVerdict).weight;
    if (asked !== undefined) weight += asked - configured;
  }
  return clampWeight(weight);
}

/** The sum that quorum is counted in: effective weights of the servers that are alive. */
export function liveWeight(state: MembershipState): number {
  let sum = 0;
  const { servers } = state;
  for (let i = 0; i < servers.length; i++) {
    const server = servers[i] as ServerMembership;
    if (isAlive(server)) sum += effectiveWeight(server);
  }
  return sum;
}

/**
 * Quorum and hysteresis as counted with. keepalived lowers a quorum above the total weight, and when all weights are 0
 * ends at quorum 0 and hysteresis 4294967295 (keepalived.md 24.2): here quorum is at least 1 and hysteresis below it,
 * so a virtual server whose weights are all 0 is simply without quorum.
 */
export function thresholds(server: VirtualServer): { readonly quorum: number; readonly hysteresis: number } {
  const quorum = Math.max(1, server.quorum);
  return { quorum, hysteresis: server.hysteresis < quorum ? server.hysteresis : quorum - 1 };
}

/** The sorry server has the traffic: quorum is lost (or was never there) and one is configured. */
export function sorryIsActive(state: MembershipState): boolean {
  return !state.ended && !state.quorumUp && state.server.sorryServer !== undefined;
}

/** Whether the checks of this virtual server stand still (ha_suspend; not for fwmark services, which have no VIP). */
export function isSuspended(state: MembershipState): boolean {
  return state.server.haSuspend && state.server.target.kind !== 'fwmark' && !state.present;
}

/** A server that nothing is known of yet: alpha checkers hold it down until they have passed once. */
export function unknownServer(config: RealServer, wall: number): ServerMembership {
  return { config, checkers: presumedVerdicts(config.checkers, wall), told: undefined, since: wall };
}

function presumed(up: boolean, wall: number): CheckerVerdict {
  return { up, run: false, weight: undefined, since: wall, text: '' };
}

const NO_VERDICTS: readonly CheckerVerdict[] = [];
/** What one checker that nothing is known of is presumed to be: the same for all of one moment. */
let oneUp: readonly CheckerVerdict[] = NO_VERDICTS;
let oneDown: readonly CheckerVerdict[] = NO_VERDICTS;

function presumedVerdicts(checkers: readonly Checker[], wall: number): readonly CheckerVerdict[] {
  const [first] = checkers;
  if (first === undefined) return NO_VERDICTS;
  if (checkers.length > 1) return checkers.map((checker) => presumed(presumedUp(checker), wall));
  if (presumedUp(first)) {
    if (oneUp[0]?.since !== wall) oneUp = [presumed(true, wall)];
    return oneUp;
  }
  if (oneDown[0]?.since !== wall) oneDown = [presumed(false, wall)];
  return oneDown;
}

/** A verdict and the checker that it is of, across reloads and restarts. */
export interface IdentifiedVerdict extends CheckerVerdict {
  readonly identity: string;
}

/** The verdicts of a server with the identities of their checkers. */
export function identified(server: ServerMembership): readonly IdentifiedVerdict[] {
  return server.checkers.flatMap((verdict, i) => {
    const checker = server.config.checkers[i];
    return checker === undefined ? [] : [{ identity: checkerIdentity(checker), ...verdict }];
  });
}

/**
 * A server's checkers after a reload or restart, from what was known before (keepalived.md 18.1): same identity keeps
 * its verdict; a new one is presumed up unless it is alpha and the server was not up; one that is gone no longer
 * counts. Equal identities within one server are paired in order.
 */
export function carryVerdicts(
  config: RealServer,
  before: readonly IdentifiedVerdict[],
  wasAlive: boolean,
  wall: number,
): readonly CheckerVerdict[] {
  const known = new Map<string, CheckerVerdict[]>();
  for (const { identity, ...verdict } of before) {
    const same = known.get(identity);
    if (same === undefined) known.set(identity, [verdict]);
    else same.push(verdict);
  }
  return config.checkers.map((checker) => {
    const identity = checkerIdentity(checker);
    return known.get(identity)?.shift() ?? presumed(wasAlive || presumedUp(checker), wall);
  });
}
