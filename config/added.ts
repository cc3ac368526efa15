/**
 * What lvsd and DPVS add to keepalived's grammar: top-level blocks, and words of a virtual_server beyond FULLNAT's
 * (architecture, section 6; fullnat-grammar.md 6.1).
 */
import type { Seconds } from '../runtime/units.js';
import type { AnnounceAddress, ShortAnnouncement } from './announcement.js';
import type { ClusterConfig } from './cluster.js';
import type { DpvsOptions, SourceGroup, TunnelGroup } from './dpvs.js';
import type { OspfInstance } from './ospf.js';
import type { Position } from './position.js';

/** The top-level blocks. Maps are in file order. */
export interface AddedBlocks {
  readonly ospf: ReadonlyMap<string, OspfInstance>;
  readonly announcements: readonly AnnounceAddress[];
  readonly cluster: ClusterConfig | undefined;
  readonly denyGroups: ReadonlyMap<string, SourceGroup>;
  readonly allowGroups: ReadonlyMap<string, SourceGroup>;
  readonly tunnelGroups: ReadonlyMap<string, TunnelGroup>;
}

/** The words of one virtual_server; undefined means "not written". */
export interface AddedOptions {
  readonly announce: ShortAnnouncement | undefined;
  /** The weight of a server that comes back grows over so long, 0..86400 s. */
  readonly slowStart: { readonly duration: Seconds; readonly at: Position } | undefined;
  /** How long a removed server may keep its connections, 0..2678400 s. */
  readonly drainTimeout: Seconds | undefined;
  /** 0..100. */
  readonly maxDownPercent: number | undefined;
  readonly dpvs: DpvsOptions | undefined;
}

const NO_MAP: ReadonlyMap<string, never> = new Map<string, never>();

/** A configuration without any of the blocks. */
export const noAddedBlocks: AddedBlocks = {
  ospf: NO_MAP,
  announcements: [],
  cluster: undefined,
  denyGroups: NO_MAP,
  allowGroups: NO_MAP,
  tunnelGroups: NO_MAP,
};

export const noAddedOptions: AddedOptions = {
  announce: undefined,
  slowStart: undefined,
  drainTimeout: undefined,
  maxDownPercent: undefined,
  dpvs: undefined,
};

export const noDpvs: DpvsOptions = {
  denyGroup: undefined,
  allowGroup: undefined,
  expireQuiescentConnections: false,
  quic: false,
  hashTarget: undefined,
  proxyProtocol: undefined,
  bandwidth: undefined,
  limitProportion: undefined,
  sourceRange: undefined,
  destinationRange: undefined,
  inputInterface: undefined,
  outputInterface: undefined,
};
