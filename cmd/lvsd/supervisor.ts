/**
 * The supervisor: keepalived's parent process (keepalived.md 1, 4, 18).
 *
 * It holds the pid file, reads the configuration, starts the roles that it needs and replaces those that die, carries
 * messages between them, answers signals, and takes a change of configuration through its two phases. It touches
 * neither kernel table nor network; when it dies, the roles end and the table goes on serving.
 *
 * The pieces: role-process.ts (one child), reload-transaction.ts (the two phases), configuration.ts (files and what
 * they need), control.ts (lvsctl).
 */
import { closeFd, type Fd } from '../../native/descriptor.js';
import type { Clock } from '../../runtime/clock.js';
import { describeError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { milliseconds } from '../../runtime/units.js';
import {
  forbiddenChanges,
  type LoadedConfiguration,
  loadConfiguration,
  refusalsOf,
  whereAndWhat,
} from './configuration.js';
import type { CommitReport, Refusal, RoleMessage, RoleName } from './messages.js';
import { roleNames } from './messages.js';
import {
  beginTransaction,
  stepTransaction,
  type TransactionEvent,
  type TransactionStep,
} from './reload-transaction.js';
import { exitCode, statusOfRefusals } from './restart-policy.js';
import type { RoleProcess } from './role-process.js';
import { RoleSet } from './role-set.js';
import type { Pending, ReloadOutcome, SupervisorParts } from './supervisor-parts.js';
import { version } from './version.js';

/** A role that has not prepared a configuration by then is taken for lost and the reload for refused. */
const PREPARE_TIMEOUT_MS = 120_000;
/** A configuration is shown so often while roles die over it; the last death refuses it. */
const MOST_ATTEMPTS = 3;

export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #roles: RoleSet;
  /** The configuration in force: what a role that begins anew is shown. */
  #current: { readonly loaded: LoadedConfiguration; readonly generation: number } | undefined;
  #pending: Pending | undefined;
  #queuedReload: ((outcome: ReloadOutcome) => void)[] | undefined;
  #generation = 0;
  #stopping = false;
  #checkerAwaitsVerdicts = false;
  /** A checker process that has not committed anything: it does not know who is dead. */
  #checkerIsNew = true;
  #lastReload: ReloadOutcome | undefined;
  #applied = 0;
  #refused = 0;
  readonly startedWall: number;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#roles = new RoleSet(parts, {
      onMessage: (from, message, descriptors) => this.#onMessage(from, message, descriptors),
      onUp: (up) => this.#onUp(up),
      onDown: (down) => this.#onDown(down),
      onPermanentDeath: (dead, why, status) => this.#onPermanentDeath(dead, why, status),
    });
    this.startedWall = parts.clock.wall();
  }

  /** Whether the end has begun, by request or because the start failed. */
  get stopping(): boolean {
    return this.#stopping;
  }
  get generation(): number {
    return this.#current?.generation ?? 0;
  }
  get current(): LoadedConfiguration | undefined {
    return this.#current?.loaded;
  }
  get lastReload(): ReloadOutcome | undefined {
    return this.#lastReload;
  }
  get reloads(): { readonly applied: number; readonly refused: number } {
    return { applied: this.#applied, refused: this.#refused };
  }
  get roles(): ReadonlyMap<RoleName, RoleProcess> {
    return this.#roles.all;
  }
  /** Milliseconds that this process's own timer was late at most since it was last asked. */
  takeWorstLag(): number {
    return this.#roles.takeWorstLag();
  }

  /**
   * Starts the roles and puts the first configuration into force. The checker comes when the table stands (`#settle`):
   * until then it would only take processor time from the director.
   */
  async start(): Promise<void> {
    const { first, commandLine } = this.#parts;
    this.#roles.watch();
    if (first.global.startupScript !== undefined) {
      this.#roles.start('runner');
      await this.#showUncommitted('runner', first);
      await this.#roles.runScript('startup', (first.global.startupScriptTimeout ?? 10) * 1000);
    }
    for (const role of roleNames) {
      if (role !== 'checker' && (commandLine.allRoles || first.needs.has(role))) this.#roles.start(role);
      // A process that can never be started has ended the start.
      if (this.#stopping) return;
    }
    this.#begin(first, 'start', []);
  }

  /**
   * Reads the files again and puts them into force if every role agrees. Requests that come while one is at work are
   * served together by one more reload after it.
   */
  reload(): Promise<ReloadOutcome> {
    return new Promise((resolve) => {
      // While the startup script runs nothing is in force yet, and the start comes first.
      if (this.#pending !== undefined || this.#current === undefined) {
        this.#queuedReload = [...(this.#queuedReload ?? []), resolve];
        return;
      }
      this.#reloadNow([resolve]);
    });
  }

  /** Asks a role; undefined if it does not answer in time or is not there. */
  ask(role: RoleName, type: 'status' | 'plan', patience?: number, snapshot?: Uint8Array): Promise<unknown> {
    return this.#roles.ask(role, type, patience, snapshot);
  }

  /** Stops everything in the order of goodbye and ends the process. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const { log, systemd, pidFile } = this.#parts;
    log.info('Stopping');
    systemd.stopping('Stopping');
    const global = this.#current?.loaded.global ?? this.#parts.first.global;
    const patience = (global.childWaitTime ?? 5) * 1000;
    // Verdicts first, then the table (its notify scripts go to the runner), then the runner when they have run.
    for (const role of ['checker', 'director'] as const) await this.#roles.get(role)?.stop(patience);
    if (global.shutdownScript !== undefined)
      await this.#roles.runScript('shutdown', (global.shutdownScriptTimeout ?? 10) * 1000);
    await this.#roles.get('runner')?.stop(patience);
    this.#roles.removePidFiles();
    pidFile.remove();
    log.info(`Stopped lvsd v${version}`);
    this.#parts.exit(exitCode.ok);
  }

  /** Whether every role that should live was heard lately: what systemd's watchdog is told. */
  healthy(): boolean {
    return this.#roles.healthy();
  }

  #reloadNow(waiters: ((outcome: ReloadOutcome) => void)[]): void {
    const { log, systemd, commandLine } = this.#parts;
    log.info('Reloading');
    systemd.reloading('Reloading');
    const startedAt = this.#clock.now();
    let loaded: LoadedConfiguration;
    try {
      loaded = loadConfiguration(commandLine.configFile, commandLine, this.#current?.loaded);
    } catch (error) {
      this.#settle({
        refusals: [{ code: 'LVSD_CONFIG_READ', message: describeError(error) }],
        diagnostics: [],
        waiters,
        startedAt,
      });
      return;
    }
    const forbidden = this.#current === undefined ? [] : forbiddenChanges(this.#current.loaded.global, loaded.global);
    if (forbidden.length > 0) {
      this.#settle({ refusals: forbidden, diagnostics: loaded.diagnostics, waiters, startedAt });
      return;
    }
    for (const role of loaded.needs) this.#roles.start(role);
    this.#begin(loaded, 'reload', waiters);
  }

  #begin(
    loaded: LoadedConfiguration,
    purpose: 'start' | 'reload',
    waiters: ((outcome: ReloadOutcome) => void)[],
    attempt = 1,
    startedAt: number = this.#clock.now(),
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
    const refusals = this.#roles.get('director')?.up
      ? []
      : refusalsOf(loaded.own, loaded.diagnostics, { purpose, ...this.#parts.welcome('director') });
    if (refusals.length > 0) {
      this.#settle({ refusals, diagnostics: loaded.diagnostics, waiters, startedAt: pending.startedAt });
      return;
    }
    pending.timer = this.#clock.after(milliseconds(PREPARE_TIMEOUT_MS), 'reload timeout', () =>
      pending.transaction === undefined
        ? this.#settle({ ...pending, refusals: [neverBack] })
        : this.#advance({ type: 'timeout' }),
    );
    const absent = [...loaded.needs].filter((role) => this.#roles.get(role)?.up === false);
    if (absent.length > 0) {
      // Judged and committed without it, it would come back to a configuration that it never saw.
      this.#log.info(`The ${purpose} waits for the ${absent.join(' and ')} process, which is being started again`);
      return;
    }
    const taking = this.#roles.up;
    for (const role of taking) this.#roles.send(role, { type: 'prepare', generation, purpose }, loaded.encoded);
    this.#follow(beginTransaction(generation, taking));
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
          this.#current = { loaded: pending.loaded, generation: pending.generation };
          // At a start the director said what it knows while it prepared; a checker that came back before a reload
          // hears it first, or it would call dead servers alive.
          if (action.role === 'checker' && this.#checkerIsNew && pending.purpose === 'reload') this.#commitNewChecker();
          else this.#roles.send(action.role, { type: 'commit', generation: action.generation });
          break;
        case 'abandon':
          for (const role of action.roles) this.#roles.send(role, { type: 'abandon', generation: action.generation });
          if (this.#mayTryAgain(pending, action.refusals)) return;
          this.#settle({
            refusals: action.refusals,
            diagnostics: pending.diagnostics,
            waiters: pending.waiters,
            startedAt: pending.startedAt,
          });
          return;
        case 'finished':
          this.#current = { loaded: pending.loaded, generation: pending.generation };
          this.#settle({
            report: action.report,
            refusals: [],
            diagnostics: pending.diagnostics,
            waiters: pending.waiters,
            startedAt: pending.startedAt,
          });
          return;
      }
    }
  }

  /** A role that died says nothing about the configuration: when it is back, all is shown once more. */
  #mayTryAgain(pending: Pending, refusals: readonly Refusal[]): boolean {
    if (this.#stopping || pending.attempt >= MOST_ATTEMPTS) return false;
    return refusals.every((refusal) => refusal.code === 'LVSD_ROLE_DIED');
  }

  #tryAgain(pending: Pending): void {
    pending.timer?.cancel();
    const { loaded, purpose, waiters, attempt, startedAt } = pending;
    this.#begin(loaded, purpose, waiters, attempt + 1, startedAt);
  }

  #settle(end: {
    readonly refusals: readonly Refusal[];
    readonly diagnostics: readonly unknown[];
    readonly waiters: readonly ((outcome: ReloadOutcome) => void)[];
    readonly startedAt: number;
    readonly report?: CommitReport | undefined;
  }): void {
    const { log, systemd } = this.#parts;
    const purpose = this.#pending?.purpose ?? 'reload';
    this.#pending?.timer?.cancel();
    this.#pending = undefined;
    const refused = end.refusals.length > 0;
    const outcome: ReloadOutcome = {
      result: refused ? 'refused' : 'applied',
      generation: this.generation,
      milliseconds: this.#clock.now() - end.startedAt,
      refusals: end.refusals,
      diagnostics: end.diagnostics,
      report: end.report,
      wall: this.#clock.wall(),
    };
    for (const refusal of end.refusals) log.error(refusal.message);
    if (purpose === 'start') {
      if (refused) {
        log.error(
          'lvsd does not start with this configuration: mend what is named above and start again (lvsd -t shows it with the lines).',
        );
        this.#abort(statusOfRefusals(end.refusals));
        return;
      }
      log.info('Startup complete');
      for (const role of roleNames)
        if (this.#parts.commandLine.allRoles || this.#current?.loaded.needs.has(role)) this.#roles.start(role);
      systemd.ready(process.pid, 'Serving');
    } else {
      if (refused) this.#refused++;
      else this.#applied++;
      this.#lastReload = outcome;
      log.info(
        refused ? 'Reload refused: the old configuration stays in force, nothing was changed' : 'Reload complete',
      );
      systemd.ready(process.pid, refused ? 'Serving the old configuration: the last reload was refused' : 'Serving');
    }
    this.#roles.setPriorities(this.#current?.loaded.global.checkerScheduling.priority);
    for (const waiter of end.waiters) waiter(outcome);
    const queued = this.#queuedReload;
    this.#queuedReload = undefined;
    if (queued !== undefined && !this.#stopping) this.#reloadNow(queued);
  }

  /** Ends without touching the table: the roles leave when their channel ends. */
  #abort(status: number): void {
    this.#stopping = true;
    this.#roles.removePidFiles();
    this.#parts.pidFile.remove();
    this.#parts.exit(status);
  }

  #onUp(name: RoleName): void {
    this.#roles.setPriorities(this.#current?.loaded.global.checkerScheduling.priority);
    if (name === 'checker') this.#checkerIsNew = true;
    const waiting = this.#pending;
    if (waiting !== undefined && waiting.transaction === undefined) {
      if ([...waiting.loaded.needs].every((role) => this.#roles.get(role)?.up !== false)) {
        this.#tryAgain(waiting);
        return;
      }
    }
    // The first start and a reload show the configuration themselves; a role that came back is shown the one in force.
    if (this.#current === undefined || this.#pending?.transaction?.phase === 'preparing') return;
    this.#roles.send(
      name,
      { type: 'prepare', generation: this.#current.generation, purpose: 'return' },
      this.#current.loaded.encoded,
    );
  }

  #onDown(name: RoleName): void {
    if (name === 'director') this.#commitWaitingChecker();
    if (name === 'checker') this.#checkerAwaitsVerdicts = false;
    this.#advance({ type: 'died', role: name });
  }

  /** Lets a checker that knows nothing hear the director's verdicts before it commits; without a director at once. */
  #commitNewChecker(): void {
    if (this.#roles.send('director', { type: 'restore-checker' })) this.#checkerAwaitsVerdicts = true;
    else this.#roles.send('checker', { type: 'commit', generation: this.generation });
  }

  #commitWaitingChecker(): void {
    if (!this.#checkerAwaitsVerdicts) return;
    this.#checkerAwaitsVerdicts = false;
    this.#roles.send('checker', { type: 'commit', generation: this.generation });
  }

  #onPermanentDeath(_name: RoleName, why: string, status: number = exitCode.fatal): void {
    if (this.#stopping) return;
    this.#log.error(why);
    this.#abort(status);
  }

  #onMessage(from: RoleName, message: RoleMessage, descriptors: readonly Fd[]): void {
    if ('to' in message) {
      this.#roles.get(message.to)?.send(message, descriptors) ?? closeAll(descriptors);
      if (message.type === 'restore') this.#commitWaitingChecker();
      return;
    }
    closeAll(descriptors);
    switch (message.type) {
      case 'prepared':
        this.#onPrepared(from, message);
        return;
      case 'committed':
        if (from === 'checker') this.#checkerIsNew = false;
        if (this.#pending?.generation === message.generation) {
          this.#advance({ type: 'committed', role: from, generation: message.generation, report: message.report });
        } else if (from === 'director') {
          // A director that began anew has the journal's verdicts; the checker has the newer ones.
          this.#roles.send('checker', { type: 'tell-all' });
        }
        return;
      case 'answer':
        this.#roles.answer(message.id, message.value);
        return;
      case 'ready':
      case 'heartbeat':
      case 'stopped':
        return;
    }
  }

  #onPrepared(from: RoleName, message: Extract<RoleMessage, { type: 'prepared' }>): void {
    if (this.#pending?.generation === message.generation && this.#pending.transaction?.phase === 'preparing') {
      if (from === 'director') {
        this.#pending.diagnostics.push(...message.diagnostics);
        this.#tellDiagnostics(message.diagnostics);
      }
      this.#advance({ type: 'prepared', role: from, generation: message.generation, refusals: message.refusals });
      return;
    }
    if (this.#current?.generation !== message.generation) return;
    // A role that came back commits at once, for the others have this configuration already; but a checker first hears
    // what the director knows, or it would call dead servers alive.
    if (from === 'checker') this.#commitNewChecker();
    else this.#roles.send(from, { type: 'commit', generation: message.generation });
  }

  #tellDiagnostics(diagnostics: readonly unknown[]): void {
    for (const diagnostic of diagnostics as readonly Parameters<typeof whereAndWhat>[0][]) {
      if (diagnostic.class !== 'missing' && diagnostic.class !== 'unusable') this.#log.info(whereAndWhat(diagnostic));
    }
  }

  /** Shows a role a configuration outside a transaction, for the startup script. */
  async #showUncommitted(role: RoleName, loaded: LoadedConfiguration): Promise<void> {
    this.#roles.send(role, { type: 'prepare', generation: 0, purpose: 'start' }, loaded.encoded);
    this.#roles.send(role, { type: 'commit', generation: 0 });
  }
}

const neverBack: Refusal = {
  code: 'LVSD_ROLE_SILENT',
  message: 'A process that died while the configuration was shown did not come back in time. The log says why it died.',
};

function closeAll(descriptors: readonly Fd[]): undefined {
  for (const fd of descriptors) closeFd(fd);
}
