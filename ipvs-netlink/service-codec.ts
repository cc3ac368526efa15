/**
 * Services on the wire: the nest IPVS_CMD_ATTR_SERVICE, both ways.
 *
 * Pure codec. The decoder is total and says why it refuses; statistics in the same nest are left to `statistics.ts`,
 * so reading a table costs nothing for them. Settings come back normalised (see `model.ts`): what persistence does not
 * use is dropped, and equal settings of many services are one shared object.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_genl_parse_service and ip_vs_genl_fill_service.
 */
import type { TransportProtocol } from '../config/virtual-server.js';
import {
  type AttributeWriter,
  forEachAttribute,
  readBe16,
  readString,
  readU16,
  readU32,
} from '../netlink/attribute.js';
import { type AddressFamily, type Ipv4, readAddress } from '../runtime/addresses.js';
import { fwmark, port, seconds } from '../runtime/units.js';
import { addressServiceKey, fwmarkServiceKey, type ServiceKey, type ServiceSettings } from './model.js';
import {
  AF_INET,
  AF_INET6,
  CommandAttribute,
  protocolNumbers,
  SERVICE_HASHED,
  SERVICE_PERSISTENT,
  ServiceAttribute,
} from './numbers.js';

/** Every service says its whole flags word, so bits that were set before are cleared too. */
const ALL_FLAGS = 0xffffffff;
const IPV4_EXACT = 0xffffffff;
const IPV6_EXACT = 128;

export const familyNumber = (family: AddressFamily): number => (family === 'inet6' ? AF_INET6 : AF_INET);

export function familyFromNumber(value: number | undefined): AddressFamily | undefined {
  if (value === AF_INET) return 'inet';
  return value === AF_INET6 ? 'inet6' : undefined;
}

/** The attributes that name a service, inside an open nest. */
function writeKey(into: AttributeWriter, key: ServiceKey): void {
  into.u16(ServiceAttribute.AF, familyNumber(key.family));
  if (key.kind === 'fwmark') {
    into.u32(ServiceAttribute.FWMARK, key.mark);
    return;
  }
  into.u16(ServiceAttribute.PROTOCOL, protocolNumbers[key.protocol]);
  into.address(ServiceAttribute.ADDR, key.address, 16);
  into.be16(ServiceAttribute.PORT, key.port);
}

let lastKey: ServiceKey | undefined;
let lastNest: Uint32Array = new Uint32Array(0);

/**
 * The nest that only names a service: for DEL, GET, ZERO and every command about a destination. The last one is kept as
 * it was written, because the destinations of a service come one after the other.
 */
export function writeServiceKey(into: AttributeWriter, key: ServiceKey): void {
  if (key === lastKey) {
    into.append(lastNest);
    return;
  }
  const nest = into.beginNest(CommandAttribute.SERVICE);
  writeKey(into, key);
  into.endNest(nest);
  lastKey = key;
  lastNest = into.copy(nest);
}

/** The whole nest: for NEW and SET. Without persistence timeout 0 and the exact netmask are sent, as keepalived does. */
export function writeService(into: AttributeWriter, key: ServiceKey, settings: ServiceSettings): void {
  const nest = into.beginNest(CommandAttribute.SERVICE);
  writeKey(into, key);
  into.string(ServiceAttribute.SCHED_NAME, settings.scheduler);
  if (settings.persistenceEngine !== undefined) into.string(ServiceAttribute.PE_NAME, settings.persistenceEngine);
  const persistence = settings.persistence;
  const flags = settings.flags | (persistence === undefined ? 0 : SERVICE_PERSISTENT);
  into.pair(ServiceAttribute.FLAGS, flags, ALL_FLAGS);
  into.u32(ServiceAttribute.TIMEOUT, persistence?.timeout ?? 0);
  if (persistence?.granularity.family === 'inet') {
    const mask = persistence.granularity.mask;
    into.address(ServiceAttribute.NETMASK, mask, 4);
  } else {
    const prefix = persistence?.granularity.prefix;
    into.u32(ServiceAttribute.NETMASK, prefix ?? (key.family === 'inet6' ? IPV6_EXACT : IPV4_EXACT));
  }
  into.endNest(nest);
}

export type ServiceReject =
  | 'not-attributes'
  | 'no-family'
  | 'no-key'
  | 'unknown-protocol'
  | 'short-address'
  | 'no-settings';

