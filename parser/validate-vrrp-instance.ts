/**
 * One vrrp_instance made whole: every default filled in, and what does not go together put right with keepalived's
 * words (keepalived.md 11, 12; vrrp.c, vrrp_complete_instance).
 */
import {
  type AdvertTransport,
  type GarpTiming,
  OWNER_PRIORITY,
  type VrrpAuthentication,
  type VrrpDevice,
  type VrrpInstance,
  type VrrpVersion,
} from '../config/vrrp.js';
import type { VrrpDefaults } from '../config/vrrp-defaults.js';
import type { AddressFamily, IpAddress } from '../runtime/addresses.js';
import { type Seconds, seconds } from '../runtime/units.js';
import type { BindContext } from './bind-context.js';
import type { VrrpInstanceDraft, VrrpSyncGroupDraft } from './schema/vrrp-drafts.js';
import { DEFAULT_PRIORITY } from './schema/vrrp-election-words.js';
import { withVrid } from './schema/vrrp-vmac-words.js';
import { addressesOf, tellFirstAddress } from './validate-vrrp-addresses.js';
import { completeTracking } from './validate-vrrp-tracking.js';
import { InstanceVoice } from './validate-vrrp-voice.js';

/** keepalived's defaults where global_defs says nothing (keepalived.md 7.4). */
const DEFAULTS = {
  group4: '224.0.0.18' as IpAddress,
  group6: 'ff02::12' as IpAddress,
  version: 2,
  advertInterval: 1,
  downTimerAdverts: 3,
  garpDelay: 5,
  garpRepeat: 5,
  garpRefreshRepeat: 1,
} as const;

const LEFT_OUT = 'this instance is left out';

/**
 * @param group the sync group that it is a member of
 * @param held the addresses that instances before it hold, each with its device; filled on
 */
export function completeInstance(
  draft: VrrpInstanceDraft,
  group: VrrpSyncGroupDraft | undefined,
  defaults: VrrpDefaults,
  held: Set<string>,
  context: BindContext,
): VrrpInstance {
  const voice = new InstanceVoice(draft, context);
  const strict = draft.strict ?? defaults.strict ?? false;
  const family = draft.family ?? 'inet';
  const version = versionOf(draft, family, strict, defaults, voice);
  const { state, priority } = stateOf(draft, strict, voice);
  const authentication = authenticationOf(draft, version, family, strict, voice);
  const initialState = ahState(draft, authentication, state, priority, voice);
  tellFirstAddress(draft, family, strict, voice);
  const addresses = addressesOf(draft, version, family, authentication, held, voice);
  const preemption = preemptionOf(draft, initialState, priority, strict, voice);
  const accept = acceptOf(draft, priority, strict, version, voice);
  const device = deviceOf(draft, family, strict, voice);
  const sourceAddress = draft.sourceAddress ?? draft.ipvlan?.address?.address;
  return {
    name: draft.name,
    interface: draft.interface,
    vrf: draft.vrf,
    virtualRouterId: draft.virtualRouterId ?? 0,
    version,
    family,
    initialState,
    priority,
    advertInterval: advertIntervalOf(draft, version, voice),
    downTimerAdverts: strict ? 3 : (draft.downTimerAdverts ?? defaults.downTimerAdverts ?? DEFAULTS.downTimerAdverts),
    preempt: preemption.preempt,
    preemptDelay: seconds(preemption.delay),
    accept,
    strict,
    transport: transportOf(draft, defaults, voice),
    sourceAddress,
    trackSource: draft.trackSource && sourceAddress !== undefined,
    device,
    vmacForAddresses: draft.vmacForAddresses,
    ...addresses,
    routes: draft.routes,
    rules: draft.rules,
    withoutAddresses: draft.withoutAddresses,
    promoteSecondaries: promotionOf(draft, device, voice),
    trackPrimary: draft.trackPrimary,
    tracking: completeTracking(draft, priority, group, context),
    authentication,
    hmac: draft.hmac === undefined || draft.hmac.keys.size === 0 ? noHmac(draft, voice) : draft.hmac,
    scripts: {
      ...draft.scripts,
      deleted: draft.scriptDeleted,
      masterReceivesLowerPriority: draft.scriptMasterReceivesLowerPriority,
    },
    notifyDeleted: draft.notifyDeleted,
    notifyPriorityChanges:
      draft.notifyPriorityChanges ?? group?.notifyPriorityChanges ?? defaults.notifyPriorityChanges ?? false,
    smtpAlert: draft.smtpAlert ?? defaults.smtpAlert ?? false,
    garp: garpOf(draft, strict, defaults, voice),
    ...advertRules(draft, strict, defaults, voice),
    ownerIgnoreAdverts: draft.ownerIgnoreAdverts ?? defaults.ownerIgnoreAdverts ?? false,
    timerExpiredBackup: draft.timerExpiredBackup,
    skipCheckAdvertAddresses: draft.skipCheckAdvertAddresses ?? defaults.skipCheckAdvertAddresses ?? false,
    checksumV3AsV2: draft.checksumV3AsV2 ?? defaults.checksumV3AsV2 ?? false,
    receiveBuffer: draft.receiveBuffer,
    debug: draft.debug,
    pollLink: draft.pollLink,
    syncGroup: group?.name,
    at: draft.at,
  };
}

