/**
 * Sends gratuitous ARPs and unsolicited neighbour advertisements, spaced as the interfaces want it.
 *
 * One packet socket for all interfaces. A pacer for each interface and kind, or for the interfaces of a garp_group
 * together (announce-pacing.ts). `deadline` tells when the next frame that waits may go; the owner of the timer calls
 * `timer` then.
 */
import { closeFd, type Fd } from '../native/descriptor.js';
import { openSocket, send } from '../native/socket.js';
import { packetAddress } from '../native/socket-address.js';
import { AF, SOCK } from '../native/socket-options.js';
import { type IpAddress, isIpv6 } from '../runtime/addresses.js';
import { announceFrame } from './announce-frame.js';
import { type AnnouncePacer, announceDue, announceSoon, forget, newPacer } from './announce-pacing.js';

const ETHERTYPE = { arp: 0x0806, ipv6: 0x86dd } as const;

/** Where an address is announced. */
export interface AnnouncedAddress {
  readonly address: IpAddress;
  readonly interfaceIndex: number;
  /** Six bytes. */
  readonly hardware: Uint8Array;
  /** Whether the interface forwards IPv6. */
  readonly router: boolean;
}

/** Milliseconds between two frames of an interface, and the name under which interfaces share them; 0: no spacing. */
export type SpacingOf = (
  interfaceIndex: number,
  kind: 'arp' | 'ipv6',
) => { readonly shared: string; readonly interval: number };

export class Announcer {
  readonly #fd: Fd;
  readonly #spacing: SpacingOf;
  readonly #pacers = new Map<string, AnnouncePacer<string>>();
  readonly #waiting = new Map<string, AnnouncedAddress>();
  /** Frames sent, and those that the kernel did not take. */
  sent = 0;
  failed = 0;

  /** @throws SystemCallError without CAP_NET_RAW */
  constructor(spacing: SpacingOf = () => ({ shared: '', interval: 0 })) {
    this.#spacing = spacing;
    // Protocol 0: this socket receives nothing.
    this.#fd = openSocket(AF.PACKET, SOCK.RAW, 0);
  }

  /** When `timer` wants to be called; Infinity: nothing waits. */
  get deadline(): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (const { waiting, freeAt } of this.#pacers.values())
      if (waiting.length > 0) nearest = Math.min(nearest, freeAt);
    return nearest;
  }

  /** Announces addresses, all of them `repeat` times over. */
  announce(addresses: readonly AnnouncedAddress[], repeat: number, now: number): void {
    const queues = new Map<string, { readonly interval: number; readonly keys: string[] }>();
    for (let round = 0; round < repeat; round++) {
      for (const one of addresses) {
        const kind = isIpv6(one.address) ? 'ipv6' : 'arp';
        const { shared, interval } = this.#spacing(one.interfaceIndex, kind);
        const queue = `${kind} ${interval === 0 ? '' : shared}`;
        const key = `${one.interfaceIndex} ${one.address}`;
        this.#waiting.set(key, one);
        const known = queues.get(queue) ?? { interval, keys: [] };
        known.keys.push(key);
        queues.set(queue, known);
      }
    }
    for (const [queue, { interval, keys }] of queues) {
      const before = this.#pacers.get(queue) ?? newPacer<string>(interval);
      const { pacer, send: due } = announceSoon({ ...before, interval }, keys, now);
      this.#pacers.set(queue, pacer);
      for (const key of due) this.#send(key);
    }
  }

  /** Sends what may go by now. */
  timer(now: number): void {
    for (const [queue, before] of this.#pacers) {
      const { pacer, send: due } = announceDue(before, now);
      this.#pacers.set(queue, pacer);
      for (const key of due) this.#send(key);
    }
  }

  /** Addresses that are not ours any more leave the line. */
  forget(addresses: readonly IpAddress[]): void {
    const gone = new Set<IpAddress>(addresses);
    for (const [queue, pacer] of this.#pacers) {
      this.#pacers.set(
        queue,
        forget(pacer, (key) => gone.has(key.slice(key.indexOf(' ') + 1) as IpAddress)),
      );
    }
  }

  close(): void {
    closeFd(this.#fd);
  }

  #send(key: string): void {
    const one = this.#waiting.get(key);
    if (one === undefined) return;
    const frame = announceFrame(one.address, one.hardware, one.router);
    const type = isIpv6(one.address) ? ETHERTYPE.ipv6 : ETHERTYPE.arp;
    const result = send(this.#fd, frame, packetAddress(type, one.interfaceIndex, frame.subarray(0, 6)));
    if (result < 0) this.failed++;
    else this.sent++;
  }
}
