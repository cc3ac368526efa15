// A virtual clock that can also stand for a process that was not run: time goes on, timers do not fire.
//
// runtime/virtual-clock.ts fires every timer at its instant; what a SIGSTOP or a stopped VM does to a program cannot be
// told with it. Timers live in the queue under test's own kind of heap, so fifty thousand servers are no burden.

import { type Queued, ScheduleQueue } from '../../../healthcheck/schedule-queue.js';
import type { Clock, Timer } from '../../../runtime/clock.js';
import { type Milliseconds, milliseconds } from '../../../runtime/units.js';

interface Pending extends Queued {
  readonly action: () => void;
}

export class FreezableClock implements Clock {
  #now = 0;
  #end = 0;
  #wall = 1_700_000_000_000;
  readonly #timers = new ScheduleQueue<Pending>();

  now(): Milliseconds {
    return milliseconds(this.#now);
  }

  wall(): number {
    return this.#wall;
  }

  after(delay: Milliseconds, _name: string, action: () => void): Timer {
    const timer: Pending = { action, dueAt: 0, place: -1 };
    this.#timers.set(timer, this.#now + Math.max(0, delay));
    return { cancel: () => this.#timers.remove(timer) };
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Lives through `span` milliseconds. Timers that a freeze left overdue fire first, late, the earliest first. */
  advance(span: number): void {
    this.#end = this.#now + span;
    for (
      let timer = this.#timers.first();
      timer !== undefined && timer.dueAt <= this.#end;
      timer = this.#timers.first()
    ) {
      this.#timers.remove(timer);
      this.#move(Math.max(this.#now, timer.dueAt));
      timer.action();
    }
    this.#move(this.#end);
  }

  /** SIGSTOP: both clocks go on, nothing fires. In the middle of `advance` too: its span is then lived through after it. */
  freeze(span: number): void {
    this.#end += span;
    this.#move(this.#now + span);
  }

  /** A VM that was stopped with its monotonic clock, or somebody who set the time. */
  jumpWall(span: number): void {
    this.#wall += span;
  }

  #move(to: number): void {
    this.#wall += to - this.#now;
    this.#now = to;
  }
}
