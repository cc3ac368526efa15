/**
 * Who is due next: a binary min-heap over instants, in which an entry knows its own place.
 *
 * Fifty thousand checkers mean one timer, not fifty thousand: whoever owns the queue sets a timer for `first()`.
 * Moving or removing an entry is O(log n) because the entry carries its index. Entries of one instant come out in no
 * particular order.
 */

/** What a queue needs of its entries: a slot that only the queue writes. -1: in no queue. */
export interface Queued {
  /** Instant, milliseconds of the monotonic clock. */
  dueAt: number;
  place: number;
}

export class ScheduleQueue<T extends Queued> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The entry that is due first; undefined when the queue is empty. */
  first(): T | undefined {
    return this.#heap[0];
  }

  /** Puts an entry in, or moves it when it is in already. */
  set(entry: T, dueAt: number): void {
    if (entry.place < 0) {
      entry.place = this.#heap.length;
      this.#heap.push(entry);
      entry.dueAt = dueAt;
      this.#up(entry.place);
      return;
    }
    const earlier = dueAt < entry.dueAt;
    entry.dueAt = dueAt;
    if (earlier) this.#up(entry.place);
    else this.#down(entry.place);
  }

  /** Takes an entry out; harmless when it is not in. */
  remove(entry: T): void {
    const hole = entry.place;
    if (hole < 0) return;
    entry.place = -1;
    const last = this.#heap.pop() as T;
    if (last === entry) return;
    this.#heap[hole] = last;
    last.place = hole;
    this.#up(hole);
    this.#down(last.place);
  }

  /** Every entry, in no particular order. */
  entries(): readonly T[] {
    return this.#heap;
  }

  #up(from: number): void {
    const heap = this.#heap;
    const entry = heap[from] as T;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as T;
      if (above.dueAt <= entry.dueAt) break;
      heap[at] = above;
      above.place = at;
      at = parent;
    }
    heap[at] = entry;
    entry.place = at;
  }

  #down(from: number): void {
    const heap = this.#heap;
    const entry = heap[from] as T;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as T).dueAt < (heap[child] as T).dueAt) child++;
      const below = heap[child] as T;
      if (below.dueAt >= entry.dueAt) break;
      heap[at] = below;
      below.place = at;
      at = child;
    }
    heap[at] = entry;
    entry.place = at;
  }
}
