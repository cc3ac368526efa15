/**
 * SSL_GET: HTTP_GET over TLS (keepalived.md 15.3).
 *
 * The socket is opened, bound, marked and connected as for every check, then Node's TLS takes the descriptor over: it
 * is closed by it from there on. Server certificates are not verified, as in keepalived (tls-material.ts). Connecting
 * and handshake share one connect_timeout; the exchange has exchange-timer.ts.
 */
import { isIP, Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { HttpCheck, HttpUrl } from '../../config/checker.js';
import { type Fd, releaseFd } from '../../native/descriptor.js';
import type { Timer } from '../../runtime/clock.js';
import { milliseconds, toMilliseconds } from '../../runtime/units.js';
import type { ProbeResult } from '../verdict.js';
import { ExchangeTimer } from './exchange-timer.js';
import { connectForUrl } from './http.js';
import { requestBytes } from './http-request.js';
import { HttpVerdict } from './http-verdict.js';
import type { CancelProbe, ProbeContext, StartProbe } from './probe.js';

/**
 * The name to send in the handshake; empty sends none. `sni_name` first, else with `enable_sni` the virtualhost of the
 * url or the checker, without a port. An address is no name (RFC 6066 section 3).
 */
export function serverNameOf(checker: HttpCheck, url: HttpUrl): string {
  const name = checker.enableSni ? (checker.sniName ?? url.virtualhost ?? checker.virtualhost ?? '') : '';
  const bare = name.replace(/:[0-9]+$/, '');
  return isIP(bare.replace(/^\[|\]$/g, '')) === 0 ? bare : '';
}

export const startSslProbe: StartProbe<HttpCheck> = (checker, target, context, done) => {
  const begun = context.clock.now();
  return connectForUrl(
    checker,
    target,
    context,
    (url, fd) => exchange(checker, url, target.checked, context, fd, begun, done),
    done,
  );
};

function exchange(
  checker: HttpCheck,
  url: HttpUrl,
  checked: string,
  context: ProbeContext,
  fd: Fd,
  begun: number,
  done: (result: ProbeResult) => void,
): CancelProbe {
  const limit = toMilliseconds(checker.connect.timeout);
  const raw = new Socket({ fd: releaseFd(fd), readable: true, writable: true });
  const verdict = new HttpVerdict(url, checked);
  let cancelRegex: (() => void) | undefined;
  let timer: Pick<ExchangeTimer, 'stop'> | undefined;
  let handshake: Timer | undefined;
  let open = true;

  const release = (): boolean => {
    if (!open) return false;
    open = false;
    handshake?.cancel();
    timer?.stop();
    secure.destroy();
    raw.destroy();
    return true;
  };
  const fail = (reason: 'timeout' | 'reply', detail: string): void => {
    if (release()) done({ ok: false, reason, detail });
  };
  const judge = (): void => {
    if (release()) cancelRegex = verdict.judge(context.regex, done);
  };

  const secure: TLSSocket = connectTls({
    socket: raw,
    secureContext: context.tls.secureContext,
    servername: serverNameOf(checker, url),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  let established = false;
  const left = Math.max(0, begun + limit - context.clock.now());
  handshake = context.clock.after(milliseconds(left), 'TLS handshake', () =>
    fail('timeout', `Timeout connecting server ${checked}.`),
  );

  secure.on('secureConnect', () => {
    if (!open) return;
    established = true;
    handshake?.cancel();
    const exchanging = new ExchangeTimer(context.clock, limit, () =>
      fail('timeout', `${verdict.any ? 'Timeout HTTP read' : 'Timeout WEB read'} server ${checked}.`),
    );
    timer = exchanging;
    secure.on('data', (bytes: Buffer) => {
      if (!open) return;
      exchanging.progress();
      if (verdict.push(bytes)) judge();
    });
    secure.write(requestBytes(checker, url));
  });
  // keepalived takes any end of a TLS stream, also an untidy one, as the end of the answer.
  const ended = (): void => {
    if (established) judge();
    else fail('reply', `SSL handshake/communication error connecting to server ${checked}.`);
  };
  secure.on('end', ended);
  secure.on('close', ended);
  secure.on('error', ended);
  raw.on('error', ended);

  return () => {
    release();
    cancelRegex?.();
  };
}
