/**
 * The kernel's table as lvsd believes it to be: read once, kept as operations succeed, read again in slices.
 *
 * IPVS tells nobody of changes, so what others do is found by reading: `readSlice` takes the next few of lvsd's services
 * each time, round and round. Memory is kept small: settings are shared among services, and once the kernel holds what
 * the director wants of a service, its own value stands for the belief (`settle`), which also makes the next diff a
 * comparison of references.
 *
 * It decides nothing (`reconcile.ts`, `drift.ts`) and sends no change (`apply.ts`).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errno } from '../native/system-call-error.js';
import { forEachAttribute } from '../netlink/attribute.js';
import { type DumpChannel, GENL_HEADER_LENGTH } from '../netlink/generic-netlink.js';
import { decodeDestination } from './destination-codec.js';
import type { IpvsFamily } from './ipvs-family.js';
import {
  type Destination,
  destinationKeyText,
  type KernelService,
  type ServiceKey,
  type ServiceSettings,
  type ServiceTable,
  serviceKeyText,
} from './model.js';
import { Command, CommandAttribute } from './numbers.js';
import type { Operation } from './operations.js';
import { ServiceDecoder, writeServiceKey } from './service-codec.js';

/** Services whose destinations are read between two turns of the event loop. */
const READ_SLICE = 256;
/** A slice of reading asks for this many services in one sendmsg; each answer is about half a kilobyte. */
const MOST_ASKED = 512;

/** A believed service that has been changed since it was settled, and may be changed again. */
class ChangingService implements KernelService {
  constructor(
    readonly key: ServiceKey,
    public settings: ServiceSettings,
    readonly destinations: Map<string, Destination>,
  ) {}
}

export interface ReadResult {
  readonly services: number;
  readonly destinations: number;
  /** Entries that could not be understood (a protocol that mainline does not have), left out and so left alone. */
  readonly rejected: number;
}

/** What the kernel says about one of lvsd's services; `found` is undefined if it is gone. */
export interface FoundService {
  readonly serviceText: string;
  readonly believed: KernelService;
  readonly found: KernelService | undefined;
}

export class BelievedTable {
  readonly #ipvs: IpvsFamily;
  readonly #dumps: DumpChannel;
  readonly #decoder = new ServiceDecoder();
  #services = new Map<string, KernelService>();
  #ring: readonly string[] = [];
  #ringAt = 0;
  #rejected = 0;

  constructor(ipvs: IpvsFamily, dumps: DumpChannel) {
    this.#ipvs = ipvs;
    this.#dumps = dumps;
  }

  /** Every service believed to be in the kernel, foreign ones as they were when the table was read. */
  get services(): ServiceTable {
    return this.#services;
  }

