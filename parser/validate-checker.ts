/**
 * From a checker's draft to the effective checker: inheritance (checker, real_server, virtual_server, built-in), the
 * defaults of each type, and what makes keepalived leave a checker out (keepalived.md 15).
 *
 * Equal schedules become one object: 40,000 checkers share a handful.
 */
import type { Checker, CheckSchedule, ConnectOptions, HttpUrl, StatusRange, UrlRegex } from '../config/checker.js';
import type { VirtualServerGroup } from '../config/virtual-server.js';
import { familyOf, type IpAddress } from '../runtime/addresses.js';
import { fwmark, type Port, port, seconds } from '../runtime/units.js';
import type { BindContext } from './bind-context.js';
import type {
  CheckerDraft,
  CheckerWords,
  HttpDraft,
  MiscDraft,
  RealServerDraft,
  ServerWords,
  UnbuiltCheckDraft,
  UrlDraft,
} from './schema/drafts.js';

/** What a virtual server is validated against. */
export interface VirtualServerSurroundings {
  /** The group that a group virtual server names. */
  readonly group: VirtualServerGroup | undefined;
  /** How many virtual servers above this one use the group. */
  readonly ordinal: number;
  readonly smtpAlert: boolean | undefined;
  readonly logAllFailures: boolean;
  readonly localAddressGroups: ReadonlySet<string>;
  readonly knownNames: KnownNames;
  readonly schedules: SchedulePool;
  readonly validateRegex: ((pattern: string, options: readonly string[]) => string | undefined) | undefined;
}

/** What a checker inherits from and what it is validated against. */
export interface CheckerSurroundings {
  readonly virtual: ServerWords;
  readonly server: RealServerDraft;
  /** The server's port after keepalived's corrections. */
  readonly port: Port;
  readonly alpha: boolean;
  readonly logAllFailures: boolean;
  /** `[10.1.0.1]:tcp:80`, for messages. */
  readonly name: () => string;
  readonly schedules: SchedulePool;
  readonly knownNames: KnownNames;
  readonly validateRegex: ((pattern: string, options: readonly string[]) => string | undefined) | undefined;
}

/** Names that other blocks of the file declare. */
export interface KnownNames {
  readonly trackFiles: ReadonlySet<string>;
  readonly bfdInstances: ReadonlySet<string>;
}

const DEFAULT_DELAY_LOOP = 60;
const DEFAULT_TIMEOUT = 5;
const SUCCESS: readonly StatusRange[] = [{ first: 200, last: 299 }];

/** Retries and the wait before them where nobody says otherwise (keepalived.md 15.1); undefined is delay_loop. */
const typeDefaults: Readonly<Record<CheckerDraft['kind'], { retry: number; delay: number | undefined }>> = {
  TCP_CHECK: { retry: 1, delay: 1 },
  HTTP_GET: { retry: 1, delay: 3 },
  SSL_GET: { retry: 1, delay: 3 },
  MISC_CHECK: { retry: 0, delay: 1 },
  SMTP_CHECK: { retry: 1, delay: 1 },
  DNS_CHECK: { retry: 3, delay: undefined },
  UDP_CHECK: { retry: 1, delay: 1 },
  PING_CHECK: { retry: 1, delay: 1 },
  FILE_CHECK: { retry: 1, delay: 1 },
  BFD_CHECK: { retry: 1, delay: 1 },
};

/** Seconds that misc_timeout takes; a longer delay_loop is no longer timeout. */
const MAX_MISC_TIMEOUT = 4294;

/** Equal schedules as one object. */
export class SchedulePool {
  readonly #known = new Map<string, CheckSchedule>();
  #last: CheckSchedule | undefined;

  of(next: CheckSchedule): CheckSchedule {
    const last = this.#last;
    if (
      last !== undefined &&
      last.delayLoop === next.delayLoop &&
      last.warmup === next.warmup &&
      last.retry === next.retry &&
      last.delayBeforeRetry === next.delayBeforeRetry &&
      last.alpha === next.alpha &&
      last.logAllFailures === next.logAllFailures
    ) {
      return last;
    }
    const key = `${next.delayLoop} ${next.warmup} ${next.retry} ${next.delayBeforeRetry} ${next.alpha} ${next.logAllFailures}`;
    const known = this.#known.get(key) ?? next;
    if (known === next) this.#known.set(key, next);
    this.#last = known;
    return known;
  }
}

