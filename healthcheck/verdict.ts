/**
 * The words that probes, the schedule, membership and the journal share: what a probe found, what a checker is
 * known to be, and which checker is meant.
 *
 * A probe answers one question once (`ProbeResult`). The schedule turns answers into a verdict (`CheckerState.up`),
 * because one failure is not yet a dead server (keepalived.md 15.1, 16). The checker role sends verdicts to the
 * director role as `VerdictChange`, plain JSON; both roles parsed the same snapshot, so indices into one generation
 * of Config name a checker. Across generations and restarts `checkerIdentity` does (keepalived.md 18.1).
 *
 * No I/O, no policy.
 */
import type { Checker, ConnectOptions, UnbuiltCheck } from '../config/checker.js';
import type { RealServerName, VirtualServerName } from '../config/names.js';

/**
 * Why a probe failed.
 * `timeout`: nothing came in time (for MISC_CHECK: the script was killed for it).
 * `connection`: refused, reset while connecting, unreachable.
 * `reply`: something came and it is wrong (status code, digest, regular expression, TLS, a cut-off answer).
 * `exit`: a script ended with a failing status. `signal`: a script was ended by a signal that was not ours.
 */
export type FailureReason = 'timeout' | 'connection' | 'reply' | 'exit' | 'signal';

/** What one run of one checker found. Discriminated by `ok`. */
export type ProbeResult = ProbePassed | ProbeFailed | ProbeInconclusive;

export interface ProbePassed {
  readonly ok: true;
  /** misc_dynamic only: the absolute weight, exit code - 2, 0..253. Absent (exit 0): the configured weight counts again. */
  readonly weight?: number;
  /** For people: `lvsctl status` shows it as the last result. */
  readonly detail: string;
}

export interface ProbeFailed {
  readonly ok: false;
  readonly reason: FailureReason;
  /**
   * TCP_CHECK, HTTP_GET, SSL_GET: the whole line that log_all_failures writes, keepalived's words (15.2, 15.3), as
   * `TCP connection to [10.0.0.1]:tcp:80 timeout.`
   * MISC_CHECK: what stands in the brackets of its line, `exited with status 1`, `due to signal 9`; empty on timeout.
   */
  readonly detail: string;
}

/**
 * The probe could not ask (no descriptor left, no local port, cannot fork, its socket is missing): that is our
 * trouble and says nothing about the server. The run is repeated after delay_loop and never counted, as keepalived
 * does ("Rescheduling").
 */
export interface ProbeInconclusive {
  readonly ok: null;
  /** For the log: what went wrong here and what to do, one sentence. */
  readonly detail: string;
}

/** One checker in one generation of Config: indices in file order. */
export interface CheckerAddress {
  readonly virtualServer: number;
  readonly realServer: number;
  readonly checker: number;
}

/** What a probe is told besides its checker. */
export interface ProbeTarget {
  readonly address: CheckerAddress;
  readonly virtualServer: VirtualServerName;
  /** `[10.1.0.1]:tcp:80`, the real server's name: MISC_CHECK's lines and environment use it. */
  readonly realServer: RealServerName;
  /** As keepalived's lines name what is checked: the address and port that the checker connects to. */
  readonly checked: string;
  /** HTTP_GET and SSL_GET: which url of the checker this run asks for; 0 for others. */
  readonly url: number;
}

/** What is known about one checker; shown by `lvsctl status`. */
export interface CheckerState {
  readonly up: boolean;
  readonly hasRun: boolean;
  /** Consecutive failures forgiven so far, 0..retry. */
  readonly retriesUsed: number;
  /** misc_dynamic: the weight that the last passing run asked for; undefined: none, the configured weight counts. */
  readonly weight: number | undefined;
  /** Milliseconds since 1970 since when `up` has its value. */
  readonly since: number;
  /** Last result for people; undefined before the first run. */
  readonly lastResult: string | undefined;
  /** Milliseconds since 1970 of the end of the last run. */
  readonly lastRun: number | undefined;
}

/**
 * A checker's verdict on its way from the checker role to the director role: plain JSON, short names because at a
 * rack's death there are thousands. Sent when something membership acts on changed: up, first run, weight.
 */
export interface VerdictChange {
  /** Indices: virtual server, real server, checker. */
  readonly at: readonly [number, number, number];
  readonly up: boolean;
  /** Has it run at least once (to its first decision). */
  readonly run: boolean;
  /** misc_dynamic weight; absent: none. */
  readonly weight?: number;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Last result for people. */
  readonly text: string;
}

