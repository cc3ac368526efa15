/**
 * Time as something that is handed in.
 *
 * Cores never ask the machine for the time and never start a timer by themselves: they get a `Clock`. The real one
 * stands here too; the virtual one (`virtual-clock.ts`) lets a test live through a day in a millisecond.
 *
 * Monotonic time is CLOCK_MONOTONIC in milliseconds: it stands still while the machine sleeps and never jumps, so it
 * is the only one that schedules are made of. Wall time is for people (log lines, "down since").
 */
import { type Milliseconds, milliseconds } from './units.js';

export interface Timer {
  /** Ends the timer; harmless when it has fired or was cancelled. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds of CLOCK_MONOTONIC, with fractions. */
  now(): Milliseconds;
  /** Milliseconds since 1970 (CLOCK_REALTIME): for people and files only. */
  wall(): number;
  /** Calls `action` once, `delay` milliseconds from now (not before). `name` says whose timer it is when one leaks. */
  after(delay: Milliseconds, name: string, action: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => milliseconds(performance.now()),
  wall: () => Date.now(),
  after(delay, _name, action) {
    const handle = setTimeout(action, Math.max(0, delay));
    return { cancel: () => clearTimeout(handle) };
  },
};
