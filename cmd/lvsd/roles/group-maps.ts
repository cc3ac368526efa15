/**
 * The nftables maps of nftables_ipvs beside the IPVS table, in the order of welcome and goodbye: a mark is given when its
 * service stands, and no longer when its service is about to go (architecture, law 6).
 *
 * When the kernel refuses, the services stand all the same, and it is told which groups get no traffic.
 */
import { type MarkTable, MarkTables } from '../../../host/mark-tables.js';
import { describeError } from '../../../runtime/errors.js';
import type { Log } from '../../../runtime/log.js';
import { inNamespace } from './kernel-table.js';

export class GroupMaps {
  readonly #namespace: string | undefined;
  readonly #log: Log;
  #tables: MarkTables | undefined;

  /** @param namespace of the IPVS table, if another than the process's own */
  constructor(namespace: string | undefined, log: Log) {
    this.#namespace = namespace;
    this.#log = log;
  }

  /** Changes the services, with the marks that none of them will have taken away before, and new ones given after. */
  async around<T>(next: readonly MarkTable[], changeServices: () => Promise<T>): Promise<T> {
    this.#attempt(next, (tables) => tables.withdraw(next));
    const result = await changeServices();
    this.#attempt(next, (tables) => tables.apply(next));
    return result;
  }

  /** Before all services go. */
  withdraw(): void {
    this.#attempt([], (tables) => tables.apply([]));
  }

  #attempt(next: readonly MarkTable[], act: (tables: MarkTables) => void): void {
    if (this.#tables === undefined && next.length === 0) return;
    try {
      this.#tables ??= inNamespace(this.#namespace, () => new MarkTables());
      act(this.#tables);
    } catch (error) {
      this.#log.error(
        `nftables_ipvs: the kernel did not take the maps of groups: ${describeError(error)}. New addresses of groups get no traffic until a reload puts them in; load nf_tables, or take nftables_ipvs out.`,
      );
    }
  }
}
