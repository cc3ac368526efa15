/**
 * The director: holds the membership of every virtual server, plans the table from it, and has it applied.
 *
 *     verdicts, presence, a new Config -> membership (pure) -> plan (pure) -> reconcile (pure) -> operations -> kernel
 *
 * A change of one verdict plans one virtual server and costs the operations that differ; a reload plans those virtual
 * servers whose block changed. Order: what must survive a crash is journalled first, then the kernel is changed, then
 * scripts and FIFOs hear of it. Sockets, files and processes are handed in as `DirectorPorts`.
 *
 * It does not check servers, does not run scripts, and does not know where the journal lives.
 */
import type { Config } from '../config/config.js';
import { type VirtualServerName, virtualServerName } from '../config/names.js';
import type { VirtualServer } from '../config/virtual-server.js';
import {
  type MembershipEffect,
  type MembershipEvent,
  type MembershipState,
  reloadMembership,
  restoreMembership,
  startMembership,
  stepMembership,
} from '../healthcheck/membership.js';
import type { VerdictChange } from '../healthcheck/verdict.js';
import type { MarkTable } from '../host/mark-tables.js';
import type { ApplyReport } from '../ipvs-netlink/apply.js';
import type { DesiredService, ServiceKey, ServiceTable } from '../ipvs-netlink/model.js';
import type { Operation } from '../ipvs-netlink/operations.js';
import type { Ownership } from '../ipvs-netlink/reconcile.js';
import type { Log } from '../runtime/log.js';
import {
  type Begin,
  type Effects,
  type Entry,
  entriesOf,
  marksAfter,
  ownersOf,
  ownServices,
  tableOf,
  wantsAnew,
} from './entries.js';
import { markTables } from './group-marks.js';
import type { Journal, JournalLine, OwnedByVirtualServer } from './journal.js';
import { ownedByEither } from './journal.js';
import { LazyOwnership, ownedByName } from './ownership.js';
import { journalEntry, worthJournalling } from './worth-journalling.js';

export interface DirectorPorts {
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  /** The kernel's table (ipvs-netlink's programmer). */
  readonly table: {
    readonly plan: (desired: ServiceTable, owned: Ownership) => readonly Operation[];
    readonly converge: (desired: ServiceTable, owned: Ownership) => Promise<ApplyReport>;
    /** Only these services of the table that was converged to last have changed. */
    readonly adjust: (part: ServiceTable, owned: Ownership) => Promise<ApplyReport>;
  };
  readonly journal: {
    /** Answers `false` where there is no file to append to: it has to be replaced first. */
    readonly append: (lines: Iterable<JournalLine>) => boolean;
    readonly replace: (journal: Pick<Journal, 'owned' | 'memberships'>) => void;
  };
  /** Whether an address of the virtual server is on this host (ha_suspend). */
  readonly present: (server: VirtualServer, services: readonly ServiceKey[]) => boolean;
  /** Scripts, FIFO lines, suspended checks; called after the kernel was changed. Log lines are written here. */
  readonly effect: (effect: Exclude<MembershipEffect, { kind: 'log' }>, server: MembershipState) => void;
}

/** What a change of configuration would do: `lvsctl plan`. */
export interface PlannedReload {
  readonly operations: readonly Operation[];
  readonly added: readonly VirtualServerName[];
  readonly removed: readonly VirtualServerName[];
  readonly changed: readonly VirtualServerName[];
}

const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 600_000;

export class Director {
  readonly #ports: DirectorPorts;
  #entries = new Map<VirtualServerName, Entry>();
  /** By index in the Config in force. */
  #order: Entry[] = [];
  #desired = new Map<string, DesiredService>();
  #owned: Ownership = new LazyOwnership([]);
  #owners: ReadonlyMap<string, VirtualServerName> = new Map();
  #config: Config | undefined;
  /** When what the kernel refused is tried again, milliseconds since 1970. */
  #retry: { readonly at: number; readonly delay: number } | undefined;

  constructor(ports: DirectorPorts) {
    this.#ports = ports;
  }

  get config(): Config | undefined {
    return this.#config;
  }
  /** In file order. */
  get states(): readonly MembershipState[] {
    return this.#order.map((entry) => entry.state);
  }
  /** What lvsd may remove from the table: for drift detection. */
  get ownership(): Ownership {
    return this.#owned;
  }
  get desired(): ServiceTable {
    return this.#desired;
  }
  /** Milliseconds since 1970 since when the quorum of the virtual server at `index` is as it is. */
  quorumSinceAt(index: number): number | undefined {
    return this.#order[index]?.quorumSince;
  }
  servicesAt(index: number): readonly ServiceKey[] {
    return this.#order[index]?.services ?? [];
  }

