/**
 * ospf_instance: the OSPF process that announces addresses (architecture, section 6; RFC 2328, 3101, 5340, 5709).
 *
 * Values are effective: defaults are applied by the parser.
 */
import type { IpAddress } from '../runtime/addresses.js';
import type { Seconds } from '../runtime/units.js';
import type { Position } from './position.js';

/** A dotted quad; plain numbers are written so. */
export type AreaId = string;

export type OspfAuthentication =
  | { readonly type: 'none' }
  | { readonly type: 'simple'; readonly keys: readonly OspfKey[] }
  | { readonly type: OspfDigest; readonly keys: readonly OspfKey[]; readonly activeKey: number };

export const ospfDigests = ['md5', 'hmac-sha-1', 'hmac-sha-256', 'hmac-sha-384', 'hmac-sha-512'] as const;
export type OspfDigest = (typeof ospfDigests)[number];

export interface OspfKey {
  /** 0..255. */
  readonly id: number;
  /** Never printed. */
  readonly secret: { readonly text: string } | { readonly file: string };
}

export interface OspfInterface {
  readonly name: string;
  readonly area: AreaId;
  readonly areaType: 'normal' | 'stub' | 'nssa';
  readonly network: 'point-to-point' | 'broadcast';
  /** 1..65535 s. */
  readonly helloInterval: Seconds;
  /** 1..65535 s, more than the hello interval. */
  readonly deadInterval: Seconds;
  /** 1..65535. */
  readonly cost: number;
  readonly mtuIgnore: boolean;
  /** Only packets with TTL 255 are taken (RFC 5082). */
  readonly ttlSecurity: boolean;
  /** Only neighbours within these prefixes are taken; empty is all. */
  readonly neighborFilters: readonly { readonly address: IpAddress; readonly prefix: number }[];
  readonly authentication: OspfAuthentication;
  /** A bfd_instance whose session follows the neighbour. */
  readonly trackBfd: string | undefined;
  readonly at: Position;
}

export interface OspfInstance {
  readonly name: string;
  /** A dotted quad; undefined: the highest IPv4 address of the host. */
  readonly routerId: string | undefined;
  readonly interfaces: readonly OspfInterface[];
  readonly announceAs: 'external' | 'stub';
  /** Between a withdrawal and the next announcement of one address. */
  readonly announceHoldDown: Seconds;
  /** After the start. */
  readonly announceDelay: Seconds;
  /** Between withdrawal and stop. */
  readonly withdrawDelay: Seconds;
  /** Listens and forms no adjacency. */
  readonly dryRun: boolean;
  readonly at: Position;
}
