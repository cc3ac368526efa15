/**
 * Whether this process was not run for a while: stopped (SIGSTOP, a stopped VM), swapped out, or busy with something
 * that took too long. Pure but for what it remembers.
 *
 * While probes are in flight a timer is always armed, so an instant well behind that timer, and well behind the last
 * time that anything of ours ran, tells of a pause; wherever in the program it fell, also in the middle of a turn. A VM
 * that was stopped together with its monotonic clock shows by the wall clock, once that is set right.
 */

/** A step of the wall clock against the monotonic one that is not the slewing of NTP, milliseconds. */
const CLOCK_JUMP = 2000;

export interface Pause {
  /** Milliseconds. */
  readonly length: number;
  /** Seen by the wall clock only. */
  readonly jumped: boolean;
}

export class PauseWatch {
  /** The instant for which a timer is armed; Infinity: none, nobody waits for anything. */
  armedFor = Number.POSITIVE_INFINITY;
  readonly #after: number;
  #lastLook: number;
  #wallOffset: number;

  /** @param after milliseconds behind its timer from which on the process counts as not run */
  constructor(after: number, now: number, wall: number) {
    this.#after = after;
    this.#lastLook = now;
    this.#wallOffset = wall - now;
  }

  /** Looks at the clocks: at the beginning and the end of every turn. A pause is reported once. */
  look(now: number, wall: number): Pause | undefined {
    const offset = wall - now;
    const jump = Math.abs(offset - this.#wallOffset);
    const behind = now - Math.max(this.armedFor, this.#lastLook);
    this.#wallOffset = offset;
    this.#lastLook = now;
    if (behind > this.#after) return { length: behind, jumped: false };
    return jump > CLOCK_JUMP ? { length: jump, jumped: true } : undefined;
  }
}
