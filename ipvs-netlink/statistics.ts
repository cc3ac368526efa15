/**
 * Counters and rates of services and destinations.
 *
 * 64-bit counters where the kernel has them (Linux 4.1), else the 32-bit ones, which wrap. Reading them is a dump of its
 * own, asked for by whoever shows them; tables are read without.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_genl_fill_stats64; rates are ip_vs_est.c's averages.
 */
import { forEachAttribute, readU32, readU64 } from '../netlink/attribute.js';
import { type DumpChannel, GENL_HEADER_LENGTH } from '../netlink/generic-netlink.js';
import { type ConnectionCounts, decodeDestination } from './destination-codec.js';
import type { IpvsFamily } from './ipvs-family.js';
import { type Destination, type ServiceKey, type ServiceSettings, serviceKeyText } from './model.js';
import { Command, CommandAttribute, DestinationAttribute, ServiceAttribute, StatisticsAttribute } from './numbers.js';
import { ServiceDecoder, writeServiceKey } from './service-codec.js';

export interface Statistics {
  readonly connections: bigint;
  readonly incomingPackets: bigint;
  readonly outgoingPackets: bigint;
  readonly incomingBytes: bigint;
  readonly outgoingBytes: bigint;
  /** Per second, as the kernel estimates them. */
  readonly rates: {
    readonly connections: number;
    readonly incomingPackets: number;
    readonly outgoingPackets: number;
    readonly incomingBytes: number;
    readonly outgoingBytes: number;
  };
}

export const NO_STATISTICS: Statistics = {
  connections: 0n,
  incomingPackets: 0n,
  outgoingPackets: 0n,
  incomingBytes: 0n,
  outgoingBytes: 0n,
  rates: { connections: 0, incomingPackets: 0, outgoingPackets: 0, incomingBytes: 0, outgoingBytes: 0 },
};

/**
 * Reads a nest STATS or STATS64: each value by its own length, so one reader serves both. In the 32-bit nest the byte
 * counters are 64 bits wide already. Total: what is missing is 0.
 */
export function decodeStatistics(bytes: Buffer, start: number, end: number): Statistics {
  const values: bigint[] = new Array(StatisticsAttribute.PAD).fill(0n);
  forEachAttribute(bytes, start, end, (type, from, to) => {
    if (type < StatisticsAttribute.CONNS || type >= StatisticsAttribute.PAD) return;
    const value = to - from >= 8 ? readU64(bytes, from, to) : BigInt(readU32(bytes, from, to) ?? 0);
    if (value !== undefined) values[type] = value;
  });
  const at = (type: number): bigint => values[type] ?? 0n;
  return {
    connections: at(StatisticsAttribute.CONNS),
    incomingPackets: at(StatisticsAttribute.INPKTS),
    outgoingPackets: at(StatisticsAttribute.OUTPKTS),
    incomingBytes: at(StatisticsAttribute.INBYTES),
    outgoingBytes: at(StatisticsAttribute.OUTBYTES),
    rates: {
      connections: Number(at(StatisticsAttribute.CPS)),
      incomingPackets: Number(at(StatisticsAttribute.INPPS)),
      outgoingPackets: Number(at(StatisticsAttribute.OUTPPS)),
      incomingBytes: Number(at(StatisticsAttribute.INBPS)),
      outgoingBytes: Number(at(StatisticsAttribute.OUTBPS)),
    },
  };
}

export interface ServiceStatus {
  readonly key: ServiceKey;
  readonly settings: ServiceSettings;
  readonly statistics: Statistics;
}

export interface DestinationStatus {
  readonly destination: Destination;
  readonly connections: ConnectionCounts;
  readonly statistics: Statistics;
}

/** The first and last byte of the value of one attribute, or undefined. The last of its kind counts, as in the kernel. */
function find(bytes: Buffer, start: number, end: number, wanted: number): readonly [number, number] | undefined {
  let found: readonly [number, number] | undefined;
  forEachAttribute(bytes, start, end, (type, from, to) => {
    if (type === wanted) found = [from, to];
  });
  return found;
}

function statisticsIn(bytes: Buffer, nest: readonly [number, number], wide: number, narrow: number): Statistics {
  const value = find(bytes, ...nest, wide) ?? find(bytes, ...nest, narrow);
  return value === undefined ? NO_STATISTICS : decodeStatistics(bytes, ...value);
}

/** Every service with its counters, in the kernel's order, by `serviceKeyText`. Throws NetlinkError. */
export function readServiceStatistics(ipvs: IpvsFamily, dumps: DumpChannel): Map<string, ServiceStatus> {
  const decoder = new ServiceDecoder();
  const services = new Map<string, ServiceStatus>();
  for (const { payload } of dumps.dump(ipvs.requests.dump(Command.GET_SERVICE))) {
    const nest = find(payload, GENL_HEADER_LENGTH, payload.length, CommandAttribute.SERVICE);
    if (nest === undefined) continue;
    const service = decoder.decode(payload, ...nest);
    if (!service.ok) continue;
    services.set(serviceKeyText(service.key), {
      key: service.key,
      settings: service.settings,
      statistics: statisticsIn(payload, nest, ServiceAttribute.STATS64, ServiceAttribute.STATS),
    });
  }
  return services;
}

/** The destinations of one service with their connections and counters; none if the service is gone. */
export function readDestinationStatistics(
  ipvs: IpvsFamily,
  dumps: DumpChannel,
  service: ServiceKey,
): DestinationStatus[] {
  const destinations: DestinationStatus[] = [];
  for (const { payload } of dumps.dump(
    ipvs.requests.dump(Command.GET_DEST, (into) => writeServiceKey(into, service)),
  )) {
    const nest = find(payload, GENL_HEADER_LENGTH, payload.length, CommandAttribute.DEST);
    if (nest === undefined) continue;
    const decoded = decodeDestination(payload, ...nest, service.family);
    if (!decoded.ok) continue;
    destinations.push({
      destination: decoded.destination,
      connections: decoded.connections,
      statistics: statisticsIn(payload, nest, DestinationAttribute.STATS64, DestinationAttribute.STATS),
    });
  }
  return destinations;
}
