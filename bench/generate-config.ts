/**
 * Makes the large configurations that benchmarks and speed tests run on: the same text for the same numbers, always.
 *
 * Addresses are deterministic in 10.0.0.0/8: virtual servers count up from 10.0.0.1, real servers from 10.128.0.1.
 * Real servers that do not divide evenly go to the first services, one more each.
 */

export interface GenerateOptions {
  readonly services: number;
  /** Real servers of each service; or `servers`, the sum over all of them. */
  readonly serversPerService?: number;
  readonly servers?: number;
  /** Default TCP_CHECK; `none` writes servers without a checker. */
  readonly checker?: 'TCP_CHECK' | 'HTTP_GET' | 'none';
  /** Default 1. */
  readonly weight?: number;
  /** Seconds; default 6. */
  readonly delayLoop?: number;
  /** Seconds; default 3. */
  readonly connectTimeout?: number;
  /** The first real server of this service has another weight than the rest. */
  readonly changed?: { readonly service: number; readonly weight: number };
}

const address = (base: number, index: number): string => {
  const n = base + index + 1;
  return `10.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
};

/** The address of the virtual server with this index, from 0. */
export const virtualAddress = (index: number): string => address(0, index);

const CHECKERS = {
  none: () => '',
  TCP_CHECK: (timeout: number) => `        TCP_CHECK {\n            connect_timeout ${timeout}\n        }\n`,
  HTTP_GET: (timeout: number) =>
    `        HTTP_GET {\n            url {\n                path /\n                status_code 200\n            }\n            connect_timeout ${timeout}\n        }\n`,
} as const;

/** How many real servers each service has, in file order. */
export function serversOfEach(options: GenerateOptions): readonly number[] {
  const { services } = options;
  const servers = options.servers ?? services * (options.serversPerService ?? 4);
  return Array.from({ length: services }, (_, k) => Math.floor(servers / services) + (k < servers % services ? 1 : 0));
}

/** @returns the text of a keepalived.conf; at most 8,388,607 services and as many real servers */
export function generateConfig(options: GenerateOptions): string {
  const { changed } = options;
  const checker = CHECKERS[options.checker ?? 'TCP_CHECK'](options.connectTimeout ?? 3);
  const parts = ['global_defs {\n    router_id bench\n}\n\n'];
  let server = 0;
  for (const [service, count] of serversOfEach(options).entries()) {
    parts.push(
      `virtual_server ${virtualAddress(service)} 80 {\n    delay_loop ${options.delayLoop ?? 6}\n    lb_algo rr\n    lb_kind NAT\n    protocol TCP\n\n`,
    );
    for (let k = 0; k < count; k++) {
      const weight = changed?.service === service && k === 0 ? changed.weight : (options.weight ?? 1);
      parts.push(`    real_server ${address(0x800000, server++)} 80 {\n        weight ${weight}\n${checker}    }\n`);
    }
    parts.push('}\n\n');
  }
  return parts.join('');
}
