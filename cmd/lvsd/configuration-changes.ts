/**
 * Changes of configuration, one at a time: the first one, and every reload, from the file to its outcome.
 *
 * A file is read and shown to all roles, they agree or not (reload-transaction.ts), and the outcome is logged, counted,
 * and told to whoever asked. Requests that come meanwhile are served together by one more reload. A role that dies while
 * it prepares says nothing about the configuration: when it is back, all is shown once more, a bounded number of times.
 * No step waits without a limit, so that a reload always ends.
 *
 * What a role is shown that comes back outside of a change is in newcomers.ts.
 */
import { describeError } from '../../runtime/errors.js';
import { milliseconds } from '../../runtime/units.js';
import {
  forbiddenChanges,
  type LoadedConfiguration,
  loadConfiguration,
  refusalsOf,
  unbuiltNotes,
  whereAndWhat,
} from './configuration.js';
import type { CommitReport, Refusal, RoleName, ToSupervisor } from './messages.js';
import type { InForce, Newcomers } from './newcomers.js';
import {
  beginTransaction,
  stepTransaction,
  type TransactionEvent,
  type TransactionStep,
} from './reload-transaction.js';
import { statusOfRefusals } from './restart-policy.js';
import type { RoleSet } from './role-set.js';
import type { Pending, ReloadOutcome, SupervisorParts } from './supervisor-parts.js';

/** A role that has not prepared a configuration by then is taken for lost and the reload for refused. */
const PREPARE_TIMEOUT_MS = 120_000;
/** A role whose heart beats may be at work on 65,000 services; by then it is stuck. */
const COMMIT_TIMEOUT_MS = 600_000;
/** A configuration is shown so often while roles die over it; the last death refuses it. */
const MOST_ATTEMPTS = 3;

export interface ChangeEvents {
  /** The first configuration is in force. */
  started(): void;
  /** The first configuration was refused: lvsd ends with this status. */
  startRefused(status: number): void;
  /** A configuration is in force, the new one or still the old. */
  settled(): void;
  /** Whether lvsd is about to end: then nothing is begun any more. */
  stopping(): boolean;
}

type Waiters = readonly ((outcome: ReloadOutcome) => void)[];

export class ConfigurationChanges {
  readonly #parts: SupervisorParts;
  readonly #roles: RoleSet;
  readonly #newcomers: Newcomers;
  readonly #events: ChangeEvents;
  #inForce: InForce | undefined;
  #pending: Pending | undefined;
  #queued: ((outcome: ReloadOutcome) => void)[] | undefined;
  #generation = 0;
  #last: ReloadOutcome | undefined;
  #applied = 0;
  #refused = 0;

  constructor(parts: SupervisorParts, roles: RoleSet, newcomers: Newcomers, events: ChangeEvents) {
    this.#parts = parts;
    this.#roles = roles;
    this.#newcomers = newcomers;
    this.#events = events;
  }

