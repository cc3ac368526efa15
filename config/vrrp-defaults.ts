/**
 * What global_defs says for every virtual router that says nothing itself (keepalived.md 7.4).
 *
 * Undefined means "not written"; keepalived's own default then is in the doc comment and is applied where instances are
 * validated, so that a virtual router's own value is always the effective one.
 */
import type { IpAddress } from '../runtime/addresses.js';
import type { Seconds } from '../runtime/units.js';
import type { VrrpVersion } from './vrrp.js';

export interface VrrpDefaults {
  /** default_interface: for static addresses without `dev`; eth0. */
  readonly defaultInterface: string | undefined;
  /** dynamic_interfaces: `true` accepts interfaces that come later, `allow_if_changes` also ones that change type. */
  readonly dynamicInterfaces: boolean | 'allow_if_changes';
  /** vrrp_mcast_group4, 224.0.0.18. */
  readonly multicastGroup4: IpAddress | undefined;
  /** vrrp_mcast_group6, ff02::12. */
  readonly multicastGroup6: IpAddress | undefined;
  /** vrrp_version, 2. */
  readonly version: VrrpVersion | undefined;
  /** vrrp_garp_master_delay, 5 s. */
  readonly garpDelay: Seconds | undefined;
  /** vrrp_garp_master_repeat, 5. */
  readonly garpRepeat: number | undefined;
  /** vrrp_garp_master_refresh, 0 (never). */
  readonly garpRefresh: Seconds | undefined;
  /** vrrp_garp_master_refresh_repeat, 1. */
  readonly garpRefreshRepeat: number | undefined;
  /** vrrp_garp_lower_prio_delay; the master delay. */
  readonly garpLowerPriorityDelay: Seconds | undefined;
  /** vrrp_garp_lower_prio_repeat; the master repeat. */
  readonly garpLowerPriorityRepeat: number | undefined;
  /** vrrp_garp_extra_if, 0 (never). */
  readonly garpExtraInterval: Seconds | undefined;
  /** `all` of vrrp_garp_extra_if. */
  readonly garpExtraAll: boolean;
  /** vrrp_down_timer_adverts, 3. */
  readonly downTimerAdverts: number | undefined;
  readonly lowerPriorityNoAdvert: boolean | undefined;
  readonly higherPrioritySendAdvert: boolean | undefined;
  readonly ownerIgnoreAdverts: boolean | undefined;
  readonly checkUnicastSource: boolean | undefined;
  readonly skipCheckAdvertAddresses: boolean | undefined;
  readonly strict: boolean | undefined;
  readonly notifyPriorityChanges: boolean | undefined;
  readonly checksumV3AsV2: boolean | undefined;
  /** smtp_alert_vrrp, else smtp_alert. */
  readonly smtpAlert: boolean | undefined;
}

/** global_defs without a word of VRRP. */
export const noVrrpDefaults: VrrpDefaults = {
  defaultInterface: undefined,
  dynamicInterfaces: false,
  multicastGroup4: undefined,
  multicastGroup6: undefined,
  version: undefined,
  garpDelay: undefined,
  garpRepeat: undefined,
  garpRefresh: undefined,
  garpRefreshRepeat: undefined,
  garpLowerPriorityDelay: undefined,
  garpLowerPriorityRepeat: undefined,
  garpExtraInterval: undefined,
  garpExtraAll: false,
  downTimerAdverts: undefined,
  lowerPriorityNoAdvert: undefined,
  higherPrioritySendAdvert: undefined,
  ownerIgnoreAdverts: undefined,
  checkUnicastSource: undefined,
  skipCheckAdvertAddresses: undefined,
  strict: undefined,
  notifyPriorityChanges: undefined,
  checksumV3AsV2: undefined,
  smtpAlert: undefined,
};
