/**
 * What DPVS's keepalived adds (fullnat-grammar.md 6.1). Read and kept, so that a file of DPVS is understood; lvsd acts on
 * none of it, and its transport is not lvsd's.
 */
import type { IpAddress } from '../runtime/addresses.js';
import type { Position } from './position.js';

/** deny_address_group, allow_address_group: sources. */
export type SourceEntry =
  | { readonly kind: 'range'; readonly first: IpAddress; readonly last: IpAddress; readonly at: Position }
  | { readonly kind: 'ipset'; readonly name: string; readonly at: Position };

export interface SourceGroup {
  readonly name: string;
  readonly entries: readonly SourceEntry[];
  readonly at: Position;
}

/** One tunnel_entry of a tunnel_group. */
export interface TunnelEntry {
  readonly interface: string;
  readonly kind: 'ipip' | 'gre' | undefined;
  readonly local: IpAddress | undefined;
  readonly remote: IpAddress | undefined;
  readonly link: string | undefined;
  readonly at: Position;
}

export interface TunnelGroup {
  readonly name: string;
  readonly entries: readonly TunnelEntry[];
  readonly at: Position;
}

/** The words of DPVS in one virtual_server. */
export interface DpvsOptions {
  readonly denyGroup: string | undefined;
  readonly allowGroup: string | undefined;
  readonly expireQuiescentConnections: boolean;
  readonly quic: boolean;
  readonly hashTarget: 'sip' | 'qid' | undefined;
  readonly proxyProtocol: 'v1' | 'v2' | 'v1-insecure' | 'v2-insecure' | undefined;
  /** Bytes per second, 0 is no limit. */
  readonly bandwidth: number | undefined;
  /** Percent that the limit lets through. */
  readonly limitProportion: number | undefined;
  readonly sourceRange: string | undefined;
  readonly destinationRange: string | undefined;
  readonly inputInterface: string | undefined;
  readonly outputInterface: string | undefined;
}
