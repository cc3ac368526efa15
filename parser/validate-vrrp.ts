/**
 * From what the blocks of the VRRP side said to what they mean: references between blocks, defaults, and keepalived's
 * corrections, in the order in which keepalived makes them (keepalived.md 10 to 12; vrrp.c, vrrp_complete_init).
 *
 * keepalived 2.2.7 gives the whole VRRP process up when one instance cannot run; lvsd leaves that instance out and runs
 * the others, as newer versions do (docs/differences.md).
 */
import type { LvsSyncDaemon } from '../config/global.js';
import type { Tracking } from '../config/tracking.js';
import type { StaticAddress } from '../config/virtual-address.js';
import { noVrrp, type VrrpConfig, type VrrpInstance, type VrrpSyncGroup } from '../config/vrrp.js';
import type { VrrpDefaults } from '../config/vrrp-defaults.js';
import type { BindContext } from './bind-context.js';
import type { VrrpInstanceDraft, VrrpSide } from './schema/vrrp-drafts.js';
import { resolveSyncGroups, type SyncMembership } from './validate-vrrp-groups.js';
import { completeInstance, mayRun, multicastGroupOf } from './validate-vrrp-instance.js';
import { completeGroupTracking } from './validate-vrrp-tracking.js';

const LEFT_OUT = 'this instance is left out';
/** default_interface where global_defs says none. */
const DEFAULT_INTERFACE = 'eth0';

/**
 * @param defaults what global_defs says for virtual routers
 * @param context collects what is wrong
 */
export function validateVrrp(side: VrrpSide, defaults: VrrpDefaults, context: BindContext): VrrpConfig {
  if (isEmpty(side)) return noVrrp;
  const running = [...side.instances.values()].filter(
    (draft) => canRun(draft, context) && mayRun(draft, defaults, context),
  );
  const able = withoutConflicts(running, defaults, context);
  const membership = resolveSyncGroups(side, able, context);
  const instances = new Map<string, VrrpInstance>();
  const used = new Set<string>();
  for (const draft of able) {
    const group = membership.groupOf.get(draft.name);
    instances.set(draft.name, completeInstance(draft, group, defaults, used, context));
  }
  const syncGroups = completeGroups(membership, instances, defaults, context);
  const trackGroups = trackGroupsOf(side, instances, context);
  const known = <S extends { readonly trackGroup: string | undefined }>(each: S): S =>
    each.trackGroup === undefined || trackGroups.has(each.trackGroup) ? each : { ...each, trackGroup: undefined };
  if (instances.size > 0) tellUnused(side, [...instances.values(), ...syncGroups.values()], context);
  return {
    instances,
    syncGroups,
    scripts: side.scripts,
    trackProcesses: side.processes,
    trackGroups,
    staticAddresses: staticAddressesOf(side, defaults).map(known),
    staticRoutes: side.staticRoutes.map(known),
    staticRules: side.staticRules.map(known),
    garpGroups: side.garpGroups,
    interfaceDelays: side.interfaceDelays,
  };
}

/** A script runs only for those who track it. */
function tellUnused(side: VrrpSide, trackers: readonly { readonly tracking: Tracking }[], context: BindContext): void {
  const used = new Set(trackers.flatMap(({ tracking }) => tracking.scripts.map((each) => each.name)));
  for (const { name, at } of side.scripts.values()) {
    if (used.has(name)) continue;
    context.reportAt('note', 'LVSD_CONFIG_UNUSED', `Warning - script ${name} is not used`, at, {
      expected: `${name} in the track_script block of a vrrp_instance or vrrp_sync_group`,
      assumed: 'it is not run',
    });
  }
}

function isEmpty(side: VrrpSide): boolean {
  return (
    side.instances.size === 0 &&
    side.syncGroups.size === 0 &&
    side.scripts.size === 0 &&
    side.processes.size === 0 &&
    side.trackGroups.size === 0 &&
    side.staticAddresses.length === 0 &&
    side.staticRoutes.length === 0 &&
    side.staticRules.length === 0 &&
    side.garpGroups.length === 0 &&
    side.interfaceDelays.length === 0
  );
}

/** Without these there is no virtual router at all. */
function canRun(draft: VrrpInstanceDraft, context: BindContext): boolean {
  const refuse = (message: string, expected: string): false => {
    context.reportAt('assumed', 'LVSD_CONFIG_INCOMPLETE', `(${draft.name}) ${message}`, draft.at, {
      expected,
      assumed: LEFT_OUT,
    });
    return false;
  };
  if (draft.virtualRouterId === undefined)
    return refuse('the virtual router id must be set', 'virtual_router_id 1..255');
  if (draft.interface === undefined && !isUnicast(draft)) {
    return refuse('Unknown interface!', 'interface INTERFACE');
  }
  return true;
}

