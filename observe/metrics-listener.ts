/**
 * The HTTP listener of `metrics_listen`: GET /metrics for Prometheus, nothing else. Series for each real server
 * come with /metrics?real_servers=1 (in Prometheus: `params: { real_servers: ['1'] }`).
 *
 * It is off unless configured, and the only thing of lvsd that listens on the network. Callers are bounded: short
 * time-outs, few connections, no body is read. What it says is read-only and holds no secrets.
 */
import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import type { IpAddress } from '../runtime/addresses.js';
import { LvsdError } from '../runtime/errors.js';
import type { Port } from '../runtime/units.js';
import { type MetricsScope, type MetricsText, metricsScope } from './control-protocol.js';

export interface MetricsListenerOptions {
  readonly address: IpAddress;
  /** 0 lets the kernel choose. */
  readonly port: Port;
  readonly scrape: (scope: MetricsScope) => Promise<MetricsText>;
  readonly onError: (error: unknown) => void;
}

const page =
  '<!doctype html><title>lvsd</title><p>lvsd: <a href="/metrics">metrics</a> for Prometheus; "lvsctl status" for people.\n';

export class MetricsListener {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens. @throws LvsdError LVSD_METRICS_LISTEN the address is not on this host, or the port is taken */
  static async open(options: MetricsListenerOptions): Promise<MetricsListener> {
    const { address, port, scrape, onError } = options;
    const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 60_000 });
    server.maxConnections = 16;
    // A caller that neither asks nor reads for this long is cut off: an answer may be large.
    server.setTimeout(60_000);
    server.on('clientError', (_error, socket) => socket.destroy());
    server.on('request', (request, response) => {
      request.resume();
      const answer = (status: number, type: string, body: string): void => {
        response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
        response.end(request.method === 'HEAD' ? undefined : body);
      };
      const [path, query] = (request.url ?? '/').split('?', 2);
      if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'text/plain', 'Only GET.\n');
      else if (path === '/') answer(200, 'text/html; charset=utf-8', page);
      else if (path !== '/metrics') answer(404, 'text/plain', 'Metrics are at /metrics.\n');
      else {
        scrape(metricsScope(new URLSearchParams(query))).then(
          ({ contentType, body }) => answer(200, contentType, body),
          (error: unknown) => {
            onError(error);
            answer(503, 'text/plain', "lvsd could not read its own state; see lvsd's log.\n");
          },
        );
      }
    });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, address, () => {
          server.off('error', reject);
          server.on('error', onError);
          resolve();
        });
      });
    } catch (error) {
      const where = isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
      throw new LvsdError(
        'LVSD_METRICS_LISTEN',
        `Cannot listen for metrics on ${where}. lvsd serves without it. Give metrics_listen an address of this host and a port that is free.`,
        { cause: error, fields: { address, port } },
      );
    }
    return new MetricsListener(server);
  }

  /** The port that it listens on. */
  get port(): number {
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
