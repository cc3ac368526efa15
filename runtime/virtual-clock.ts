/**
 * A clock that moves only when told to: for tests and simulations.
 *
 * Timers fire in the order of their instants, and in the order of their making within one instant, so a run is the
 * same every time. An action may start further timers; `advance` runs them too if they fall into its span.
 */
import type { Clock, Timer } from './clock.js';
import { type Milliseconds, milliseconds } from './units.js';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly name: string;
  readonly action: () => void;
}

export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #pending: Pending[] = [];
  readonly #wallStart: number;

  /** @param wallStart what `wall()` says at instant 0, milliseconds since 1970 */
  constructor(wallStart = 1_700_000_000_000) {
    this.#wallStart = wallStart;
  }

  now(): Milliseconds {
    return milliseconds(this.#now);
  }

  wall(): number {
    return this.#wallStart + this.#now;
  }

  after(delay: Milliseconds, name: string, action: () => void): Timer {
    const entry: Pending = { at: this.#now + Math.max(0, delay), order: this.#order++, name, action };
    this.#pending.push(entry);
    return {
      cancel: () => {
        const index = this.#pending.indexOf(entry);
        if (index >= 0) this.#pending.splice(index, 1);
      },
    };
  }

  /** Moves time forward by `span` milliseconds and fires what falls due, in order. */
  advance(span: number): void {
    const end = this.#now + span;
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.at > end) break;
      this.#pending.splice(this.#pending.indexOf(next), 1);
      this.#now = next.at;
      next.action();
    }
    this.#now = end;
  }

  /** The names of the timers that have not fired: a test that ends with any has leaked them. */
  pending(): readonly string[] {
    return this.#pending.map((entry) => entry.name);
  }

  #earliest(): Pending | undefined {
    let best: Pending | undefined;
    for (const entry of this.#pending) {
      if (best === undefined || entry.at < best.at || (entry.at === best.at && entry.order < best.order)) best = entry;
    }
    return best;
  }
}
