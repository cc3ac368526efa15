/**
 * The configuration as one deeply immutable value: what the parser makes and everybody else reads.
 *
 * There is no way back from here to the text but `Position`; nothing in it changes after it was made. Two Configs of
 * the same text are equal in every field but positions.
 */
import type { AddedBlocks } from './added.js';
import type { BfdInstance } from './bfd.js';
import type { GlobalConfig, SslConfig } from './global.js';
import type { Position } from './position.js';
import type { TrackFile } from './tracking.js';
import type { LocalAddressGroup, VirtualServer, VirtualServerGroup } from './virtual-server.js';
import type { VrrpConfig } from './vrrp.js';

/**
 * A word or block that lvsd reads but does not act on yet.
 * `traffic`: it decides who gets traffic or who may connect, so lvsd does not start or reload with it unless told to.
 * `none`: named once at start, nothing more.
 */
export interface UnbuiltUse {
  readonly word: string;
  /** The block that it stands in: `global_defs`, `virtual_server`, or `top level`. */
  readonly block: string;
  readonly decides: 'traffic' | 'none';
  /** True for vrrp and bfd blocks, which -C (checker only) sets aside. */
  readonly vrrpSide: boolean;
  /** What to do about it, one sentence. */
  readonly cure: string;
  readonly at: Position;
}

export interface Config {
  readonly global: GlobalConfig;
  readonly ssl: SslConfig | undefined;
  readonly groups: ReadonlyMap<string, VirtualServerGroup>;
  readonly localAddressGroups: ReadonlyMap<string, LocalAddressGroup>;
  /** In file order. */
  readonly virtualServers: readonly VirtualServer[];
  /** track_file, in file order: virtual routers and FILE_CHECK use them. */
  readonly trackFiles: ReadonlyMap<string, TrackFile>;
  /** In file order. */
  readonly bfd: ReadonlyMap<string, BfdInstance>;
  readonly vrrp: VrrpConfig;
  /** The blocks that lvsd and DPVS add. */
  readonly added: AddedBlocks;
  readonly unbuilt: readonly UnbuiltUse[];
}
