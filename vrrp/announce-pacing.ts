/**
 * The spacing of gratuitous ARPs and neighbour advertisements on one interface, or on the interfaces of a garp_group
 * (keepalived.md 7.4, 8, 12.5: garp_interval, gna_interval).
 *
 * Without an interval everything goes out at once. With one, what comes too early waits in line, each address once: a burst
 * that is repeated five times, queued behind an interval, goes out once for each address, as with keepalived. A pacer is a
 * value; the two functions return the next one.
 */

export interface AnnouncePacer<T> {
  /** Milliseconds between two frames; 0: none. */
  readonly interval: number;
  /** The instant before which nothing goes out. */
  readonly freeAt: number;
  readonly waiting: readonly T[];
}

export const newPacer = <T>(interval: number): AnnouncePacer<T> => ({
  interval,
  freeAt: Number.NEGATIVE_INFINITY,
  waiting: [],
});

export interface Paced<T> {
  readonly pacer: AnnouncePacer<T>;
  /** To be sent now, in order. */
  readonly send: readonly T[];
}

/** Asks for frames. `wanted` are the addresses in order, repeats and all; equal ones are one in the line. */
export function announceSoon<T>(pacer: AnnouncePacer<T>, wanted: readonly T[], now: number): Paced<T> {
  if (pacer.interval === 0) return { pacer, send: wanted };
  const queued = new Set(pacer.waiting);
  const send: T[] = [];
  let { freeAt } = pacer;
  for (const address of wanted) {
    if (queued.size === 0 && now >= freeAt) {
      send.push(address);
      freeAt = now + pacer.interval;
    } else queued.add(address);
  }
  return { pacer: { ...pacer, freeAt, waiting: [...queued] }, send };
}

/** The frame whose turn has come, if it has. To be asked again at `pacer.freeAt` while anybody waits. */
export function announceDue<T>(pacer: AnnouncePacer<T>, now: number): Paced<T> {
  const [first, ...rest] = pacer.waiting;
  if (first === undefined || now < pacer.freeAt) return { pacer, send: [] };
  return { pacer: { ...pacer, freeAt: now + pacer.interval, waiting: rest }, send: [first] };
}

/** Takes what waits out of the line: its instance is not master any more. */
export function forget<T>(pacer: AnnouncePacer<T>, gone: (address: T) => boolean): AnnouncePacer<T> {
  return { ...pacer, waiting: pacer.waiting.filter((address) => !gone(address)) };
}
