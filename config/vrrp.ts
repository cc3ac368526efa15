/**
 * Virtual routers and what belongs to them: vrrp_instance, vrrp_sync_group and the collection of all blocks of the VRRP
 * side (keepalived.md 8 to 11; RFC 3768, RFC 5798).
 *
 * Values are effective: the defaults of global_defs, keepalived's own defaults and its corrections (a state that does
 * not go with the priority, authentication in version 3, strict mode) have been applied by the parser, which also said
 * so. What only the host knows (the addresses of an interface, whether it exists) is not here.
 */
import type { AddressFamily, IpAddress } from '../runtime/addresses.js';
import type { Seconds } from '../runtime/units.js';
import type { Position } from './position.js';
import type { Route } from './route.js';
import type { Rule } from './rule.js';
import type { Script } from './script.js';
import type { TrackGroup, Tracking, TrackProcess, VrrpScript } from './tracking.js';
import type { StaticAddress, VirtualAddress } from './virtual-address.js';

export type VrrpVersion = 2 | 3;

/** The priority of the owner of the addresses. */
export const OWNER_PRIORITY = 255;

export interface UnicastPeer {
  readonly address: IpAddress;
  /** Adverts of this peer with a smaller TTL are dropped, 0..255; undefined is no check. */
  readonly minTtl: number | undefined;
  /** Adverts of this peer with a larger TTL are dropped, 0..255; undefined is no check. */
  readonly maxTtl: number | undefined;
  readonly at: Position;
}

/** How adverts travel. */
export type AdvertTransport =
  /** `group` is mcast_dst_ip, else the group of global_defs for the instance's family. */
  | { readonly kind: 'multicast'; readonly group: IpAddress }
  | {
      readonly kind: 'unicast';
      /** May be empty only with `faultWithoutPeers`. */
      readonly peers: readonly UnicastPeer[];
      /** TTL or hop limit of what is sent, 1..255; undefined is 255 for IPv4 and the kernel's for IPv6. */
      readonly ttl: number | undefined;
      /** Adverts of senders that are not peers are dropped. */
      readonly checkSource: boolean;
      /** unicast_fault_no_peer: FAULT instead of multicast when there is no peer. */
      readonly faultWithoutPeers: boolean;
      /** The checksum of old keepalived versions: found out by itself, always, or never. */
      readonly oldChecksum: 'auto' | 'always' | 'never';
    };

/** What the virtual router stands on. */
export type VrrpDevice =
  | { readonly kind: 'interface' }
  | {
      readonly kind: 'vmac';
      /** Undefined: PREFIX.VRID, or a name near it that is free. */
      readonly name: string | undefined;
      /** Six octets in lower case, `aa:bb:cc:dd:ee:ff`; undefined is RFC 5798's address of the VRID. */
      readonly mac: string | undefined;
      /** vmac_xmit_base: adverts leave by the interface below. */
      readonly transmitOnBase: boolean;
      /** Group of interfaces (iproute2's /etc/iproute2/group), name or number as written. */
      readonly group: string | undefined;
      readonly netlinkNotify: boolean;
    }
  | {
      readonly kind: 'ipvlan';
      readonly name: string | undefined;
      readonly mode: 'bridge' | 'private' | 'vepa';
      /** Address of the ipvlan interface; IPv4 needs one. */
      readonly address: { readonly address: IpAddress; readonly prefix: number } | undefined;
      readonly group: string | undefined;
    };

/** Authentication of version 2 (RFC 2338; gone since RFC 3768). The password is at most 8 bytes. */
export type VrrpAuthentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'PASS'; readonly password: string }
  | { readonly kind: 'AH'; readonly password: string };

/** auth_hmac (keepalived after 2.2.7): adverts carry a keyed digest. */
export interface VrrpHmac {
  /** By key id, 0..255. */
  readonly keys: ReadonlyMap<number, string>;
  /** The key that signs; undefined is the first one. */
  readonly activeKey: number | undefined;
  /** Seconds that clocks may differ, 1..300. */
  readonly timeWindow: number | undefined;
  readonly antiReplay: 'time' | 'monotonic' | undefined;
  readonly mode: 'enforce' | 'permissive' | 'receive-only' | undefined;
}

/** Programs that run when the state changes (keepalived.md 13.1). */
export interface StateScripts {
  readonly master: Script | undefined;
  readonly backup: Script | undefined;
  readonly fault: Script | undefined;
  readonly stop: Script | undefined;
  /** `notify`: gets type, name, state and priority as further arguments. */
  readonly any: Script | undefined;
}

export interface InstanceScripts extends StateScripts {
  readonly deleted: Script | undefined;
  readonly masterReceivesLowerPriority: Script | undefined;
}

/** When and how often neighbours are told where the addresses are (keepalived.md 12.5). */
export interface GarpTiming {
  /** From becoming master to the second burst. */
  readonly delay: Seconds;
  /** Frames an address in a burst, at least 1. */
  readonly repeat: number;
  /** Time between repetitions while master; 0 is never. */
  readonly refresh: Seconds;
  readonly refreshRepeat: number;
  readonly lowerPriorityDelay: Seconds;
  /** 0 sends none. */
  readonly lowerPriorityRepeat: number;
  /** garp_extra_if: time between GARPs on other VMACs' interfaces; 0 is never. */
  readonly extraInterval: Seconds;
  /** On interfaces that are no VMACs too. */
  readonly extraAll: boolean;
}

