/**
 * Routes: the lines of virtual_routes and static_routes, in the words of `ip route` (keepalived.md 8; linux/rtnetlink.h).
 *
 * Tables, protocols, scopes and realms are numbers: names have been looked up in iproute2's files by the parser.
 */
import type { AddressFamily, IpAddress } from '../runtime/addresses.js';
import type { Position } from './position.js';

/** An address with a prefix; `default` is 0.0.0.0/0 or ::/0. */
export interface Prefix {
  readonly address: IpAddress;
  readonly length: number;
}

export const routeTypes = [
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
  'xresolve',
] as const;
export type RouteType = (typeof routeTypes)[number];

/** Metrics that a number stands behind (RTAX_*); times are in the kernel's units: eighths of a millisecond in rtt, quarters in rttvar, milliseconds in rto_min. */
export const routeMetrics = [
  'mtu',
  'hoplimit',
  'advmss',
  'rtt',
  'rttvar',
  'reordering',
  'window',
  'cwnd',
  'ssthresh',
  'rto_min',
  'initcwnd',
  'initrwnd',
  'quickack',
  'fastopen_no_cookie',
] as const;
export type RouteMetric = (typeof routeMetrics)[number];

/** The metrics that may be locked: the kernel then does not change them. */
export const lockableMetrics = [
  'mtu',
  'advmss',
  'rtt',
  'rttvar',
  'reordering',
  'cwnd',
  'ssthresh',
  'rto_min',
  'congctl',
] as const;
export type LockableMetric = (typeof lockableMetrics)[number];

/** What packets are wrapped in (linux/lwtunnel.h). */
export type Encapsulation =
  | { readonly kind: 'mpls'; readonly labels: readonly number[] }
  | {
      readonly kind: 'ip';
      readonly id: string | undefined;
      readonly destination: IpAddress | undefined;
      readonly source: IpAddress | undefined;
      readonly tos: number | undefined;
      readonly ttl: number | undefined;
      readonly flags: number | undefined;
    }
  | {
      readonly kind: 'ip6';
      readonly id: string | undefined;
      readonly destination: IpAddress | undefined;
      readonly source: IpAddress | undefined;
      readonly trafficClass: number | undefined;
      readonly hopLimit: number | undefined;
      readonly flags: number | undefined;
    }
  | { readonly kind: 'ila'; readonly locator: string };

export interface NextHop {
  readonly gateway: IpAddress | undefined;
  readonly device: string | undefined;
  /** 1..256. */
  readonly weight: number | undefined;
  readonly onLink: boolean;
  /** (from << 16) | to. */
  readonly realms: number | undefined;
  readonly encapsulation: Encapsulation | undefined;
}

export interface Route {
  readonly family: AddressFamily;
  readonly type: RouteType;
  readonly destination: Prefix;
  /** IPv6 only: `from`. */
  readonly from: Prefix | undefined;
  readonly gateway: IpAddress | undefined;
  readonly device: string | undefined;
  /** Empty where `gateway` or `device` say all. */
  readonly nextHops: readonly NextHop[];
  /** `src`. */
  readonly preferredSource: IpAddress | undefined;
  readonly table: number;
  /** 18 is keepalived's own (RTPROT_KEEPALIVED). */
  readonly protocol: number | undefined;
  readonly scope: number | undefined;
  readonly tos: number | undefined;
  /** `metric`: which of several equal routes goes first. */
  readonly priority: number | undefined;
  readonly onLink: boolean;
  readonly realms: number | undefined;
  readonly encapsulation: Encapsulation | undefined;
  /** IPv6 only, seconds. */
  readonly expires: number | undefined;
  readonly metrics: Readonly<Partial<Record<RouteMetric, number>>>;
  readonly locked: readonly LockableMetric[];
  readonly congestionControl: string | undefined;
  readonly ecn: boolean;
  /** IPv6 router preference: low, medium, high, or its number. */
  readonly preference: number | undefined;
  readonly ttlPropagate: boolean | undefined;
  /** False is no_track: nobody minds when it is gone. */
  readonly track: boolean;
  /** Static routes only. */
  readonly trackGroup: string | undefined;
  readonly at: Position;
}
