/**
 * The site of the traffic tests: a client behind a router, a director and three real servers on one switch, and a
 * second director for keepalived, which carries no traffic and only shows how long it takes to notice a death.
 *
 *     client 10.0.1.2 fd01::2 --- router --- lan 10.0.2.0/24 fd02::/64: director .1, observer .2, rs1 .. rs3 .11 to .13
 *
 * Six VIPs: NAT, DR and TUN (ipip), IPv4 and IPv6. What a real server answers from its own address (NAT) goes back by
 * the director; what it answers from a VIP (DR, TUN) goes to the router directly.
 */
import { Network, WebServer } from '../lab/network.js';
import { shell } from '../lab/shell.js';

export const METHODS = ['NAT', 'DR', 'TUN'] as const;
export type Method = (typeof METHODS)[number];

export interface Vip {
  readonly method: Method;
  readonly family: 'IPv4' | 'IPv6';
  readonly address: string;
}

export const VIPS: readonly Vip[] = METHODS.flatMap((method, i) => [
  { method, family: 'IPv4' as const, address: `10.0.2.10${i}` },
  { method, family: 'IPv6' as const, address: `fd02::10${i}` },
]);

export const SERVERS = ['rs1', 'rs2', 'rs3'] as const;

const serverAddress = (index: number, family: Vip['family']): string =>
  family === 'IPv4' ? `10.0.2.${11 + index}` : `fd02::${11 + index}`;

/** Builds the site and starts the web servers. */
export function buildSite(): WebServer[] {
  shell('modprobe ip_vs; modprobe ipip; modprobe ip6_tunnel');
  const forwarding = 'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1';
  const net = new Network().lan('near').lan('far');
  for (const name of ['client', 'router', 'director', 'observer']) net.host(name);
  net
    .plug('near', 'client', 'eth0', ['10.0.1.2/24', 'fd01::2/64'])
    .plug('near', 'router', 'eth0', ['10.0.1.1/24', 'fd01::1/64'])
    .plug('far', 'router', 'eth1', ['10.0.2.254/24', 'fd02::fe/64'])
    .on('client', 'ip route add default via 10.0.1.1', 'ip -6 route add default via fd01::1')
    .on('router', forwarding);
  for (const [i, name] of ['director', 'observer'].entries()) {
    net
      .plug('far', name, 'eth0', [`10.0.2.${1 + i}/24`, `fd02::${1 + i}/64`])
      .on(name, forwarding, 'ip route add default via 10.0.2.254', 'ip -6 route add default via fd02::fe');
  }
  for (const { address, family } of VIPS) {
    // preferred_lft 0: the director's own connections, the checks, must not begin at a VIP that the servers have too.
    net.on('director', `ip addr add ${address}${family === 'IPv4' ? '/32 dev eth0' : '/128 dev eth0 preferred_lft 0'}`);
  }
  for (const [i, name] of SERVERS.entries()) {
    net
      .host(name)
      .plug('far', name, 'eth0', [`${serverAddress(i, 'IPv4')}/24`, `${serverAddress(i, 'IPv6')}/64`])
      .on(
        name,
        // The VIPs on lo are nobody else's business: no answer to ARP for them (neighbour discovery gives none anyway).
        'sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2',
        'ip route add default via 10.0.2.1',
        'ip -6 route add default via fd02::1',
        'ip route add default via 10.0.2.254 table 100',
        'ip -6 route add default via fd02::fe table 100',
        'ip link set tunl0 up',
        `ip -6 tunnel add tunl6 mode ip6ip6 local ${serverAddress(i, 'IPv6')} remote ::`,
        'ip link set tunl6 up',
        'sysctl -qw net.ipv4.conf.tunl0.rp_filter=0',
      );
    for (const { address, family, method } of VIPS) {
      if (method === 'NAT') continue;
      const [flag, length] = family === 'IPv4' ? ['-4', 32] : ['-6', 128];
      net.on(
        name,
        `ip addr add ${address}/${length} dev lo`,
        `ip ${flag} rule add from ${address}/${length} lookup 100`,
      );
    }
  }
  net.build();
  return SERVERS.map((name) => {
    const server = new WebServer(name);
    server.start();
    return server;
  });
}

/** Packets carry whole checksums and no super-packets from now on: veth hides wrong ones otherwise. */
export function offloadsOff(): void {
  const ends = [
    ['client', 'eth0'],
    ['router', 'eth0'],
    ['router', 'eth1'],
    ['director', 'eth0'],
  ];
  for (const name of SERVERS) ends.push([name, 'eth0']);
  shell(
    ends.map(([host, device]) => `ip netns exec ${host} ethtool -K ${device} tx off rx off tso off gso off`).join('\n'),
  );
}

/** What may differ from one configuration of the site to the next without touching a connection. */
export interface Variant {
  readonly scheduler: string;
  readonly weights: readonly [number, number, number];
  /** A fourth server without weight, which nobody is sent to. */
  readonly extraServer: boolean;
  /** A virtual server that nobody asks. */
  readonly extraService: boolean;
  /** Seconds; undefined is none. */
  readonly persistence?: number;
}

export const PLAIN: Variant = { scheduler: 'wrr', weights: [1, 1, 1], extraServer: false, extraService: false };

/** How death is noticed: at most `NOTICED_WITHIN_S` after it. */
const CHECK = { delayLoop: 3, timeout: 4, retry: 2, delayBeforeRetry: 1 };
/** delay_loop + timeout + retry x (delay_before_retry + timeout), in seconds. */
export const NOTICED_WITHIN_S =
  CHECK.delayLoop + CHECK.timeout + CHECK.retry * (CHECK.delayBeforeRetry + CHECK.timeout);

function realServer(address: string, weight: number, checked: boolean): string {
  const check = `
        HTTP_GET {
            url {
                path /
                status_code 200
            }
            connect_timeout ${CHECK.timeout}
            retry ${CHECK.retry}
            delay_before_retry ${CHECK.delayBeforeRetry}
        }`;
  return `
    real_server ${address} 80 {
        weight ${weight}${checked ? check : ''}
    }`;
}

function virtualServer({ method, family, address }: Vip, variant: Variant): string {
  const servers = SERVERS.map((_, i) => realServer(serverAddress(i, family), variant.weights[i] ?? 1, true));
  if (variant.extraServer) servers.push(realServer(serverAddress(9, family), 0, false));
  return `
virtual_server ${address} 80 {
    protocol TCP
    lvs_sched ${variant.scheduler}
    lvs_method ${method}
    delay_loop ${CHECK.delayLoop}
${variant.persistence === undefined ? '' : `    persistence_timeout ${variant.persistence}\n`}${servers.join('\n')}
}
`;
}

/** The site's keepalived.conf. */
export function siteConfig(variant: Variant): string {
  const extra: Vip = { method: 'NAT', family: 'IPv4', address: '10.0.2.199' };
  return [...VIPS, ...(variant.extraService ? [extra] : [])].map((vip) => virtualServer(vip, variant)).join('');
}
