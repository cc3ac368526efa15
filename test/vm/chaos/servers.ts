/**
 * Real servers for checks: listeners of this process on addresses of the test device, each of which can be made to
 * refuse and to accept again. They count the checks that come.
 */
import { createServer, type Server } from 'node:net';
import { type CaseContext, shell } from './cases.js';

export class RealServers {
  readonly #servers = new Map<string, Server>();
  readonly #port: number;
  /** Checks seen, by address. */
  readonly checks = new Map<string, number>();

  private constructor(port: number) {
    this.#port = port;
  }

  /** Opens 10.9.0.1 to 10.9.0.COUNT, all up but for those in `dead`. */
  static async open(
    context: CaseContext,
    count: number,
    dead: readonly string[] = [],
    port = 80,
  ): Promise<RealServers> {
    const all = new RealServers(port);
    const addresses = Array.from({ length: count }, (_, i) => `10.9.0.${i + 1}`);
    shell(addresses.map((one) => `ip addr add ${one}/24 dev d0`).join(';'));
    for (const one of addresses) if (!dead.includes(one)) await all.up(one);
    context.atEnd(() => all.close());
    return all;
  }

  async up(address: string): Promise<void> {
    if (this.#servers.has(address)) return;
    const server = createServer((socket) => {
      this.checks.set(address, (this.checks.get(address) ?? 0) + 1);
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.end('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, address, 512, resolve);
    });
    this.#servers.set(address, server);
  }

  async down(address: string): Promise<void> {
    const server = this.#servers.get(address);
    this.#servers.delete(address);
    await new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
    });
  }

  close(): void {
    for (const server of this.#servers.values()) server.close();
    this.#servers.clear();
  }
}
