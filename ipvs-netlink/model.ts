/**
 * What IPVS holds: services, their settings, their destinations, as values.
 *
 * This is the language of the whole folder and of the director: the plan makes `DesiredService`s, the kernel is read
 * into `KernelService`s, the reconciler compares the two. A value that differs here differs in the kernel and the other
 * way round: settings that have no effect (a timeout without persistence, a tunnel port of ipip) do not appear. Names
 * are ipvsadm's and the kernel's. No I/O, no numbers of the wire (`numbers.ts` has those).
 *
 * Source: Linux include/uapi/linux/ip_vs.h, net/netfilter/ipvs/ip_vs_ctl.c; ipvsadm(8).
 */
import { serviceName } from '../config/names.js';
import type { Persistence, SchedulerFlags, TransportProtocol, Tunnel } from '../config/virtual-server.js';
import { type AddressFamily, familyOf, type IpAddress } from '../runtime/addresses.js';
import type { Fwmark, Port, Weight } from '../runtime/units.js';

/** What makes a service this service; the kernel cannot edit any of it (ip_vs_genl_parse_service). */
export type ServiceKey = AddressServiceKey | FwmarkServiceKey;

export interface AddressServiceKey {
  readonly kind: 'address';
  readonly family: AddressFamily;
  readonly protocol: TransportProtocol;
  readonly address: IpAddress;
  /** 0 is every port of the address. */
  readonly port: Port;
}

export interface FwmarkServiceKey {
  readonly kind: 'fwmark';
  readonly family: AddressFamily;
  /** 1..4294967295; the kernel takes 0 for "no mark". */
  readonly mark: Fwmark;
}

export function addressServiceKey(protocol: TransportProtocol, address: IpAddress, port: Port): AddressServiceKey {
  return { kind: 'address', family: familyOf(address), protocol, address, port };
}

export function fwmarkServiceKey(family: AddressFamily, mark: Fwmark): FwmarkServiceKey {
  return { kind: 'fwmark', family, mark };
}

/** The key as text, unique and equal to keepalived's name of the service: `[10.0.0.1]:tcp:80`, `FWM 5`, `FWM6 5`. */
export function serviceKeyText(key: ServiceKey): string {
  if (key.kind === 'fwmark') return key.family === 'inet6' ? `FWM6 ${key.mark}` : `FWM ${key.mark}`;
  return serviceName(key.address, key.protocol, key.port);
}

/** What makes a destination this destination within its service. */
export interface DestinationKey {
  readonly address: IpAddress;
  readonly port: Port;
}

/** `[10.1.0.1]:8080` */
export function destinationKeyText(key: DestinationKey): string {
  // Joined, because V8 keeps what is added up in its pieces, and a large table has tens of thousands of these.
  return ['[', key.address, ']:', key.port].join('');
}

/** Scheduler flags that a person may set; PERSISTENT follows from `persistence`, HASHED is the kernel's own. */
export const SERVICE_ONE_PACKET = 0x0004;
export const SERVICE_SCHED1 = 0x0008;
export const SERVICE_SCHED2 = 0x0010;
export const SERVICE_SCHED3 = 0x0020;

export function schedulerFlagBits(flags: SchedulerFlags): number {
  return (
    (flags.ops ? SERVICE_ONE_PACKET : 0) |
    (flags.sched1 ? SERVICE_SCHED1 : 0) |
    (flags.sched2 ? SERVICE_SCHED2 : 0) |
    (flags.sched3 ? SERVICE_SCHED3 : 0)
  );
}

export type ServicePersistence = Pick<Persistence, 'timeout' | 'granularity'>;

/** What SET_SERVICE changes in place, all of it, without touching a destination or a connection. */
export interface ServiceSettings {
  /** The kernel's name: `wlc`, `rr`, ...; `none` is a service that schedules nothing. */
  readonly scheduler: string;
  /** SERVICE_* bits. */
  readonly flags: number;
  readonly persistence: ServicePersistence | undefined;
  /** `sip` in practice. */
  readonly persistenceEngine: string | undefined;
}

/**
 * How packets reach a destination. The one open place for methods of other kernels: what ip_vs.h of mainline does not
 * name is `other`, kept and shown as its number and written back unchanged, so foreign entries survive.
 */
export type ForwardingMethod =
  | { readonly method: 'masq' }
  | { readonly method: 'local' }
  | { readonly method: 'tunnel'; readonly tunnel: DestinationTunnel }
  | { readonly method: 'droute' }
  | { readonly method: 'bypass' }
  | { readonly method: 'other'; readonly number: number };

export type DestinationTunnel =
  | Tunnel
  | { readonly type: 'other'; readonly number: number; readonly port: Port; readonly flags: number };

/** One destination (real server) as IPVS is told of it. Its family is its address's; it may differ under `tunnel`. */
export interface Destination extends DestinationKey {
  readonly forwarding: ForwardingMethod;
  readonly weight: Weight;
  /** Connections; 0 is no limit. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
}

export interface DesiredService {
  readonly key: ServiceKey;
  readonly settings: ServiceSettings;
  /** By `destinationKeyText`. */
  readonly destinations: ReadonlyMap<string, Destination>;
}

/** A service as the kernel holds it: the same shape, other origin. */
export type KernelService = DesiredService;

/** By `serviceKeyText`. */
export type ServiceTable = ReadonlyMap<string, DesiredService>;

export function sameSettings(a: ServiceSettings, b: ServiceSettings): boolean {
  return (
    a === b ||
    (a.scheduler === b.scheduler &&
      a.flags === b.flags &&
      a.persistenceEngine === b.persistenceEngine &&
      samePersistence(a.persistence, b.persistence))
  );
}

function samePersistence(a: ServicePersistence | undefined, b: ServicePersistence | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.timeout !== b.timeout) return false;
  const left = a.granularity;
  const right = b.granularity;
  if (left.family === 'inet') return right.family === 'inet' && left.mask === right.mask;
  return right.family === 'inet6' && left.prefix === right.prefix;
}

export function sameForwarding(a: ForwardingMethod, b: ForwardingMethod): boolean {
  if (a === b) return true;
  if (a.method === 'tunnel') return b.method === 'tunnel' && sameTunnel(a.tunnel, b.tunnel);
  if (a.method === 'other') return b.method === 'other' && a.number === b.number;
  return a.method === b.method;
}

function sameTunnel(a: DestinationTunnel, b: DestinationTunnel): boolean {
  switch (a.type) {
    case 'ipip':
      return b.type === 'ipip';
    case 'gue':
      return b.type === 'gue' && a.port === b.port && a.checksum === b.checksum;
    case 'gre':
      return b.type === 'gre' && a.checksum === b.checksum;
    case 'other':
      return b.type === 'other' && a.number === b.number && a.port === b.port && a.flags === b.flags;
  }
}

/** Everything but the weight. */
export function sameDestinationButWeight(a: Destination, b: Destination): boolean {
  return (
    a.upperThreshold === b.upperThreshold &&
    a.lowerThreshold === b.lowerThreshold &&
    sameForwarding(a.forwarding, b.forwarding)
  );
}

export function sameDestination(a: Destination, b: Destination): boolean {
  return a === b || (a.weight === b.weight && sameDestinationButWeight(a, b));
}