function versionOf(
  draft: VrrpInstanceDraft,
  family: AddressFamily,
  strict: boolean,
  defaults: VrrpDefaults,
  voice: InstanceVoice,
): VrrpVersion {
  if (family === 'inet') return draft.version ?? defaults.version ?? DEFAULTS.version;
  if (draft.version === 2 && strict) {
    voice.say('LVSD_CONFIG_CONFLICT', 'cannot use IPv6 with VRRP version 2; setting version 3', 'version 3');
    return 3;
  }
  return draft.version ?? 3;
}

/** Whether an instance is possible at all; told if not. */
export function mayRun(draft: VrrpInstanceDraft, defaults: VrrpDefaults, context: BindContext): boolean {
  const voice = new InstanceVoice(draft, context);
  const strict = draft.strict ?? defaults.strict ?? false;
  const family = draft.family ?? 'inet';
  const version = family === 'inet6' ? (draft.version ?? 3) : (draft.version ?? defaults.version ?? DEFAULTS.version);
  const refuse = (message: string, expected?: string): false => {
    voice.say('LVSD_CONFIG_INCOMPLETE', message, LEFT_OUT, expected);
    return false;
  };
  const stands = draft.addresses.some((address) => address.device !== undefined || draft.interface !== undefined);
  if (!stands && !draft.withoutAddresses) {
    if (version === 3 || strict) {
      return refuse('No VIP specified; at least one is required', 'virtual_ipaddress, or no_virtual_ipaddress');
    }
    voice.say('LVSD_CONFIG_NO_ADDRESS', 'No VIP specified; at least one is sensible', 'adverts without an address');
  }
  if (strict && draft.peers.length > 0 && draft.interface !== undefined) {
    return refuse('Unicast peers are not supported in strict mode', 'no unicast_peer, or no strict_mode');
  }
  if (draft.interface === undefined) {
    if (draft.sourceAddress === undefined) {
      return refuse(': Unicast instances must have unicast_src_ip or interface', 'unicast_src_ip or interface');
    }
    if (family === 'inet6' && /^fe[89ab]/.test(draft.sourceAddress)) {
      return refuse('Non link-local address required if interface omitted', 'a unicast_src_ip of a wider scope');
    }
  }
  return true;
}

