/**
 * The state of virtual routers in keepalived's own formats: keepalived.stats (USR2) and keepalived.json (version 1), to the
 * letter of 2.2.7 (fixtures/vrrp/dump), because exporters and scripts read them (anchors.md 5a, 5b).
 *
 * Pure: text and values out, nobody writes a file here. Passwords are left out (`auth_data`); keepalived 2.4 does so too.
 */
import type { TrackedInterface, TrackedReference } from '../config/tracking.js';
import type { VirtualAddress } from '../config/virtual-address.js';
import type { VrrpConfig, VrrpInstance } from '../config/vrrp.js';
import type { VrrpStatistics } from './statistics.js';
import type { VirtualRouter } from './virtual-router.js';

/** keepalived's numbers of states. */
const STATE_NUMBER = { init: 0, backup: 1, master: 2, fault: 3 } as const;
const AUTH_NUMBER = { none: 0, PASS: 1, AH: 2 } as const;
const SCOPES: Readonly<Record<number, string>> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host', 255: 'nowhere' };

/** The text of keepalived.stats. */
export function statisticsText(routers: readonly VirtualRouter[]): string {
  return routers.map(({ name, statistics }) => oneStatistics(name, statistics)).join('');
}

function oneStatistics(name: string, of: Readonly<VrrpStatistics>): string {
  return `VRRP Instance: ${name}
  Advertisements:
    Received: ${of.advert_rcvd}
    Sent: ${of.advert_sent}
  Became master: ${of.become_master}
  Released master: ${of.release_master}
  Packet Errors:
    Length: ${of.packet_len_err}
    TTL: ${of.ip_ttl_err}
    Invalid Type: ${of.invalid_type_rcvd}
    Advertisement Interval: ${of.advert_interval_err}
    Address List: ${of.addr_list_err}
  Authentication Errors:
    Invalid Type: ${of.invalid_authtype}
    Type Mismatch: ${of.authtype_mismatch}
    Failure: ${of.auth_failure}
  Priority Zero:
    Received: ${of.pri_zero_rcvd}
    Sent: ${of.pri_zero_sent}
`;
}

/** The value of keepalived.json, version 1: for JSON.stringify without spaces. */
export function jsonValue(routers: readonly VirtualRouter[], config: VrrpConfig): readonly unknown[] {
  return routers.flatMap((router) => {
    const instance = config.instances.get(router.name);
    return instance === undefined
      ? []
      : [{ data: dataOf(router, instance, config), stats: statsOf(router.statistics) }];
  });
}

const flag = (value: boolean): 0 | 1 => (value ? 1 : 0);

function dataOf(router: VirtualRouter, instance: VrrpInstance, config: VrrpConfig): Record<string, unknown> {
  const { election } = router;
  const { garp } = instance;
  const master = election.role === 'master';
  const device = instance.device;
  return {
    iname: instance.name,
    dont_track_primary: flag(!instance.trackPrimary),
    skip_check_adv_addr: flag(instance.skipCheckAdvertAddresses),
    strict_mode: flag(instance.strict),
    vmac_ifname: device.kind === 'interface' ? '' : (device.name ?? ''),
    ifp_ifname: instance.interface ?? '',
    master_priority: election.masterPriority,
    last_transition: router.lastTransition / 1000,
    garp_delay: garp.delay,
    garp_refresh: garp.refresh,
    garp_rep: garp.repeat,
    garp_refresh_rep: garp.refreshRepeat,
    garp_lower_prio_delay: garp.lowerPriorityDelay,
    garp_lower_prio_rep: garp.lowerPriorityRepeat,
    lower_prio_no_advert: flag(instance.lowerPriorityNoAdvert),
    higher_prio_send_advert: flag(instance.higherPrioritySendAdvert),
    vrid: instance.virtualRouterId,
    base_priority: instance.priority,
    effective_priority: election.priority,
    vipset: master,
    promote_secondaries: instance.promoteSecondaries,
    adver_int: instance.advertInterval,
    master_adver_int: election.masterInterval / 1000,
    accept: flag(instance.accept),
    nopreempt: !instance.preempt,
    preempt_delay: instance.preemptDelay,
    state: STATE_NUMBER[election.role],
    wantstate: STATE_NUMBER[election.wanted],
    version: instance.version,
    smtp_alert: instance.smtpAlert,
    notify_deleted: instance.notifyDeleted,
    ...list(
      'vips',
      instance.addresses.map((one) => addressText(one, instance, master)),
    ),
    ...list(
      'evips',
      instance.excludedAddresses.map((one) => addressText(one, instance, master)),
    ),
    ...list(
      'track_ifp',
      instance.tracking.interfaces.filter((one) => weighs(one, instance)).map((one) => one.interface),
    ),
    ...list(
      'track_script',
      instance.tracking.scripts.map((one) => scriptText(one, config)),
    ),
    auth_type: AUTH_NUMBER[instance.authentication.kind],
  };
}

function list(name: string, values: readonly string[]): Record<string, readonly string[]> {
  return values.length === 0 ? {} : { [name]: values };
}

/** The instance's own interface is tracked anyway and not listed. */
function weighs(one: TrackedInterface, instance: VrrpInstance): boolean {
  return one.interface !== instance.interface || one.weight !== 0;
}

/** `10.0.0.1/24 dev eth0 scope global label eth0:x set`; without `/32` and `/128`. */
function addressText(one: VirtualAddress, instance: VrrpInstance, set: boolean): string {
  const whole = one.address.includes(':') ? 128 : 32;
  const words = [
    one.prefix === whole ? one.address : `${one.address}/${one.prefix}`,
    `dev ${one.device ?? instance.interface ?? ''}`,
    `scope ${SCOPES[one.scope] ?? one.scope}`,
    ...(one.label === undefined ? [] : [`label ${one.label}`]),
    ...(set ? ['set'] : []),
  ];
  return words.join(' ');
}

function scriptText({ name }: TrackedReference, config: VrrpConfig): string {
  const argv = config.scripts.get(name)?.script.argv ?? [name];
  return argv.map((word) => `'${word}'`).join(' ');
}

/** The counters that version 1 has; those of auth_hmac only where one counted, so that 2.2.7's readers see what they know. */
function statsOf(of: Readonly<VrrpStatistics>): Record<string, number> {
  const {
    vers_err: _version,
    chk_err: _checksum,
    malformed: _malformed,
    unwanted: _unwanted,
    late: _late,
    listened: _listened,
    ...kept
  } = of;
  return Object.fromEntries(Object.entries(kept).filter(([name, count]) => !name.startsWith('auth_ext_') || count > 0));
}
