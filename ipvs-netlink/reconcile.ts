/**
 * Desired against actual: the fewest operations that make the kernel's table what it should be.
 *
 * Pure. It adopts what is there, edits in place and never flushes and re-adds: a deleted destination stays in the
 * kernel's trash for up to two minutes and slows each later add fifty-fold. The order keeps service: all that adds
 * and raises comes before all that lowers and removes, over the whole table, so a service that had destinations and should
 * have some is never without. What is neither desired nor owned is foreign and is left alone, destinations inside our
 * services too.
 *
 * A service's identity (family, protocol, address and port, or mark) cannot be edited: another identity is another
 * service. Everything else can: scheduler, flags, persistence and engine by SET_SERVICE; forwarding, tunnel, weight
 * and thresholds by SET_DEST (ip_vs_edit_service, __ip_vs_update_dest).
 *
 * Start, reload and restart differ only in where `actual` comes from (read anew, or believed). What to do about changes
 * by others while lvsd runs is `drift.ts`.
 */
import type { Weight } from '../runtime/units.js';
import {
  type DesiredService,
  type Destination,
  destinationKeyText,
  type ServiceTable,
  sameDestination,
  sameSettings,
} from './model.js';
import type { Operation } from './operations.js';

/**
 * What is lvsd's to remove. It should name every service and destination that lvsd put there or adopted, and each that
 * the configuration names, in the table or not: a server that is down and was put back by somebody else is taken out.
 */
export interface Ownership {
  /** `serviceKeyText` of each owned service. */
  readonly services: ReadonlySet<string>;
  /** By `serviceKeyText`: `destinationKeyText` of each owned destination. */
  readonly destinations: { get(serviceText: string): ReadonlySet<string> | undefined };
}

/** A weight that a person lowered: `found` stays for as long as lvsd wants `expected`. */
export interface HandWeight {
  readonly expected: Weight;
  readonly found: Weight;
}

/** By `serviceKeyText`, then `destinationKeyText`. */
export type HandWeights = ReadonlyMap<string, ReadonlyMap<string, HandWeight>>;

export interface ReconcilePolicy {
  /** What happens to destinations inside our services that nobody asked for and that are not owned. Default `keep`. */
  readonly foreignDestinations?: 'keep' | 'remove';
  /** Weights that are kept. Default none. */
  readonly handWeights?: HandWeights;
}

export const NOTHING_OWNED: Ownership = { services: new Set(), destinations: new Map() };

/** Collects operations in the order that keeps service. */
class OrderedOperations {
  readonly #adding: Operation[] = [];
  readonly #lowering: Operation[] = [];
  readonly #removing: Operation[] = [];

  add(operation: Operation): void {
    this.#adding.push(operation);
  }
  lower(operation: Operation): void {
    this.#lowering.push(operation);
  }
  remove(operation: Operation): void {
    this.#removing.push(operation);
  }
  all(): Operation[] {
    return this.#adding.concat(this.#lowering, this.#removing);
  }
}

/**
 * The operations that lead from `actual` to `desired`.
 *
 * @param desired every service that lvsd wants, by `serviceKeyText`
 * @param actual what the kernel holds, foreign services included
 * @param owned what is lvsd's to remove
 */
export function reconcile(
  desired: ServiceTable,
  actual: ServiceTable,
  owned: Ownership,
  policy: ReconcilePolicy = {},
): Operation[] {
  const operations = new OrderedOperations();
  for (const [text, service] of desired) {
    const present = actual.get(text);
    if (present === undefined) addService(operations, text, service);
    else if (present !== service) {
      const mayRemove = owned.destinations.get(text);
      editService(operations, text, service, present, mayRemove, policy, policy.handWeights?.get(text));
    }
  }
  for (const text of owned.services) {
    const present = actual.get(text);
    if (present !== undefined && !desired.has(text))
      operations.remove({ kind: 'del-service', serviceText: text, service: present.key });
  }
  return operations.all();
}

/** A service that the kernel does not have, with its destinations right behind it. */
export function operationsForNewService(serviceText: string, service: DesiredService): Operation[] {
  const operations = new OrderedOperations();
  addService(operations, serviceText, service);
  return operations.all();
}

function addService(operations: OrderedOperations, serviceText: string, service: DesiredService): void {
  const { key, settings } = service;
  operations.add({ kind: 'new-service', serviceText, service: key, settings });
  for (const destination of service.destinations.values())
    operations.add({ kind: 'new-dest', serviceText, service: key, destination });
}

function editService(
  operations: OrderedOperations,
  serviceText: string,
  desired: DesiredService,
  actual: DesiredService,
  owned: ReadonlySet<string> | undefined,
  policy: ReconcilePolicy,
  handWeights: ReadonlyMap<string, HandWeight> | undefined,
): void {
  const service = actual.key;
  if (!sameSettings(desired.settings, actual.settings))
    operations.add({ kind: 'set-service', serviceText, service, settings: desired.settings });
  for (const [text, wished] of desired.destinations) {
    const present = actual.destinations.get(text);
    const wanted = withHandWeight(wished, handWeights?.get(text));
    if (present === undefined) operations.add({ kind: 'new-dest', serviceText, service, destination: wished });
    else if (!sameDestination(wanted, present)) {
      const operation: Operation = { kind: 'set-dest', serviceText, service, destination: wanted };
      if (wanted.weight >= present.weight) operations.add(operation);
      else operations.lower(operation);
    }
  }
  for (const [text, present] of actual.destinations) {
    if (desired.destinations.has(text)) continue;
    if (owned?.has(text) !== true && policy.foreignDestinations !== 'remove') continue;
    operations.remove({
      kind: 'del-dest',
      serviceText,
      service,
      destination: { address: present.address, port: present.port },
    });
  }
}

/** A weight lowered by hand outlives an edit of the rest, but not a change of the weight that lvsd wants. */
function withHandWeight(wished: Destination, byHand: HandWeight | undefined): Destination {
  return byHand === undefined || wished.weight !== byHand.expected ? wished : { ...wished, weight: byHand.found };
}

/** Destinations keyed as a service holds them. */
export function destinationMap(destinations: Iterable<Destination>): Map<string, Destination> {
  const map = new Map<string, Destination>();
  for (const destination of destinations) map.set(destinationKeyText(destination), destination);
  return map;
}