  /** Reads the whole table: one dump of the services, then one of each service's destinations. Throws NetlinkError. */
  async read(): Promise<ReadResult> {
    const services = new Map<string, ChangingService>();
    this.#rejected = 0;
    for (const { payload } of this.#dumps.dump(this.#ipvs.requests.dump(Command.GET_SERVICE))) {
      const service = this.#decodeService(payload);
      if (service !== undefined) services.set(serviceKeyText(service.key), service);
    }
    let destinations = 0;
    let count = 0;
    for (const service of services.values()) {
      this.#readDestinations(service);
      destinations += service.destinations.size;
      if (++count % READ_SLICE === 0) await nextTurn();
    }
    this.#services = services;
    return { services: services.size, destinations, rejected: this.#rejected };
  }

  /** Learns that an operation is in effect. */
  note(operation: Operation): void {
    const { serviceText } = operation;
    switch (operation.kind) {
      case 'new-service': {
        const { service, settings } = operation;
        this.#services.set(serviceText, new ChangingService(service, settings, new Map()));
        return;
      }
      case 'set-service': {
        const known = this.#services.get(serviceText);
        if (known === undefined)
          this.#services.set(serviceText, new ChangingService(operation.service, operation.settings, new Map()));
        else this.#changing(serviceText, known).settings = operation.settings;
        return;
      }
      case 'del-service':
        this.#services.delete(serviceText);
        return;
      case 'new-dest':
      case 'set-dest': {
        const known = this.#services.get(serviceText);
        if (known === undefined) return;
        const { destination } = operation;
        this.#changing(serviceText, known).destinations.set(destinationKeyText(destination), destination);
        return;
      }
      case 'del-dest': {
        const known = this.#services.get(serviceText);
        const text = destinationKeyText(operation.destination);
        if (known?.destinations.has(text) === true) this.#changing(serviceText, known).destinations.delete(text);
        return;
      }
    }
  }

  /** Believes what was read of one service, without an operation of lvsd's. */
  adopt(serviceText: string, found: KernelService | undefined): void {
    if (found === undefined) this.#services.delete(serviceText);
    else this.#services.set(serviceText, found);
  }

  /**
   * Lets the director's own values stand for beliefs that equal them: half the memory, and a cheaper next diff.
   *
   * @param desired what was just reconciled and applied; a service with as many destinations as wanted is then equal
   * @param doubtful services of which that cannot be said: something was refused, or a weight is a person's
   */
  settle(desired: ServiceTable, doubtful: ReadonlySet<string>): void {
    for (const [text, service] of desired) {
      const believed = this.#services.get(text);
      if (believed === undefined || believed === service || doubtful.has(text)) continue;
      if (believed.destinations.size === service.destinations.size) this.#services.set(text, service);
    }
  }

  /**
   * Reads the next services of `mine` anew, round and round, so that a caller's tick covers them all.
   *
   * @param most how many services, 1..512
   * @param mine texts of lvsd's services; those that the table does not know are passed over
   * Throws NetlinkError. Call it only while no operations are under way.
   */
  readSlice(most: number, mine: ServiceTable): FoundService[] {
    const texts: string[] = [];
    const limit = Math.min(Math.max(1, most), MOST_ASKED, mine.size);
    for (let passed = 0; texts.length < limit && passed <= mine.size; passed++) {
      if (this.#ringAt >= this.#ring.length) {
        if (passed > 0 && this.#ring.length > 0 && texts.length > 0) break;
        this.#ring = [...mine.keys()];
        this.#ringAt = 0;
      }
      const text = this.#ring[this.#ringAt++];
      if (text !== undefined && mine.has(text) && this.#services.has(text)) texts.push(text);
    }
    return this.readServices(texts);
  }

  /** Reads these services of the believed table anew. Throws NetlinkError. */
  readServices(texts: readonly string[]): FoundService[] {
    if (texts.length === 0) return [];
    const { channel, requests } = this.#ipvs;
    const asked = texts.flatMap((serviceText) => {
      const believed = this.#services.get(serviceText);
      return believed === undefined ? [] : [{ serviceText, believed }];
    });
    const batch = requests.begin();
    for (const { believed } of asked) batch.add(Command.GET_SERVICE, (into) => writeServiceKey(into, believed.key));
    const answers = channel.exchange(batch.batch);
    return asked.map(({ serviceText, believed }, i) => {
      const answer = answers[i];
      if (answer === undefined) return { serviceText, believed, found: undefined };
      if (!answer.ok) {
        if (answer.error.errno !== errno.ESRCH) throw answer.error;
        return { serviceText, believed, found: undefined };
      }
      const reply = answer.replies[0];
      const found = reply === undefined ? undefined : this.#decodeService(reply.payload);
      if (found !== undefined) this.#readDestinations(found);
      return { serviceText, believed, found };
    });
  }

  #changing(serviceText: string, known: KernelService): ChangingService {
    if (known instanceof ChangingService) return known;
    const copy = new ChangingService(known.key, known.settings, new Map(known.destinations));
    this.#services.set(serviceText, copy);
    return copy;
  }

  #decodeService(payload: Buffer): ChangingService | undefined {
    let service: ChangingService | undefined;
    forEachAttribute(payload, GENL_HEADER_LENGTH, payload.length, (type, start, end) => {
      if (type !== CommandAttribute.SERVICE) return;
      const decoded = this.#decoder.decode(payload, start, end);
      if (decoded.ok) service = new ChangingService(decoded.key, decoded.settings, new Map());
      else this.#rejected++;
    });
    return service;
  }

  #readDestinations(service: ChangingService): void {
    const request = this.#ipvs.requests.dump(Command.GET_DEST, (into) => writeServiceKey(into, service.key));
    for (const { payload } of this.#dumps.dump(request)) {
      forEachAttribute(payload, GENL_HEADER_LENGTH, payload.length, (type, start, end) => {
        if (type !== CommandAttribute.DEST) return;
        const decoded = decodeDestination(payload, start, end, service.key.family);
        if (decoded.ok) service.destinations.set(destinationKeyText(decoded.destination), decoded.destination);
        else this.#rejected++;
      });
    }
  }
}
