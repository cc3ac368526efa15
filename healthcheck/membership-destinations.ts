/**
 * The destinations that a virtual server should have now: a pure function of what is known, so the order in which
 * things became known cannot leave anything wrong behind.
 *
 * keepalived.md 14.2, 14.3, 16: alive servers are in with their effective weight; while the sorry server has the
 * traffic they are out. inhibit_on_failure turns "out" into "weight 0". The sorry server has weight 1 while it is
 * active, and weight 0 otherwise if it is inhibited instead of removed. A sorry server that is also a real server is
 * one destination.
 */
import type { RealServer, SorryServer } from '../config/virtual-server.js';
import { type Weight, weight } from '../runtime/units.js';
import { effectiveWeight, isAlive, type MembershipState, sorryIsActive } from './membership-state.js';

export interface WantedDestination {
  readonly server: RealServer | SorryServer;
  readonly weight: Weight;
}

/** In file order, the sorry server last. Empty after `stop` or `remove`. */
export function wantedDestinations(state: MembershipState): readonly WantedDestination[] {
  if (state.ended) return [];
  const sorry = state.server.sorryServer;
  const sorryActive = sorryIsActive(state);
  const wanted: WantedDestination[] = [];
  let sorryStands = false;
  for (const server of state.servers) {
    const isSorry = sorry !== undefined && sameDestination(sorry, server.config);
    if (isSorry && sorryActive) continue;
    const pooled = !sorryActive && isAlive(server);
    if (pooled) wanted.push({ server: server.config, weight: effectiveWeight(server) });
    else if (server.config.inhibitOnFailure) wanted.push({ server: server.config, weight: weight(0) });
    else continue;
    if (isSorry) sorryStands = true;
  }
  if (sorry !== undefined && !sorryStands) {
    if (sorryActive) wanted.push({ server: sorry, weight: weight(1) });
    else if (sorry.inhibit) wanted.push({ server: sorry, weight: weight(0) });
  }
  return wanted;
}

export function sameDestination(a: RealServer | SorryServer, b: RealServer | SorryServer): boolean {
  return a.address === b.address && a.port === b.port;
}
