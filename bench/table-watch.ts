/**
 * Looks at IPVS from outside, cheaply and for every program alike, to see when a table is there.
 *
 * A look is one GET_DEST dump of one service: the last one of the file (both programs work in file order), or the one
 * that a reload changes. It costs well under a hundredth of what is measured. When the last service is complete, the
 * whole table is read once and counted, so a table with a hole is never taken for a complete one.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { IpvsFamily } from '../ipvs-netlink/ipvs-family.js';
import { addressServiceKey, type ServiceKey, type ServiceTable } from '../ipvs-netlink/model.js';
import { Command } from '../ipvs-netlink/numbers.js';
import { writeServiceKey } from '../ipvs-netlink/service-codec.js';
import { BelievedTable } from '../ipvs-netlink/table.js';
import { DumpSocket } from '../netlink/dump-socket.js';
import { RequestSocket } from '../netlink/request-socket.js';
import { parseIpAddress } from '../runtime/addresses.js';
import { port } from '../runtime/units.js';
import { virtualAddress } from './generate-config.js';

/** The IPVS table of the network namespace that the constructor was called in. */
export class TableWatch {
  readonly #requests = new RequestSocket('generic');
  readonly #dumps = new DumpSocket('generic');
  readonly #ipvs = IpvsFamily.open(this.#requests);

  #keyOf(service: number): ServiceKey {
    const address = parseIpAddress(virtualAddress(service));
    if (address === undefined) throw new Error(`no address for service ${service}`);
    return addressServiceKey('TCP', address, port(80));
  }

  /** How many destinations a service has now; 0 if it is not there. */
  destinationsOf(service: number): number {
    const key = this.#keyOf(service);
    return this.#dumps.dump(this.#ipvs.requests.dump(Command.GET_DEST, (into) => writeServiceKey(into, key))).length;
  }

  /** The whole table. */
  async read(): Promise<ServiceTable> {
    const table = new BelievedTable(this.#ipvs, this.#dumps);
    await table.read();
    return table.services;
  }

  /** Whether a destination of a service has this weight now. */
  hasWeight(service: number, weight: number): boolean {
    const key = this.#keyOf(service);
    const wanted = Buffer.alloc(8);
    wanted.writeUInt16LE(8, 0);
    wanted.writeUInt16LE(4, 2); // IPVS_DEST_ATTR_WEIGHT
    wanted.writeUInt32LE(weight, 4);
    return this.#dumps
      .dump(this.#ipvs.requests.dump(Command.GET_DEST, (into) => writeServiceKey(into, key)))
      .some(({ payload }) => payload.includes(wanted));
  }

  close(): void {
    this.#requests.close();
    this.#dumps.close();
  }
}

/** Services and destinations of a table. */
export function countOf(table: ServiceTable): { readonly services: number; readonly destinations: number } {
  let destinations = 0;
  for (const service of table.values()) destinations += service.destinations.size;
  return { services: table.size, destinations };
}

/**
 * Looks until `seen`, every `interval` milliseconds.
 * @returns milliseconds of performance.now() at the look that saw it; undefined if `alive` became false or `limit`
 *   milliseconds passed before
 */
export async function until(
  seen: () => boolean,
  options: { readonly interval: number; readonly limit: number; readonly alive: () => boolean },
): Promise<number | undefined> {
  const end = performance.now() + options.limit;
  for (;;) {
    const now = performance.now();
    if (seen()) return now;
    if (now > end || !options.alive()) return undefined;
    await pause(options.interval);
  }
}