function stateOf(
  draft: VrrpInstanceDraft,
  strict: boolean,
  voice: InstanceVoice,
): { readonly state: 'MASTER' | 'BACKUP'; readonly priority: number } {
  const priority = draft.priority ?? (draft.state === 'MASTER' ? OWNER_PRIORITY : DEFAULT_PRIORITY);
  const owns: 'MASTER' | 'BACKUP' = priority === OWNER_PRIORITY ? 'MASTER' : 'BACKUP';
  if (draft.state === undefined) return { state: owns, priority };
  if (strict && draft.state !== owns) {
    voice.say('LVSD_CONFIG_CONFLICT', 'State MASTER must match being address owner', `state ${owns}`);
    return { state: owns, priority };
  }
  return { state: draft.state, priority };
}

function authenticationOf(
  draft: VrrpInstanceDraft,
  version: VrrpVersion,
  family: AddressFamily,
  strict: boolean,
  voice: InstanceVoice,
): VrrpAuthentication {
  const { type, password } = draft.authentication;
  if (type === undefined) return { kind: 'none' };
  const none = (message: string): VrrpAuthentication => {
    voice.say('LVSD_CONFIG_CONFLICT', message, 'no authentication');
    return { kind: 'none' };
  };
  if (strict) return none('Strict mode does not support authentication. Ignoring.');
  if (version === 3) return none('VRRP version 3 does not support authentication. Ignoring.');
  if (password === undefined || password === '') {
    return none('Authentication specified but no password given. Ignoring');
  }
  if (family === 'inet6' && type === 'AH') return none('Cannot use AH authentication with IPv6. ignoring');
  return { kind: type, password };
}

/** AH counts adverts, so a router must have heard the master before it may be one. */
function ahState(
  _draft: VrrpInstanceDraft,
  authentication: VrrpAuthentication,
  state: 'MASTER' | 'BACKUP',
  priority: number,
  voice: InstanceVoice,
): 'MASTER' | 'BACKUP' {
  if (authentication.kind !== 'AH' || state !== 'MASTER' || priority === OWNER_PRIORITY) return state;
  const message = 'Initial state master is incompatible with AH authentication - clearing';
  voice.say('LVSD_CONFIG_CONFLICT', message, 'state BACKUP');
  return 'BACKUP';
}

function preemptionOf(
  draft: VrrpInstanceDraft,
  state: 'MASTER' | 'BACKUP',
  priority: number,
  strict: boolean,
  voice: InstanceVoice,
): { readonly preempt: boolean; readonly delay: number } {
  let { nopreempt, preemptDelay: delay } = draft;
  const say = (message: string, assumed: string): void => voice.say('LVSD_CONFIG_CONFLICT', message, assumed);
  if (nopreempt && priority === OWNER_PRIORITY) {
    say(`nopreempt is incompatible with priority ${OWNER_PRIORITY}. resetting nopreempt`, 'preempt');
    nopreempt = false;
  }
  if (state === 'MASTER') {
    if (nopreempt) say('Warning - nopreempt will not work with initial state MASTER - clearing', 'preempt');
    if (delay > 0)
      say('Warning - preempt delay will not work with initial state MASTER - clearing', 'no preempt_delay');
    return { preempt: true, delay: 0 };
  }
  if (delay > 0 && strict) say('preempt_delay is incompatible with strict mode - resetting', 'no preempt_delay');
  else if (delay > 0 && nopreempt) {
    say('preempt_delay is incompatible with nopreempt mode - resetting', 'no preempt_delay');
  }
  if (strict || nopreempt) delay = 0;
  return { preempt: !nopreempt, delay };
}

function acceptOf(
  draft: VrrpInstanceDraft,
  priority: number,
  strict: boolean,
  version: VrrpVersion,
  voice: InstanceVoice,
): boolean {
  const owner = priority === OWNER_PRIORITY;
  const accept = draft.accept ?? (owner || !strict);
  if (!accept || owner || !strict || version !== 2) return accept;
  const message = 'warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting';
  voice.say('LVSD_CONFIG_CONFLICT', message, 'no_accept');
  return false;
}

