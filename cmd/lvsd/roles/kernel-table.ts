/**
 * The director role's hold on IPVS: sockets in the right namespace, the believed table, the applier, the watch for drift.
 *
 * Operations and readings take turns: a reading while operations are under way would take our own half-done work for
 * somebody else's. Nothing here decides what the table should be (director/), only that the kernel has it.
 */
import { closeSync, openSync, statSync } from 'node:fs';
import type { TableIdentity } from '../../../director/journal.js';
import { Applier, type ApplyReport } from '../../../ipvs-netlink/apply.js';
import { type DriftPolicy, findDrift } from '../../../ipvs-netlink/drift.js';
import { IpvsFamily } from '../../../ipvs-netlink/ipvs-family.js';
import { destinationKeyText, type ServiceTable } from '../../../ipvs-netlink/model.js';
import type { Operation } from '../../../ipvs-netlink/operations.js';
import type { Ownership } from '../../../ipvs-netlink/reconcile.js';
import { BelievedTable } from '../../../ipvs-netlink/table.js';
import { bootId } from '../../../native/clock.js';
import { enterNamespace } from '../../../native/process.js';
import { DumpSocket } from '../../../netlink/dump-socket.js';
import { RequestSocket } from '../../../netlink/request-socket.js';
import type { Log } from '../../../runtime/log.js';
import { DriftMemory } from './drift-memory.js';

/** The whole table is read again within this time. */
const DRIFT_ROUND_MS = 10_000;
export const DRIFT_TICK_MS = 500;
const LARGEST_SLICE = 512;

/** Runs something in a network namespace and comes back. */
export function inNamespace<T>(path: string | undefined, action: () => T): T {
  if (path === undefined) return action();
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    enterNamespace(path, 'network');
    try {
      return action();
    } finally {
      enterNamespace(`/proc/self/fd/${home}`, 'network');
    }
  } finally {
    closeSync(home);
  }
}

export class KernelTable {
  readonly ipvs: IpvsFamily;
  readonly dumps: DumpSocket;
  readonly identity: TableIdentity;
  readonly #requests: RequestSocket;
  readonly #table: BelievedTable;
  readonly #applier: Applier;
  readonly drift: DriftMemory;
  #busy = 0;
  /** The last refusal; seconds since 1970. */
  lastError: { readonly at: number; readonly text: string } | null = null;
  #refused = 0;
  /** Services of which the kernel refused something. */
  readonly #doubtful = new Set<string>();

  /** @throws LvsdError LVSD_IPVS_ABSENT, LVSD_IPVS_PERMISSION and their kin */
  constructor(namespace: string | undefined, log: Log) {
    const opened = inNamespace(namespace, () => {
      const stat = statSync('/proc/thread-self/ns/net');
      return {
        requests: new RequestSocket('generic'),
        dumps: new DumpSocket('generic'),
        namespace: `${stat.dev}:${stat.ino}`,
      };
    });
    this.#requests = opened.requests;
    this.dumps = opened.dumps;
    this.identity = { bootId: bootId(), namespace: opened.namespace };
    this.ipvs = IpvsFamily.open(this.#requests);
    this.#table = new BelievedTable(this.ipvs, this.dumps);
    this.#applier = new Applier(this.ipvs, log);
    this.drift = new DriftMemory(log);
  }

  get services(): ServiceTable {
    return this.#table.services;
  }
  get counters(): { readonly messages: number; readonly sends: number; readonly refused: number } {
    return { messages: this.#requests.stats.messages, sends: this.#requests.stats.sends, refused: this.#refused };
  }

  read(): ReturnType<BelievedTable['read']> {
    return this.#table.read();
  }

  settle(desired: ServiceTable): void {
    this.#table.settle(desired, new Set([...this.drift.handWeights.keys(), ...this.#doubtful]));
  }

  /** Empties the kernel's table, foreign services too. */
  flush(): void {
    this.ipvs.flush();
  }

  async apply(operations: readonly Operation[]): Promise<ApplyReport> {
    this.#busy++;
    try {
      const report = await this.#applier.apply(operations, (operation) => {
        this.#table.note(operation);
        if ('destination' in operation) {
          this.drift.forgetWeight(operation.serviceText, destinationKeyText(operation.destination));
        }
      });
      this.#refused += report.refused.length;
      for (const { operation } of report.refused) this.#doubtful.add(operation.serviceText);
      for (const { serviceText } of report.skipped) this.#doubtful.add(serviceText);
      const last = report.refused.at(-1);
      if (last !== undefined) this.lastError = { at: Date.now() / 1000, text: last.line };
      if (report.uncertain) await this.#table.read();
      return report;
    } finally {
      this.#busy--;
    }
  }

  /**
   * Looks at the next part of the table for what others changed, and repairs it if the policy says so. Called every
   * DRIFT_TICK_MS; skips its turn while operations are under way.
   * @param wall milliseconds since 1970
   */
  async watchDrift(desired: ServiceTable, owned: Ownership, policy: DriftPolicy, wall: number): Promise<void> {
    if (this.#busy > 0 || desired.size === 0) return;
    const slice = Math.min(LARGEST_SLICE, Math.ceil((desired.size * DRIFT_TICK_MS) / DRIFT_ROUND_MS));
    let repairs: Operation[] = [];
    this.drift.look(wall);
    for (const { serviceText, believed, found } of this.#table.readSlice(slice, desired)) {
      const mine = owned.destinations.get(serviceText) ?? new Set<string>();
      const hand = this.drift.handWeightsOf(serviceText);
      const drift = findDrift(serviceText, believed, found, mine, hand, policy);
      for (const finding of drift.findings) this.drift.take(finding, policy);
      if (drift.findings.length > 0) this.#table.adopt(serviceText, found);
      repairs = repairs.concat(drift.repairs);
    }
    this.drift.looked();
    if (repairs.length > 0) this.drift.repaired += (await this.apply(repairs)).done;
  }

  close(): void {
    this.#requests.close();
    this.dumps.close();
  }
}
