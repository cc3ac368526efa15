/**
 * What the processes of lvsd say to each other.
 *
 * The supervisor stands in the middle: every role has one channel to it (`channel.ts`), and a message that names
 * another role in `to` is handed on as it is, its descriptors too. A role therefore never holds a channel to a role
 * that may have been replaced meanwhile. Snapshots of the configuration and sockets travel as descriptors; the
 * messages themselves are small JSON.
 *
 * Order is part of the contract: what a role sent before another message arrives before it. The checker commits a
 * generation before the director does, so a verdict's indices always mean the director's own generation.
 */
import type { ScriptEnd, SocketRequest } from '../../healthcheck/probes/probe.js';
import type { RestoredVerdict } from '../../healthcheck/schedule.js';
import type { VerdictChange } from '../../healthcheck/verdict.js';
import type { LogSettings } from './logging.js';

export type RoleName = 'director' | 'checker' | 'runner';
export const roleNames: readonly RoleName[] = ['director', 'checker', 'runner'];

/** What every role is told first: the part of the command line that it acts on, and how it logs. */
export interface Welcome {
  readonly type: 'welcome';
  readonly role: RoleName;
  readonly log: LogSettings;
  readonly checkerOnly: boolean;
  readonly ignoreUnbuilt: boolean;
  /** -I: the table stays at stop. */
  readonly keepTable: boolean;
  /** Where the journal lives. */
  readonly journal: string;
  /** The namespace that holds the table, if another than the process's own. */
  readonly ipvsNamespace: string | undefined;
}

/** Why a role is shown a configuration; `return`: the one in force, to a role that died and came back. */
export type Purpose = 'start' | 'reload' | 'return';

export type FromSupervisor =
  | Welcome
  /** Carries the snapshot as its one descriptor. */
  | { readonly type: 'prepare'; readonly generation: number; readonly purpose: Purpose }
  | { readonly type: 'commit'; readonly generation: number }
  | { readonly type: 'abandon'; readonly generation: number }
  /** Carries a snapshot: what would a reload of it change? */
  | { readonly type: 'plan'; readonly id: number }
  | { readonly type: 'status'; readonly id: number }
  /** To the checker: send every verdict, for a director that begins anew. */
  | { readonly type: 'tell-all' }
  /** To the director: send the known verdicts to a checker that begins anew. */
  | { readonly type: 'restore-checker' }
  /** To the runner: run a script and answer with its `ScriptEnd`. */
  | { readonly type: 'run-script'; readonly id: number; readonly script: ScriptIndex }
  | { readonly type: 'stop' };

/** One real server's place in one generation of Config: indices in file order. */
export interface RealServerIndex {
  readonly virtualServer: number;
  readonly realServer: number;
}

/** A script of the configuration, named by its place: never a command line. */
export type ScriptIndex =
  | { readonly kind: 'misc'; readonly virtualServer: number; readonly realServer: number; readonly checker: number }
  | { readonly kind: 'server'; readonly virtualServer: number; readonly realServer: number; readonly up: boolean }
  | { readonly kind: 'quorum'; readonly virtualServer: number; readonly up: boolean }
  | { readonly kind: 'startup' }
  | { readonly kind: 'shutdown' };

/** A checker's memory on its way to a checker role that begins anew. */
export interface RestoredChecker {
  /** As `registerCheckers` names it. */
  readonly key: string;
  readonly verdict: RestoredVerdict;
}

/** From role to role through the supervisor. */
export type BetweenRoles =
  | {
      readonly to: 'director';
      readonly type: 'verdicts';
      readonly generation: number;
      /** True for the answer to `tell-all`. */
      readonly all: boolean;
      readonly changes: readonly VerdictChange[];
    }
  | { readonly to: 'director'; readonly type: 'open-socket'; readonly id: number; readonly request: SocketRequest }
  /** Carries the socket unless `error` says why there is none. */
  | { readonly to: 'checker'; readonly type: 'socket'; readonly id: number; readonly error: string | undefined }
  | { readonly to: 'checker'; readonly type: 'restore'; readonly checkers: readonly RestoredChecker[] }
  | {
      readonly to: 'checker';
      readonly type: 'suspend';
      readonly generation: number;
      readonly virtualServer: number;
      readonly suspended: boolean;
    }
  | {
      readonly to: 'runner';
      readonly type: 'run';
      readonly id: number;
      readonly generation: number;
      readonly script: ScriptIndex;
      readonly timeout: number;
    }
  | { readonly to: 'runner'; readonly type: 'cancel'; readonly id: number }
  | { readonly to: 'checker'; readonly type: 'ran'; readonly id: number; readonly end: ScriptEnd }
  | {
      readonly to: 'runner';
      readonly type: 'notify';
      readonly generation: number;
      readonly script: ScriptIndex;
      readonly wait: boolean;
    }
  | { readonly to: 'runner'; readonly type: 'fifo'; readonly lines: readonly string[] };

/** A refusal of a configuration by a role, one line for the log. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface CommitReport {
  /** Netlink messages that changed the table for this commit, and the system calls that carried them. */
  readonly messages: number;
  readonly sends: number;
  readonly refused: number;
  readonly milliseconds: number;
}

export type ToSupervisor =
  | { readonly type: 'ready' }
  /** `lag`: how late the heartbeat's own timer was, milliseconds. */
  | { readonly type: 'heartbeat'; readonly lag: number }
  | {
      readonly type: 'prepared';
      readonly generation: number;
      readonly refusals: readonly Refusal[];
      readonly diagnostics: readonly unknown[];
    }
  | { readonly type: 'committed'; readonly generation: number; readonly report: CommitReport | undefined }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'stopped' };

export type RoleMessage = ToSupervisor | BetweenRoles;
export type SupervisorMessage = FromSupervisor | BetweenRoles;
