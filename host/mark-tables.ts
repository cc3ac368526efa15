/**
 * nftables_ipvs: tables that give packets to groups of virtual servers a firewall mark, so that one IPVS service serves many
 * addresses (keepalived.md 7.5, 14.1).
 *
 * Names and forms are keepalived's, seen with nft(8): a table a family, in it the chain `in` on the input hook before IPVS's
 * own, a map a protocol from address and port to mark, and a rule a map. Each change replaces the tables in one
 * transaction: a packet meets the old ones or the new ones, never a part. What somebody else puts into these tables is
 * lost with it; other tables are not touched.
 */
import type { TransportProtocol } from '../config/virtual-server.js';
import { type MarkElement, NftablesBatch } from '../netlink/nftables.js';
import { NftablesSocket } from '../netlink/nftables-socket.js';
import type { AddressFamily } from '../runtime/addresses.js';

export type { MarkElement } from '../netlink/nftables.js';

const CHAIN = 'in';
const NUMBER: Readonly<Record<TransportProtocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 };

export interface MarkMap {
  readonly protocol: TransportProtocol;
  readonly elements: readonly MarkElement[];
}

/** One table. */
export interface MarkTable {
  readonly family: AddressFamily;
  readonly name: string;
  /** Of the chain; IPVS's own stands at 98 and more. */
  readonly priority: number;
  readonly counters: boolean;
  /** At least one, in the order of their rules; each protocol once. */
  readonly maps: readonly MarkMap[];
}

/** How batches reach the kernel; tests hand in another way. */
export type CommitBatch = (batch: NftablesBatch) => void;

export class MarkTables {
  readonly #commit: CommitBatch;
  readonly #close: () => void;
  #current: readonly MarkTable[] = [];

  /** @param commit undefined: a socket of the calling thread's network namespace @throws SystemCallError without nf_tables */
  constructor(commit?: CommitBatch) {
    if (commit !== undefined) {
      this.#commit = commit;
      this.#close = () => undefined;
      return;
    }
    const socket = new NftablesSocket();
    this.#commit = (batch) => socket.commit(batch);
    this.#close = () => socket.close();
  }

  /** What is in force. */
  get current(): readonly MarkTable[] {
    return this.#current;
  }

  /**
   * Takes away what the next tables do not have, and adds nothing: before the services of these marks go.
   * @throws NetlinkError when the kernel refuses; what was in force stays
   */
  withdraw(next: readonly MarkTable[]): void {
    const wanted = new Set(next.flatMap((table) => [...keysOf(table)]));
    const left = this.#current.flatMap((table) => {
      const maps = table.maps
        .map((map) => ({ ...map, elements: map.elements.filter((each) => wanted.has(keyOf(table, map, each))) }))
        .filter((map) => map.elements.length > 0);
      return maps.length === 0 ? [] : [{ ...table, maps }];
    });
    const count = (tables: readonly MarkTable[]): number =>
      tables.reduce((sum, { maps }) => sum + maps.reduce((some, { elements }) => some + elements.length, 0), 0);
    if (count(left) < count(this.#current)) this.apply(left);
  }

  /**
   * Puts these tables into force in the place of those before, or of what another process left under their names.
   * @throws NetlinkError when the kernel refuses; what was in force stays
   */
  apply(next: readonly MarkTable[]): void {
    if (next.length === 0 && this.#current.length === 0) return;
    if (JSON.stringify(next) === JSON.stringify(this.#current)) return;
    const batch = new NftablesBatch();
    const gone = this.#current.filter((old) => !next.some((one) => one.family === old.family && one.name === old.name));
    for (const { family, name } of [...gone, ...next]) batch.addTable(family, name).deleteTable(family, name);
    for (const table of next) write(batch, table);
    this.#commit(batch);
    this.#current = next;
  }

  close(): void {
    this.#close();
  }
}

function write(batch: NftablesBatch, { family, name, priority, counters, maps }: MarkTable): void {
  batch.addTable(family, name).addInputChain(family, name, CHAIN, priority);
  maps.forEach(({ protocol, elements }, i) => {
    const map = `${protocol.toLowerCase()}_map`;
    batch
      .addMarkMap(family, name, map, i + 1, counters)
      .addMarkRule(family, name, CHAIN, map, NUMBER[protocol], counters)
      .addMarkElements(family, name, map, elements);
  });
}

function keyOf(table: MarkTable, map: MarkMap, { first, last, firstPort, lastPort, mark }: MarkElement): string {
  return [table.family, table.name, map.protocol, first, last, firstPort, lastPort, mark].join(' ');
}

function* keysOf(table: MarkTable): Iterable<string> {
  for (const map of table.maps) for (const element of map.elements) yield keyOf(table, map, element);
}
