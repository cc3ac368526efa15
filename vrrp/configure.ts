/**
 * From the configuration to what the router's cores need: elections, packets, checks, trackers.
 *
 * What only the host knows (the address of an interface, the bytes of a key that is in a file) is asked of `HostFacts`.
 * Units change here: seconds of the file to milliseconds of timers and to the wire's units. Everything is effective already
 * (config/vrrp.ts); this only translates. Pure.
 */
import type { Tracking } from '../config/tracking.js';
import type { VrrpConfig, VrrpHmac, VrrpInstance } from '../config/vrrp.js';
import type { AddressFamily, IpAddress } from '../runtime/addresses.js';
import type { HmacParameters } from './auth-hmac.js';
import type { ElectionParameters } from './election-state.js';
import { OWNER } from './election-timers.js';
import { type Authentication, addressBytes, legacyKey } from './packet-encode.js';
import { identityOf, type RouterConfig } from './router.js';
import { groupTrackers, type Tracker, type TrackerKind } from './tracking.js';
import { defaultGroup, type VirtualRouterConfig } from './virtual-router.js';

export interface HostFacts {
  /** The address that adverts of an interface come from; undefined: there is none. */
  readonly sourceOf: (device: string, family: AddressFamily) => IpAddress | undefined;
  /** The bytes of a key as written behind `key ID` in auth_hmac: `hex:…`, `file:…` or the text itself. */
  readonly hmacKey: (written: string) => Uint8Array;
  /** The director has not reported its first verified table, and addresses wait for it. */
  readonly held: boolean;
  readonly logUnknownVrids: boolean;
}

const ms = (seconds: number): number => Math.round(seconds * 1e6) / 1e3;

/** Where an instance's packets arrive: its interface, and its own address where it is unicast. One word. */
export function scopeFor(instance: VrrpInstance): string {
  const where = instance.interface ?? '';
  return instance.transport.kind === 'unicast' ? `${where}@${instance.sourceAddress ?? ''}` : where;
}

/** The configuration of the router. */
export function routerConfig(config: VrrpConfig, host: HostFacts): RouterConfig {
  return {
    instances: [...config.instances.values()].map((instance) => virtualRouterConfig(instance, config, host)),
    groups: [...config.syncGroups.values()].map(({ name, members }) => ({ name, members })),
    logUnknownVrids: host.logUnknownVrids,
  };
}

function virtualRouterConfig(instance: VrrpInstance, config: VrrpConfig, host: HostFacts): VirtualRouterConfig {
  const { family, version, transport, virtualRouterId: vrid } = instance;
  const interval = version === 2 ? instance.advertInterval : Math.round(instance.advertInterval * 100);
  const addresses = addressBytes(
    instance.addresses.map(({ address }) => address),
    family,
  );
  const authentication = authenticationOf(instance, host);
  const multicastGroup = transport.kind === 'multicast' ? transport.group : defaultGroup(family);
  const peers = transport.kind === 'unicast' ? transport.peers : [];
  const group = instance.syncGroup === undefined ? undefined : config.syncGroups.get(instance.syncGroup);
  const primary: Tracker[] =
    instance.interface !== undefined && instance.trackPrimary
      ? [{ kind: 'interface', name: instance.interface, weight: 0, reverse: false }]
      : [];
  const own = trackersOf(instance.tracking);
  const source =
    instance.sourceAddress ??
    (instance.interface === undefined ? undefined : host.sourceOf(instance.interface, family));
  return {
    identity: identityOf(scopeFor(instance), family, vrid),
    election: electionParameters(instance, host),
    form: {
      family,
      version,
      vrid,
      addressCount: instance.addresses.length,
      addresses,
      interval,
      ttl: transport.kind === 'unicast' ? (transport.ttl ?? 255) : 255,
      multicastGroup,
      authentication,
    },
    receive: {
      vrid,
      family,
      version,
      interval,
      authentication,
      peers: new Map(peers.map(({ address, minTtl, maxTtl }) => [address, { min: minTtl ?? 0, max: maxTtl ?? 255 }])),
      checkUnicastSource: transport.kind === 'unicast' && transport.checkSource,
      addressCount: instance.addresses.length,
      addresses,
      skipCheckOfSameSender: instance.skipCheckAdvertAddresses,
      multicastGroup,
      checksumWithoutPseudoHeader: instance.checksumV3AsV2,
      oldUnicastChecksum: oldChecksum(instance),
      ownerIgnores: instance.ownerIgnoreAdverts && instance.priority === OWNER,
    },
    source,
    peers: peers.map(({ address }) => address),
    trackers: [
      // An interface that is tracked with a weight decides nothing, also if it is the instance's own (keepalived.md 9.4).
      ...primary.filter(({ name }) => !own.some((tracker) => tracker.kind === 'interface' && tracker.name === name)),
      ...own,
      ...(group === undefined ? [] : groupTrackers(trackersOf(group.tracking), group.trackingWeight)),
    ],
    group: instance.syncGroup,
  };
}

