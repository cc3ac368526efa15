/**
 * The kernel's counters for `lvsctl status` and metrics: of each virtual server, and of its real servers.
 *
 * Services are one dump. Destinations are one dump a service, so they are read only while the table is small: the
 * director must not stand still for a status. The counters of a group are the sums over its services.
 */
import type { IpvsFamily } from '../../../ipvs-netlink/ipvs-family.js';
import { destinationKeyText, type ServiceKey, serviceKeyText } from '../../../ipvs-netlink/model.js';
import {
  type DestinationStatus,
  readDestinationStatistics,
  readServiceStatistics,
  type ServiceStatus,
  type Statistics,
} from '../../../ipvs-netlink/statistics.js';
import type { DumpChannel } from '../../../netlink/generic-netlink.js';
import type { DestinationCounters, TrafficCounters } from '../../../observe/state.js';

/** With more services than this the counters of real servers are left out. */
export const MOST_READ_SERVICES = 256;

export class Traffic {
  readonly #services: ReadonlyMap<string, ServiceStatus>;
  readonly #destinations = new Map<string, readonly DestinationStatus[]>();

  /** Reads the counters now. @param mine the services whose destinations are of interest */
  constructor(ipvs: IpvsFamily, dumps: DumpChannel, mine: readonly ServiceKey[]) {
    this.#services = readServiceStatistics(ipvs, dumps);
    if (mine.length > MOST_READ_SERVICES) return;
    for (const key of mine) this.#destinations.set(serviceKeyText(key), readDestinationStatistics(ipvs, dumps, key));
  }

  /** The sum over a virtual server's services; null if the kernel has none of them. */
  ofServices(keys: readonly ServiceKey[]): TrafficCounters | null {
    const found = keys.flatMap((key) => this.#services.get(serviceKeyText(key))?.statistics ?? []);
    return found.length === 0 ? null : sum(found);
  }

  /** The sum over the services of one destination; null if it is in none of them, or was not read. */
  ofDestination(keys: readonly ServiceKey[], destinationText: string): DestinationCounters | null {
    const found = keys.flatMap((key) =>
      (this.#destinations.get(serviceKeyText(key)) ?? []).filter(
        ({ destination }) => destinationKeyText(destination) === destinationText,
      ),
    );
    if (found.length === 0) return null;
    const total = (of: (one: DestinationStatus) => number): number => found.reduce((n, one) => n + of(one), 0);
    return {
      ...sum(found.map(({ statistics }) => statistics)),
      activeConnections: total(({ connections }) => connections.active),
      inactiveConnections: total(({ connections }) => connections.inactive),
      persistentConnections: total(({ connections }) => connections.persistent),
    };
  }
}

function sum(all: readonly Statistics[]): TrafficCounters {
  const total = (of: (one: Statistics) => bigint): number => Number(all.reduce((n, one) => n + of(one), 0n));
  const rate = (of: (one: Statistics['rates']) => number): number => all.reduce((n, one) => n + of(one.rates), 0);
  return {
    connections: total((one) => one.connections),
    incomingPackets: total((one) => one.incomingPackets),
    outgoingPackets: total((one) => one.outgoingPackets),
    incomingBytes: total((one) => one.incomingBytes),
    outgoingBytes: total((one) => one.outgoingBytes),
    rates: {
      connections: rate((one) => one.connections),
      incomingPackets: rate((one) => one.incomingPackets),
      outgoingPackets: rate((one) => one.outgoingPackets),
      incomingBytes: rate((one) => one.incomingBytes),
      outgoingBytes: rate((one) => one.outgoingBytes),
    },
  };
}
