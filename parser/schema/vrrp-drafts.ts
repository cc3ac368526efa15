/**
 * What the blocks of the VRRP side have said so far (keepalived.md 8 to 11, 20).
 *
 * keepalived reads these blocks in file order and looks names up as it meets them: a script must stand above the
 * instance that tracks it. So the drafts of all blocks stand in one place, and a binding sees what was declared before.
 * Undefined means "not written"; defaults come when everything is known (../validate-vrrp.ts).
 */
import type { BfdInstance } from '../../config/bfd.js';
import type { Position } from '../../config/position.js';
import type { Route } from '../../config/route.js';
import type { Rule } from '../../config/rule.js';
import type { Script } from '../../config/script.js';
import type {
  TrackedInterface,
  TrackedReference,
  TrackFile,
  TrackGroup,
  TrackProcess,
  VrrpScript,
} from '../../config/tracking.js';
import type { VirtualAddress } from '../../config/virtual-address.js';
import type { GarpGroup, InterfaceDelays, StateScripts, UnicastPeer, VrrpVersion } from '../../config/vrrp.js';
import type { AddressFamily, IpAddress } from '../../runtime/addresses.js';
import type { AddressLine } from './address-line.js';
import { FIRST_RULE_PRIORITY, type RulePriorities } from './rule-line.js';

/** Somebody names an interface; what is said where it does not exist. */
export interface InterfaceUse {
  readonly name: string;
  readonly message: string;
  readonly at: Position;
  /** dynamic_interfaces lets it come later. */
  readonly mayComeLater: boolean;
  /** keepalived ends there (exit 4 of -t). */
  readonly fatal?: boolean;
}

/** The lists of a vrrp_instance or vrrp_sync_group. */
export interface TrackingDraft {
  readonly interfaces: TrackedInterface[];
  readonly scripts: TrackedReference[];
  readonly files: TrackedReference[];
  readonly processes: TrackedReference[];
  readonly bfd: TrackedReference[];
}

/** Whatever has track_* blocks in it. */
export interface TracksThings {
  readonly name: string;
  readonly tracking: TrackingDraft;
  readonly side: VrrpSide;
}

export type ScriptsDraft = { -readonly [K in keyof StateScripts]: StateScripts[K] };

export interface VmacDraft {
  name: string | undefined;
  mac: string | undefined;
  group: string | undefined;
  netlinkNotify: boolean;
}

export interface IpvlanDraft {
  name: string | undefined;
  mode: 'bridge' | 'private' | 'vepa' | undefined;
  address: { readonly address: IpAddress; readonly prefix: number } | undefined;
  group: string | undefined;
}

export interface HmacDraft {
  readonly keys: Map<number, string>;
  activeKey: number | undefined;
  timeWindow: number | undefined;
  antiReplay: 'time' | 'monotonic' | undefined;
  mode: 'enforce' | 'permissive' | 'receive-only' | undefined;
}

/** auth_type and auth_pass. */
export interface AuthenticationDraft {
  readonly instance: string;
  type: 'PASS' | 'AH' | undefined;
  password: string | undefined;
}

export interface GarpDraft {
  delay: number | undefined;
  repeat: number | undefined;
  refresh: number | undefined;
  refreshRepeat: number | undefined;
  lowerPriorityDelay: number | undefined;
  lowerPriorityRepeat: number | undefined;
  extraInterval: number | undefined;
  extraAll: boolean;
}

export interface VrrpInstanceDraft extends TracksThings {
  readonly at: Position;
  interface: string | undefined;
  vrf: string | undefined;
  virtualRouterId: number | undefined;
  /** Of the first address that was met, whatever it is for. */
  family: AddressFamily | undefined;
  version: VrrpVersion | undefined;
  state: 'MASTER' | 'BACKUP' | undefined;
  priority: number | undefined;
  advertInterval: number | undefined;
  downTimerAdverts: number | undefined;
  nopreempt: boolean;
  preemptDelay: number;
  accept: boolean | undefined;
  strict: boolean | undefined;
  /** A word of unicast stands in the block. */
  unicastWord: boolean;
  readonly peers: UnicastPeer[];
  unicastTtl: number | undefined;
  checkUnicastSource: boolean | undefined;
  faultWithoutPeers: boolean;
  oldChecksum: 'auto' | 'always' | 'never';
  multicastGroup: IpAddress | undefined;
  sourceAddress: IpAddress | undefined;
  trackSource: boolean;
  vmac: VmacDraft | undefined;
  ipvlan: IpvlanDraft | undefined;
  transmitOnBase: boolean;
  vmacForAddresses: boolean;
  addresses: VirtualAddress[];
  excludedAddresses: VirtualAddress[];
  readonly routes: Route[];
  readonly rules: Rule[];
  withoutAddresses: boolean;
  promoteSecondaries: boolean;
  trackPrimary: boolean;
  readonly authentication: AuthenticationDraft;
  hmac: HmacDraft | undefined;
  readonly scripts: ScriptsDraft;
  scriptDeleted: Script | undefined;
  scriptMasterReceivesLowerPriority: Script | undefined;
  notifyDeleted: boolean;
  notifyPriorityChanges: boolean | undefined;
  smtpAlert: boolean | undefined;
  readonly garp: GarpDraft;
  lowerPriorityNoAdvert: boolean | undefined;
  higherPrioritySendAdvert: boolean | undefined;
  ownerIgnoreAdverts: boolean | undefined;
  timerExpiredBackup: number | undefined;
  skipCheckAdvertAddresses: boolean | undefined;
  checksumV3AsV2: boolean | undefined;
  receiveBuffer: number | undefined;
  debug: number;
  pollLink: boolean;
  /** lvs_sync_daemon_interface, which global_defs should have. */
  syncDaemonInterface: string | undefined;
}

