/**
 * Configurations of the chaos cases, and the tables that they must make.
 */
import type { Table } from './table.js';

export interface TestServer {
  readonly address: string;
  readonly weight?: number;
  /** Words of the real_server block; default a TCP_CHECK. */
  readonly check?: string;
  readonly words?: string;
}

export interface TestService {
  readonly vip: string;
  readonly servers: readonly TestServer[];
  readonly words?: string;
}

/** Checks every second, one try: one check that fails takes the server out, which spares a start some seconds. */
export const tcpCheck = 'TCP_CHECK {\n        connect_timeout 2\n        retry 0\n        }';

export function configuration(services: readonly TestService[], global = ''): string {
  const blocks = services.map(({ vip, servers, words = '' }) => {
    const inner = servers.map(
      ({ address, weight = 1, check = tcpCheck, words: more = '' }) =>
        `    real_server ${address} 80 {\n        weight ${weight}\n        ${more}\n        ${check}\n    }`,
    );
    return [
      `virtual_server ${vip} 80 {`,
      '    delay_loop 1\n    delay_before_retry 1\n    retry 1\n    lvs_sched rr\n    lvs_method NAT\n    protocol TCP',
      `    ${words}`,
      ...inner,
      '}',
    ].join('\n');
  });
  return `global_defs {\n    ${global}\n}\n${blocks.join('\n')}\n`;
}

/** The table that a configuration must make when these servers are dead. */
export function expected(services: readonly TestService[], dead: readonly string[] = []): Table {
  return new Map(
    services.map(({ vip, servers }) => [
      `TCP ${vip}:80`,
      new Map(
        servers
          .filter(({ address }) => !dead.includes(address))
          .map(({ address, weight = 1 }) => [`${address}:80`, weight]),
      ),
    ]),
  );
}

/** `SERVICE DESTINATION` of all servers in both. */
export function inBoth(a: Table, b: Table): string[] {
  const places: string[] = [];
  for (const [service, destinations] of a) {
    for (const destination of destinations.keys()) {
      if (b.get(service)?.has(destination)) places.push(`${service} ${destination}`);
    }
  }
  return places;
}