export interface VrrpInstance {
  readonly name: string;
  /** Undefined only with unicast and a source address of its own. */
  readonly interface: string | undefined;
  readonly vrf: string | undefined;
  /** 1..255. */
  readonly virtualRouterId: number;
  readonly version: VrrpVersion;
  readonly family: AddressFamily;
  readonly initialState: 'MASTER' | 'BACKUP';
  /** 1..255; 255 is the owner of the addresses. */
  readonly priority: number;
  /** Whole seconds 1..255 in version 2, 0.01..40.95 s in steps of 0.01 in version 3. */
  readonly advertInterval: Seconds;
  /** Adverts that may be missed before the master is taken for dead, 1..100. */
  readonly downTimerAdverts: number;
  /** `nopreempt` is the case without: then the delay is 0. */
  readonly preempt: boolean;
  /** 0..1000 s. */
  readonly preemptDelay: Seconds;
  /** False: traffic to the addresses is dropped on a master that is not their owner. */
  readonly accept: boolean;
  readonly strict: boolean;
  readonly transport: AdvertTransport;
  /** mcast_src_ip or unicast_src_ip. */
  readonly sourceAddress: IpAddress | undefined;
  /** FAULT when the source address is gone. */
  readonly trackSource: boolean;
  readonly device: VrrpDevice;
  /** use_vmac_addr: a VMAC for each address that is elsewhere than on the instance's own interface. */
  readonly vmacForAddresses: boolean;
  /** In the adverts; at most 255. */
  readonly addresses: readonly VirtualAddress[];
  /** virtual_ipaddress_excluded: held, not advertised. */
  readonly excludedAddresses: readonly VirtualAddress[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  /** no_virtual_ipaddress: no address is wanted. */
  readonly withoutAddresses: boolean;
  readonly promoteSecondaries: boolean;
  /** False is dont_track_primary: the instance's own interface may be down. */
  readonly trackPrimary: boolean;
  readonly tracking: Tracking;
  readonly authentication: VrrpAuthentication;
  readonly hmac: VrrpHmac | undefined;
  readonly scripts: InstanceScripts;
  /** DELETED is told, not FAULT, when a reload takes the instance away. */
  readonly notifyDeleted: boolean;
  readonly notifyPriorityChanges: boolean;
  readonly smtpAlert: boolean;
  readonly garp: GarpTiming;
  readonly lowerPriorityNoAdvert: boolean;
  readonly higherPrioritySendAdvert: boolean;
  readonly ownerIgnoreAdverts: boolean;
  /** timer_expired_backup: the highest priority of others, 1..254; undefined is off. */
  readonly timerExpiredBackup: number | undefined;
  readonly skipCheckAdvertAddresses: boolean;
  readonly checksumV3AsV2: boolean;
  /** Receive buffer of its socket, bytes; undefined is keepalived's policy. */
  readonly receiveBuffer: number | undefined;
  /** 0..4. */
  readonly debug: number;
  /** Link state is polled (deprecated form of linkbeat_interfaces). */
  readonly pollLink: boolean;
  /** The group that it is a member of. */
  readonly syncGroup: string | undefined;
  readonly at: Position;
}

export interface VrrpSyncGroup {
  readonly name: string;
  /** Names of instances that exist, in the order written; never empty. */
  readonly members: readonly string[];
  readonly tracking: Tracking;
  /** sync_group_tracking_weight: weights of trackers count for every member. */
  readonly trackingWeight: boolean;
  readonly scripts: StateScripts;
  readonly notifyPriorityChanges: boolean | undefined;
  readonly smtpAlert: boolean;
  readonly at: Position;
}

/** garp_group: a rate that several interfaces share. */
export interface GarpGroup {
  readonly garpInterval: Seconds | undefined;
  readonly gnaInterval: Seconds | undefined;
  readonly interfaces: readonly { readonly name: string; readonly at: Position }[];
  readonly at: Position;
}

/** One line of interface_up_down_delays, 0..255 s each. */
export interface InterfaceDelays {
  readonly name: string;
  readonly down: Seconds;
  readonly up: Seconds;
  readonly at: Position;
}

/** All blocks of the VRRP side but bfd_instance and track_file, which checkers use too. Maps are in file order. */
export interface VrrpConfig {
  readonly instances: ReadonlyMap<string, VrrpInstance>;
  readonly syncGroups: ReadonlyMap<string, VrrpSyncGroup>;
  readonly scripts: ReadonlyMap<string, VrrpScript>;
  readonly trackProcesses: ReadonlyMap<string, TrackProcess>;
  readonly trackGroups: ReadonlyMap<string, TrackGroup>;
  readonly staticAddresses: readonly StaticAddress[];
  readonly staticRoutes: readonly Route[];
  readonly staticRules: readonly Rule[];
  readonly garpGroups: readonly GarpGroup[];
  readonly interfaceDelays: readonly InterfaceDelays[];
}

const NO_MAP: ReadonlyMap<string, never> = new Map<string, never>();

/** A configuration without a block of the VRRP side; one value for all, so that it costs nothing. */
export const noVrrp: VrrpConfig = {
  instances: NO_MAP,
  syncGroups: NO_MAP,
  scripts: NO_MAP,
  trackProcesses: NO_MAP,
  trackGroups: NO_MAP,
  staticAddresses: [],
  staticRoutes: [],
  staticRules: [],
  garpGroups: [],
  interfaceDelays: [],
};
