/**
 * What is lvsd's to remove from the table, in the form that the reconciler asks for. Pure.
 *
 * The journal knows it by virtual server (journal.ts); the reconciler asks service by service, and of thousands of
 * services only for the few that changed.
 */
import { destinationKeyText, type ServiceTable } from '../ipvs-netlink/model.js';
import type { Ownership } from '../ipvs-netlink/reconcile.js';
import type { OwnedByVirtualServer } from './journal.js';

/** What each virtual server owns, by name. */
export function ownedByName(
  entries: ReadonlyMap<string, { readonly owned: OwnedByVirtualServer }>,
): ReadonlyMap<string, OwnedByVirtualServer> {
  const owned = new Map<string, OwnedByVirtualServer>();
  for (const [name, entry] of entries) owned.set(name, entry.owned);
  return owned;
}

/**
 * What is lvsd's to remove, service by service when it is asked for: of thousands of services the reconciler asks for
 * the few that changed.
 */
export class LazyOwnership implements Ownership {
  readonly services = new Set<string>();
  readonly #by = new Map<string, OwnedByVirtualServer | readonly OwnedByVirtualServer[]>();
  readonly #made = new Map<string, ReadonlySet<string>>();

  constructor(all: readonly OwnedByVirtualServer[]) {
    for (const owned of all) {
      for (const text of owned.services) {
        const known = this.#by.get(text);
        this.services.add(text);
        if (known === undefined) this.#by.set(text, owned);
        else if (known !== owned) this.#by.set(text, [known, owned].flat());
      }
    }
  }

  readonly destinations = {
    get: (text: string): ReadonlySet<string> | undefined => {
      const owned = this.#by.get(text);
      if (owned === undefined) return undefined;
      let set = this.#made.get(text);
      if (set === undefined) {
        set = new Set([owned].flat().flatMap((one) => one.destinations));
        this.#made.set(text, set);
      }
      return set;
    },
  };
}

/**
 * `lvs_flush`: everything in the table counts as ours, so that what the file does not want is removed. What it wants
 * stays where it is: a flush would take healthy servers out, and re-adding what was deleted is slow.
 */
export function wholeTable(table: ServiceTable): ReadonlyMap<string, OwnedByVirtualServer> {
  return new Map(
    [...table].map(([text, { destinations }]) => [
      `lvs_flush ${text}`,
      { services: [text], destinations: [...destinations.values()].map(destinationKeyText) },
    ]),
  );
}