/** The delay_loop that holds for servers of this virtual server. */
export function delayLoopOf(virtual: ServerWords): number {
  return virtual.delayLoop ?? DEFAULT_DELAY_LOOP;
}

function scheduleOf(
  check: CheckerWords & { readonly kind: CheckerDraft['kind'] },
  of: CheckerSurroundings,
): CheckSchedule {
  const { virtual, server } = of;
  const defaults = typeDefaults[check.kind];
  if (check.kind === 'FILE_CHECK' || check.kind === 'BFD_CHECK') return untimed(check.kind, check.alpha, of);
  const delayLoop = check.delayLoop ?? server.delayLoop ?? delayLoopOf(virtual);
  return of.schedules.of({
    delayLoop: seconds(delayLoop),
    warmup: seconds(check.warmup ?? server.warmup ?? virtual.warmup ?? delayLoop),
    retry: check.retry ?? server.retry ?? virtual.retry ?? defaults.retry,
    delayBeforeRetry: seconds(
      check.delayBeforeRetry ?? server.delayBeforeRetry ?? virtual.delayBeforeRetry ?? defaults.delay ?? delayLoop,
    ),
    alpha: check.alpha ?? of.alpha,
    logAllFailures: check.logAllFailures ?? of.logAllFailures,
  });
}

/** A file or a session tells by itself when it changes: of a schedule only what it starts from means anything. */
function untimed(kind: 'FILE_CHECK' | 'BFD_CHECK', alpha: boolean | undefined, of: CheckerSurroundings): CheckSchedule {
  const { retry, delay } = typeDefaults[kind];
  return of.schedules.of({
    delayLoop: seconds(DEFAULT_DELAY_LOOP),
    warmup: seconds(DEFAULT_DELAY_LOOP),
    retry,
    delayBeforeRetry: seconds(delay ?? DEFAULT_DELAY_LOOP),
    alpha: alpha ?? of.alpha,
    logAllFailures: of.logAllFailures,
  });
}

/** Where the check connects to; undefined, after it was reported, where the check cannot be made. */
function connectOf(check: CheckerWords, of: CheckerSurroundings, context: BindContext): ConnectOptions | undefined {
  const { server, virtual } = of;
  const address: IpAddress = check.connectIp ?? server.address;
  let bindTo = check.bindTo;
  if (bindTo !== undefined && familyOf(bindTo) !== familyOf(address)) {
    const message = `bindto address ${bindTo} does not match address family of connect_ip - skipping`;
    // SMTP_CHECK's own address is not looked at there.
    const kind = 'kind' in check && check.kind === 'SMTP_CHECK' ? 'note' : 'assumed';
    context.reportAt(kind, 'LVSD_CONFIG_FAMILY', message, check.at, { assumed: 'no bindto' });
    bindTo = undefined;
  }
  if (check.bindIf === undefined && /^fe[89ab]/.test(address) && address.includes(':')) {
    const message = `Checker link local address ${address} requires a bind_if`;
    context.reportAt('assumed', 'LVSD_CONFIG_LINK_LOCAL', message, check.at, {
      expected: 'bind_if INTERFACE',
      assumed: 'this check is left out',
    });
    return undefined;
  }
  // keepalived takes the port before it corrects the server's: a check goes on to the port that was written.
  const checked = check.connectPort ?? (server.port === 0 ? of.port : server.port);
  return {
    address,
    port: port(checked),
    bindTo,
    bindPort: check.bindPort === undefined ? undefined : port(check.bindPort),
    bindIf: check.bindIf,
    fwmark: fwmark(check.fwmark ?? 0),
    timeout: seconds(check.connectTimeout ?? server.connectTimeout ?? virtual.connectTimeout ?? DEFAULT_TIMEOUT),
  };
}

