/**
 * The director role's hold on IPVS: sockets in the right namespace around ipvs-netlink's programmer, and what status
 * shows of them. Nothing here decides what the table should be (director/).
 */
import { closeSync, openSync, statSync } from 'node:fs';
import type { TableIdentity } from '../../../director/journal.js';
import type { ApplyReport } from '../../../ipvs-netlink/apply.js';
import type { DriftPolicy } from '../../../ipvs-netlink/drift.js';
import { IpvsFamily } from '../../../ipvs-netlink/ipvs-family.js';
import type { ServiceTable } from '../../../ipvs-netlink/model.js';
import type { Operation } from '../../../ipvs-netlink/operations.js';
import { IpvsProgrammer } from '../../../ipvs-netlink/programmer.js';
import type { HandWeights, Ownership } from '../../../ipvs-netlink/reconcile.js';
import type { ReadResult } from '../../../ipvs-netlink/table.js';
import { bootId } from '../../../native/clock.js';
import { enterNamespace } from '../../../native/process.js';
import { DumpSocket } from '../../../netlink/dump-socket.js';
import { RequestSocket } from '../../../netlink/request-socket.js';
import type { Log } from '../../../runtime/log.js';
import { DriftMemory } from './drift-memory.js';

/** The whole table is read again within ten seconds; a fifth of it is for turns that come late. */
const DRIFT_ROUND_MS = 8000;
const SHORTEST_TICK_MS = 50;
const LONGEST_TICK_MS = 1000;
const LARGEST_SLICE = 512;

/** Milliseconds between two looks for drift: rare in a small table, so that an idle director sleeps. */
export function driftTick(services: number): number {
  return Math.max(SHORTEST_TICK_MS, Math.min(LONGEST_TICK_MS, DRIFT_ROUND_MS / Math.max(1, services)));
}

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
  readonly drift = new DriftMemory();
  readonly #requests: RequestSocket;
  readonly #programmer: IpvsProgrammer;
  #refused = 0;
  /** The last refusal; seconds since 1970. */
  #lastError: { readonly at: number; readonly text: string } | null = null;

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
    this.#programmer = new IpvsProgrammer(this.ipvs, this.dumps, log);
  }

  get services(): ServiceTable {
    return this.#programmer.services;
  }
  /** Weights that a person lowered: for the journal. */
  get handWeights(): HandWeights {
    return this.#programmer.handWeights;
  }
  get counters(): { readonly messages: number; readonly sends: number; readonly refused: number } {
    return { messages: this.#requests.stats.messages, sends: this.#requests.stats.sends, refused: this.#refused };
  }
  get lastError(): { readonly at: number; readonly text: string } | null {
    return this.#lastError;
  }

  /** Reads the whole table. @param handWeights from the journal */
  read(handWeights: HandWeights): Promise<ReadResult> {
    return this.#programmer.read(handWeights);
  }

  /** Empties the kernel's table, foreign services too. */
  flush(): void {
    this.ipvs.flush();
  }

  /** What the kernel refuses is told once until it changes; whoever reloads wants to hear it again. */
  tellAnew(): void {
    this.#programmer.tellAnew();
  }

  plan(desired: ServiceTable, owned: Ownership): readonly Operation[] {
    return this.#programmer.plan(desired, owned);
  }

  async converge(desired: ServiceTable, owned: Ownership): Promise<ApplyReport> {
    return this.#note(await this.#programmer.converge(desired, owned));
  }

  async adjust(part: ServiceTable, owned: Ownership): Promise<ApplyReport> {
    return this.#note(await this.#programmer.adjust(part, owned));
  }

  /**
   * Looks at the next part of the table for what others changed, and repairs it if the policy says so. Called every
   * `driftTick`.
   * @param services how many services lvsd has
   * @param wall milliseconds since 1970
   * @returns whether a weight that a person lowered or set back is among the findings: the journal has to know
   */
  async watchDrift(services: number, owned: Ownership, policy: DriftPolicy, wall: number): Promise<boolean> {
    if (services === 0) return false;
    const slice = Math.min(LARGEST_SLICE, Math.ceil((services * driftTick(services)) / DRIFT_ROUND_MS));
    const { findings, report } = await this.#programmer.verify(slice, owned, policy);
    this.#note(report);
    this.drift.take(findings, policy, report.done, wall);
    return findings.some(({ kind }) => kind === 'weight-lowered' || kind === 'weight-restored');
  }

  #note(report: ApplyReport): ApplyReport {
    this.#refused += report.refused.length;
    const last = report.refused.at(-1);
    if (last !== undefined) this.#lastError = { at: Date.now() / 1000, text: last.line };
    return report;
  }
}
