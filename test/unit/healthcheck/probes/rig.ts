/**
 * What the probe tests share: checkers with defaults, a context on this host, servers that do as they are told.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { ConnectOptions, HttpCheck, HttpUrl, MiscCheck, TcpCheck } from '../../../../config/checker.js';
import type { RealServerName, VirtualServerName } from '../../../../config/names.js';
import { openSocketHere } from '../../../../healthcheck/probes/open-socket.js';
import type { ProbeContext, RunScript } from '../../../../healthcheck/probes/probe.js';
import { WorkerRegexEngine } from '../../../../healthcheck/probes/regex.js';
import { startProbe } from '../../../../healthcheck/probes/start.js';
import { loadTlsMaterial } from '../../../../healthcheck/probes/tls-material.js';
import type { ProbeResult, ProbeTarget } from '../../../../healthcheck/verdict.js';
import type { IpAddress } from '../../../../runtime/addresses.js';
import { systemClock } from '../../../../runtime/clock.js';
import { fwmark, port, seconds } from '../../../../runtime/units.js';

const at = { file: 'test.conf', line: 1, column: 1 };

const schedule: TcpCheck['schedule'] = {
  delayLoop: seconds(60),
  warmup: seconds(0),
  retry: 1,
  delayBeforeRetry: seconds(1),
  alpha: false,
  logAllFailures: false,
};

export function connectTo(portNumber: number, more: Partial<ConnectOptions> = {}): ConnectOptions {
  return {
    address: '127.0.0.1' as IpAddress,
    port: port(portNumber),
    bindTo: undefined,
    bindPort: undefined,
    bindIf: undefined,
    fwmark: fwmark(0),
    timeout: seconds(2),
    ...more,
  };
}

export function tcpCheck(connect: ConnectOptions): TcpCheck {
  return { kind: 'TCP_CHECK', schedule, connect, at };
}

export function url(more: Partial<HttpUrl> = {}): HttpUrl {
  return {
    path: '/',
    digest: undefined,
    statusCodes: [{ first: 200, last: 299 }],
    virtualhost: undefined,
    regex: undefined,
    tlsCompliant: false,
    at,
    ...more,
  };
}

export function httpCheck(connect: ConnectOptions, urls: readonly HttpUrl[], more: Partial<HttpCheck> = {}): HttpCheck {
  return {
    kind: 'HTTP_GET',
    schedule,
    connect,
    urls,
    virtualhost: undefined,
    httpProtocol: '1.0',
    enableSni: false,
    sniName: undefined,
    fastRecovery: false,
    at,
    ...more,
  };
}

export function miscCheck(dynamic: boolean): MiscCheck {
  const script = { command: '/bin/check x', argv: ['/bin/check', 'x'], user: undefined, at };
  return { kind: 'MISC_CHECK', schedule, script, timeout: seconds(3), dynamic, at };
}

export function regexOf(
  pattern: string,
  more: Partial<NonNullable<HttpUrl['regex']>> = {},
): NonNullable<HttpUrl['regex']> {
  return { pattern, negate: false, options: [], minOffset: undefined, maxOffset: undefined, stack: undefined, ...more };
}

export function target(checked: string, urlIndex = 0): ProbeTarget {
  return {
    address: { virtualServer: 0, realServer: 0, checker: 0 },
    virtualServer: '[10.0.0.1]:tcp:80' as VirtualServerName,
    realServer: '[10.1.0.1]:tcp:80' as RealServerName,
    checked,
    url: urlIndex,
  };
}

/** A context that works on this host; close it. */
export function hostContext(runScript: RunScript = () => () => {}): ProbeContext & { close(): Promise<void> } {
  const regex = new WorkerRegexEngine(systemClock);
  return {
    clock: systemClock,
    openSocket: openSocketHere,
    runScript,
    regex,
    tls: loadTlsMaterial(undefined),
    close: () => regex.close(),
  };
}

/** Runs a probe to its end. The server is called `X` in log lines. */
export function probe(
  checker: Parameters<typeof startProbe>[0],
  context: ProbeContext,
  urlIndex = 0,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    startProbe(checker, target('X', urlIndex), context, resolve);
  });
}

export interface Responder {
  readonly port: number;
  readonly connections: number;
  close(): Promise<void>;
}

/** A server on loopback; `serve` gets each connection. Sockets that are open at the end are destroyed. */
export async function responder(serve: (socket: Socket) => void, server: Server = createServer()): Promise<Responder> {
  const open = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get connections() {
      return connections;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A server that reads one request, answers these bytes and closes. */
export function answering(bytes: string | Buffer, onRequest: (request: string) => void = () => {}): Promise<Responder> {
  return responder((socket) => {
    socket.once('data', (request: Buffer) => {
      onRequest(request.toString('latin1'));
      socket.end(bytes);
    });
  });
}
