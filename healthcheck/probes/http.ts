/**
 * HTTP_GET: one url of one server, asked directly on the descriptor (keepalived.md 15.3).
 *
 * No net.Socket: for thousands of checks a second the stream machinery costs more than the check. One receive buffer
 * serves all checks of the process, because nothing of it is kept between two events. What the answer is worth is
 * http-verdict.ts; how long it may take is exchange-timer.ts.
 */
import type { HttpCheck, HttpUrl } from '../../config/checker.js';
import { closeFd, type Fd } from '../../native/descriptor.js';
import { type Ready, watch } from '../../native/readiness.js';
import { receive, send } from '../../native/socket.js';
import { errno } from '../../native/system-call-error.js';
import { unreachable } from '../../runtime/errors.js';
import { toMilliseconds } from '../../runtime/units.js';
import type { ProbeResult, ProbeTarget } from '../verdict.js';
import { type ConnectOutcome, startConnect } from './connect.js';
import { ExchangeTimer } from './exchange-timer.js';
import { requestBytes } from './http-request.js';
import { HttpVerdict } from './http-verdict.js';
import type { CancelProbe, ProbeContext, StartProbe } from './probe.js';
import { errorText } from './system-error-text.js';

const room = Buffer.allocUnsafeSlow(65_536);
/** Reads of one descriptor in one turn of the event loop: a fast server must not keep the others waiting. */
const READS_PER_TURN = 4;

type NotConnected = Exclude<ConnectOutcome, { kind: 'connected' }>;

/** keepalived's words for a connection that did not come about. */
function notConnected(outcome: NotConnected, kind: HttpCheck['kind'], checked: string): ProbeResult {
  switch (outcome.kind) {
    case 'timed-out':
      return { ok: false, reason: 'timeout', detail: `Timeout connecting server ${checked}.` };
    case 'refused':
      return { ok: false, reason: 'connection', detail: `Error connecting server ${checked}.` };
    case 'not-asked':
      return { ok: null, detail: `${kind} of ${checked} could not ask: ${outcome.why}` };
    default:
      return unreachable(outcome);
  }
}

/**
 * What HTTP_GET and SSL_GET begin with: connects, and hands the descriptor and the url of this run on.
 * @param exchange owns the descriptor
 */
export function connectForUrl(
  checker: HttpCheck,
  target: ProbeTarget,
  context: ProbeContext,
  exchange: (url: HttpUrl, fd: Fd) => CancelProbe,
  done: (result: ProbeResult) => void,
): CancelProbe {
  const { checked } = target;
  let cancel = startConnect(checker.connect, context, (outcome) => {
    if (outcome.kind !== 'connected') {
      done(notConnected(outcome, checker.kind, checked));
      return;
    }
    const url = checker.urls[target.url];
    if (url !== undefined) {
      cancel = exchange(url, outcome.fd);
      return;
    }
    closeFd(outcome.fd);
    done({ ok: null, detail: `${checker.kind} of ${checked} has no url number ${target.url}` });
  });
  return () => cancel();
}

export const startHttpProbe: StartProbe<HttpCheck> = (checker, target, context, done) =>
  connectForUrl(checker, target, context, (url, fd) => exchange(checker, url, target.checked, context, fd, done), done);

/** Sends the request and reads the answer; owns the descriptor. */
function exchange(
  checker: HttpCheck,
  url: HttpUrl,
  checked: string,
  context: ProbeContext,
  fd: Fd,
  done: (result: ProbeResult) => void,
): CancelProbe {
  let request = requestBytes(checker, url);
  const verdict = new HttpVerdict(url, checked);
  let cancelRegex: (() => void) | undefined;
  let open = true;

  const release = (): void => {
    if (!open) return;
    open = false;
    timer.stop();
    closeFd(fd);
  };
  const fail = (reason: 'timeout' | 'connection' | 'reply', detail: string): void => {
    release();
    done({ ok: false, reason, detail });
  };
  const judge = (): void => {
    release();
    cancelRegex = verdict.judge(context.regex, done);
  };

  const timer = new ExchangeTimer(context.clock, toMilliseconds(checker.connect.timeout), () => {
    const stage = request.length > 0 ? 'Timeout WEB write' : verdict.any ? 'Timeout HTTP read' : 'Timeout WEB read';
    fail('timeout', `${stage} server ${checked}.`);
  });

  const write = (): void => {
    const sent = send(fd, request);
    if (sent < 0 && sent !== -errno.EAGAIN) {
      fail('connection', `Cannot send get request to server ${checked}.`);
      return;
    }
    request = request.subarray(Math.max(0, sent));
    if (request.length === 0) watching.modify({ readable: true });
  };

  /** Reads once. False: nothing more to do in this turn. */
  const readOnce = (): boolean => {
    const got = receive(fd, room).bytes;
    if (got === -errno.EAGAIN || got === -errno.EINTR) return false;
    if (got < 0) {
      fail('reply', `Read error with server ${checked}: ${errorText(-got)}.`);
      return false;
    }
    if (got > 0) timer.progress();
    if (got === 0 || verdict.push(room.subarray(0, got))) {
      judge();
      return false;
    }
    return got === room.length;
  };

  const watching = watch(fd, { writable: true }, (ready: Ready) => {
    if (request.length > 0) write();
    else if (ready.readable) for (let i = 0; i < READS_PER_TURN && readOnce(); i++);
  });
  write();

  return () => {
    release();
    cancelRegex?.();
  };
}