export type DecodedService =
  | { readonly ok: true; readonly key: ServiceKey; readonly settings: ServiceSettings }
  | { readonly ok: false; readonly reject: ServiceReject };

const refuse = (reject: ServiceReject): DecodedService => ({ ok: false, reject });

function protocolFromNumber(value: number): TransportProtocol | undefined {
  switch (value) {
    case protocolNumbers.TCP:
      return 'TCP';
    case protocolNumbers.UDP:
      return 'UDP';
    case protocolNumbers.SCTP:
      return 'SCTP';
    default:
      return undefined;
  }
}

/** Reads settings into shared objects: thousands of services have a handful of different settings. */
export class ServiceDecoder {
  readonly #shared = new Map<string, ServiceSettings>();

  /**
   * @param bytes the message's payload
   * @param start first byte inside the nest IPVS_CMD_ATTR_SERVICE
   * @param end byte after it
   */
  decode(bytes: Buffer, start: number, end: number): DecodedService {
    let af: number | undefined;
    let protocol: number | undefined;
    let addressAt = -1;
    let addressLength = 0;
    let portNumber: number | undefined;
    let mark: number | undefined;
    let scheduler: string | undefined;
    let engine: string | undefined;
    let flags: number | undefined;
    let timeout: number | undefined;
    let netmaskAt = -1;
    const whole = forEachAttribute(bytes, start, end, (type, from, to) => {
      switch (type) {
        case ServiceAttribute.AF:
          af = readU16(bytes, from, to);
          break;
        case ServiceAttribute.PROTOCOL:
          protocol = readU16(bytes, from, to);
          break;
        case ServiceAttribute.ADDR:
          addressAt = from;
          addressLength = to - from;
          break;
        case ServiceAttribute.PORT:
          portNumber = readBe16(bytes, from, to);
          break;
        case ServiceAttribute.FWMARK:
          mark = readU32(bytes, from, to);
          break;
        case ServiceAttribute.SCHED_NAME:
          scheduler = readString(bytes, from, to);
          break;
        case ServiceAttribute.PE_NAME:
          engine = readString(bytes, from, to);
          break;
        case ServiceAttribute.FLAGS:
          flags = readU32(bytes, from, to);
          break;
        case ServiceAttribute.TIMEOUT:
          timeout = readU32(bytes, from, to);
          break;
        case ServiceAttribute.NETMASK:
          if (to - from >= 4) netmaskAt = from;
          break;
      }
    });
    if (!whole) return refuse('not-attributes');
    const family = familyFromNumber(af);
    if (family === undefined) return refuse('no-family');

    let key: ServiceKey;
    if (mark !== undefined && mark !== 0) key = fwmarkServiceKey(family, fwmark(mark));
    else {
      if (protocol === undefined || portNumber === undefined || addressAt < 0) return refuse('no-key');
      const name = protocolFromNumber(protocol);
      if (name === undefined) return refuse('unknown-protocol');
      if (addressLength < (family === 'inet' ? 4 : 16)) return refuse('short-address');
      key = addressServiceKey(name, readAddress(family, bytes, addressAt), port(portNumber));
    }

    if (scheduler === undefined || flags === undefined || timeout === undefined || netmaskAt < 0)
      return refuse('no-settings');
    const persistent = (flags & SERVICE_PERSISTENT) !== 0;
    const netmask = persistent ? bytes.readUInt32LE(netmaskAt) : 0;
    const plain = (flags & ~(SERVICE_PERSISTENT | SERVICE_HASHED)) >>> 0;
    const known = `${family} ${scheduler} ${engine ?? ''} ${plain} ${persistent ? `${timeout} ${netmask}` : ''}`;
    let settings = this.#shared.get(known);
    if (settings === undefined) {
      settings = {
        scheduler,
        flags: plain,
        persistence: persistent
          ? {
              timeout: seconds(timeout),
              granularity:
                family === 'inet'
                  ? { family, mask: readAddress('inet', bytes, netmaskAt) as Ipv4 }
                  : { family, prefix: netmask },
            }
          : undefined,
        persistenceEngine: engine === undefined || engine === '' ? undefined : engine,
      };
      this.#shared.set(known, settings);
    }
    return { ok: true, key, settings };
  }
}