  /**
   * The first configuration of this process: adopts what an earlier lvsd owned and knew, takes over what stands in the
   * table already, removes what is owned and no longer wanted.
   */
  async start(config: Config, generation: number, earlier: Journal): Promise<ApplyReport> {
    const effects: Effects = [];
    const entries = this.#entriesOf(
      config,
      generation,
      (server, services, context) => {
        const present = this.#ports.present(server, services);
        const known = earlier.memberships.get(virtualServerName(server));
        return known === undefined
          ? startMembership(server, present, context)
          : restoreMembership(server, known, present, context);
      },
      effects,
    );
    return this.#putInForce(config, entries, effects, earlier.owned);
  }

  /** A new configuration for a running table: only what differs is planned, journalled and sent. */
  async reload(config: Config, generation: number): Promise<ApplyReport> {
    const effects: Effects = [];
    const entries = this.#entriesOf(config, generation, this.#carry, effects);
    for (const [name, entry] of this.#entries) {
      if (entries.has(name)) continue;
      const step = stepMembership(entry.state, { kind: 'remove' });
      for (const effect of step.effects) effects.push([effect, step.state]);
    }
    return this.#putInForce(config, entries, effects);
  }

  /** What `reload` of this configuration would do now; nothing is changed. */
  plan(config: Config): PlannedReload {
    const entries = this.#entriesOf(config, 0, this.#carry, []);
    const owned = new LazyOwnership([...this.#entries.values(), ...entries.values()].map((entry) => entry.owned));
    const operations = this.#ports.table.plan(tableOf(entries), owned);
    const names = [...entries.keys()];
    return {
      operations,
      added: names.filter((name) => !this.#entries.has(name)),
      removed: [...this.#entries.keys()].filter((name) => !entries.has(name)),
      changed: names.filter((name) => {
        const before = this.#entries.get(name);
        return before !== undefined && before.state.server !== entries.get(name)?.state.server;
      }),
    };
  }

  /** Takes verdicts whose indices mean the Config in force. */
  verdicts(changes: readonly VerdictChange[]): Promise<ApplyReport | undefined> {
    const touched = new Map<Entry, MembershipState>();
    const effects: Effects = [];
    for (const change of changes) {
      const entry = this.#order[change.at[0]];
      if (entry === undefined) continue;
      if (!touched.has(entry)) touched.set(entry, entry.state);
      this.#step(entry, { kind: 'verdict', change }, effects);
    }
    this.#ports.journal.append(
      [...touched].flatMap(([entry, before]) =>
        worthJournalling(before, entry.state) ? [{ is: journalEntry(entry.state) }] : [],
      ),
    );
    return this.#apply(touched.keys(), effects);
  }

  /** Writes the journal anew, without what was appended and superseded. */
  compactJournal(): void {
    const owned = new Map([...this.#entries].map(([name, entry]) => [name as string, entry.owned]));
    this.#ports.journal.replace({ owned, memberships: this.#memberships() });
  }

  /** The VIP of a virtual server came or went (ha_suspend). */
  presence(index: number, present: boolean): Promise<ApplyReport | undefined> {
    const entry = this.#order[index];
    if (entry === undefined || entry.state.present === present) return Promise.resolve(undefined);
    const effects: Effects = [];
    this.#step(entry, { kind: 'presence', present }, effects);
    return this.#apply([entry], effects);
  }

  /**
   * The end: every service is taken out of the table, unless it stays (-I) or goes another way.
   * @param flush `lvs_flush_on_stop`: `table` leaves the kernel's flush to the caller
   */
  async stop(flush: 'off' | 'table' | 'virtual-servers'): Promise<void> {
    const effects: Effects = [];
    for (const entry of this.#order) this.#step(entry, { kind: 'stop', flush }, effects);
    this.#log(effects);
    this.#desired = new Map();
    if (flush !== 'table') await this.#ports.table.converge(this.#desired, this.#owned);
    this.#hear(effects);
  }

  /**
   * Tries again what the kernel refused (a scheduler's module that was missing, memory): after ten seconds, then after
   * twice as long each time, up to ten minutes. Called from a timer; mostly does nothing.
   */
  async retryRefused(): Promise<ApplyReport | undefined> {
    const retry = this.#retry;
    if (retry === undefined || this.#ports.wall() < retry.at) return undefined;
    this.#retry = undefined;
    const report = await this.#ports.table.converge(this.#desired, this.#owned);
    return this.#note(report, Math.min(LONGEST_RETRY_MS, 2 * retry.delay));
  }

  #note(report: ApplyReport, delay: number): ApplyReport {
    if (report.refused.length > 0) this.#retry ??= { at: this.#ports.wall() + delay, delay };
    return report;
  }

  /** The tables of nftables_ipvs that go with the services of this configuration, once it is in force. */
  markTables(config: Config): readonly MarkTable[] {
    return markTables(config, marksAfter(config, { config: this.#config, entries: this.#entries }));
  }

  #entriesOf(config: Config, generation: number, begin: Begin, effects: Effects): Map<VirtualServerName, Entry> {
    const before = { config: this.#config, entries: this.#entries };
    return entriesOf(config, generation, before, this.#ports.wall(), begin, effects);
  }

  readonly #carry: Begin = (server, services, context) => {
    const entry = this.#entries.get(virtualServerName(server));
    if (entry === undefined) return startMembership(server, this.#ports.present(server, services), context);
    if (entry.state.server === server) {
      return { state: { ...entry.state, index: context.index, generation: context.generation }, effects: [] };
    }
    return reloadMembership(entry.state, server, context);
  };

  /**
   * @param ownedEarlier what an earlier process owned, at a start: the journal is written whole then. At a reload only
   *   what changed is added to it.
   */
  async #putInForce(
    config: Config,
    entries: Map<VirtualServerName, Entry>,
    effects: Effects,
    ownedEarlier?: ReadonlyMap<string, OwnedByVirtualServer>,
  ): Promise<ApplyReport> {
    this.#log(effects);
    const before = ownedEarlier ?? ownedByName(this.#entries);
    const now = ownedByName(entries);
    const known = this.#entries;
    this.#config = config;
    this.#entries = entries;
    this.#order = [...entries.values()];
    this.#desired = tableOf(entries);
    this.#owners = ownersOf(entries);
    const either = ownedByEither(before, now);
    const changed = [...either.keys()].filter((name) => {
      if (before.get(name) !== now.get(name)) return true;
      const [old, entry] = [known.get(name as VirtualServerName), entries.get(name as VirtualServerName)];
      return old !== undefined && entry !== undefined && worthJournalling(old.state, entry.state);
    });
    /** Some of it was owned only before. */
    const shrinks = changed.some((name) => either.get(name) !== now.get(name));
    if (ownedEarlier !== undefined) this.#replaceJournal(either);
    else if (changed.length > 0) this.#appendOwned(changed, either);
    this.#owned = new LazyOwnership([...now.values(), ...before.values()]);
    const report = this.#note(await this.#ports.table.converge(this.#desired, this.#owned), FIRST_RETRY_MS);
    // What was owned only before is gone now, unless the kernel refused to let it go: then it stays ours to remove.
    if (report.refused.length === 0) {
      if (before.size > 0) this.#owned = new LazyOwnership([...now.values()]);
      if (shrinks && ownedEarlier !== undefined) this.#replaceJournal(now);
      else if (shrinks) this.#appendOwned(changed, now);
    }
    this.#hear(effects);
    return report;
  }

  #replaceJournal(owned: ReadonlyMap<string, OwnedByVirtualServer>): void {
    this.#ports.journal.replace({ owned, memberships: this.#memberships() });
  }

  /** The journal's lines for these virtual servers, behind what it says of them already. */
  #appendOwned(names: readonly string[], owned: ReadonlyMap<string, OwnedByVirtualServer>): void {
    const lines = names.flatMap((name): JournalLine[] => {
      const mine = owned.get(name);
      const entry = this.#entries.get(name as VirtualServerName);
      if (mine === undefined) return [{ gone: name }];
      const own: JournalLine = { own: name, s: mine.services, d: mine.destinations };
      return entry === undefined ? [own] : [own, { is: journalEntry(entry.state) }];
    });
    if (this.#ports.journal.append(lines) === false) this.#replaceJournal(owned);
  }

  #step(entry: Entry, event: MembershipEvent, effects: Effects): void {
    const step = stepMembership(entry.state, event);
    if (step.state.quorumUp !== entry.state.quorumUp) entry.quorumSince = this.#ports.wall();
    entry.state = step.state;
    for (const effect of step.effects) effects.push([effect, step.state]);
  }

  /** Plans and applies some virtual servers only. */
  async #apply(entries: Iterable<Entry>, effects: Effects): Promise<ApplyReport | undefined> {
    this.#log(effects);
    const desired = new Map<string, DesiredService>();
    for (const entry of entries) {
      if (!wantsAnew(entry)) continue;
      for (const [text, service] of ownServices(entry, this.#owners)) {
        desired.set(text, service);
        this.#desired.set(text, service);
      }
    }
    const report =
      desired.size === 0 ? undefined : this.#note(await this.#ports.table.adjust(desired, this.#owned), FIRST_RETRY_MS);
    this.#hear(effects);
    return report;
  }

  #memberships(): Journal['memberships'] {
    return new Map(this.#order.map(({ state }) => [state.name, journalEntry(state)]));
  }

  #log(effects: Readonly<Effects>): void {
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i]?.[0];
      if (effect?.kind === 'log') this.#ports.log.info(effect.text);
    }
  }

  #hear(effects: Readonly<Effects>): void {
    for (let i = 0; i < effects.length; i++) {
      const [effect, state] = effects[i] as [MembershipEffect, MembershipState];
      if (effect.kind !== 'log') this.#ports.effect(effect, state);
    }
  }
}
