/**
 * How addresses are announced: the announce_address blocks and the short form in virtual_server (architecture, section 6).
 *
 * One address has one announcement, whatever virtual servers share it; the parser refuses ones that contradict each other.
 */
import type { IpAddress } from '../runtime/addresses.js';
import type { Position } from './position.js';

/** Who announces: an ospf_instance, or nobody, and the address itself comes and goes on a device. */
export type Announcer = { readonly kind: 'ospf'; readonly instance: string } | { readonly kind: 'loopback' };

/** What is said of an announcement; undefined means "not written". */
export interface AnnouncementSettings {
  /** OSPF metric, 0..16777214; 20 unless written. */
  readonly metric: number | undefined;
  /** External type; 2 unless written. */
  readonly metricType: 1 | 2 | undefined;
  /** Route tag, 32 bits. */
  readonly tag: number | undefined;
  /** OSPF area, where the instance has several. */
  readonly area: string | undefined;
  /** Whether any or all of the address's virtual servers need quorum; `any` unless written. */
  readonly when: 'any' | 'all' | undefined;
  /** Metric while only sorry servers answer. */
  readonly sorryMetric: number | undefined;
  /** No announcement while only sorry servers answer. */
  readonly withdrawOnSorry: boolean;
}

/** The short form in a virtual_server: `announce INSTANCE { ... }` or `announce loopback`. */
export interface ShortAnnouncement extends AnnouncementSettings {
  readonly announcer: Announcer;
  readonly at: Position;
}

/** announce_address ADDRESS { ... } */
export interface AnnounceAddress extends AnnouncementSettings {
  readonly address: IpAddress;
  readonly announcer: Announcer;
  readonly at: Position;
}
