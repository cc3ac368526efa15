/**
 * interface_up_down_delays: an interface that goes down, or comes up, counts as that only after it has stayed so for a time
 * (keepalived.md 8). A change back within the time was none. Pure: instants come in, `deadline` names the next one.
 */
import type { InterfaceDelays } from '../config/vrrp.js';

interface Waiting {
  readonly works: boolean;
  readonly at: number;
}

export class DelayedInterfaces {
  #delays = new Map<string, InterfaceDelays>();
  /** What was told last. */
  readonly #told = new Map<string, boolean>();
  readonly #waiting = new Map<string, Waiting>();

  /** Another list; what waits by a delay that is gone is due at once. */
  load(delays: readonly InterfaceDelays[]): void {
    this.#delays = new Map(delays.map((one) => [one.name, one]));
    for (const [name, { works }] of this.#waiting) {
      if (!this.#delays.has(name)) this.#waiting.set(name, { works, at: Number.NEGATIVE_INFINITY });
    }
  }

  /** When `due` wants to be called; Infinity: nothing waits. */
  get deadline(): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (const { at } of this.#waiting.values()) nearest = Math.min(nearest, at);
    return nearest;
  }

  /**
   * An interface is in a state.
   * @param now milliseconds
   * @returns the state that counts now
   */
  state(name: string, works: boolean, now: number): boolean {
    const told = this.#told.get(name);
    const delays = this.#delays.get(name);
    const seconds = delays === undefined ? 0 : works ? delays.up : delays.down;
    if (told === undefined || told === works || seconds === 0) {
      this.#waiting.delete(name);
      this.#told.set(name, works);
      return works;
    }
    if (this.#waiting.get(name)?.works !== works) this.#waiting.set(name, { works, at: now + seconds * 1000 });
    return told;
  }

  /** What has stayed so for long enough. */
  due(now: number): readonly { readonly name: string; readonly works: boolean }[] {
    const due = [...this.#waiting].filter(([, { at }]) => at <= now).map(([name, { works }]) => ({ name, works }));
    for (const { name, works } of due) {
      this.#waiting.delete(name);
      this.#told.set(name, works);
    }
    return due;
  }
}