function garpOf(draft: VrrpInstanceDraft, strict: boolean, defaults: VrrpDefaults, voice: InstanceVoice): GarpTiming {
  const { garp } = draft;
  const delay = garp.delay ?? defaults.garpDelay ?? DEFAULTS.garpDelay;
  const repeat = garp.repeat ?? defaults.garpRepeat ?? DEFAULTS.garpRepeat;
  if (strict && (garp.lowerPriorityRepeat ?? 0) > 0) {
    voice.say('LVSD_CONFIG_CONFLICT', 'Strict mode requires no repeat garps. resetting', 'garp_lower_prio_repeat 0');
  }
  if (strict && (garp.lowerPriorityDelay ?? 0) > 0) {
    voice.say(
      'LVSD_CONFIG_CONFLICT',
      'Strict mode requires no repeat garp delay. resetting',
      'garp_lower_prio_delay 0',
    );
  }
  return {
    delay: seconds(delay),
    repeat,
    refresh: seconds(garp.refresh ?? defaults.garpRefresh ?? 0),
    refreshRepeat: garp.refreshRepeat ?? defaults.garpRefreshRepeat ?? DEFAULTS.garpRefreshRepeat,
    lowerPriorityDelay: seconds(strict ? 0 : (garp.lowerPriorityDelay ?? defaults.garpLowerPriorityDelay ?? delay)),
    lowerPriorityRepeat: strict ? 0 : (garp.lowerPriorityRepeat ?? defaults.garpLowerPriorityRepeat ?? repeat),
    extraInterval: seconds(garp.extraInterval ?? defaults.garpExtraInterval ?? 0),
    extraAll: garp.extraInterval === undefined ? defaults.garpExtraAll : garp.extraAll,
  };
}

function advertRules(
  draft: VrrpInstanceDraft,
  strict: boolean,
  defaults: VrrpDefaults,
  voice: InstanceVoice,
): Pick<VrrpInstance, 'lowerPriorityNoAdvert' | 'higherPrioritySendAdvert'> {
  if (strict && draft.lowerPriorityNoAdvert === false) {
    const message = 'Strict mode requires no lower priority advert. resetting';
    voice.say('LVSD_CONFIG_CONFLICT', message, 'lower_prio_no_advert');
  }
  if (strict && draft.higherPrioritySendAdvert === true) {
    const message = 'strict mode requires higher_prio_send_advert to be clear. resetting';
    voice.say('LVSD_CONFIG_CONFLICT', message, 'higher_prio_send_advert false');
  }
  return {
    lowerPriorityNoAdvert: strict || (draft.lowerPriorityNoAdvert ?? defaults.lowerPriorityNoAdvert ?? false),
    higherPrioritySendAdvert: !strict && (draft.higherPrioritySendAdvert ?? defaults.higherPrioritySendAdvert ?? false),
  };
}

/** Whole seconds below 256 in version 2, hundredths below 40.96 in version 3. */
function advertIntervalOf(draft: VrrpInstanceDraft, version: VrrpVersion, voice: InstanceVoice): Seconds {
  const written = draft.advertInterval ?? DEFAULTS.advertInterval;
  const limit = version === 2 ? 256 : 40.96;
  const perSecond = version === 2 ? 1 : 100;
  const printed = (value: number): string => (version === 2 ? `${value}` : value.toFixed(2));
  if (written >= limit) {
    const most = limit - 1 / perSecond;
    const message = `VRRPv${version} advertisement interval ${written.toFixed(2)}s is out of range. Must be less than ${printed(limit)}s. Setting to ${printed(most)}s`;
    voice.say('LVSD_CONFIG_BAD_NUMBER', message, `${printed(most)} seconds`);
    return seconds(most);
  }
  const steps = Math.round(written * perSecond * 1e6) / 1e6;
  const whole = Math.max(1, Math.floor(steps + 0.5));
  if (steps !== Math.floor(steps)) {
    const rule = version === 2 ? 'must be an integer. rounding' : 'must be in units of 10ms - rounding';
    const message = `VRRPv${version} advertisement interval ${written.toFixed(6)}s ${rule}`;
    voice.say('LVSD_CONFIG_BAD_NUMBER', message, `${whole / perSecond} seconds`);
  }
  return seconds(whole / perSecond);
}

