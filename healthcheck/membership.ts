/**
 * Membership of one virtual server: verdicts in, wanted destinations and quorum events out (keepalived.md 16, 18.1).
 *
 * The door of this part of the folder: the director imports from here. A pure core in six files: what is known
 * (membership-state), how it changes (membership-step, membership-quorum, membership-reload), what follows for the
 * table (membership-destinations), what is to be said and run (membership-effects), and the way into the journal and
 * back (membership-journal). One state a virtual server; they know nothing of each other.
 */
export { sameDestination, type WantedDestination, wantedDestinations } from './membership-destinations.js';
export type { MembershipEffect, MembershipStep, ScriptReference } from './membership-effects.js';
export {
  isJournalledMembership,
  type JournalledMembership,
  restoredVerdicts,
  restoreMembership,
  verdictsOf,
} from './membership-journal.js';
export { vipIsPresent } from './membership-presence.js';
export { reloadMembership } from './membership-reload.js';
export {
  type CheckerVerdict,
  effectiveWeight,
  isAlive,
  isSuspended,
  liveWeight,
  type MembershipContext,
  type MembershipState,
  nameOf,
  type ServerMembership,
  sorryIsActive,
  thresholds,
} from './membership-state.js';
export { type MembershipEvent, startMembership, stepMembership } from './membership-step.js';
