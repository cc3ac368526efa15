/**
 * Keeps the kernel's IPVS table as the director wants it: the one face of this folder that a role needs.
 *
 * It joins the believed table, the reconciler, the applier and drift detection, and lets them run one after the other, so
 * that a repair is never computed from a table that is just being changed. It decides nothing by itself: what is wanted,
 * what is owned and the drift policy are handed in with each call, and what happened comes back as values.
 *
 *     const ipvs = IpvsFamily.open(requestSocket);
 *     const programmer = new IpvsProgrammer(ipvs, dumpSocket, log);
 *     await programmer.read();                                // start: adopt what is there
 *     await programmer.converge(desired, owned);              // start, reload, verdict: the same call
 *     await programmer.verify(200, owned, 'repair');          // from a timer
 */
import type { DumpChannel } from '../netlink/generic-netlink.js';
import type { Log } from '../runtime/log.js';
import { Applier, type ApplierOptions, type ApplyReport } from './apply.js';
import { type DriftFinding, type DriftPolicy, describeDrift, findDrift } from './drift.js';
import type { IpvsFamily } from './ipvs-family.js';
import { destinationKeyText, type ServiceTable } from './model.js';
import type { Operation } from './operations.js';
import { type HandWeight, type HandWeights, type Ownership, type ReconcilePolicy, reconcile } from './reconcile.js';
import { BelievedTable, type FoundService, type ReadResult } from './table.js';

export interface Verification {
  /** Services that were read. */
  readonly services: number;
  /** What is told for the first time. */
  readonly findings: readonly DriftFinding[];
  readonly report: ApplyReport;
}

const NOTHING_APPLIED: ApplyReport = {
  done: 0,
  tolerated: 0,
  refused: [],
  skipped: [],
  messages: 0,
  sends: 0,
  uncertain: false,
};
/** Lines about one slice before the rest is only counted: a flush by somebody else must not flood the log. */
const MOST_LINES = 20;
const NO_TEXTS: ReadonlySet<string> = new Set();
const NO_WEIGHTS: ReadonlyMap<string, HandWeight> = new Map();

