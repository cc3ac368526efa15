/**
 * Which instances are members of which sync group: every member must exist, and be in one group only (keepalived.md 10).
 */
import type { BindContext } from './bind-context.js';
import type { VrrpInstanceDraft, VrrpSide, VrrpSyncGroupDraft } from './schema/vrrp-drafts.js';

export interface SyncMembership {
  /** In file order; members in the order written, never empty. */
  readonly groups: readonly { readonly draft: VrrpSyncGroupDraft; readonly members: readonly string[] }[];
  /** By the name of the instance. */
  readonly groupOf: ReadonlyMap<string, VrrpSyncGroupDraft>;
}

export function resolveSyncGroups(
  side: VrrpSide,
  instances: readonly VrrpInstanceDraft[],
  context: BindContext,
): SyncMembership {
  const known = new Set(instances.map((each) => each.name));
  const groupOf = new Map<string, VrrpSyncGroupDraft>();
  const groups: { draft: VrrpSyncGroupDraft; members: readonly string[] }[] = [];
  for (const draft of side.syncGroups.values()) {
    const members: string[] = [];
    for (const { name, at } of draft.members ?? []) {
      const other = groupOf.get(name);
      let problem: string | undefined;
      if (!known.has(name)) {
        // One that was left out has been told about already.
        if (side.instances.has(name)) continue;
        problem = `Virtual router ${name} specified in sync group ${draft.name} doesn't exist - ignoring`;
      } else if (other === draft) problem = `Virtual router ${name} is already in sync group ${draft.name} - ignoring`;
      else if (other !== undefined) {
        problem = `Virtual router ${name} cannot exist in more than one sync group; ignoring ${draft.name}`;
      }
      if (problem !== undefined) {
        context.reportAt(
          'assumed',
          'LVSD_CONFIG_UNKNOWN_NAME',
          problem,
          at,
          { assumed: 'it is no member' },
          name.length,
        );
        continue;
      }
      groupOf.set(name, draft);
      members.push(name);
    }
    if (members.length > 0) groups.push({ draft, members });
    tellSize(draft, members.length, context);
  }
  return { groups, groupOf };
}

function tellSize(draft: VrrpSyncGroupDraft, members: number, context: BindContext): void {
  if (members === 0) {
    const message = `Sync group ${draft.name}, no matching virtual router found in group declaration - removing`;
    context.reportAt('assumed', 'LVSD_CONFIG_EMPTY_GROUP', message, draft.at, { assumed: 'the group does not exist' });
  } else if (members === 1) {
    const message = `Sync group ${draft.name} has only 1 virtual router(s) - this probably isn't what you want`;
    context.reportAt('assumed', 'LVSD_CONFIG_SMALL_GROUP', message, draft.at, {});
  }
}
