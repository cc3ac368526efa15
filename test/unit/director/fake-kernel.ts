/**
 * A table that takes operations as the kernel would, for tests of the director: it refuses what the kernel refuses and
 * remembers every state in which a service that should have destinations had none.
 */
import type { ApplyReport } from '../../../ipvs-netlink/apply.js';
import {
  type DesiredService,
  type Destination,
  destinationKeyText,
  type ServiceSettings,
  type ServiceTable,
} from '../../../ipvs-netlink/model.js';
import type { Operation } from '../../../ipvs-netlink/operations.js';
import { type Ownership, reconcile } from '../../../ipvs-netlink/reconcile.js';

interface Held {
  key: DesiredService['key'];
  settings: ServiceSettings;
  destinations: Map<string, Destination>;
}

export class FakeKernel {
  readonly table = new Map<string, Held>();
  readonly sent: Operation[] = [];

  get services(): ServiceTable {
    return this.table;
  }

  /** What ipvsadm would show, as text. */
  show(): Record<string, string[]> {
    return Object.fromEntries(
      [...this.table].map(([text, held]) => [
        text,
        [...held.destinations.values()].map((one) => `${destinationKeyText(one)} ${one.weight}`).sort(),
      ]),
    );
  }

  plan(desired: ServiceTable, owned: Ownership): readonly Operation[] {
    return reconcile(desired, this.table, owned);
  }

  converge(desired: ServiceTable, owned: Ownership): Promise<ApplyReport> {
    return this.apply(this.plan(desired, owned));
  }

  adjust(part: ServiceTable, owned: Ownership): Promise<ApplyReport> {
    return this.apply(this.plan(part, { services: new Set(), destinations: owned.destinations }));
  }

  async apply(operations: readonly Operation[]): Promise<ApplyReport> {
    for (const operation of operations) {
      this.sent.push(operation);
      const held = this.table.get(operation.serviceText);
      switch (operation.kind) {
        case 'new-service':
          if (held !== undefined) throw new Error(`EEXIST ${operation.serviceText}`);
          this.table.set(operation.serviceText, {
            key: operation.service,
            settings: operation.settings,
            destinations: new Map(),
          });
          break;
        case 'set-service':
          if (held === undefined) throw new Error(`ESRCH ${operation.serviceText}`);
          held.settings = operation.settings;
          break;
        case 'del-service':
          if (!this.table.delete(operation.serviceText)) throw new Error(`ESRCH ${operation.serviceText}`);
          break;
        case 'new-dest':
        case 'set-dest':
          if (held === undefined) throw new Error(`ESRCH ${operation.serviceText}`);
          held.destinations.set(destinationKeyText(operation.destination), operation.destination);
          break;
        case 'del-dest':
          if (held?.destinations.delete(destinationKeyText(operation.destination)) !== true)
            throw new Error(`ENOENT ${operation.serviceText}`);
          break;
      }
    }
    return {
      done: operations.length,
      tolerated: 0,
      refused: [],
      skipped: [],
      messages: operations.length,
      sends: 1,
      uncertain: false,
    };
  }
}
