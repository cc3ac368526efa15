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
}

const address = (base: number, index: number): string => {
  const n = base + index + 1;
  return `10.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
};

const CHECKERS = {
  none: '',
  TCP_CHECK: '        TCP_CHECK {\n            connect_timeout 3\n        }\n',
  HTTP_GET:
    '        HTTP_GET {\n            url {\n                path /\n                status_code 200\n            }\n            connect_timeout 3\n        }\n',
} as const;

/** @returns the text of a keepalived.conf; at most 8,388,607 services and as many real servers */
export function generateConfig(options: GenerateOptions): string {
  const { services } = options;
  const servers = options.servers ?? services * (options.serversPerService ?? 4);
  const checker = CHECKERS[options.checker ?? 'TCP_CHECK'];
  const weight = options.weight ?? 1;
  const parts = ['global_defs {\n    router_id bench\n}\n\n'];
  let server = 0;
  for (let service = 0; service < services; service++) {
    parts.push(
      `virtual_server ${address(0, service)} 80 {\n    delay_loop 6\n    lb_algo rr\n    lb_kind NAT\n    protocol TCP\n\n`,
    );
    const count = Math.floor(servers / services) + (service < servers % services ? 1 : 0);
    for (let k = 0; k < count; k++) {
      parts.push(`    real_server ${address(0x800000, server++)} 80 {\n        weight ${weight}\n${checker}    }\n`);
    }
    parts.push('}\n\n');
  }
  return parts.join('');
}