/** The effective checker; undefined, after it was reported, where keepalived leaves it out. */
export function validateChecker(
  check: CheckerDraft,
  of: CheckerSurroundings,
  context: BindContext,
): Checker | undefined {
  switch (check.kind) {
    case 'TCP_CHECK': {
      const connect = connectOf(check, of, context);
      if (connect === undefined) return undefined;
      tellPortless(check, connect, of, context);
      return { kind: check.kind, schedule: scheduleOf(check, of), connect, at: check.at };
    }
    case 'HTTP_GET':
    case 'SSL_GET':
      return validateHttp(check, of, context);
    case 'MISC_CHECK':
      return validateMisc(check, of, context);
    default:
      return validateUnbuilt(check, of, context);
  }
}

function tellPortless(
  check: CheckerDraft,
  connect: ConnectOptions,
  of: CheckerSurroundings,
  context: BindContext,
): void {
  if (connect.port !== 0) return;
  context.reportAt('note', 'LVSD_CONFIG_NO_PORT', `${check.kind} of ${of.name()} has no port to connect to`, check.at, {
    expected: 'connect_port N',
    assumed: 'the check will fail',
  });
}

function validateHttp(check: HttpDraft, of: CheckerSurroundings, context: BindContext): Checker | undefined {
  const urls: HttpUrl[] = [];
  for (const url of check.urls) {
    if (url.path !== undefined) urls.push(validateUrl(url, url.path, check, of, context));
    else {
      const message = 'HTTP/SSL_GET checker url has no path - ignoring';
      context.reportAt('assumed', 'LVSD_CONFIG_NO_PATH', message, url.at, { expected: 'path PATH' });
    }
  }
  if (urls.length === 0) {
    const message = 'HTTP/SSL_GET checker has no urls specified - ignoring';
    context.reportAt('assumed', 'LVSD_CONFIG_NO_URL', message, check.at, {
      expected: 'url { path PATH }',
      assumed: 'this check is left out',
    });
    return undefined;
  }
  const connect = connectOf(check, of, context);
  if (connect === undefined) return undefined;
  tellPortless(check, connect, of, context);
  return {
    kind: check.kind,
    schedule: scheduleOf(check, of),
    connect,
    urls,
    virtualhost: check.virtualhost ?? of.server.virtualhost ?? of.virtual.virtualhost,
    httpProtocol: check.httpProtocol,
    enableSni: check.enableSni,
    sniName: check.sniName,
    fastRecovery: check.fastRecovery,
    at: check.at,
  };
}

function validateUrl(
  url: UrlDraft,
  path: string,
  check: HttpDraft,
  of: CheckerSurroundings,
  context: BindContext,
): HttpUrl {
  return {
    path,
    digest: url.digest,
    statusCodes: url.statusCodes.length === 0 ? SUCCESS : merged(url.statusCodes),
    virtualhost: url.virtualhost,
    regex: regexOf(url, of, context),
    tlsCompliant: url.tlsCompliant ?? check.tlsCompliant,
    at: url.at,
  };
}

/** Sorted, without overlaps. */
function merged(ranges: readonly StatusRange[]): readonly StatusRange[] {
  const sorted = ranges.slice().sort((a, b) => a.first - b.first);
  const result: StatusRange[] = [];
  for (const range of sorted) {
    const last = result[result.length - 1];
    if (last !== undefined && range.first <= last.last + 1) {
      result[result.length - 1] = { first: last.first, last: Math.max(last.last, range.last) };
    } else result.push(range);
  }
  return result;
}