  /** The configuration in force: what a role that begins anew is shown. */
  get inForce(): InForce | undefined {
    return this.#inForce;
  }
  get lastReload(): ReloadOutcome | undefined {
    return this.#last;
  }
  get reloads(): { readonly applied: number; readonly refused: number } {
    return { applied: this.#applied, refused: this.#refused };
  }

  /** Puts the first configuration into force. The roles that it begins with are started. */
  begin(first: LoadedConfiguration): void {
    this.#show(first, 'start', []);
  }

  /** Reads the files again and puts them into force if every role agrees. */
  reload(): Promise<ReloadOutcome> {
    return new Promise((resolve) => {
      // While the startup script runs nothing is in force yet, and the start comes first.
      if (this.#pending !== undefined || this.#inForce === undefined || this.#events.stopping()) {
        this.#queued = [...(this.#queued ?? []), resolve];
        return;
      }
      this.#reloadNow([resolve]);
    });
  }

  /** A new process of a role is there. @returns whether a change will show it what it needs */
  roleIsUp(): boolean {
    const waiting = this.#pending;
    if (waiting === undefined) return false;
    if (waiting.transaction === undefined) {
      if (![...waiting.loaded.needs].every((role) => this.#roles.get(role)?.up !== false)) return false;
      this.#tryAgain(waiting);
      return true;
    }
    // What came in between is shown what is in force when the change has ended.
    return waiting.transaction.phase === 'preparing';
  }

  roleIsDown(role: RoleName): void {
    this.#advance({ type: 'died', role });
  }

  /** @returns whether it was an answer to the change that is under way */
  prepared(from: RoleName, message: Extract<ToSupervisor, { type: 'prepared' }>): boolean {
    const pending = this.#pending;
    if (pending?.generation !== message.generation || pending.transaction?.phase !== 'preparing') return false;
    if (from === 'director') {
      pending.diagnostics.push(...message.diagnostics);
      this.#tellDiagnostics(message.diagnostics);
    }
    this.#advance({ type: 'prepared', role: from, generation: message.generation, refusals: message.refusals });
    return true;
  }

  committed(role: RoleName, generation: number, report: CommitReport | undefined): void {
    this.#advance({ type: 'committed', role, generation, report });
  }

  #reloadNow(waiters: Waiters): void {
    const { log, systemd, commandLine } = this.#parts;
    log.info('Reloading');
    systemd.reloading('Reloading');
    const startedAt = this.#parts.clock.now();
    let loaded: LoadedConfiguration;
    try {
      const before = this.#inForce?.loaded;
      const load = (): LoadedConfiguration => loadConfiguration(commandLine.configFile, commandLine, before);
      loaded = this.#parts.reloadWords?.read(before?.global, load) ?? load();
    } catch (error) {
      const refusals = [{ code: 'LVSD_CONFIG_READ', message: describeError(error) }];
      this.#settle({ refusals, diagnostics: [], waiters, startedAt });
      return;
    }
    const forbidden = this.#inForce === undefined ? [] : forbiddenChanges(this.#inForce.loaded.global, loaded.global);
    if (forbidden.length > 0) {
      this.#settle({ refusals: forbidden, diagnostics: loaded.diagnostics, waiters, startedAt });
      return;
    }
    for (const role of loaded.needs) this.#roles.start(role);
    this.#show(loaded, 'reload', waiters);
  }

  #show(
    loaded: LoadedConfiguration,
    purpose: 'start' | 'reload',
    waiters: Waiters,
    attempt = 1,
    startedAt: number = this.#parts.clock.now(),
  ): void {
    const generation = ++this.#generation;
    const pending: Pending = {
      loaded,
      generation,
      startedAt,
      diagnostics: [],
      purpose,
      waiters,
      attempt,
      timer: undefined,
      transaction: undefined,
    };
    this.#pending = pending;
    // Without virtual servers no director looks at the file: then the supervisor judges what it bound itself.
    const alone = this.#roles.get('director')?.up !== true;
    const options = this.#parts.welcome('director');
    const refusals = alone ? refusalsOf(loaded.own, loaded.diagnostics, { purpose, ...options }) : [];
    if (alone && attempt === 1) this.#tellDiagnostics(unbuiltNotes(loaded.own, options, this.#inForce?.loaded.own));
    if (refusals.length > 0) {
      this.#settle({ ...pending, refusals, diagnostics: loaded.diagnostics });
      return;
    }
    this.#limit(pending, PREPARE_TIMEOUT_MS);
    const absent = [...loaded.needs].filter((role) => this.#roles.get(role)?.up === false);
    if (absent.length > 0) {
      // Judged and committed without it, it would come back to a configuration that it never saw.
      this.#parts.log.info(
        `The ${purpose} waits for the ${absent.join(' and ')} process, which is being started again`,
      );
      return;
    }
    const taking = this.#roles.up;
    for (const role of taking) {
      this.#newcomers.changeIsShown(role);
      this.#roles.send(role, { type: 'prepare', generation, purpose }, loaded.encoded);
    }
    this.#follow(beginTransaction(generation, taking));
  }

  /** The step that is under way ends by then, one way or the other. */
  #limit(pending: Pending, ms: number): void {
    pending.timer?.cancel();
    pending.timer = this.#parts.clock.after(milliseconds(ms), 'reload timeout', () =>
      pending.transaction === undefined
        ? this.#settle({ ...pending, refusals: [neverBack] })
        : this.#advance({ type: 'timeout' }),
    );
  }

  #advance(event: TransactionEvent): void {
    const transaction = this.#pending?.transaction;
    if (transaction !== undefined) this.#follow(stepTransaction(transaction, event));
  }

  #follow(step: TransactionStep): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    pending.transaction = step.next;
    for (const action of step.actions) {
      switch (action.do) {
        case 'commit':
          // From the first commit on, a role that begins anew is shown the new configuration.
          this.#inForce = { loaded: pending.loaded, generation: pending.generation };
          this.#limit(pending, COMMIT_TIMEOUT_MS);
          this.#newcomers.commit(action.role, action.generation);
          break;
        case 'abandon':
          for (const role of action.roles) this.#roles.send(role, { type: 'abandon', generation: action.generation });
          if (!this.#mayTryAgain(pending, action.refusals)) this.#settle({ ...pending, refusals: action.refusals });
          return;
        case 'finished':
          this.#inForce = { loaded: pending.loaded, generation: pending.generation };
          this.#finish(pending, action.report, action.missed);
          return;
      }
    }
  }

  #finish(pending: Pending, report: CommitReport | undefined, missed: readonly RoleName[]): void {
    const late = missed.length === 0 ? undefined : neverCommitted(missed);
    // Without its table lvsd has not started. At a reload the configuration is in force in all others.
    const fails = pending.purpose === 'start' && missed.includes('director');
    if (late !== undefined && !fails) this.#parts.log.error(late.message);
    this.#settle({ ...pending, report, refusals: late !== undefined && fails ? [late] : [] });
  }

  /** A role that died says nothing about the configuration: when it is back, all is shown once more. */
  #mayTryAgain(pending: Pending, refusals: readonly Refusal[]): boolean {
    if (this.#events.stopping() || pending.attempt >= MOST_ATTEMPTS) return false;
    return refusals.every((refusal) => refusal.code === 'LVSD_ROLE_DIED');
  }

  #tryAgain(pending: Pending): void {
    pending.timer?.cancel();
    const { loaded, purpose, waiters, attempt, startedAt } = pending;
    this.#show(loaded, purpose, waiters, attempt + 1, startedAt);
  }

  #settle(end: {
    readonly refusals: readonly Refusal[];
    readonly diagnostics: readonly unknown[];
    readonly waiters: Waiters;
    readonly startedAt: number;
    readonly report?: CommitReport | undefined;
  }): void {
    const { log, systemd, clock } = this.#parts;
    const purpose = this.#pending?.purpose ?? 'reload';
    this.#pending?.timer?.cancel();
    this.#pending = undefined;
    const refused = end.refusals.length > 0;
    const outcome: ReloadOutcome = {
      result: refused ? 'refused' : 'applied',
      generation: this.#inForce?.generation ?? 0,
      milliseconds: clock.now() - end.startedAt,
      refusals: end.refusals,
      diagnostics: end.diagnostics,
      report: end.report,
      wall: clock.wall(),
    };
    for (const refusal of end.refusals) log.error(refusal.message);
    if (purpose === 'start') {
      if (refused) {
        log.error(
          'lvsd does not start with this configuration: mend what is named above and start again (lvsd -t shows it with the lines).',
        );
        this.#events.startRefused(statusOfRefusals(end.refusals));
        return;
      }
      log.info('Startup complete');
      this.#events.started();
      systemd.ready(process.pid, 'Serving');
    } else {
      if (refused) this.#refused++;
      else this.#applied++;
      this.#last = outcome;
      log.info(
        refused ? 'Reload refused: the old configuration stays in force, nothing was changed' : 'Reload complete',
      );
      systemd.ready(process.pid, refused ? 'Serving the old configuration: the last reload was refused' : 'Serving');
    }
    this.#newcomers.showWhoLacks();
    this.#events.settled();
    for (const waiter of end.waiters) waiter(outcome);
    const queued = this.#queued;
    if (queued === undefined || this.#events.stopping()) return;
    this.#queued = undefined;
    this.#reloadNow(queued);
  }

  #tellDiagnostics(diagnostics: readonly unknown[]): void {
    for (const diagnostic of diagnostics as readonly Parameters<typeof whereAndWhat>[0][]) {
      if (diagnostic.class !== 'missing' && diagnostic.class !== 'unusable')
        this.#parts.log.info(whereAndWhat(diagnostic));
    }
  }
}

const neverBack: Refusal = {
  code: 'LVSD_ROLE_SILENT',
  message: 'A process that died while the configuration was shown did not come back in time. The log says why it died.',
};

function neverCommitted(roles: readonly RoleName[]): Refusal {
  return {
    code: 'LVSD_ROLE_SILENT',
    message: `The configuration was not put into force within ${COMMIT_TIMEOUT_MS / 60_000} minutes by: ${roles.join(', ')}. The log may say why; lvsctl status shows whether that process is at work.`,
  };
}
