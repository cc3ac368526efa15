/**
 * An advert like the one before: the same bytes from the same master, which a backup hears ten or a hundred times a second.
 *
 * What the checks said of it is known, so the packet is compared and not read again, and of the election only the down
 * timer starts anew. Whatever is not exactly this case goes the whole way (packet.ts, receive-check.ts, election.ts): another
 * priority, a preempt delay that runs, a pause of ours. Not for packets with a number in them that must grow (AH,
 * auth_hmac). Equal to the whole way by a property test (repeated-advert.test.ts).
 */
import type { IpAddress } from '../runtime/addresses.js';
import type { ElectionParameters, ElectionState, HeardAdvert } from './election-state.js';
import { wasNotRun } from './election-steps.js';
import { masterDownInterval } from './election-timers.js';
import type { AdvertView, ReceivedPacket } from './packet.js';

/** Bytes of an IPv4 header that differ from packet to packet: identification, and the checksum over it. */
const IDENTIFICATION = 4;
const HEADER_CHECKSUM = 10;
const AFTER_CHECKSUM = 12;
/** From so many bytes on the comparison is left to memcmp. */
const LONG = 128;

export class RepeatedAdvert {
  readonly heard: HeardAdvert;
  readonly #bytes: Buffer;
  readonly #destination: IpAddress;
  readonly #ttl: number;

  /** @param advert was accepted without a remark; its bytes are copied */
  constructor(advert: AdvertView, heard: HeardAdvert) {
    this.heard = heard;
    this.#bytes = Buffer.from(advert.bytes);
    this.#destination = advert.destination;
    this.#ttl = advert.ttl;
  }

  /** Whether a packet says the same. */
  isRepeatedBy({ family, bytes, source, destination, ttl }: ReceivedPacket): boolean {
    const known = this.#bytes;
    if (bytes.length !== known.length) return false;
    if (family === 'inet6') {
      const from = source === this.heard.source && destination === this.#destination && ttl === this.#ttl;
      return from && same(known, bytes, 0, bytes.length);
    }
    return (
      same(known, bytes, 0, IDENTIFICATION) &&
      same(known, bytes, IDENTIFICATION + 2, HEADER_CHECKSUM) &&
      same(known, bytes, AFTER_CHECKSUM, bytes.length)
    );
  }
}

function same(a: Buffer, b: Uint8Array, start: number, end: number): boolean {
  if (end - start >= LONG) return a.compare(b, start, end, start, end) === 0;
  for (let i = start; i < end; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * The election of a backup after one more advert of the master that it knows.
 * @returns undefined where this is not all that happens
 */
export function hearsAgain(
  state: ElectionState,
  { priority, source, interval }: HeardAdvert,
  parameters: ElectionParameters,
  now: number,
): ElectionState | undefined {
  const { masterInterval } = state;
  const plain =
    state.role === 'backup' &&
    state.wanted === 'backup' &&
    state.preemptAt === undefined &&
    state.listened === 0 &&
    priority >= state.priority &&
    priority === state.masterPriority &&
    source === state.masterAddress &&
    masterInterval === (parameters.version === 2 ? parameters.interval : interval) &&
    !wasNotRun(state, now);
  if (!plain) return undefined;
  const { version, downTimerAdverts } = parameters;
  const deadline = now + masterDownInterval(version, masterInterval, state.priority, downTimerAdverts);
  return { ...state, ranAt: now, deadline };
}