/** One number a link and family: of two that have the same, the first runs. */
function withoutConflicts(
  drafts: readonly VrrpInstanceDraft[],
  defaults: VrrpDefaults,
  context: BindContext,
): readonly VrrpInstanceDraft[] {
  const kept: VrrpInstanceDraft[] = [];
  for (const draft of drafts) {
    const other = kept.find((each) => conflict(each, draft, defaults));
    if (other === undefined) {
      kept.push(draft);
      continue;
    }
    const vrid = draft.virtualRouterId;
    const version = (draft.family ?? 'inet') === 'inet' ? 4 : 6;
    const message = isUnicast(draft)
      ? `(${other.name}) duplicate VRID conflict with ${draft.name} VRID ${vrid}`
      : `${other.name} and ${draft.name} both use VRID ${vrid} with IPv${version} on interface ${draft.interface}`;
    context.reportAt('assumed', 'LVSD_CONFIG_DUPLICATE_VRID', message, draft.at, {
      expected: 'another virtual_router_id, the same as on the other routers of this virtual router',
      assumed: `${draft.name} is left out`,
    });
  }
  return kept;
}

const isUnicast = (draft: VrrpInstanceDraft): boolean => draft.peers.length > 0 || draft.faultWithoutPeers;

function conflict(a: VrrpInstanceDraft, b: VrrpInstanceDraft, defaults: VrrpDefaults): boolean {
  if (a.virtualRouterId !== b.virtualRouterId || (a.family ?? 'inet') !== (b.family ?? 'inet')) return false;
  const unicast = isUnicast(a);
  // Unicast and multicast are numbered apart.
  if (unicast !== isUnicast(b)) return false;
  if (!unicast) return a.interface === b.interface && multicastGroupOf(a, defaults) === multicastGroupOf(b, defaults);
  if (a.interface !== undefined && b.interface !== undefined && a.interface !== b.interface) return false;
  // What address an interface has is not known here: only what the file says is compared.
  if (a.sourceAddress === undefined || b.sourceAddress === undefined) {
    return a.sourceAddress === b.sourceAddress && a.interface === b.interface;
  }
  return a.sourceAddress === b.sourceAddress;
}

function completeGroups(
  membership: SyncMembership,
  instances: ReadonlyMap<string, VrrpInstance>,
  defaults: VrrpDefaults,
  context: BindContext,
): ReadonlyMap<string, VrrpSyncGroup> {
  const groups = new Map<string, VrrpSyncGroup>();
  for (const { draft, members } of membership.groups) {
    const running = members.filter((name) => instances.has(name));
    if (running.length === 0) continue;
    const owners = running.some((name) => instances.get(name)?.priority === 255);
    groups.set(draft.name, {
      name: draft.name,
      members: running,
      tracking: completeGroupTracking(draft, running, instances, owners, context),
      trackingWeight: draft.trackingWeight,
      scripts: draft.scripts,
      notifyPriorityChanges: draft.notifyPriorityChanges,
      smtpAlert: draft.smtpAlert ?? defaults.smtpAlert ?? false,
      at: draft.at,
    });
  }
  return groups;
}

function trackGroupsOf(
  side: VrrpSide,
  instances: ReadonlyMap<string, VrrpInstance>,
  context: BindContext,
): VrrpConfig['trackGroups'] {
  const groups = new Map<string, typeof side.trackGroups extends Map<string, infer G> ? G : never>();
  for (const group of side.trackGroups.values()) {
    const members = group.members.filter((name) => {
      if (instances.has(name)) return true;
      const message = `Virtual router ${name} specified in track group ${group.name} doesn't exist - ignoring`;
      // Told there too, and not counted.
      context.reportAt('note', 'LVSD_CONFIG_UNKNOWN_NAME', message, group.at, { assumed: 'it is left out' });
      return false;
    });
    if (members.length > 0) groups.set(group.name, { ...group, members });
    else if (group.members.length > 0) {
      const message = `Track group ${group.name}, no matching virtual router found in group declaration - removing`;
      context.reportAt('note', 'LVSD_CONFIG_EMPTY_GROUP', message, group.at, {
        assumed: 'the group does not exist',
      });
    }
  }
  return groups;
}

function staticAddressesOf(side: VrrpSide, defaults: VrrpDefaults): readonly StaticAddress[] {
  return side.staticAddresses.map(({ vmac: _none, ...line }) => {
    const device = line.device ?? defaults.defaultInterface ?? DEFAULT_INTERFACE;
    if (line.device === undefined) {
      side.interfaceUses.push({
        name: device,
        message: `Static address ${line.address} requires either an interface or default interface must exist`,
        at: line.at,
        mayComeLater: false,
      });
    }
    return { ...line, device };
  });
}

/** The old way to say who the sync daemon follows: the first instance that says it counts, if global_defs does not. */
export function oldSyncDaemon(side: VrrpSide): LvsSyncDaemon | undefined {
  for (const draft of side.instances.values()) {
    if (draft.syncDaemonInterface === undefined) continue;
    return {
      interface: draft.syncDaemonInterface,
      instance: draft.name,
      syncId: undefined,
      maxLength: undefined,
      port: undefined,
      ttl: undefined,
      group: undefined,
      at: draft.at,
    };
  }
  return undefined;
}
