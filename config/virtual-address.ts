/**
 * Addresses that are put on interfaces: the lines of virtual_ipaddress, virtual_ipaddress_excluded and static_ipaddress
 * (keepalived.md 8, 11; the words are those of `ip address`).
 */
import type { IpAddress } from '../runtime/addresses.js';
import type { Position } from './position.js';

/** Flags of an address (linux/if_addr.h, IFA_F_*). */
export interface AddressFlags {
  /** home: mobile IPv6 home address. */
  readonly home: boolean;
  /** -nodad: no duplicate address detection. */
  readonly noDad: boolean;
  /** mngtmpaddr: temporary addresses are made from it. */
  readonly manageTemporary: boolean;
  /** noprefixroute: no route for the prefix. */
  readonly noPrefixRoute: boolean;
  /** autojoin: the kernel joins the multicast group. */
  readonly autoJoin: boolean;
}

interface AddressBase {
  readonly address: IpAddress;
  /** 0..32 or 0..128; of the peer address where there is one. */
  readonly prefix: number;
  readonly peer: IpAddress | undefined;
  /** IPv4 only; `+` and `-` have been worked out. */
  readonly broadcast: IpAddress | undefined;
  /** Scope, 0..255 (iproute2's rt_scopes): 0 global, 253 link, 254 host. */
  readonly scope: number;
  /** IPv4 only, at most 15 characters. */
  readonly label: string | undefined;
  readonly flags: AddressFlags;
  /** Seconds; `forever`; undefined is the kernel's. 0 is deprecated, which is the default of IPv6 addresses of /128. */
  readonly preferredLifetime: number | 'forever' | undefined;
  /** False is no_track: nobody minds when somebody else deletes it. */
  readonly track: boolean;
  readonly at: Position;
}

export interface VirtualAddress extends AddressBase {
  /** Undefined is the instance's own interface, or its VMAC. */
  readonly device: string | undefined;
  /** use_vmac behind the address: a VMAC of its own. */
  readonly vmac: boolean;
}

export interface StaticAddress extends AddressBase {
  /** `dev`, else default_interface. */
  readonly device: string;
  /** Instances of this track_group go to FAULT when the address is gone. */
  readonly trackGroup: string | undefined;
}