/** Whether a value from a pipe is a VerdictChange: shape and ranges, before anything is touched. */
export function isVerdictChange(value: unknown): value is VerdictChange {
  if (typeof value !== 'object' || value === null) return false;
  const change = value as { readonly [Field in keyof VerdictChange]?: unknown };
  const { at, weight, since } = change;
  return (
    Array.isArray(at) &&
    at.length === 3 &&
    at.every((index) => Number.isSafeInteger(index) && index >= 0) &&
    typeof change.up === 'boolean' &&
    typeof change.run === 'boolean' &&
    (weight === undefined || (Number.isSafeInteger(weight) && (weight as number) >= 0)) &&
    typeof since === 'number' &&
    Number.isFinite(since) &&
    typeof change.text === 'string'
  );
}

/** Connection options that make two checkers the same one; the timeout is one of them (keepalived.md 18.1). */
/**
 * The same text as JSON of the same list. Most checkers are of this kind, and a start spells tens of thousands: joined,
 * because a string that is added up keeps its pieces (540 bytes a checker), and not remembered, for the same reason.
 */
function tcpIdentity({ address, port, bindTo, bindPort, bindIf, fwmark, timeout }: ConnectOptions): string {
  const optional = (value: string | number | undefined): string =>
    value === undefined ? 'null' : JSON.stringify(value);
  const rest = [optional(bindTo), optional(bindPort), optional(bindIf), fwmark, timeout].join(',');
  return ['["TCP_CHECK","', address, '",', port, ',', rest, ']'].join('');
}

function connectIdentity(connect: ConnectOptions): readonly unknown[] {
  return [
    connect.address,
    connect.port,
    connect.bindTo ?? null,
    connect.bindPort ?? null,
    connect.bindIf ?? null,
    connect.fwmark,
    connect.timeout,
  ];
}

/**
 * The text by which a checker of one real server is the same across reloads and restarts (keepalived.md 18.1):
 * same type, equal connection options, and what the type adds (urls and how they are asked for, the script). The
 * schedule (delay_loop, retry ...) and the position in the file are not part of it. Two checkers of one server may
 * share an identity when the file repeats itself; they are then paired in file order.
 */
export function checkerIdentity(checker: Checker): string {
  if (checker.kind === 'TCP_CHECK') return tcpIdentity(checker.connect);
  let identity = identities.get(checker);
  if (identity === undefined) {
    identity = spellIdentity(checker);
    identities.set(checker, identity);
  }
  return identity;
}

/** A reload of a large file asks for the identity of the same immutable checker several times. */
const identities = new WeakMap<Checker, string>();

function spellIdentity(checker: Exclude<Checker, { readonly kind: 'TCP_CHECK' }>): string {
  switch (checker.kind) {
    case 'HTTP_GET':
    case 'SSL_GET':
      return JSON.stringify([
        checker.kind,
        ...connectIdentity(checker.connect),
        checker.virtualhost ?? null,
        checker.httpProtocol,
        checker.enableSni,
        checker.sniName ?? null,
        checker.urls.map((url) => [
          url.path,
          url.digest ?? null,
          url.statusCodes.map((range) => [range.first, range.last]),
          url.virtualhost ?? null,
          url.regex === undefined
            ? null
            : [
                url.regex.pattern,
                url.regex.negate,
                url.regex.options,
                url.regex.minOffset ?? null,
                url.regex.maxOffset ?? null,
              ],
        ]),
      ]);
    case 'MISC_CHECK':
      return JSON.stringify([
        checker.kind,
        checker.script.argv,
        checker.script.user?.name ?? null,
        checker.script.user?.group ?? null,
        checker.dynamic,
      ]);
    case 'SMTP_CHECK':
    case 'DNS_CHECK':
    case 'UDP_CHECK':
    case 'PING_CHECK':
    case 'FILE_CHECK':
    case 'BFD_CHECK':
      return JSON.stringify([
        checker.kind,
        ...(checker.connect === undefined ? [] : connectIdentity(checker.connect)),
        checker.settings,
      ]);
  }
}

/** Whether lvsd can run this checker. One that it cannot run counts as if it were not written (config/checker.ts). */
export function isRunnable(checker: Checker): checker is Exclude<Checker, UnbuiltCheck> {
  return (
    checker.kind === 'TCP_CHECK' ||
    checker.kind === 'HTTP_GET' ||
    checker.kind === 'SSL_GET' ||
    checker.kind === 'MISC_CHECK'
  );
}

/** What a checker is taken for before its first run: up, unless it is alpha (keepalived.md 16). */
export function presumedUp(checker: Checker): boolean {
  return !isRunnable(checker) || !checker.schedule.alpha;
}
