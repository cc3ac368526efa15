/**
 * Answers that are owed: a question goes to a role with a number, the answer comes back with it, or time runs out.
 *
 * A role that dies simply does not answer; nobody waits longer than the patience that was given.
 */
import type { Clock, Timer } from '../../runtime/clock.js';
import { milliseconds } from '../../runtime/units.js';

interface Owed {
  readonly resolve: (value: unknown) => void;
  readonly timer: Timer;
}

export class Questions {
  readonly #clock: Clock;
  readonly #owed = new Map<number, Owed>();
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param patience milliseconds
   * @param send sends the question under this number; false if it could not be sent
   * @returns the answer, or undefined if none came
   */
  ask(patience: number, send: (id: number) => boolean): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve) => {
      const timer = this.#clock.after(milliseconds(patience), 'question', () => this.answer(id, undefined));
      this.#owed.set(id, { resolve, timer });
      if (!send(id)) this.answer(id, undefined);
    });
  }

  /** Takes an answer; one that nobody waits for any more is dropped. */
  answer(id: number, value: unknown): void {
    const owed = this.#owed.get(id);
    if (owed === undefined) return;
    this.#owed.delete(id);
    owed.timer.cancel();
    owed.resolve(value);
  }
}
