/**
 * What lvsctl asks the supervisor, answered: status, plan, reload, metrics (observe/control-protocol.ts).
 *
 * The supervisor knows processes and reloads; virtual servers and checks it asks of the director and the checker, and
 * puts the three parts together. A role that does not answer leaves its part empty, never the whole.
 */
import { isAbsolute } from 'node:path';
import type {
  ControlRoutes,
  MetricsScope,
  MetricsText,
  PlanReport,
  PlanRequest,
  ReloadReport,
} from '../../observe/control-protocol.js';
import { type Metrics, openMetrics } from '../../observe/metrics.js';
import {
  type DiagnosticState,
  type IpvsState,
  type ReloadState,
  type RoleState,
  type StateDocument,
  stateSchema,
  type VirtualServerState,
} from '../../observe/state.js';
import type { Diagnostic } from '../../parser/diagnostic.js';
import { LvsdError } from '../../runtime/errors.js';
import type { CommandLine } from './command-line.js';
import { forbiddenChanges, loadConfiguration } from './configuration.js';
import type { CheckerStatus } from './roles/checker.js';
import type { DirectorStatus } from './roles/director-status.js';
import type { PlanSummary } from './roles/plan-summary.js';
import type { Supervisor } from './supervisor.js';
import type { ReloadOutcome } from './supervisor-parts.js';
import { version } from './version.js';

const PLAN_PATIENCE_MS = 60_000;

export class Control implements ControlRoutes {
  readonly #supervisor: Supervisor;
  readonly #commandLine: CommandLine;
  #metrics: Promise<Metrics> | undefined;

  constructor(supervisor: Supervisor, commandLine: CommandLine) {
    this.#supervisor = supervisor;
    this.#commandLine = commandLine;
  }

  async status(): Promise<StateDocument> {
    const [director, checker] = (await Promise.all([
      this.#supervisor.ask('director', 'status'),
      this.#supervisor.ask('checker', 'status'),
    ])) as [DirectorStatus | undefined, CheckerStatus | undefined];
    const now = Date.now();
    return {
      schema: stateSchema,
      at: now / 1000,
      daemon: this.#daemon(),
      roles: this.#roles(now),
      virtualServers: withChecks(director, checker),
      ipvs: director?.ipvs ?? silentIpvs,
    };
  }

  async plan(request: PlanRequest): Promise<PlanReport> {
    if (!isAbsolute(request.file)) {
      throw new LvsdError(
        'LVSD_PLAN_FILE',
        `${request.file} is not an absolute path: lvsd reads the file itself, from its own directory`,
      );
    }
    const loaded = loadConfiguration(request.file, this.#commandLine);
    if (this.#supervisor.roles.get('director') === undefined) {
      throw new LvsdError(
        'LVSD_PLAN_NO_DIRECTOR',
        'The configuration in force has no virtual server, so there is no table to compare with: all of this file would be new. Check it with lvsd -t -f FILE.',
      );
    }
    const summary = (await this.#supervisor.ask('director', 'plan', PLAN_PATIENCE_MS, loaded.encoded)) as
      | PlanSummary
      | undefined;
    if (summary === undefined) {
      throw new LvsdError(
        'LVSD_PLAN_SILENT',
        'The director did not answer, so nothing can be said about this file. lvsctl status shows whether it runs; try again.',
        { retriable: true },
      );
    }
    const inForce = this.#supervisor.current;
    const forbidden = inForce === undefined ? [] : forbiddenChanges(inForce.global, loaded.global);
    const refusals = [...forbidden, ...summary.refusals];
    const refused = refusals.length > 0;
    return {
      schema: 1,
      file: request.file,
      refused,
      diagnostics: [
        ...summary.diagnostics.map(diagnosticState),
        ...refusals
          .filter((refusal) => !summary.diagnostics.some((diagnostic) => refusal.message.includes(diagnostic.message)))
          .map(refusalState),
      ],
      changes: refused ? [] : summary.changes,
      messages: refused ? null : summary.messages,
    };
  }

  async reload(): Promise<ReloadReport> {
    const outcome = await this.#supervisor.reload();
    return { ...reloadState(outcome), schema: 1, messages: outcome.report?.messages ?? null };
  }

  async metrics(scope: MetricsScope): Promise<MetricsText> {
    this.#metrics ??= openMetrics(() => this.status());
    return (await this.#metrics).scrape(scope);
  }

  #daemon(): StateDocument['daemon'] {
    const supervisor = this.#supervisor;
    const loaded = supervisor.current;
    const last = supervisor.lastReload;
    return {
      version,
      pid: process.pid,
      generation: supervisor.generation,
      instance: loaded?.global.instance ?? null,
      networkNamespace: this.#commandLine.namespace ?? loaded?.global.netNamespace ?? null,
      configFiles: loaded?.snapshot.files ?? [this.#commandLine.configFile],
      startedAt: supervisor.startedWall / 1000,
      lastReload: last === undefined ? null : reloadState(last),
      reloads: supervisor.reloads,
      loopLagSeconds: supervisor.takeWorstLag() / 1000,
    };
  }

  #roles(now: number): readonly RoleState[] {
    return [...this.#supervisor.roles.values()].map((role) => ({
      name: role.role,
      pid: role.pid ?? null,
      phase: role.up ? 'running' : 'waiting to restart',
      since: (now - role.age) / 1000,
      restarts: role.restarts,
      heartbeatAgeSeconds: role.silence / 1000,
      loopLagSeconds: role.lag / 1000,
    }));
  }
}