export interface VrrpSyncGroupDraft extends TracksThings {
  readonly at: Position;
  /** Undefined: no group block was met. */
  members: readonly { readonly name: string; readonly at: Position }[] | undefined;
  trackingWeight: boolean;
  readonly scripts: ScriptsDraft;
  notifyPriorityChanges: boolean | undefined;
  smtpAlert: boolean | undefined;
}

/** A line of static_ipaddress before its default interface is known. */
export interface StaticAddressDraft extends AddressLine {
  readonly at: Position;
}

/** A bfd_instance as the trackers see it: declared, whether or not it can run. */
export interface DeclaredBfd {
  weight: number;
  reverse: boolean;
  forVrrp: boolean;
  forChecker: boolean;
}

/** Everything of the VRRP side, in file order. */
export interface VrrpSide {
  readonly instances: Map<string, VrrpInstanceDraft>;
  readonly syncGroups: Map<string, VrrpSyncGroupDraft>;
  readonly scripts: Map<string, VrrpScript>;
  readonly processes: Map<string, TrackProcess>;
  readonly files: Map<string, TrackFile>;
  readonly trackGroups: Map<string, TrackGroup>;
  readonly declaredBfd: Map<string, DeclaredBfd>;
  readonly bfd: Map<string, BfdInstance>;
  readonly staticAddresses: StaticAddressDraft[];
  readonly staticRoutes: Route[];
  readonly staticRules: Rule[];
  readonly garpGroups: GarpGroup[];
  readonly interfaceDelays: InterfaceDelays[];
  readonly interfaceUses: InterfaceUse[];
  readonly rulePriorities: RulePriorities;
  /** Where the top-level block ends that is being bound: keepalived says there what the block lacks. */
  blockEnd: () => Position;
}

const NOWHERE: Position = { file: '', line: 1, column: 1 };

export function emptyVrrpSide(): VrrpSide {
  return {
    instances: new Map(),
    syncGroups: new Map(),
    scripts: new Map(),
    processes: new Map(),
    files: new Map(),
    trackGroups: new Map(),
    declaredBfd: new Map(),
    bfd: new Map(),
    staticAddresses: [],
    staticRoutes: [],
    staticRules: [],
    garpGroups: [],
    interfaceDelays: [],
    interfaceUses: [],
    rulePriorities: { inet: FIRST_RULE_PRIORITY, inet6: FIRST_RULE_PRIORITY },
    blockEnd: () => NOWHERE,
  };
}

export function noScripts(): ScriptsDraft {
  return { master: undefined, backup: undefined, fault: undefined, stop: undefined, any: undefined };
}

export function noTracking(): TrackingDraft {
  return { interfaces: [], scripts: [], files: [], processes: [], bfd: [] };
}

export function vrrpInstanceDraft(name: string, side: VrrpSide, at: Position): VrrpInstanceDraft {
  return {
    name,
    side,
    at,
    tracking: noTracking(),
    interface: undefined,
    vrf: undefined,
    virtualRouterId: undefined,
    family: undefined,
    version: undefined,
    state: undefined,
    priority: undefined,
    advertInterval: undefined,
    downTimerAdverts: undefined,
    nopreempt: false,
    preemptDelay: 0,
    accept: undefined,
    strict: undefined,
    unicastWord: false,
    peers: [],
    unicastTtl: undefined,
    checkUnicastSource: undefined,
    faultWithoutPeers: false,
    oldChecksum: 'auto',
    multicastGroup: undefined,
    sourceAddress: undefined,
    trackSource: false,
    vmac: undefined,
    ipvlan: undefined,
    transmitOnBase: false,
    vmacForAddresses: false,
    addresses: [],
    excludedAddresses: [],
    routes: [],
    rules: [],
    withoutAddresses: false,
    promoteSecondaries: false,
    trackPrimary: true,
    authentication: { instance: name, type: undefined, password: undefined },
    hmac: undefined,
    scripts: noScripts(),
    scriptDeleted: undefined,
    scriptMasterReceivesLowerPriority: undefined,
    notifyDeleted: false,
    notifyPriorityChanges: undefined,
    smtpAlert: undefined,
    garp: {
      delay: undefined,
      repeat: undefined,
      refresh: undefined,
      refreshRepeat: undefined,
      lowerPriorityDelay: undefined,
      lowerPriorityRepeat: undefined,
      extraInterval: undefined,
      extraAll: false,
    },
    lowerPriorityNoAdvert: undefined,
    higherPrioritySendAdvert: undefined,
    ownerIgnoreAdverts: undefined,
    timerExpiredBackup: undefined,
    skipCheckAdvertAddresses: undefined,
    checksumV3AsV2: undefined,
    receiveBuffer: undefined,
    debug: 0,
    pollLink: false,
    syncDaemonInterface: undefined,
  };
}