function regexOf(url: UrlDraft, of: CheckerSurroundings, context: BindContext): UrlRegex | undefined {
  const pattern = url.pattern;
  if (pattern === undefined) {
    const without = url.negate || url.regexOptions.length > 0 || url.stack !== undefined;
    if (without || url.minOffset !== undefined || url.maxOffset !== undefined) {
      const message = 'regex parameters specified without regex';
      context.reportAt('assumed', 'LVSD_CONFIG_BAD_REGEX', message, url.at, { assumed: 'the body is not matched' });
    }
    return undefined;
  }
  const problem = of.validateRegex?.(pattern, url.regexOptions);
  if (problem !== undefined) {
    const message = `Invalid regex: '${pattern}': ${problem}`;
    context.reportAt('assumed', 'LVSD_CONFIG_BAD_REGEX', message, url.patternAt, {
      expected: 'a pattern that PCRE2 takes',
      assumed: 'the body is not matched',
    });
    return undefined;
  }
  let { minOffset, maxOffset } = url;
  if (minOffset !== undefined && maxOffset !== undefined && minOffset > maxOffset) {
    const message = `regex min offset ${minOffset} > regex_max_offset ${maxOffset} - ignoring`;
    context.reportAt('assumed', 'LVSD_CONFIG_BAD_REGEX', message, url.at, { assumed: 'no offsets' });
    minOffset = undefined;
    maxOffset = undefined;
  }
  return { pattern, negate: url.negate, options: url.regexOptions, minOffset, maxOffset, stack: url.stack };
}

function validateMisc(check: MiscDraft, of: CheckerSurroundings, context: BindContext): Checker | undefined {
  const script = check.script;
  if (script === undefined) {
    const message = 'No script path has been specified for MISC_CHECKER - skipping';
    context.reportAt('assumed', 'LVSD_CONFIG_NO_SCRIPT', message, check.at, {
      expected: 'misc_path "PROGRAM ARGUMENTS"',
      assumed: 'this check is left out',
    });
    return undefined;
  }
  return {
    kind: check.kind,
    schedule: scheduleOf(check, of),
    script: check.user === undefined ? script : { ...script, user: check.user },
    timeout: seconds(
      check.timeout === undefined || check.timeout === 0
        ? Math.min(delayLoopOf(of.virtual), MAX_MISC_TIMEOUT)
        : check.timeout,
    ),
    dynamic: check.dynamic,
    at: check.at,
  };
}

function validateUnbuilt(check: UnbuiltCheckDraft, of: CheckerSurroundings, context: BindContext): Checker | undefined {
  const leftOut = (message: string): undefined => {
    context.reportAt('assumed', 'LVSD_CONFIG_NO_SUBJECT', message, check.at, { assumed: 'this check is left out' });
    return undefined;
  };
  if (check.kind === 'FILE_CHECK') {
    if (check.needs === undefined) return leftOut('FILE_CHECK has no track_file specified - ignoring');
    if (!of.knownNames.trackFiles.has(check.needs)) return leftOut(`track_file ${check.needs} not found`);
  }
  if (check.kind === 'BFD_CHECK') {
    if (check.needs === undefined)
      return leftOut(`(${of.name()}) No name has been specified for BFD_CHECKER - skipping`);
    if (!of.knownNames.bfdInstances.has(check.needs)) {
      return leftOut(`(${of.name()}) BFD_CHECK - BFD ${check.needs} not configured`);
    }
  }
  if (check.kind === 'UDP_CHECK') tellReplyLengths(check, context);
  const connects = check.kind !== 'FILE_CHECK' && check.kind !== 'BFD_CHECK';
  const connect = connects ? connectOf(check, of, context) : undefined;
  if (connects && connect === undefined) return undefined;
  return { kind: check.kind, schedule: scheduleOf(check, of), connect, settings: check.settings, at: check.at };
}

/** A reply that must be longer than it may be. */
function tellReplyLengths(check: UnbuiltCheckDraft, context: BindContext): void {
  const length = (word: string, otherwise: number): number => {
    const said = check.settings.findLast((setting) => setting.startsWith(`${word} `));
    return said === undefined ? otherwise : Number(said.split(/\s+/)[1]);
  };
  const least = length('min_reply_length', 0);
  const most = length('max_reply_length', 255);
  if (!(least > most)) return;
  const message = `UDP_CHECK min_reply length ${least} > max_reply_length ${most} - will always fail`;
  context.reportAt('assumed', 'LVSD_CONFIG_BAD_NUMBER', message, check.at, {
    expected: 'min_reply_length at most max_reply_length',
  });
}
