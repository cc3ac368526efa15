/**
 * The kernel's clocks, and the identity of the boot (clock_gettime(2), random(4)).
 *
 * Monotonic stands still while the machine sleeps, boottime does not, realtime jumps when somebody sets it. A record
 * that was written under another boot id is about a kernel state that is gone.
 */
import { readFileSync } from 'node:fs';
import { addon } from './addon.js';
import { checked } from './system-call-error.js';

export const CLOCK = { realtime: 0, monotonic: 1, boottime: 7 } as const;
export type ClockName = keyof typeof CLOCK;

/** The clock's time in milliseconds with fractions (at least microseconds). */
export function clockMs(clock: ClockName): number {
  return checked(addon.clockGettime(CLOCK[clock]), 'clock_gettime', `Reading the ${clock} clock`);
}

/** The random identity of this boot. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
