/**
 * What can be done to the IPVS table: one operation is one message.
 *
 * Operations are values: the reconciler makes them, the applier sends them, `lvsctl plan` shows them. Each carries the
 * text of its service's key, which is how tables and reports find the service.
 */

import type { GenericRequests } from '../netlink/generic-netlink.js';
import { unreachable } from '../runtime/errors.js';
import { writeDestination, writeDestinationKey } from './destination-codec.js';
import {
  type Destination,
  type DestinationKey,
  destinationKeyText,
  type ServiceKey,
  type ServiceSettings,
} from './model.js';
import { Command } from './numbers.js';
import { writeService, writeServiceKey } from './service-codec.js';

interface OnService {
  /** `serviceKeyText(service)` */
  readonly serviceText: string;
  readonly service: ServiceKey;
}

export type Operation =
  | (OnService & { readonly kind: 'new-service'; readonly settings: ServiceSettings })
  | (OnService & { readonly kind: 'set-service'; readonly settings: ServiceSettings })
  /** The kernel removes the destinations with the service, in one step. */
  | (OnService & { readonly kind: 'del-service' })
  | (OnService & { readonly kind: 'new-dest'; readonly destination: Destination })
  | (OnService & { readonly kind: 'set-dest'; readonly destination: Destination })
  | (OnService & { readonly kind: 'del-dest'; readonly destination: DestinationKey });

export type OperationKind = Operation['kind'];

export const commandOf = {
  'new-service': Command.NEW_SERVICE,
  'set-service': Command.SET_SERVICE,
  'del-service': Command.DEL_SERVICE,
  'new-dest': Command.NEW_DEST,
  'set-dest': Command.SET_DEST,
  'del-dest': Command.DEL_DEST,
} as const satisfies Record<OperationKind, number>;

/** Adds the operation to a batch of requests to the IPVS family. */
export function addOperation(batch: GenericRequests, operation: Operation): void {
  const into = batch.open(commandOf[operation.kind]);
  switch (operation.kind) {
    case 'new-service':
    case 'set-service':
      writeService(into, operation.service, operation.settings);
      break;
    case 'del-service':
      writeServiceKey(into, operation.service);
      break;
    case 'new-dest':
    case 'set-dest':
      writeServiceKey(into, operation.service);
      writeDestination(into, operation.destination);
      break;
    case 'del-dest':
      writeServiceKey(into, operation.service);
      writeDestinationKey(into, operation.destination);
      break;
    default:
      unreachable(operation);
  }
  batch.close();
}

/** For people: `new-dest [10.1.0.1]:80 of [10.0.0.1]:tcp:80`. */
export function describeOperation(operation: Operation): string {
  return 'destination' in operation
    ? `${operation.kind} ${destinationKeyText(operation.destination)} of ${operation.serviceText}`
    : `${operation.kind} ${operation.serviceText}`;
}
