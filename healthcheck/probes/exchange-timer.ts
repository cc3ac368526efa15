/**
 * The two limits of a request and its answer.
 *
 * keepalived gives connect_timeout to each wait, anew with each byte that arrives, so a server that drips one byte a
 * second is never done with. Here each wait has the same limit, and the whole, from the first byte sent, has three
 * times as much: a slow page that keepalived accepts still passes, an endless one does not.
 */
import type { Clock, Timer } from '../../runtime/clock.js';
import { type Milliseconds, milliseconds } from '../../runtime/units.js';

/** How many connect_timeouts the whole exchange after connecting may take. */
const WHOLE = 3;

export class ExchangeTimer {
  readonly #clock: Clock;
  readonly #wait: Milliseconds;
  readonly #expired: () => void;
  readonly #end: number;
  #progress: number;
  #timer: Timer | undefined;

  /** @param wait the longest silence; the whole may take three times as much */
  constructor(clock: Clock, wait: Milliseconds, expired: () => void) {
    this.#clock = clock;
    this.#wait = wait;
    this.#expired = expired;
    this.#progress = clock.now();
    this.#end = this.#progress + WHOLE * wait;
    this.#arm();
  }

  /** Something arrived: the silence begins anew. Costs no timer. */
  progress(): void {
    this.#progress = this.#clock.now();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    const due = Math.min(this.#progress + this.#wait, this.#end);
    this.#timer = this.#clock.after(milliseconds(Math.max(0, due - this.#clock.now())), 'exchange', () => {
      // A real timer may fire a fraction of a millisecond before its time.
      if (this.#clock.now() + 1 >= Math.min(this.#progress + this.#wait, this.#end)) this.#expired();
      else this.#arm();
    });
  }
}
