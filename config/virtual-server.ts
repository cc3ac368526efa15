/**
 * Virtual servers, their groups and real servers: the LVS half of keepalived.conf (keepalived.md 14).
 *
 * Values are effective: inheritance and keepalived's defaults and corrections (port resets, a quorum above the total
 * weight, a missing scheduler) have been applied by the parser, which also said so.
 */
import type { AddressFamily, IpAddress } from '../runtime/addresses.js';
import type { Fwmark, Port, Seconds, Weight } from '../runtime/units.js';
import type { AddedOptions } from './added.js';
import type { Checker } from './checker.js';
import type { Position } from './position.js';
import type { Script } from './script.js';

export type TransportProtocol = 'TCP' | 'UDP' | 'SCTP';

export const schedulers = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'sh',
  'mh',
  'dh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'twos',
] as const;
export type Scheduler = (typeof schedulers)[number];

export type TunnelChecksum = 'nocsum' | 'csum' | 'remcsum';

/** How packets reach a real server (keepalived.md 14.2; FNAT and SNAT: fullnat-grammar.md). */
export type Forwarding =
  | { readonly method: 'NAT' }
  | { readonly method: 'DR' }
  | { readonly method: 'TUN'; readonly tunnel: Tunnel }
  | { readonly method: 'FNAT' }
  | { readonly method: 'SNAT' };

export type Tunnel =
  | { readonly type: 'ipip' }
  | { readonly type: 'gue'; readonly port: Port; readonly checksum: TunnelChecksum }
  | { readonly type: 'gre'; readonly checksum: 'nocsum' | 'csum' };

/** What a virtual_server block is about. */
export type VirtualServerTarget =
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: Port }
  | { readonly kind: 'fwmark'; readonly mark: Fwmark; readonly family: AddressFamily }
  /** `ordinal` counts the virtual servers that use this group, from 0 in file order: part of its identity (18.1). */
  | { readonly kind: 'group'; readonly group: string; readonly ordinal: number };

export interface SchedulerFlags {
  /** One-packet scheduling. */
  readonly ops: boolean;
  /** IP_VS_SVC_F_SCHED1 (0x08): sh-fallback, mh-fallback, flag-1. */
  readonly sched1: boolean;
  /** IP_VS_SVC_F_SCHED2 (0x10): sh-port, mh-port, flag-2. */
  readonly sched2: boolean;
  /** IP_VS_SVC_F_SCHED3 (0x20): flag-3. */
  readonly sched3: boolean;
}

export interface Persistence {
  /** 1..2678400 s. */
  readonly timeout: Seconds;
  /** IPv4: the netmask as dotted quad. IPv6: a prefix length 1..128. */
  readonly granularity:
    | { readonly family: 'inet'; readonly mask: IpAddress }
    | { readonly family: 'inet6'; readonly prefix: number };
  /** Kernel persistence engine, `sip` in practice. */
  readonly engine: string | undefined;
}

export interface RealServer {
  readonly address: IpAddress;
  readonly port: Port;
  readonly weight: Weight;
  readonly forwarding: Forwarding;
  /** Connection limits; 0 is none. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  /** On failure the weight goes to 0 instead of the server leaving the table. */
  readonly inhibitOnFailure: boolean;
  readonly notifyUp: Script | undefined;
  readonly notifyDown: Script | undefined;
  readonly alpha: boolean;
  readonly smtpAlert: boolean;
  readonly virtualhost: string | undefined;
  readonly snmpName: string | undefined;
  readonly checkers: readonly Checker[];
  readonly at: Position;
}

export interface SorryServer {
  readonly address: IpAddress;
  readonly port: Port;
  readonly forwarding: Forwarding;
  /** Stays in the table with weight 0 while it is not needed. */
  readonly inhibit: boolean;
  readonly at: Position;
}

/** The FULLNAT words of one virtual server. Parsed for every dialect; acted on when the kernel can (fullnat-grammar.md). */
export interface FullnatOptions {
  readonly localAddressGroup: string | undefined;
  /** An inline `local_address { }` block. */
  readonly localAddresses: readonly LocalAddressEntry[];
  readonly synProxy: boolean;
  readonly establishedTimeout: Seconds | undefined;
  readonly vipBindDevice: string | undefined;
}

export interface LocalAddressEntry {
  readonly first: IpAddress;
  readonly last: IpAddress;
  readonly device: string | undefined;
  readonly at: Position;
}

export interface LocalAddressGroup {
  readonly name: string;
  readonly entries: readonly LocalAddressEntry[];
  readonly owner: string | undefined;
  readonly at: Position;
}

export interface VirtualServer {
  readonly target: VirtualServerTarget;
  /** TCP for fwmark services, where the kernel does not look at it. */
  readonly protocol: TransportProtocol;
  /** For a group: the families its services may have (`ip_family`), undefined if not restricted. */
  readonly family: AddressFamily | undefined;
  readonly scheduler: Scheduler;
  readonly flags: SchedulerFlags;
  readonly persistence: Persistence | undefined;
  readonly forwarding: Forwarding;
  readonly alpha: boolean;
  readonly omega: boolean;
  /** Total live weight that is needed. */
  readonly quorum: number;
  readonly hysteresis: number;
  readonly quorumUp: Script | undefined;
  readonly quorumDown: Script | undefined;
  readonly haSuspend: boolean;
  readonly delayLoop: Seconds;
  readonly smtpAlert: boolean;
  readonly virtualhost: string | undefined;
  readonly snmpName: string | undefined;
  readonly sorryServer: SorryServer | undefined;
  readonly realServers: readonly RealServer[];
  readonly fullnat: FullnatOptions;
  /** Words of lvsd's own and of DPVS, if there is one. */
  readonly added: AddedOptions | undefined;
  readonly at: Position;
}

/** One line of a virtual_server_group (keepalived.md 14.1). */
export type GroupEntry =
  | {
      readonly kind: 'range';
      readonly first: IpAddress;
      readonly last: IpAddress;
      readonly port: Port;
      readonly at: Position;
    }
  | {
      readonly kind: 'fwmark';
      readonly mark: Fwmark;
      readonly family: AddressFamily | undefined;
      readonly at: Position;
    };

export interface VirtualServerGroup {
  readonly name: string;
  readonly entries: readonly GroupEntry[];
  readonly at: Position;
}
