/**
 * What is said over the control socket: the requests, the answers, and the form of an error.
 *
 * JSON over HTTP/1.1 on a Unix socket. `control-socket.ts` serves it, `lvsctl` speaks it, and so may anybody with curl:
 * `curl --unix-socket /run/lvsd/control.sock http://lvsd/v1/status`. The version stands in the path; within `v1` keys
 * are added and never renamed. `docs/status-schema.md` describes every answer.
 */
import type { DiagnosticState, ReloadState, StateDocument } from './state.js';

/** Where lvsd listens unless `control_socket` says otherwise. */
export const defaultControlSocket = '/run/lvsd/control.sock';

export type ControlPath = '/v1/status' | '/v1/plan' | '/v1/reload' | '/v1/metrics';

/** POST /v1/plan */
export interface PlanRequest {
  /** An absolute path, read by lvsd, not by the caller. */
  readonly file: string;
}

/** What a reload of a file would do; nothing was done. */
export interface PlanReport {
  readonly schema: 1;
  readonly file: string;
  /** True: a reload of this file would be refused, and the configuration in force would stay. */
  readonly refused: boolean;
  readonly diagnostics: readonly DiagnosticState[];
  /** Empty when nothing would change, or when it would be refused. */
  readonly changes: readonly PlanChange[];
  /** Netlink messages that the reload would send to IPVS; null when refused. */
  readonly messages: number | null;
}

export interface PlanChange {
  readonly action: 'add' | 'remove' | 'change';
  readonly object: 'virtual server' | 'real server' | 'sorry server' | 'setting';
  /** The virtual server's name; for a setting the word in global_defs. */
  readonly name: string;
  /** For real and sorry servers. */
  readonly server: string | null;
  /** What changes: `weight` from `1` to `3`. Empty for add and remove. */
  readonly details: readonly { readonly what: string; readonly from: string; readonly to: string }[];
}

/** POST /v1/reload */
export type ReloadReport = ReloadState & {
  readonly schema: 1;
  /** Netlink messages that it cost; null when refused. */
  readonly messages: number | null;
};

/** The body of every answer whose status is not 200. */
export interface ControlError {
  readonly code: string;
  readonly message: string;
  readonly cure: string;
}

/** GET /v1/metrics, with `?real_servers=1` for the second. */
export interface MetricsScope {
  /** Series for each real server too. Without it their number grows with the virtual servers only. */
  readonly realServers: boolean;
}

/** Reads the scope from a query: `real_servers=1`. */
export function metricsScope(query: URLSearchParams): MetricsScope {
  return { realServers: query.get('real_servers') === '1' };
}

/** What GET /v1/metrics answers: the text format of Prometheus, or OpenMetrics. */
export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** What lvsd does for each request; handed in by the supervisor. A rejection with an LvsdError becomes a ControlError. */
export interface ControlRoutes {
  status(): Promise<StateDocument>;
  plan(request: PlanRequest): Promise<PlanReport>;
  /** Resolves when the reload is over, applied or refused. */
  reload(): Promise<ReloadReport>;
  metrics(scope: MetricsScope): Promise<MetricsText>;
}
