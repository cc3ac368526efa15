/**
 * Routing rules: the lines of virtual_rules and static_rules, in the words of `ip rule` (keepalived.md 8;
 * linux/fib_rules.h).
 */
import type { AddressFamily } from '../runtime/addresses.js';
import type { Position } from './position.js';
import type { Prefix } from './route.js';

/** What happens to a packet that the rule fits. */
export type RuleAction =
  /** `table` or `lookup`, 1..4294967295. */
  | { readonly kind: 'table'; readonly table: number }
  /** The table of the packet's VRF device. */
  | { readonly kind: 'l3mdev' }
  | { readonly kind: 'goto'; readonly priority: number }
  | { readonly kind: 'nop' }
  | { readonly kind: 'blackhole' }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'prohibit' };

/** An inclusive range. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

export interface Rule {
  readonly family: AddressFamily;
  readonly invert: boolean;
  readonly from: Prefix | undefined;
  readonly to: Prefix | undefined;
  readonly priority: number;
  readonly action: RuleAction;
  readonly tos: number | undefined;
  readonly fwmark: { readonly mark: number; readonly mask: number | undefined } | undefined;
  readonly inputInterface: string | undefined;
  readonly outputInterface: string | undefined;
  /** (from << 16) | to; IPv4 only. */
  readonly realms: number | undefined;
  /** Routes with a prefix of this length or shorter do not count. */
  readonly suppressPrefixLength: number | undefined;
  /** Routes out of interfaces of this group do not count. */
  readonly suppressGroup: number | undefined;
  /** 64 bits, decimal. */
  readonly tunnelId: string | undefined;
  readonly uids: NumberRange | undefined;
  /** Who made the rule; 18 is keepalived's own. */
  readonly protocol: number | undefined;
  /** Transport protocol of the packets. */
  readonly ipProtocol: number | undefined;
  readonly sourcePorts: NumberRange | undefined;
  readonly destinationPorts: NumberRange | undefined;
  /** False is no_track. */
  readonly track: boolean;
  /** Static rules only. */
  readonly trackGroup: string | undefined;
  readonly at: Position;
}