const silentIpvs: IpvsState = {
  unavailable: 'The director does not answer, or the configuration needs none',
  drift: { policy: 'repair', found: 0, repaired: 0, lastCheck: null, findings: [] },
  netlink: { messages: 0, sendCalls: 0, errors: 0, lastError: null },
};

/** The director's virtual servers with what the checker knows of their checks. */
function withChecks(
  director: DirectorStatus | undefined,
  checker: CheckerStatus | undefined,
): readonly VirtualServerState[] {
  if (director === undefined) return [];
  if (checker === undefined || checker.generation !== director.generation) return director.virtualServers;
  const byPlace = new Map(checker.checkers.map((one) => [one.at.join('/'), one]));
  return director.virtualServers.map((virtual, v) => ({
    ...virtual,
    realServers: virtual.realServers.map((real, r) => ({
      ...real,
      checkers: real.checkers.map((one, c) => {
        const known = byPlace.get(`${v}/${r}/${c}`);
        if (known === undefined) return one;
        return {
          ...one,
          hasRun: known.run,
          lastRun: known.lastRun === undefined ? null : known.lastRun / 1000,
          lastResult: known.lastResult ?? one.lastResult,
          retriesUsed: known.retriesUsed,
          runs: known.runs,
          failures: known.failures,
          late: known.late,
        };
      }),
    })),
  }));
}

export function diagnosticState(diagnostic: Diagnostic): DiagnosticState {
  return {
    class: diagnostic.class,
    code: diagnostic.code,
    message: diagnostic.message,
    file: diagnostic.at?.file ?? null,
    line: diagnostic.at?.line ?? null,
    column: diagnostic.at?.column ?? null,
    cure: diagnostic.suggestion ?? diagnostic.expected ?? diagnostic.assumed ?? null,
  };
}

function refusalState(refusal: { readonly code: string; readonly message: string }): DiagnosticState {
  return {
    class: 'unusable',
    code: refusal.code,
    message: refusal.message,
    file: null,
    line: null,
    column: null,
    cure: null,
  };
}

function reloadState(outcome: ReloadOutcome): ReloadState {
  const diagnostics = outcome.diagnostics as readonly Diagnostic[];
  return {
    at: outcome.wall / 1000,
    result: outcome.result === 'refused' ? 'refused' : outcome.report?.messages === 0 ? 'unchanged' : 'applied',
    durationSeconds: outcome.milliseconds / 1000,
    generation: outcome.generation,
    diagnostics: [
      ...diagnostics.map(diagnosticState),
      ...outcome.refusals
        .filter((refusal) => !diagnostics.some((diagnostic) => refusal.message.includes(diagnostic.message)))
        .map(refusalState),
    ],
  };
}
