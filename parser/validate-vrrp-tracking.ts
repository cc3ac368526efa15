/**
 * What an instance or a sync group tracks in the end: not its own interface, and no weights where they cannot count
 * (an owner keeps its priority; members of a sync group keep theirs unless the group says otherwise).
 *
 * Source: vrrp.c, vrrp_complete_instance and sync_group_tracking_init.
 */
import type { TrackedInterface, TrackedReference, Tracking } from '../config/tracking.js';
import { OWNER_PRIORITY, type VrrpInstance } from '../config/vrrp.js';
import type { BindContext } from './bind-context.js';
import type { VrrpInstanceDraft, VrrpSyncGroupDraft } from './schema/vrrp-drafts.js';

/** Without this a weight of 1, which track_file has unless told otherwise, could not be told from a wish. */
const DEFAULT_FILE_WEIGHT = 1;

export function completeTracking(
  draft: VrrpInstanceDraft,
  priority: number,
  group: VrrpSyncGroupDraft | undefined,
  context: BindContext,
): Tracking {
  const { tracking } = draft;
  const interfaces = tracking.interfaces.filter((tracked) => {
    if (tracked.interface !== draft.interface) return true;
    const message = `(${draft.name}) Ignoring track_interface ${tracked.interface} since own interface`;
    context.reportAt('assumed', 'LVSD_CONFIG_CONFLICT', message, tracked.at, {
      assumed: 'the interface of an instance is tracked anyway, unless dont_track_primary',
    });
    return false;
  });
  const synchronized = group !== undefined && !group.trackingWeight;
  if (!synchronized && priority !== OWNER_PRIORITY) return { ...tracking, interfaces };
  return withoutWeights(draft, { ...tracking, interfaces }, synchronized, context);
}

function withoutWeights(
  draft: VrrpInstanceDraft,
  tracking: Tracking,
  synchronized: boolean,
  context: BindContext,
): Tracking {
  const reason = synchronized ? 'SYNC group' : 'address_owner';
  const say = (tracked: TrackedReference | TrackedInterface, message: string, assumed: string): void =>
    context.reportAt('assumed', 'LVSD_CONFIG_CONFLICT', `(${draft.name}) ignoring ${message}`, tracked.at, { assumed });
  const LEFT_OUT = 'it is not tracked';
  const interfaces: TrackedInterface[] = [];
  for (const tracked of tracking.interfaces) {
    if (tracked.weight === 0) interfaces.push(tracked);
    else if (synchronized) {
      say(tracked, `${tracked.interface} tracked interface weight due to SYNC group`, 'weight 0');
      interfaces.push({ ...tracked, weight: 0 });
    } else say(tracked, `${tracked.interface} tracked interface due to address owner`, LEFT_OUT);
  }
  const scripts = tracking.scripts.filter((tracked) => {
    if (tracked.weight === 0) return true;
    say(tracked, `tracked script ${tracked.name} with weights due to ${reason}`, LEFT_OUT);
    return false;
  });
  const files: TrackedReference[] = [];
  for (const tracked of tracking.files) {
    if (tracked.weight === 0) files.push(tracked);
    else if (tracked.weight === DEFAULT_FILE_WEIGHT) {
      say(tracked, `weight from tracked file ${tracked.name} due to ${reason}. specify weight 0`, 'weight 0');
      files.push({ ...tracked, weight: 0 });
    } else say(tracked, `tracked file ${tracked.name} with weight ${tracked.weight} due to ${reason}`, LEFT_OUT);
  }
  const bfd = tracking.bfd.filter((tracked) => {
    if (tracked.weight === 0) return true;
    say(tracked, `tracked bfd ${tracked.name} with weight ${tracked.weight} due to ${reason}`, LEFT_OUT);
    return false;
  });
  return { ...tracking, interfaces, scripts, files, bfd };
}

/** The trackers of a sync group, which every member gets. */
export function completeGroupTracking(
  draft: VrrpSyncGroupDraft,
  members: readonly string[],
  instances: ReadonlyMap<string, VrrpInstance>,
  owners: boolean,
  context: BindContext,
): Tracking {
  const { tracking } = draft;
  for (const tracked of tracking.interfaces) {
    for (const name of members) {
      const member = instances.get(name);
      const own = member?.interface === tracked.interface && member.trackPrimary;
      if (!own && member?.tracking.interfaces.some((each) => each.interface === tracked.interface) !== true) continue;
      const message = `(${name}) track_interface ${tracked.interface} is configured on VRRP instance and sync group. Remove vrrp instance or sync group config`;
      context.reportAt('assumed', 'LVSD_CONFIG_DUPLICATE', message, tracked.at, {
        assumed: "the group's weight, unless the instance's is 0",
      });
    }
  }
  if (!owners) return tracking;
  const withoutWeight = <T extends TrackedReference | TrackedInterface>(
    kind: string,
    list: readonly T[],
  ): readonly T[] =>
    list.map((tracked) => {
      if (tracked.weight === 0) return tracked;
      const name = 'name' in tracked ? tracked.name : tracked.interface;
      const message = `(${draft.name}) Cannot have weighted track ${kind} '${name}' with member having priority ${OWNER_PRIORITY} - clearing weight`;
      context.reportAt('assumed', 'LVSD_CONFIG_CONFLICT', message, tracked.at, { assumed: 'weight 0' });
      return { ...tracked, weight: 0 };
    });
  return {
    interfaces: withoutWeight('interface', tracking.interfaces),
    scripts: withoutWeight('script', tracking.scripts),
    files: withoutWeight('file', tracking.files),
    processes: withoutWeight('process', tracking.processes),
    bfd: withoutWeight('bfd', tracking.bfd),
  };
}
