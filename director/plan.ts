/**
 * The plan: what the IPVS table should hold, from the configuration and from what is alive. Pure.
 *
 *     VirtualServer + wanted destinations -> DesiredService, one for each address, range member or mark
 *
 * A virtual server of an address or a mark is one service; one of a group is a service for every address that the
 * group's lines name (keepalived.md 14.1), all with the same destinations, which are shared by reference: a group of
 * 65,000 addresses costs 65,000 small objects, not 65,000 lists. Which servers are wanted, and with which weight, is
 * membership's to say; which of these services the kernel has already is the reconciler's.
 */
import type {
  Forwarding,
  RealServer,
  SorryServer,
  VirtualServer,
  VirtualServerGroup,
} from '../config/virtual-server.js';
import {
  addressServiceKey,
  type DesiredService,
  type Destination,
  destinationKeyText,
  type ForwardingMethod,
  fwmarkServiceKey,
  type ServiceKey,
  type ServiceSettings,
  schedulerFlagBits,
  serviceKeyText,
} from '../ipvs-netlink/model.js';
import {
  type AddressFamily,
  addressToBigInt,
  familyOf,
  type IpAddress,
  ipv4FromNumber,
  ipv4ToNumber,
  ipv6FromBigInt,
  isIpv6,
} from '../runtime/addresses.js';
import { LvsdError } from '../runtime/errors.js';
import { type Fwmark, type Port, port, type Weight } from '../runtime/units.js';
import { type GroupMarks, markKey, noMarks } from './group-marks.js';
import type { OwnedByVirtualServer } from './journal.js';

/** A server that membership wants in the table. */
export interface WantedServer {
  readonly server: RealServer | SorryServer;
  readonly weight: Weight;
}

export type Groups = ReadonlyMap<string, VirtualServerGroup>;

/** Every address from `first` to `last`, in order. */
export function* addressesBetween(first: IpAddress, last: IpAddress): Iterable<IpAddress> {
  if (!isIpv6(first) && !isIpv6(last)) {
    const end = ipv4ToNumber(last);
    for (let n = ipv4ToNumber(first); n <= end; n++) yield ipv4FromNumber(n);
    return;
  }
  const end = addressToBigInt(last);
  for (let n = addressToBigInt(first); n <= end; n++) yield ipv6FromBigInt(n);
}

/** The families that a virtual server's destinations allow for its group's entries; undefined: both. */
function* groupServices(server: VirtualServer, group: VirtualServerGroup): Iterable<ServiceKey> {
  for (const entry of group.entries) {
    switch (entry.kind) {
      case 'range':
        if (server.family !== undefined && familyOf(entry.first) !== server.family) continue;
        for (const address of addressesBetween(entry.first, entry.last))
          yield addressServiceKey(server.protocol, address, entry.port);
        break;
      case 'fwmark': {
        const family: AddressFamily = entry.family ?? server.family ?? 'inet';
        if (server.family !== undefined && family !== server.family) continue;
        yield fwmarkServiceKey(family, entry.mark);
        break;
      }
    }
  }
}

/** The services that a virtual server stands for, without repetition, in file order. @param marks of nftables_ipvs */
export function servicesOf(server: VirtualServer, groups: Groups, marks: GroupMarks = noMarks): readonly ServiceKey[] {
  const target = server.target;
  switch (target.kind) {
    case 'address':
      return [addressServiceKey(server.protocol, target.address, target.port)];
    case 'fwmark':
      return [fwmarkServiceKey(target.family, target.mark)];
    case 'group': {
      const group = groups.get(target.group);
      if (group === undefined) return [];
      const mark = marks.get(markKey(server) ?? '');
      if (mark !== undefined) return markedServices(server, group, mark);
      const keys = new Map<string, ServiceKey>();
      for (const key of groupServices(server, group)) keys.set(serviceKeyText(key), key);
      return [...keys.values()];
    }
  }
}

/** nftables_ipvs: one service a family, whatever the group names. */
function markedServices(server: VirtualServer, group: VirtualServerGroup, mark: Fwmark): readonly ServiceKey[] {
  const families = new Set<AddressFamily>();
  for (const entry of group.entries) {
    const family = entry.kind === 'range' ? familyOf(entry.first) : undefined;
    if (family !== undefined && (server.family ?? family) === family) families.add(family);
  }
  return (['inet', 'inet6'] as const).filter((each) => families.has(each)).map((each) => fwmarkServiceKey(each, mark));
}

export function settingsOf(server: VirtualServer): ServiceSettings {
  return {
    scheduler: server.scheduler,
    flags: schedulerFlagBits(server.flags),
    persistence:
      server.persistence === undefined
        ? undefined
        : { timeout: server.persistence.timeout, granularity: server.persistence.granularity },
    persistenceEngine: server.persistence?.engine,
  };
}

