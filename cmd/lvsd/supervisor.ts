/**
 * The supervisor: keepalived's parent process (keepalived.md 1, 4, 18).
 *
 * It holds the pid file, starts the roles that the configuration needs and replaces those that die, carries messages
 * between them, and ends everything in the order of goodbye. It touches neither kernel table nor network; when it dies,
 * the roles end and the table goes on serving.
 *
 * The pieces: role-process.ts (one child), role-set.ts (all of them), configuration-changes.ts (start and reload, with
 * reload-transaction.ts, the two phases), newcomers.ts (roles that come back), configuration.ts (files and what they
 * need), control.ts (lvsctl).
 */
import { closeFd, type Fd } from '../../native/descriptor.js';
import type { Log } from '../../runtime/log.js';
import type { LoadedConfiguration } from './configuration.js';
import { ConfigurationChanges } from './configuration-changes.js';
import type { RoleMessage, RoleName } from './messages.js';
import { roleNames } from './messages.js';
import { Newcomers } from './newcomers.js';
import { exitCode } from './restart-policy.js';
import type { RoleProcess } from './role-process.js';
import { nameSupervisor } from './role-scheduling.js';
import { RoleSet } from './role-set.js';
import type { ReloadOutcome, SupervisorParts } from './supervisor-parts.js';
import { version } from './version.js';

/** At stop a director that is not there, or has no configuration yet, is waited for so long: it holds the goodbye. */
const GOODBYE_PATIENCE_MS = 30_000;

