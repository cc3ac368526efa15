/**
 * What the supervisor is made of and what it says of a reload: types only.
 */
import type { Systemd } from '../../observe/systemd.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { CommandLine } from './command-line.js';
import type { LoadedConfiguration } from './configuration.js';
import type { CommitReport, Refusal, RoleName, Welcome } from './messages.js';
import type { PidFile } from './pid-file.js';
import type { Transaction } from './reload-transaction.js';
import type { ReloadWords } from './reload-words.js';
import type { OtherNamespace, RolesAhead } from './role-spawn.js';

export interface ReloadOutcome {
  readonly result: 'applied' | 'refused';
  readonly generation: number;
  readonly milliseconds: number;
  readonly refusals: readonly Refusal[];
  readonly diagnostics: readonly unknown[];
  readonly report: CommitReport | undefined;
  /** Milliseconds since 1970. */
  readonly wall: number;
}

export interface SupervisorParts {
  readonly commandLine: CommandLine;
  readonly clock: Clock;
  readonly log: Log;
  readonly systemd: Systemd;
  readonly pidFile: PidFile;
  /** The configuration as first read. */
  readonly first: LoadedConfiguration;
  /** Processes of roles that were started before the file was read. */
  readonly ahead: RolesAhead | undefined;
  /** Set when the table is in another namespace than lvsd (`net_namespace_ipvs`). */
  readonly otherNamespace?: OtherNamespace | undefined;
  readonly welcome: (role: RoleName) => Welcome;
  /** The words of global_defs about reloads. */
  readonly reloadWords?: ReloadWords | undefined;
  /** Ends the process. */
  readonly exit: (status: number) => void;
}

/** A configuration that is being shown to the roles. */
export interface Pending {
  readonly loaded: LoadedConfiguration;
  readonly generation: number;
  readonly startedAt: number;
  readonly diagnostics: unknown[];
  readonly purpose: 'start' | 'reload';
  readonly waiters: readonly ((outcome: ReloadOutcome) => void)[];
  /** From 1. */
  readonly attempt: number;
  timer: Timer | undefined;
  /** Undefined: a role died, and all is shown again when it is back. */
  transaction: Transaction | undefined;
}