const MASQ: ForwardingMethod = { method: 'masq' };
const DROUTE: ForwardingMethod = { method: 'droute' };

function forwardingOf(forwarding: Forwarding): ForwardingMethod {
  switch (forwarding.method) {
    case 'NAT':
      return MASQ;
    case 'DR':
      return DROUTE;
    case 'TUN':
      return { method: 'tunnel', tunnel: forwarding.tunnel };
    case 'FNAT':
    case 'SNAT':
      throw unbuiltForwarding(forwarding.method);
  }
}

function unbuiltForwarding(method: string): LvsdError {
  return new LvsdError(
    'LVSD_FORWARDING_UNBUILT',
    `lb_kind ${method} needs a kernel module that lvsd cannot drive yet; the parser refuses it, so this is a bug in lvsd: please report it.`,
  );
}

/**
 * The port of a server within one service: its own, or the service's where IPVS leaves no choice. Only NAT rewrites
 * ports, so every other method uses the service's; a mark has no port but NAT's own (keepalived.md 14.3).
 */
function destinationPort(server: RealServer | SorryServer, service: ServiceKey): Port {
  const rewrites = server.forwarding.method === 'NAT';
  if (service.kind === 'fwmark') return rewrites ? server.port : port(0);
  return rewrites && server.port !== 0 ? server.port : service.port;
}

function destinationOf(wanted: WantedServer, service: ServiceKey): Destination {
  const { server } = wanted;
  const { upperThreshold = 0, lowerThreshold = 0 }: Partial<RealServer> = server;
  return {
    address: server.address,
    port: destinationPort(server, service),
    forwarding: forwardingOf(server.forwarding),
    weight: wanted.weight,
    upperThreshold,
    lowerThreshold,
  };
}

/** What decides the ports of the destinations: services alike in it share their destinations. */
const portClass = (service: ServiceKey): string => (service.kind === 'fwmark' ? 'mark' : String(service.port));

/**
 * The services that a virtual server should have, each with the destinations that membership wants now.
 * @param services `servicesOf(server)`, handed in because it changes only with the configuration
 */
export function desiredServices(
  server: VirtualServer,
  services: readonly ServiceKey[],
  wanted: readonly WantedServer[],
): readonly DesiredService[] {
  const settings = settingsOf(server);
  const shared = new Map<string, ReadonlyMap<string, Destination>>();
  const [only] = services;
  if (only !== undefined && services.length === 1) {
    return [{ key: only, settings, destinations: destinationsOf(wanted, only) }];
  }
  return services.map((key) => {
    const kind = portClass(key);
    let destinations = shared.get(kind);
    if (destinations === undefined) {
      destinations = destinationsOf(wanted, key);
      shared.set(kind, destinations);
    }
    return { key, settings, destinations };
  });
}

/** By key; the first of two equal keys counts: a sorry server that is also a live real server keeps the server's weight. */
function destinationsOf(wanted: readonly WantedServer[], service: ServiceKey): ReadonlyMap<string, Destination> {
  const made = new Map<string, Destination>();
  for (let i = 0; i < wanted.length; i++) {
    const destination = destinationOf(wanted[i] as WantedServer, service);
    const text = destinationKeyText(destination);
    if (!made.has(text)) made.set(text, destination);
  }
  return made;
}

/** Everything that a virtual server may ever have in the table under this configuration: what the journal records. */
export function ownedBy(server: VirtualServer, services: readonly ServiceKey[]): OwnedByVirtualServer {
  let destinations: readonly string[] | undefined;
  /** Let go when it was asked, because what is owned outlives a Config. */
  let source: VirtualServer | undefined = server;
  return {
    services: services.map(serviceKeyText),
    // Spelled when the journal asks for it, or a service that stands in the table already.
    get destinations(): readonly string[] {
      if (source !== undefined) destinations = ownedDestinations(source, services);
      source = undefined;
      return destinations ?? [];
    },
  };
}

function ownedDestinations(server: VirtualServer, services: readonly ServiceKey[]): readonly string[] {
  const destinations = new Set<string>();
  const all: (RealServer | SorryServer)[] = [...server.realServers];
  if (server.sorryServer !== undefined) all.push(server.sorryServer);
  const seen = new Set<string>();
  for (const key of services) {
    const kind = portClass(key);
    if (seen.has(kind)) continue;
    seen.add(kind);
    for (const one of all)
      destinations.add(destinationKeyText({ address: one.address, port: destinationPort(one, key) }));
  }
  return [...destinations];
}
