/**
 * The director role: IPVS, membership, and what follows from verdicts. It has NET_ADMIN and nothing else.
 *
 * Work on the table is done one after the other in the order in which it was asked for (`#queue`): a reload that comes
 * while verdicts are applied waits for them. When this process dies the table goes on serving; the next director reads
 * the journal and goes on from there.
 */
import type { Config } from '../../../config/config.js';
import { Director } from '../../../director/director.js';
import { emptyJournal, type Journal, weightsLine } from '../../../director/journal.js';
import { JournalFile } from '../../../director/journal-file.js';
import { wholeTable } from '../../../director/ownership.js';
import type { MembershipState } from '../../../healthcheck/membership.js';
import { openCheckSocket } from '../../../healthcheck/probes/open-socket.js';
import { validatePattern } from '../../../healthcheck/probes/pcre2.js';
import { isVerdictChange, type VerdictChange } from '../../../healthcheck/verdict.js';
import type { ApplyReport } from '../../../ipvs-netlink/apply.js';
import { closeFd, type Fd } from '../../../native/descriptor.js';
import { raiseDescriptorLimit } from '../../../native/process.js';
import { describeError, isLvsdError } from '../../../runtime/errors.js';
import { HEAP_REST_MS, shrinkHeap } from '../../../runtime/heap.js';
import { milliseconds } from '../../../runtime/units.js';
import { refusalsOf, unbuiltNotes } from '../configuration.js';
import type { CommitReport, Purpose, Refusal, SupervisorMessage } from '../messages.js';
import { exitCode } from '../restart-policy.js';
import { directorStatus } from './director-status.js';
import { DirectorVoice } from './director-voice.js';
import { GroupMaps } from './group-maps.js';
import { HeldConfiguration, type ReadConfiguration } from './held-configuration.js';
import { IpvsSettings } from './ipvs-settings.js';
import { driftTick, KernelTable } from './kernel-table.js';
import { type PlanSummary, planSummary } from './plan-summary.js';
import type { Role, RoleContext } from './role.js';
import { VipPresence } from './vip-presence.js';

export class DirectorRole implements Role {
  readonly #context: RoleContext;
  readonly #held = new HeldConfiguration({ validateRegex: validatePattern });
  readonly #vips: VipPresence;
  readonly #director: Director;
  readonly #voice: DirectorVoice;
  readonly #groupMaps: GroupMaps;
  #table: KernelTable | undefined;
  #tableTrouble: Refusal | undefined;
  #journal: JournalFile | undefined;
  #earlier: Journal = emptyJournal;
  #settings: IpvsSettings | undefined;
  #started = false;
  /** lvsd itself starts, not only this process: `lvs_flush` counts. */
  #daemonStarts = false;
  #queue: Promise<unknown> = Promise.resolve();
  #presenceWaits = false;

