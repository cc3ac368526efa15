/**
 * The addresses that stand on this host's interfaces, as a table that turns messages into events.
 *
 * Answers "is this VIP on this host?" (ha_suspend: keepalived.md 14.2) without a system call. An address whose duplicate
 * detection failed (IFA_F_DADFAILED) is not usable and counts as absent. Pure: `host-monitor.ts` feeds it.
 */
import { IFA_F_DADFAILED, type InterfaceAddress } from '../netlink/rtnetlink-address.js';
import type { IpAddress } from '../runtime/addresses.js';

/** An address came to this host (its first interface), or left it (its last one). */
export interface PresenceEvent {
  readonly address: IpAddress;
  readonly present: boolean;
}

const usable = (entry: InterfaceAddress): boolean => (entry.flags & IFA_F_DADFAILED) === 0;

export class AddressTable {
  readonly #entries = new Map<string, InterfaceAddress>();
  /** On how many interface entries each address stands. */
  readonly #presence = new Map<IpAddress, number>();

  /** Whether the address stands on any interface. */
  has(address: IpAddress): boolean {
    return (this.#presence.get(address) ?? 0) > 0;
  }

  /** Where it stands. */
  entriesOf(address: IpAddress): readonly InterfaceAddress[] {
    return [...this.#entries.values()].filter((entry) => entry.address === address);
  }

  /** What stands on an interface. */
  onInterface(index: number): readonly InterfaceAddress[] {
    return [...this.#entries.values()].filter((entry) => entry.index === index);
  }

  all(): readonly InterfaceAddress[] {
    return [...this.#entries.values()];
  }

  /** An address that is there now, new or changed. */
  set(entry: InterfaceAddress): readonly PresenceEvent[] {
    return this.#put(keyOf(entry), entry);
  }

  /** An address that is gone. */
  delete(entry: InterfaceAddress): readonly PresenceEvent[] {
    return this.#put(keyOf(entry), undefined);
  }

  /** The link is gone, and with it what stood on it. */
  deleteInterface(index: number): readonly PresenceEvent[] {
    return this.onInterface(index).flatMap((entry) => this.delete(entry));
  }

  /** The whole truth, from a dump. An address that only moved to another interface gives no event. */
  replace(entries: readonly InterfaceAddress[]): readonly PresenceEvent[] {
    const before = new Set(this.#presence.keys());
    this.#entries.clear();
    this.#presence.clear();
    for (const entry of entries) this.#put(keyOf(entry), entry);
    const gone = [...before].filter((address) => !this.has(address));
    const come = [...this.#presence.keys()].filter((address) => !before.has(address));
    return [
      ...gone.map((address) => ({ address, present: false })),
      ...come.map((address) => ({ address, present: true })),
    ];
  }

  #put(key: string, entry: InterfaceAddress | undefined): readonly PresenceEvent[] {
    const before = this.#entries.get(key);
    const address = (entry ?? before)?.address;
    if (address === undefined) return [];
    const was = this.has(address);
    if (before !== undefined && usable(before)) this.#count(address, -1);
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
    if (entry !== undefined && usable(entry)) this.#count(address, 1);
    const present = this.has(address);
    return was === present ? [] : [{ address, present }];
  }

  #count(address: IpAddress, by: 1 | -1): void {
    const count = (this.#presence.get(address) ?? 0) + by;
    if (count === 0) this.#presence.delete(address);
    else this.#presence.set(address, count);
  }
}

/** The kernel tells addresses of one interface apart by prefix and, in IPv4, by peer. */
function keyOf(entry: InterfaceAddress): string {
  return `${entry.index} ${entry.address}/${entry.prefixLength} ${entry.peer}`;
}
