/**
 * One checker in the section `Health checkers` of keepalived_check.data (keepalived.md 4, layout of 2.2.7).
 */
import type { Checker, ConnectOptions, HttpCheck } from '../config/checker.js';
import { dumpedScript } from './dump-global.js';
import { asctime } from './log-line.js';
import type { CheckerState } from './state.js';

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
const microseconds = (value: number): string => `${Math.round(value * 1e6)} us`;

/**
 * The lines under ` VS -> RS`.
 * @param now undefined before the first state is known: the checker has not run then
 * @param suspended by ha_suspend
 */
export function* healthChecker(checker: Checker, now: CheckerState | undefined, suspended: boolean): Generator<string> {
  const { schedule } = checker;
  yield `   Enabled = ${yesNo(!suspended)}`;
  yield `   Up = ${yesNo(now?.up ?? !schedule.alpha)}`;
  yield `   Has run = ${yesNo(now?.hasRun ?? false)}`;
  yield `   Alpha = ${yesNo(schedule.alpha)}`;
  yield `   Delay loop = ${microseconds(schedule.delayLoop)}`;
  yield `   Warmup = ${microseconds(schedule.warmup)}`;
  yield `   Retries = ${schedule.retry}`;
  if (schedule.retry > 0) {
    yield `   Delay before retry = ${microseconds(schedule.delayBeforeRetry)}`;
    yield `   Retries iterations = ${now?.retriesUsed ?? 0}`;
  }
  yield `   Log all failures = ${yesNo(schedule.logAllFailures)}`;
  switch (checker.kind) {
    case 'TCP_CHECK':
      yield* connection(checker.connect);
      yield '   Keepalive method = TCP_CHECK';
      return;
    case 'HTTP_GET':
    case 'SSL_GET':
      yield* connection(checker.connect);
      yield* http(checker);
      return;
    case 'MISC_CHECK': {
      yield '   Keepalive method = MISC_CHECK';
      yield `   script = ${dumpedScript(checker.script)}`;
      yield `   timeout = ${checker.timeout}`;
      yield `   dynamic = ${checker.dynamic ? 'YES' : 'NO'}`;
      const at = now?.lastRun ?? 0;
      const fraction = Math.floor((at % 1) * 1e6)
        .toString()
        .padStart(6, '0');
      yield `   Last ran = ${Math.floor(at)}.${fraction} (${asctime(at * 1000)}.${fraction})`;
      return;
    }
    case 'SMTP_CHECK':
    case 'DNS_CHECK':
    case 'UDP_CHECK':
    case 'PING_CHECK':
    case 'FILE_CHECK':
    case 'BFD_CHECK':
      if (checker.connect !== undefined) yield* connection(checker.connect);
      yield `   Keepalive method = ${checker.kind}`;
  }
}

function* connection(options: ConnectOptions): Generator<string> {
  yield '   Connection';
  yield `     Dest = [${options.address}]:${options.port}`;
  if (options.bindTo !== undefined) yield `     Bind to = [${options.bindTo}]:${options.bindPort ?? 0}`;
  if (options.bindIf !== undefined) yield `     Bind i/f = ${options.bindIf}`;
  if (options.fwmark !== 0) yield `     Mark = ${options.fwmark}`;
  yield `     Timeout = ${options.timeout.toFixed(6)}`;
}

function* http(check: HttpCheck): Generator<string> {
  yield `   Keepalive method = ${check.kind}, http protocol ${check.httpProtocol}`;
  if (check.virtualhost !== undefined) yield `   Virtualhost = ${check.virtualhost}`;
  yield `   Enable SNI ${check.enableSni ? 'set' : 'unset'}`;
  yield `   Fast recovery ${check.fastRecovery ? 'set' : 'unset'}`;
  for (const url of check.urls) {
    yield `   Checked url = ${url.path}`;
    if (url.digest !== undefined) yield `     digest = ${url.digest}`;
    if (url.statusCodes.length > 0) yield '     HTTP Status Code(s)';
    for (const { first, last } of url.statusCodes) yield first === last ? `       ${first}` : `       ${first}-${last}`;
    if (url.virtualhost !== undefined) yield `     Virtual host = ${url.virtualhost}`;
    if (url.regex === undefined) continue;
    yield `     Regex = "${url.regex.pattern}"`;
    if (url.regex.negate) yield '     Regex no match';
    const { minOffset, maxOffset, options } = url.regex;
    if (maxOffset !== undefined) yield `     Regex min offset = ${minOffset ?? 0}, max_offset = ${maxOffset}`;
    else if (minOffset !== undefined) yield `     Regex min offset = ${minOffset}`;
    if (options.length > 0) yield `     Regex options:${options.map((option) => ` ${option}`).join('')}`;
  }
}
