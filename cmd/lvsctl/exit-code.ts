/**
 * lvsctl's exit codes: part of its contract with scripts, never renumbered.
 */
export const exitCodes = {
  /** Done; for plan: a reload of the file would be accepted. */
  ok: 0,
  /** lvsd refused or failed; for reload: the former configuration stays in force. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** lvsd does not run, or this user may not talk to it. */
  unreachable: 3,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
