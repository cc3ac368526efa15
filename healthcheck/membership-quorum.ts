/**
 * The quorum edge: when a virtual server gains or loses it, and what is said then (keepalived.md 16).
 *
 * Lost when the live weight falls below quorum - hysteresis or to 0; gained at quorum + hysteresis. At a start the
 * quorum begins down: with weight enough it is gained at once (quorum_up runs); without, quorum_down runs only where
 * there is a sorry server to put in.
 */
import { logLine, type MembershipEffect, poolLine, quorumNotices, sorryLine } from './membership-effects.js';
import { liveWeight, type MembershipState, thresholds } from './membership-state.js';

/**
 * Looks at the live weight and takes the edge if there is one; the effects are appended.
 *
 * @param occasion `start` says so where a sorry server is needed from the beginning; at a `reload` the caller speaks of
 *   the sorry servers, because they may be others than before
 */
export function settleQuorum(
  state: MembershipState,
  effects: MembershipEffect[],
  occasion: 'start' | 'change' | 'reload',
): MembershipState {
  const sum = liveWeight(state);
  const { quorum, hysteresis } = thresholds(state.server);
  const sorry = occasion === 'reload' ? undefined : state.server.sorryServer;
  if (!state.quorumUp && sum >= quorum + hysteresis) {
    effects.push(
      logLine(`Gained quorum ${quorum}+${hysteresis}=${quorum + hysteresis} <= ${sum} for VS ${state.name}`),
    );
    // At a start the sorry server was never in.
    if (sorry !== undefined && occasion === 'change')
      effects.push(sorryLine(state, sorry, false), poolLine(state, true));
    const next = { ...state, quorumUp: true, told: true };
    effects.push(...quorumNotices(next, true));
    return next;
  }
  // The lower threshold is at least 1 (`thresholds`), so a live weight of 0 is always below it.
  if (state.quorumUp && sum < quorum - hysteresis) {
    effects.push(logLine(`Lost quorum ${quorum}-${hysteresis}=${quorum - hysteresis} > ${sum} for VS ${state.name}`));
    if (sorry !== undefined) effects.push(sorryLine(state, sorry, true), poolLine(state, false));
    const next = { ...state, quorumUp: false, told: false };
    effects.push(...quorumNotices(next, false));
    return next;
  }
  if (occasion === 'start' && !state.quorumUp && sorry !== undefined) {
    // To the letter: keepalived prints the upper threshold behind the minus sign here.
    effects.push(
      logLine(`Starting with quorum down ${quorum}-${hysteresis}=${quorum + hysteresis} > ${sum} for VS ${state.name}`),
      sorryLine(state, sorry, true),
      poolLine(state, false),
    );
    const next = { ...state, told: false };
    effects.push(...quorumNotices(next, false));
    return next;
  }
  return state;
}