function oldChecksum({ transport }: VrrpInstance): 'on' | 'never' | 'adapt' {
  if (transport.kind !== 'unicast') return 'never';
  return transport.oldChecksum === 'always' ? 'on' : transport.oldChecksum === 'never' ? 'never' : 'adapt';
}

function electionParameters(instance: VrrpInstance, host: HostFacts): ElectionParameters {
  const { garp } = instance;
  return {
    name: instance.name,
    version: instance.version,
    priority: instance.priority,
    startsAs: instance.initialState === 'MASTER' ? 'master' : 'backup',
    interval: ms(instance.advertInterval),
    downTimerAdverts: instance.downTimerAdverts,
    preempt: instance.preempt,
    preemptDelay: ms(instance.preemptDelay),
    lowerPrioNoAdvert: instance.lowerPriorityNoAdvert,
    higherPrioSendAdvert: instance.higherPrioritySendAdvert,
    notifyPriorityChanges: instance.notifyPriorityChanges,
    grouped: instance.syncGroup !== undefined,
    unicast: instance.transport.kind === 'unicast',
    held: host.held,
    announce: {
      masterDelay: ms(garp.delay),
      masterRepeat: garp.repeat,
      masterRefresh: ms(garp.refresh),
      masterRefreshRepeat: garp.refreshRepeat,
      lowerPrioDelay: ms(garp.lowerPriorityDelay),
      lowerPrioRepeat: garp.lowerPriorityRepeat,
      extraInterval: ms(garp.extraInterval),
    },
    otherPriority: instance.timerExpiredBackup ?? OWNER - 1,
  };
}

function authenticationOf(instance: VrrpInstance, host: HostFacts): Authentication {
  if (instance.hmac !== undefined) {
    return { kind: 'hmac', parameters: hmacParameters(instance.hmac, instance.advertInterval, host) };
  }
  switch (instance.authentication.kind) {
    case 'none':
      return { kind: 'none' };
    case 'PASS':
      return { kind: 'pass', key: legacyKey(instance.authentication.password) };
    case 'AH':
      return { kind: 'ah', key: legacyKey(instance.authentication.password) };
  }
}

/** keepalived's defaults: enforce, time, and a window of three intervals, at least 5 s. */
function hmacParameters(hmac: VrrpHmac, interval: number, host: HostFacts): HmacParameters {
  const keys = new Map([...hmac.keys].map(([id, written]) => [id, host.hmacKey(written)]));
  return {
    keys,
    activeKey: hmac.activeKey ?? ([...keys.keys()][0] as number),
    antiReplay: hmac.antiReplay ?? 'time',
    timeWindow: hmac.timeWindow ?? Math.max(5, Math.ceil(3 * interval)),
    mode: hmac.mode ?? 'enforce',
  };
}

function trackersOf(tracking: Tracking): readonly Tracker[] {
  const named = (kind: TrackerKind, list: Tracking['scripts']): readonly Tracker[] =>
    list.map(({ name, weight, reverse }) => ({ kind, name, weight, reverse }));
  return [
    ...tracking.interfaces.map(
      ({ interface: name, weight, reverse }): Tracker => ({ kind: 'interface', name, weight, reverse }),
    ),
    ...named('script', tracking.scripts),
    ...named('file', tracking.files),
    ...named('process', tracking.processes),
    ...named('bfd', tracking.bfd),
  ];
}