export class IpvsProgrammer {
  readonly #log: Log;
  readonly #table: BelievedTable;
  readonly #applier: Applier;
  readonly #handWeights = new Map<string, Map<string, HandWeight>>();
  /** By service: the sentences about what is left as it is, so that each is told once while it lasts. */
  readonly #told = new Map<string, Set<string>>();
  #desired: ServiceTable = new Map();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(ipvs: IpvsFamily, dumps: DumpChannel, log: Log, options: ApplierOptions = {}) {
    this.#log = log;
    this.#table = new BelievedTable(ipvs, dumps);
    this.#applier = new Applier(ipvs, log, options);
  }

  /** The believed table, foreign services as they were when it was read. */
  get services(): ServiceTable {
    return this.#table.services;
  }

  /** Weights lowered by hand, for the journal and for people. */
  get handWeights(): HandWeights {
    return this.#handWeights;
  }

  /**
   * Reads the kernel's whole table; at start and after a flush. Rejects with NetlinkError.
   * @param handWeights from the journal; those that the kernel no longer shows are dropped
   */
  read(handWeights: HandWeights = this.#handWeights): Promise<ReadResult> {
    return this.#inTurn(async () => {
      const kept = [...handWeights].map(([text, weights]) => [text, new Map(weights)] as const);
      const result = await this.#table.read();
      this.#handWeights.clear();
      for (const [text, weights] of kept) {
        const there = this.#table.services.get(text)?.destinations;
        for (const [destination, byHand] of weights)
          if (there?.get(destination)?.weight === byHand.found) this.#handWeightsOf(text).set(destination, byHand);
      }
      return result;
    });
  }

  /** Refusals are told once until they change; after this all are told once more: for a reload. */
  tellAnew(): void {
    this.#applier.tellAnew();
  }

  /** What `converge` would do now; nothing is done. */
  plan(desired: ServiceTable, owned: Ownership, policy: Omit<ReconcilePolicy, 'handWeights'> = {}): Operation[] {
    return reconcile(desired, this.#table.services, owned, { ...policy, handWeights: this.#handWeights });
  }

  /**
   * Makes the kernel's table what is desired, at the cost of the difference. Waits for the calls before it. What the
   * kernel refuses is in the report and in the log; rejects only when sending itself fails.
   */
  converge(
    desired: ServiceTable,
    owned: Ownership,
    policy: Omit<ReconcilePolicy, 'handWeights'> = {},
  ): Promise<ApplyReport> {
    return this.#inTurn(async () => {
      this.#forgetChangedWeights(desired);
      const report = await this.#settled(this.plan(desired, owned, policy), desired);
      this.#desired = desired;
      return report;
    });
  }

  /**
   * Like `converge`, where only some services changed: one verdict must not cost a walk over 65,000 of them.
   *
   * @param part the changed ones, with their new wishes; they stand in the table that `converge` was given last, which
   *   the caller has changed in the same way
   */
  adjust(part: ServiceTable, owned: Ownership): Promise<ApplyReport> {
    return this.#inTurn(async () => {
      this.#forgetChangedWeights(part, true);
      const mine: Ownership = { services: NO_TEXTS, destinations: owned.destinations };
      return this.#settled(this.plan(part, mine), part);
    });
  }

  /**
   * Reads the next few of lvsd's services and treats what others changed as `policy` says. Called by a timer: with
   * 65,000 services, 325 each 50 ms cover the table in 10 s. Rejects with NetlinkError when the kernel cannot be read.
   *
   * @param most services to read, 1..512
   * @param owned as for `converge`
   */
  verify(most: number, owned: Ownership, policy: DriftPolicy): Promise<Verification> {
    return this.#inTurn(async () => {
      const read = this.#table.readSlice(most, this.#desired);
      const findings: DriftFinding[] = [];
      const repairs: Operation[] = [];
      for (const service of read) this.#examine(service, owned, policy, findings, repairs);
      for (const finding of findings.slice(0, MOST_LINES)) this.#log.warning(describeDrift(finding, policy));
      if (findings.length > MOST_LINES) {
        this.#log.warning(`and ${findings.length - MOST_LINES} more changes by others in IPVS`);
      }
      const report = repairs.length === 0 ? NOTHING_APPLIED : await this.#apply(repairs);
      return { services: read.length, findings, report };
    });
  }

  #examine(
    { serviceText, believed, found }: FoundService,
    owned: Ownership,
    policy: DriftPolicy,
    findings: DriftFinding[],
    repairs: Operation[],
  ): void {
    const weights = this.#handWeights.get(serviceText) ?? NO_WEIGHTS;
    const mine = owned.destinations.get(serviceText) ?? NO_TEXTS;
    const drift = findDrift(serviceText, believed, found, mine, weights, policy);
    if (drift.findings.length === 0) {
      this.#told.delete(serviceText);
      return;
    }
    const before = this.#told.get(serviceText);
    const lasting = new Set<string>();
    for (const finding of drift.findings) {
      const sentence = describeDrift(finding, policy);
      if (policy === 'report' || finding.kind === 'destination-foreign') lasting.add(sentence);
      if (before?.has(sentence) === true) continue;
      findings.push(finding);
      this.#keepWeight(finding);
    }
    if (lasting.size > 0) this.#told.set(serviceText, lasting);
    else this.#told.delete(serviceText);
    repairs.push(...drift.repairs);
  }

  /** Believes a weight that a person set, and remembers what it should be. */
  #keepWeight(finding: DriftFinding): void {
    if (finding.kind !== 'weight-lowered' && finding.kind !== 'weight-restored') return;
    const { serviceText, destination, found } = finding;
    const text = destinationKeyText(destination);
    const known = this.#table.services.get(serviceText)?.destinations.get(text);
    if (known === undefined) return;
    const { service } = finding;
    this.#table.note({ kind: 'set-dest', serviceText, service, destination: { ...known, weight: found } });
    if (finding.kind === 'weight-lowered')
      this.#handWeightsOf(serviceText).set(text, { expected: finding.expected, found });
    else this.#dropHandWeight(serviceText, text);
  }

  /** What the kernel did not answer for may have been done or not: then the table is read anew. */
  async #apply(operations: readonly Operation[]): Promise<ApplyReport> {
    const report = await this.#applier.apply(operations, (operation) => this.#table.note(operation));
    if (report.uncertain) await this.#table.read();
    return report;
  }

  /**
   * Applies what leads to `desired`, and lets the director's own values stand for what is then believed. A service that
   * was made here has what was wished of it and nothing else, so its operations are not noted one by one, unless one of
   * them was refused.
   */
  async #settled(operations: readonly Operation[], desired: ServiceTable): Promise<ApplyReport> {
    const done: Operation[] = [];
    const doubtful = new Set(this.#handWeights.keys());
    let uncertain = false;
    try {
      const report = await this.#applier.apply(operations, (operation) => done.push(operation));
      for (const { operation } of report.refused) doubtful.add(operation.serviceText);
      for (const { serviceText } of report.skipped) doubtful.add(serviceText);
      uncertain = report.uncertain;
      return report;
    } catch (error) {
      for (const { serviceText } of operations) doubtful.add(serviceText);
      throw error;
    } finally {
      const made = new Set<string>();
      for (const operation of done) {
        const { kind, serviceText } = operation;
        if (kind === 'new-service' && !doubtful.has(serviceText)) {
          const service = desired.get(serviceText);
          if (service !== undefined) {
            this.#table.adopt(serviceText, service);
            made.add(serviceText);
            continue;
          }
        }
        if (!made.has(serviceText)) this.#table.note(operation);
      }
      if (uncertain) await this.#table.read();
      this.#table.settle(desired, doubtful);
    }
  }

  /** A weight that lvsd no longer wants as it was is no longer a person's either. `part`: services outside it stand. */
  #forgetChangedWeights(desired: ServiceTable, part = false): void {
    for (const [serviceText, weights] of this.#handWeights) {
      const service = desired.get(serviceText);
      if (part && service === undefined) continue;
      const destinations = service?.destinations;
      for (const [text, byHand] of weights)
        if (destinations?.get(text)?.weight !== byHand.expected) this.#dropHandWeight(serviceText, text);
    }
  }

  #handWeightsOf(serviceText: string): Map<string, HandWeight> {
    let weights = this.#handWeights.get(serviceText);
    if (weights === undefined) {
      weights = new Map();
      this.#handWeights.set(serviceText, weights);
    }
    return weights;
  }

  #dropHandWeight(serviceText: string, text: string): void {
    const weights = this.#handWeights.get(serviceText);
    weights?.delete(text);
    if (weights?.size === 0) this.#handWeights.delete(serviceText);
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(action);
    this.#tail = run.catch(() => undefined);
    return run;
  }
}
