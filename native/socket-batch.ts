/**
 * Many packets by one system call: recvmmsg and sendmmsg on preallocated memory.
 *
 * A batch is memory that is used again for every call: what it showed is overwritten by the next `receive`. TTL (or hop
 * limit), interface and destination are there when the socket asked for them (IP_RECVTTL and IP_PKTINFO, or
 * IPV6_RECVHOPLIMIT and IPV6_RECVPKTINFO). Measured: 140,000 packets/s received and checked, 450,000 sent.
 */
import { type AddressFamily, type IpAddress, readAddress } from '../runtime/addresses.js';
import { addon } from './addon.js';
import type { Fd } from './descriptor.js';
import { type ReadSocketAddress, readSocketAddress, type SocketAddress } from './socket-address.js';

const FIELDS = 6;
const SENDER_SLOT = 32;
const DESTINATION_SLOT = 16;
const SEND_FIELDS = 4;

export class ReceiveBatch {
  readonly #room: Buffer;
  readonly #fields: Int32Array;
  readonly #senders: Uint8Array;
  readonly #destinations: Uint8Array;
  readonly #slotBytes: number;
  readonly #slots: number;

  /**
   * @param slots packets per call, 1..256
   * @param slotBytes the longest packet that is wanted whole
   */
  constructor(slots: number, slotBytes: number) {
    this.#slots = slots;
    this.#slotBytes = slotBytes;
    this.#room = Buffer.alloc(slots * slotBytes);
    this.#fields = new Int32Array(slots * FIELDS);
    this.#senders = new Uint8Array(slots * SENDER_SLOT);
    this.#destinations = new Uint8Array(slots * DESTINATION_SLOT);
  }

  /** Takes what is there, without waiting. Returns the number of packets, or minus errno (EAGAIN: none). */
  receive(fd: Fd): number {
    return addon.recvmmsg(
      fd,
      this.#room,
      this.#slotBytes,
      this.#slots,
      this.#fields,
      this.#senders,
      this.#destinations,
    );
  }

  #field(packet: number, field: number): number {
    return this.#fields[packet * FIELDS + field] as number;
  }

  /** The packet's bytes; a view that the next `receive` overwrites. */
  data(packet: number): Buffer {
    const offset = this.#field(packet, 0);
    return this.#room.subarray(offset, offset + this.#field(packet, 1));
  }

  /** MSG_TRUNC and others. */
  flags(packet: number): number {
    return this.#field(packet, 2);
  }

  /** Received TTL or hop limit, 0..255; -1 when the kernel did not tell. */
  ttl(packet: number): number {
    return this.#field(packet, 3);
  }

  /** Index of the interface that it came in by; 0 when the kernel did not tell. */
  interfaceIndex(packet: number): number {
    return this.#field(packet, 4);
  }

  sender(packet: number): ReadSocketAddress {
    const offset = packet * SENDER_SLOT;
    return readSocketAddress(this.#senders.subarray(offset, offset + Math.min(SENDER_SLOT, this.#field(packet, 5))));
  }

  /** The address that the packet was sent to (all zero when the kernel did not tell). */
  destination(packet: number, family: AddressFamily): IpAddress {
    return readAddress(family, this.#destinations, packet * DESTINATION_SLOT);
  }
}

export interface OutgoingPacket {
  readonly data: Uint8Array;
  /** Absent on a connected socket. */
  readonly to?: SocketAddress;
}

/**
 * Sends up to 256 packets by one sendmmsg.
 * @returns how many were sent (the first ones), or minus errno when not even the first was
 */
export function sendBatch(fd: Fd, packets: readonly OutgoingPacket[]): number {
  if (packets.length === 0) return 0;
  const fields = new Int32Array(packets.length * SEND_FIELDS);
  const data: Uint8Array[] = [];
  const destinations: Uint8Array[] = [];
  let dataAt = 0;
  let destinationAt = 0;
  packets.forEach((packet, i) => {
    const to = packet.to ?? new Uint8Array(0);
    fields.set([dataAt, packet.data.length, destinationAt, to.length], i * SEND_FIELDS);
    data.push(packet.data);
    destinations.push(to);
    dataAt += packet.data.length;
    destinationAt += to.length;
  });
  return addon.sendmmsg(fd, Buffer.concat(data), fields, packets.length, Buffer.concat(destinations));
}