export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #log: Log;
  readonly #roles: RoleSet;
  readonly #newcomers: Newcomers;
  readonly #changes: ConfigurationChanges;
  #stopping = false;
  readonly startedWall: number;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#log = parts.log;
    this.#roles = new RoleSet(parts, {
      onMessage: (from, message, descriptors) => this.#onMessage(from, message, descriptors),
      onUp: (up) => this.#onUp(up),
      onDown: (down) => this.#onDown(down),
      onPermanentDeath: (dead, why, status) => this.#onPermanentDeath(dead, why, status),
    });
    this.#newcomers = new Newcomers(this.#roles, parts.clock, () => this.#changes.inForce);
    this.#changes = new ConfigurationChanges(parts, this.#roles, this.#newcomers, {
      started: () => this.#startNeeded(),
      startRefused: (status) => this.#abort(status),
      settled: () => {
        this.#setPriorities();
        if (this.current !== undefined) parts.reloadWords?.inForce(this.current.global);
      },
      stopping: () => this.#stopping,
    });
    this.startedWall = parts.clock.wall();
  }

  /** Whether the end has begun, by request or because the start failed. */
  get stopping(): boolean {
    return this.#stopping;
  }
  get generation(): number {
    return this.#changes.inForce?.generation ?? 0;
  }
  get current(): LoadedConfiguration | undefined {
    return this.#changes.inForce?.loaded;
  }
  get lastReload(): ReloadOutcome | undefined {
    return this.#changes.lastReload;
  }
  get reloads(): { readonly applied: number; readonly refused: number } {
    return this.#changes.reloads;
  }
  get roles(): ReadonlyMap<RoleName, RoleProcess> {
    return this.#roles.all;
  }
  /** Milliseconds that this process's own timer was late at most since it was last asked. */
  takeWorstLag(): number {
    return this.#roles.takeWorstLag();
  }

  /**
   * Starts the roles and puts the first configuration into force. The checker comes when the table stands
   * (`#startNeeded`): until then it would only take processor time from the director.
   */
  async start(): Promise<void> {
    const { first, commandLine } = this.#parts;
    this.#roles.watch();
    if (first.global.startupScript !== undefined) {
      this.#roles.start('runner');
      this.#showUncommitted('runner', first);
      await this.#roles.runScript('startup', (first.global.startupScriptTimeout ?? 10) * 1000);
      if (this.#stopping) return;
    }
    for (const role of roleNames) {
      if (role !== 'checker' && (commandLine.allRoles || first.needs.has(role))) this.#roles.start(role);
      // A process that can never be started has ended the start.
      if (this.#stopping) return;
    }
    this.#changes.begin(first);
  }

  /**
   * Reads the files again and puts them into force if every role agrees. Requests that come while one is at work are
   * served together by one more reload after it.
   */
  reload(): Promise<ReloadOutcome> {
    return this.#changes.reload();
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
    const global = this.current?.global ?? this.#parts.first.global;
    const patience = (global.childWaitTime ?? 5) * 1000;
    // Verdicts first, then the table (its notify scripts go to the runner), then the runner when they have run.
    await this.#roles.get('checker')?.stop(patience);
    await this.#directorForGoodbye();
    await this.#roles.get('director')?.stop(patience);
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

  /**
   * Only a director that has the configuration can take the virtual servers out of the table. One that died is started
   * at once, whatever its back-off; one that has just begun is waited for.
   */
  async #directorForGoodbye(): Promise<void> {
    const known = this.#roles.get('director') !== undefined && this.#changes.inForce !== undefined;
    if (!known || this.#parts.commandLine.keepIpvsAtStop || this.#newcomers.serves('director')) return;
    this.#log.info('The stop waits for the director process, which takes the virtual servers out of the IPVS table');
    this.#roles.start('director');
    if (await this.#newcomers.whenServing('director', GOODBYE_PATIENCE_MS)) return;
    this.#log.error(
      `No director came to serve within ${GOODBYE_PATIENCE_MS / 1000} seconds: the virtual servers stay in the IPVS table. The next start of lvsd knows them as its own; ipvsadm -C empties the table by hand.`,
    );
  }

  #startNeeded(): void {
    const { commandLine } = this.#parts;
    for (const role of roleNames) if (commandLine.allRoles || this.current?.needs.has(role)) this.#roles.start(role);
  }

  /** Names and scheduling of processes, as the configuration in force has them. */
  #setPriorities(): void {
    const global = this.current?.global;
    if (global === undefined) return;
    this.#roles.schedule(global.checkerScheduling);
    nameSupervisor(global.processNames.parent);
  }

  /** Ends without touching the table: the roles leave when their channel ends. */
  #abort(status: number): void {
    this.#stopping = true;
    this.#roles.removePidFiles();
    this.#parts.pidFile.remove();
    this.#parts.exit(status);
  }

  #onUp(name: RoleName): void {
    this.#setPriorities();
    // The first start and a reload show the configuration themselves; a role that came back is shown the one in force.
    if (!this.#changes.roleIsUp()) this.#newcomers.show(name);
  }

  #onDown(name: RoleName): void {
    this.#newcomers.down(name);
    this.#changes.roleIsDown(name);
  }

  #onPermanentDeath(_name: RoleName, why: string, status: number = exitCode.fatal): void {
    if (this.#stopping) return;
    this.#log.error(why);
    this.#abort(status);
  }

  #onMessage(from: RoleName, message: RoleMessage, descriptors: readonly Fd[]): void {
    if ('to' in message) {
      this.#roles.get(message.to)?.send(message, descriptors) ?? closeAll(descriptors);
      if (message.type === 'restore') this.#newcomers.verdictsWereTold();
      return;
    }
    closeAll(descriptors);
    switch (message.type) {
      case 'prepared':
        if (this.#changes.prepared(from, message)) return;
        // A role that came back commits at once, for the others have this configuration already.
        if (this.generation === message.generation) this.#newcomers.commit(from, message.generation);
        return;
      case 'committed':
        this.#newcomers.committed(from, message.generation);
        this.#changes.committed(from, message.generation, message.report);
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

  /** Shows a role a configuration outside a transaction, for the startup script. */
  #showUncommitted(role: RoleName, loaded: LoadedConfiguration): void {
    this.#roles.send(role, { type: 'prepare', generation: 0, purpose: 'start' }, loaded.encoded);
    this.#roles.send(role, { type: 'commit', generation: 0 });
  }
}

function closeAll(descriptors: readonly Fd[]): undefined {
  for (const fd of descriptors) closeFd(fd);
}
