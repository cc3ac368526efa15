/**
 * What of a membership has to be in the journal, so that a director that begins anew decides as this one would. Pure.
 *
 * A server that is as a fresh start would presume it (up without alpha, down with alpha, no weight asked for, nobody
 * told anything) is left out, and a change that leaves all of this alone writes nothing: the first success of 37,000
 * healthy servers costs no line.
 */
import {
  type JournalledMembership,
  type MembershipState,
  type ServerMembership,
  verdictsOf,
} from '../healthcheck/membership.js';
import { presumedUp } from '../healthcheck/verdict.js';

function isUneventful(server: ServerMembership): boolean {
  const { told, checkers, config } = server;
  if (told !== undefined) return false;
  for (let i = 0; i < checkers.length; i++) {
    const verdict = checkers[i];
    const checker = config.checkers[i];
    if (verdict === undefined || checker === undefined) return false;
    if (verdict.weight !== undefined || verdict.up !== presumedUp(checker)) return false;
  }
  return true;
}

/** The journal's entry for a virtual server. */
export function journalEntry(state: MembershipState): JournalledMembership {
  return verdictsOf(
    state,
    state.servers.filter((server) => !isUneventful(server)),
  );
}

/** Whether the journal has to hear of the step from `before` to `after`. */
export function worthJournalling(before: MembershipState, after: MembershipState): boolean {
  if (before === after) return false;
  if (before.quorumUp !== after.quorumUp || before.told !== after.told) return true;
  return after.servers.some((server, i) => {
    const old = before.servers[i];
    if (old === server) return false;
    if (old === undefined || old.told !== server.told || old.checkers.length !== server.checkers.length) return true;
    return server.checkers.some((c, j) => c.up !== old.checkers[j]?.up || c.weight !== old.checkers[j]?.weight);
  });
}
