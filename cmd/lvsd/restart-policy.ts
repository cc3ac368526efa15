/**
 * When a role that died is started again, and when not at all. Pure.
 *
 * keepalived's rule (keepalived.md 1): a child that lived for less than a minute comes back after 0, 1, 2, 4 … 60
 * seconds, one that lived longer at once. A child that ended with a permanent code takes the whole daemon with it,
 * because the next one would end in the same way.
 */
import type { Milliseconds } from '../../runtime/units.js';
import { milliseconds } from '../../runtime/units.js';

/** Exit codes of lvsd's processes: keepalived's (keepalived.md 3). */
export const exitCode = {
  ok: 0,
  fatal: 1,
  config: 2,
  missingPermission: 4,
  noConfig: 6,
  programError: 70,
  outOfMemory: 204,
} as const;

/** Whether this exit status means that starting the role again cannot help. */
export function isPermanent(status: number | null): boolean {
  return status === exitCode.fatal || status === exitCode.config || status === exitCode.missingPermission;
}

/** The exit status of a start that was refused, from the codes of its refusals. */
export function statusOfRefusals(refusals: readonly { readonly code: string }[]): number {
  const codes = refusals.map(({ code }) => code);
  if (codes.every((code) => code === 'LVSD_CONFIG_FILE_MISSING')) return exitCode.noConfig;
  if (codes.some((code) => code === 'LVSD_PERMISSION' || code === 'LVSD_IPVS_PERMISSION'))
    return exitCode.missingPermission;
  const machine = codes.some((code) => code.startsWith('LVSD_IPVS_') || code.startsWith('LVSD_ROLE_'));
  return machine ? exitCode.fatal : exitCode.config;
}

export interface RestartState {
  /** Seconds that the next short-lived death waits. */
  readonly delaySeconds: number;
}

export const firstRestart: RestartState = { delaySeconds: 0 };

const LONG_LIFE_MS = 60_000;
const LONGEST_DELAY_SECONDS = 60;

/** What to do about a death after `lived` milliseconds. */
export function afterDeath(
  state: RestartState,
  lived: number,
): { readonly delay: Milliseconds; readonly state: RestartState } {
  if (lived >= LONG_LIFE_MS) return { delay: milliseconds(0), state: { delaySeconds: 1 } };
  const delay = state.delaySeconds;
  return {
    delay: milliseconds(delay * 1000),
    state: { delaySeconds: delay === 0 ? 1 : Math.min(LONGEST_DELAY_SECONDS, delay * 2) },
  };
}