function transportOf(draft: VrrpInstanceDraft, defaults: VrrpDefaults, voice: InstanceVoice): AdvertTransport {
  if (draft.peers.length > 0 || draft.faultWithoutPeers) {
    return {
      kind: 'unicast',
      peers: draft.peers,
      ttl: draft.unicastTtl === 0 ? undefined : draft.unicastTtl,
      checkSource: draft.checkUnicastSource ?? defaults.checkUnicastSource ?? false,
      faultWithoutPeers: draft.faultWithoutPeers,
      oldChecksum: draft.oldChecksum,
    };
  }
  if (draft.unicastWord) {
    const message =
      'A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.';
    voice.say('LVSD_CONFIG_CONFLICT', message, 'multicast', 'unicast_peer');
  }
  return { kind: 'multicast', group: multicastGroupOf(draft, defaults) };
}

/** Where multicast adverts of an instance go. */
export function multicastGroupOf(draft: VrrpInstanceDraft, defaults: VrrpDefaults): IpAddress {
  if (draft.multicastGroup !== undefined) return draft.multicastGroup;
  return draft.family === 'inet6'
    ? (defaults.multicastGroup6 ?? DEFAULTS.group6)
    : (defaults.multicastGroup4 ?? DEFAULTS.group4);
}

function deviceOf(draft: VrrpInstanceDraft, family: AddressFamily, strict: boolean, voice: InstanceVoice): VrrpDevice {
  const { vmac, ipvlan } = draft;
  let { transmitOnBase } = draft;
  if (transmitOnBase && vmac === undefined) {
    if (ipvlan === undefined) {
      voice.say('LVSD_CONFIG_CONFLICT', 'vmac_xmit_base is only valid with a vmac', 'no vmac_xmit_base', 'use_vmac');
    }
    transmitOnBase = false;
  }
  if (ipvlan !== undefined) {
    if (family === 'inet' && ipvlan.address === undefined) {
      const message = 'IPv4 ipvlan requires a source ip address to be configured. setting instance to fault state';
      voice.say('LVSD_CONFIG_INCOMPLETE', message, 'the instance stays in FAULT', 'use_ipvlan ADDRESS/PREFIX');
    }
    return { kind: 'ipvlan', ...ipvlan, mode: ipvlan.mode ?? 'bridge' };
  }
  if (vmac === undefined) return { kind: 'interface' };
  if (strict && transmitOnBase) {
    voice.say('LVSD_CONFIG_CONFLICT', 'xmit_base is incompatible with strict mode - resetting', 'no vmac_xmit_base');
    transmitOnBase = false;
  }
  return { kind: 'vmac', ...vmac, mac: withVrid(vmac.mac, draft.virtualRouterId ?? 0), transmitOnBase };
}

function promotionOf(draft: VrrpInstanceDraft, device: VrrpDevice, voice: InstanceVoice): boolean {
  if (!draft.promoteSecondaries || device.kind === 'interface') return draft.promoteSecondaries;
  const message = 'promote_secondaries is automatically set for vmacs - ignoring';
  voice.say('LVSD_CONFIG_CONFLICT', message, 'it is set on the VMAC anyway');
  return false;
}

function noHmac(draft: VrrpInstanceDraft, voice: InstanceVoice): undefined {
  if (draft.hmac !== undefined) {
    voice.say('LVSD_CONFIG_INCOMPLETE', 'auth_hmac has no key - ignoring', 'no auth_hmac', 'key ID VALUE');
  }
  return undefined;
}
