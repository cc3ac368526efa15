/**
 * What the blocks that lvsd and DPVS add have said so far; one for a whole file (config/added.ts).
 */
import type { AnnounceAddress } from '../../config/announcement.js';
import type { ClusterConfig } from '../../config/cluster.js';
import type { SourceGroup, TunnelGroup } from '../../config/dpvs.js';
import type { OspfInstance } from '../../config/ospf.js';

export interface AddedDraft {
  readonly ospf: Map<string, OspfInstance>;
  readonly announcements: AnnounceAddress[];
  cluster: ClusterConfig | undefined;
  readonly denyGroups: Map<string, SourceGroup>;
  readonly allowGroups: Map<string, SourceGroup>;
  readonly tunnelGroups: Map<string, TunnelGroup>;
}

export function emptyAdded(): AddedDraft {
  return {
    ospf: new Map(),
    announcements: [],
    cluster: undefined,
    denyGroups: new Map(),
    allowGroups: new Map(),
    tunnelGroups: new Map(),
  };
}