  constructor(context: RoleContext) {
    this.#context = context;
    raiseDescriptorLimit(4096);
    this.#voice = new DirectorVoice(context.send, () => this.#held.config);
    this.#groupMaps = new GroupMaps(context.welcome.ipvsNamespace, context.log);
    this.#vips = new VipPresence(() => this.#lookAtPresence());
    this.#director = new Director({
      log: context.log,
      wall: () => context.clock.wall(),
      table: {
        plan: (desired, owned) => this.#tableOrThrow().plan(desired, owned),
        converge: (desired, owned) => this.#tableOrThrow().converge(desired, owned),
        adjust: (part, owned) => this.#tableOrThrow().adjust(part, owned),
      },
      journal: {
        append: (lines) => {
          let there: boolean | undefined;
          this.#journalled(() => {
            there = this.#journal?.append(lines);
          });
          return there !== false;
        },
        replace: (journal) =>
          this.#journalled(() =>
            this.#journal?.replace({
              ...journal,
              restore: this.#settings?.restorable ?? this.#earlier.restore,
              handWeights: this.#table?.handWeights ?? this.#earlier.handWeights,
            }),
          ),
      },
      present: (server) => this.#present(server),
      effect: (effect, server) => this.#voice.hear(effect, server),
    });
    this.#openTable();
    this.#watchDrift();
  }

  onMessage(message: SupervisorMessage, descriptors: readonly Fd[]): void {
    switch (message.type) {
      case 'prepare':
        this.#prepare(message.generation, message.purpose, descriptors);
        return;
      case 'commit':
        this.#inOrder(() => this.#commit(message.generation));
        return;
      case 'abandon':
        this.#held.abandon(message.generation);
        return;
      case 'verdicts':
        this.#inOrder(() => this.#verdicts(message.generation, message.changes));
        return;
      case 'open-socket':
        this.#openSocket(message.id, message.request);
        return;
      case 'restore-checker':
        this.#inOrder(async () => this.#voice.restoreChecker(this.#director.states));
        return;
      case 'plan':
        this.#answerPlan(message.id, descriptors);
        return;
      case 'status':
        this.#context.send({ type: 'answer', id: message.id, value: this.#status() });
        return;
      case 'stop':
        this.#inOrder(() => this.#stop());
        return;
      default:
        for (const fd of descriptors) closeFd(fd);
    }
  }

  /** Opens IPVS and reads its table while the configuration is still being read. */
  #openTable(): void {
    const { ipvsNamespace, journal } = this.#context.welcome;
    try {
      this.#table = new KernelTable(ipvsNamespace, this.#context.log);
      this.#journal = new JournalFile(journal, this.#table.identity);
      const read = this.#journal.read();
      if (read.kind === 'journal') this.#earlier = read.journal;
      else if (read.kind === 'damaged') this.#context.log.warning(describeError(read.error));
      const table = this.#table;
      this.#settings = new IpvsSettings(
        table.ipvs,
        table.dumps,
        ipvsNamespace,
        this.#earlier.restore,
        this.#context.log,
      );
    } catch (error) {
      this.#tableTrouble = {
        code: isLvsdError(error) ? error.code : 'LVSD_IPVS_UNREACHABLE',
        message: describeError(error),
      };
    }
  }

  #tableOrThrow(): KernelTable {
    if (this.#table === undefined) throw new Error(this.#tableTrouble?.message ?? 'IPVS was not opened');
    return this.#table;
  }

  #prepare(generation: number, purpose: Purpose, descriptors: readonly Fd[]): void {
    const { welcome, send } = this.#context;
    const { parsed, diagnostics } = this.#held.prepare(generation, descriptors);
    const notes = purpose === 'return' ? [] : unbuiltNotes(parsed.config, welcome, this.#held.config);
    const refusals = [...refusalsOf(parsed.config, diagnostics, { purpose, ...welcome })];
    if (this.#tableTrouble !== undefined && parsed.config.virtualServers.length > 0) refusals.push(this.#tableTrouble);
    this.#daemonStarts = purpose === 'start';
    // A checker that starts with us must know the dead before it commits.
    if (purpose !== 'reload' && !this.#started && this.#earlier.memberships.size > 0)
      this.#voice.restoreFromJournal(parsed.config, this.#earlier);
    send({ type: 'prepared', generation, refusals, diagnostics: [...diagnostics, ...notes] });
  }

  async #commit(generation: number): Promise<void> {
    const { clock, leave, send } = this.#context;
    const held = this.#held.commit(generation);
    if (held === undefined) {
      if (this.#held.current?.generation === generation) send({ type: 'committed', generation, report: undefined });
      return;
    }
    const startedAt = clock.now();
    let report: ApplyReport | undefined;
    try {
      report = await this.#putInForce(held.parsed.config, generation);
    } catch (error) {
      this.#tellTrouble(error);
      // A start that failed is begun anew by the next process; at a reload nobody may wait for an answer for ever.
      if (!this.#started && this.#table !== undefined) leave(exitCode.programError);
    }
    send({
      type: 'committed',
      generation,
      report: report === undefined ? undefined : reportOf(report, clock.now() - startedAt),
    });
  }

  async #putInForce(config: Config, generation: number): Promise<ApplyReport | undefined> {
    const table = this.#table;
    if (table === undefined) return undefined;
    let report: ApplyReport;
    if (this.#started) {
      table.tellAnew();
      this.#setSettings(config.global);
      report = await this.#groupMaps.around(this.#director.markTables(config), () =>
        this.#director.reload(config, generation),
      );
      if (this.#journal?.wantsCompaction === true) this.#director.compactJournal();
    } else {
      const read = await table.read(this.#earlier.handWeights);
      if (read.rejected > 0)
        this.#context.log.info(
          `${read.rejected} entries of the IPVS table are of a kind that lvsd does not know; they are left alone`,
        );
      const flush = config.global.lvsFlush && this.#daemonStarts;
      const earlier = flush ? { ...this.#earlier, owned: wholeTable(table.services) } : this.#earlier;
      report = await this.#groupMaps.around(this.#director.markTables(config), () =>
        this.#director.start(config, generation, earlier),
      );
      this.#started = true;
      this.#earlier = emptyJournal;
      this.#context.clock.after(milliseconds(HEAP_REST_MS), 'heap', shrinkHeap);
      this.#setSettings(config.global);
    }
    this.#voice.sendSuspensions(this.#director.states);
    return report;
  }

  /** What stood before is in the journal before it is changed: a crash in between forgets nothing. */
  #setSettings(global: Config['global']): void {
    const settings = this.#settings;
    if (settings === undefined) return;
    const restore = settings.restorableAfter(global);
    if (restore !== undefined) this.#journalled(() => this.#journal?.append([{ restore }]));
    settings.set(global);
  }

  async #verdicts(generation: number, changes: readonly VerdictChange[]): Promise<void> {
    if (generation !== this.#held.current?.generation || !this.#started) return;
    await this.#director.verdicts(changes.filter(isVerdictChange));
    if (this.#journal?.wantsCompaction === true) this.#director.compactJournal();
  }

  #openSocket(id: number, request: Parameters<typeof openCheckSocket>[0]): void {
    let fd: Fd | undefined;
    let error: string | undefined;
    try {
      fd = openCheckSocket(request);
    } catch (cause) {
      error = describeError(cause);
    }
    this.#context.send({ to: 'checker', type: 'socket', id, error }, fd === undefined ? [] : [fd]);
  }

  async #stop(): Promise<void> {
    const { welcome, leave, send } = this.#context;
    const global = this.#held.config?.global;
    if (this.#started && this.#table !== undefined && global !== undefined && !welcome.keepTable) {
      this.#groupMaps.withdraw();
      await this.#director.stop(global.lvsFlushOnStop);
      if (global.lvsFlushOnStop === 'table') this.#table.flush();
      this.#settings?.restore();
      this.#journal?.remove();
    }
    send({ type: 'stopped' });
    this.#vips.close();
    leave(0);
  }

  #present(server: MembershipState['server']): boolean {
    const { config } = this.#held;
    return config === undefined || this.#vips.of(server, config.groups);
  }

  /** In its turn, because a reload that comes first gives the indices another meaning; once for many addresses. */
  #lookAtPresence(): void {
    if (this.#presenceWaits) return;
    this.#presenceWaits = true;
    this.#inOrder(async () => {
      this.#presenceWaits = false;
      for (const state of this.#director.states) {
        const present = this.#present(state.server);
        if (present !== state.present) await this.#director.presence(state.index, present);
      }
    });
  }

  #answerPlan(id: number, descriptors: readonly Fd[]): void {
    const answer = (work: () => PlanSummary): void => {
      let value: PlanSummary;
      try {
        value = work();
      } catch (error) {
        const code = isLvsdError(error) ? error.code : 'LVSD_PLAN_FAILED';
        value = { refusals: [{ code, message: describeError(error) }], diagnostics: [], changes: [], messages: 0 };
      }
      this.#context.send({ type: 'answer', id, value });
    };
    let read: ReadConfiguration;
    try {
      read = this.#held.read(descriptors);
    } catch (error) {
      // A question must not end the process that holds the table.
      answer(() => {
        throw error;
      });
      return;
    }
    this.#inOrder(async () => answer(() => this.#plan(read)));
  }

  #plan({ parsed, diagnostics }: ReadConfiguration): PlanSummary {
    const refusals = [...refusalsOf(parsed.config, diagnostics, { purpose: 'reload', ...this.#context.welcome })];
    if (this.#tableTrouble !== undefined) refusals.push(this.#tableTrouble);
    return planSummary(this.#director.plan(parsed.config), this.#tableOrThrow().services, refusals, diagnostics);
  }

  #status(): unknown {
    return directorStatus(this.#director, this.#table, this.#held.current?.generation ?? 0);
  }

  #watchDrift(): void {
    this.#context.clock.after(milliseconds(driftTick(this.#director.desired.size)), 'drift', () => {
      this.#inOrder(async () => {
        const config = this.#director.config;
        if (this.#table === undefined || config === undefined) return;
        await this.#director.retryRefused();
        const weightsChanged = await this.#table.watchDrift(
          this.#director.desired.size,
          this.#director.ownership,
          config.global.lvsDrift,
          this.#context.clock.wall(),
        );
        const { handWeights } = this.#table;
        if (weightsChanged) this.#journalled(() => this.#journal?.append([weightsLine(handWeights)]));
      });
      this.#queue.finally(() => this.#watchDrift());
    });
  }

  #journalled(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#context.log.error(describeError(error));
    }
  }

  /** Work on the table, one piece after the other; a piece that fails is told and does not stop the next. */
  #inOrder(work: () => Promise<unknown>): void {
    this.#queue = this.#queue.then(work).catch((error) => this.#tellTrouble(error));
  }

  #tellTrouble(error: unknown): void {
    this.#context.log.error(
      `A change of the IPVS table could not be made: ${describeError(error)}. It is looked at again within ten seconds.`,
    );
  }
}

function reportOf(report: ApplyReport, elapsed: number): CommitReport {
  return { messages: report.messages, sends: report.sends, refused: report.refused.length, milliseconds: elapsed };
}
