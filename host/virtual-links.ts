/**
 * Makes the interfaces of use_vmac and use_ipvlan, takes over those that an earlier process left, and deletes them.
 *
 * A macvlan in private mode carries the virtual router's MAC address (RFC 5798 section 7.3); an ipvlan shares the base
 * interface's. One that has the wanted name, kind, MAC address and base interface is taken over as it stands. A macvlan or
 * ipvlan that differs is made anew; anything else with that name is somebody's and is left alone (design, law 4). What has
 * to hold before the link goes up is set while it is down: its parameters (virtual-link-sysctls.ts), no link-local address
 * of the kernel's choice, and for IPv6 the address that adverts come from.
 */
import { NetlinkError } from '../netlink/netlink-error.js';
import type { RequestSocket } from '../netlink/request-socket.js';
import { encodeAddressAdd, IFA_F_NODAD } from '../netlink/rtnetlink-address.js';
import { encodeLinkUp, type Link } from '../netlink/rtnetlink-link.js';
import { encodeLinkDelete, encodeLinkMake, encodeWithoutLinkLocal } from '../netlink/rtnetlink-link-make.js';
import { type AddressFamily, type IpAddress, parseIpAddress } from '../runtime/addresses.js';
import { LvsdError } from '../runtime/errors.js';
import { lookUpLink } from './link-lookup.js';
import type { VirtualLinkSysctls } from './virtual-link-sysctls.js';

export interface VirtualLink {
  readonly name: string;
  /** Name of the interface under it. */
  readonly base: string;
  readonly device: /** `mac`: six octets in lower case with colons. */
    | { readonly kind: 'macvlan'; readonly mac: string }
    | {
        readonly kind: 'ipvlan';
        readonly mode: 'bridge' | 'private' | 'vepa';
        readonly address: { readonly address: IpAddress; readonly prefix: number } | undefined;
      };
  /** Of the virtual router, or of the one address that it is for. */
  readonly family: AddressFamily;
  /** Of a link of family inet: whether IPv6 runs on it. */
  readonly ipv6: boolean;
  /** IPv6: the address that adverts come from; undefined: it carries addresses only. */
  readonly source: IpAddress | undefined;
  /** Number of its group of interfaces. */
  readonly group: number | undefined;
}

export type LinkResult =
  | { readonly kind: 'made' | 'taken-over' | 'present' }
  | { readonly kind: 'failed'; readonly error: LvsdError };

const EEXIST = 17;
const ENODEV = 19;
const SOURCE_PREFIX = 64;

export class VirtualLinks {
  readonly #socket: Pick<RequestSocket, 'request'>;
  readonly #sysctls: VirtualLinkSysctls;
  readonly #ours = new Map<string, VirtualLink>();

  /** @param socket a request socket of protocol route */
  constructor(socket: Pick<RequestSocket, 'request'>, sysctls: VirtualLinkSysctls) {
    this.#socket = socket;
    this.#sysctls = sysctls;
  }

  /** What we made or took over. */
  ours(): readonly VirtualLink[] {
    return [...this.#ours.values()];
  }

  /** Whether a link could stand under this name as it is: there is none, or it is the wanted one. */
  fits(wanted: VirtualLink): boolean {
    const found = lookUpLink(this.#socket, wanted.name);
    if (found instanceof NetlinkError) return found.errno === ENODEV;
    const base = lookUpLink(this.#socket, wanted.base);
    return !(base instanceof NetlinkError) && isWanted(found, wanted, base);
  }

  /** Sees to it that the link stands and is up. */
  ensure(wanted: VirtualLink): LinkResult {
    try {
      const base = this.#find(wanted.base);
      const found = lookUpLink(this.#socket, wanted.name);
      if (!(found instanceof NetlinkError) && isWanted(found, wanted, base)) {
        const known = this.#ours.get(wanted.name);
        if (known !== undefined && found.up && JSON.stringify(known) === JSON.stringify(wanted)) {
          return { kind: 'present' };
        }
        this.#setUp(wanted, found);
        return { kind: known === undefined ? 'taken-over' : 'present' };
      }
      if (!(found instanceof NetlinkError)) {
        if (found.kind !== 'macvlan' && found.kind !== 'ipvlan') throw taken(wanted);
        this.#socket.request(encodeLinkDelete(found.index));
      }
      this.#make(wanted, base);
      this.#setUp(wanted, this.#find(wanted.name));
      return { kind: 'made' };
    } catch (error) {
      if (!(error instanceof LvsdError)) throw error;
      return { kind: 'failed', error: failure('Making', wanted, error) };
    }
  }

  /** Deletes a link of ours, and with it what stands on it. @returns why it could not; undefined when it is gone */
  remove(name: string): LvsdError | undefined {
    const link = this.#ours.get(name);
    if (link === undefined) return undefined;
    this.#ours.delete(name);
    this.#sysctls.takeDown(name);
    const found = lookUpLink(this.#socket, name);
    if (found instanceof NetlinkError) return found.errno === ENODEV ? undefined : failure('Removing', link, found);
    // Somebody may have made another one under this name.
    if (found.kind !== link.device.kind) return undefined;
    try {
      this.#socket.request(encodeLinkDelete(found.index));
      return undefined;
    } catch (error) {
      if (!(error instanceof LvsdError)) throw error;
      return failure('Removing', link, error);
    }
  }

  #find(name: string): Link {
    const found = lookUpLink(this.#socket, name);
    if (found instanceof NetlinkError) throw found;
    return found;
  }

  #make({ name, device, group }: VirtualLink, { index: lower }: Link): void {
    this.#socket.request(
      encodeLinkMake(
        device.kind === 'macvlan'
          ? { kind: 'macvlan', name, lower, mac: macBytes(device.mac), group }
          : { kind: 'ipvlan', name, lower, mode: device.mode, group },
      ),
    );
  }

  #setUp(wanted: VirtualLink, link: Link): void {
    this.#ours.set(wanted.name, wanted);
    const { index } = link;
    this.#socket.request(encodeWithoutLinkLocal(index));
    if (wanted.device.kind === 'macvlan' && wanted.family === 'inet') {
      this.#sysctls.setUp(wanted.name, wanted.base);
      this.#sysctls.setIpv6(wanted.name, wanted.ipv6);
    }
    if (wanted.family === 'inet6' && wanted.source !== undefined) {
      const address = { index, address: wanted.source, prefixLength: SOURCE_PREFIX, preferredLifetime: 0 };
      this.#addOnce(encodeAddressAdd({ ...address, scope: 'link', flags: IFA_F_NODAD }));
    }
    const own = wanted.device.kind === 'ipvlan' ? wanted.device.address : undefined;
    if (own !== undefined) this.#addOnce(encodeAddressAdd({ index, address: own.address, prefixLength: own.prefix }));
    this.#socket.request(encodeLinkUp(index, true));
  }

  #addOnce(request: Buffer): void {
    try {
      this.#socket.request(request);
    } catch (error) {
      if (!(error instanceof NetlinkError) || error.errno !== EEXIST) throw error;
    }
  }
}

function isWanted(found: Link, { device }: VirtualLink, base: Link): boolean {
  if (found.kind !== device.kind || found.lowerIndex !== base.index) return false;
  return device.kind === 'ipvlan' || found.hardwareAddress === device.mac;
}

const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex');

/** The link-local address that a MAC address gives (RFC 4291 appendix A). */
export function linkLocalOf(mac: string): IpAddress {
  const bytes = macBytes(mac);
  const group = (at: number): string => bytes.readUInt16BE(at).toString(16);
  const first = ((bytes.readUInt16BE(0) ^ 0x0200) & 0xffff).toString(16);
  const [second, fourth] = [(bytes[2] as number) << 8, bytes[3] as number];
  const text = `fe80::${first}:${(second | 0xff).toString(16)}:${(0xfe00 | fourth).toString(16)}:${group(4)}`;
  return parseIpAddress(text) as IpAddress;
}

function taken({ name, device }: VirtualLink): LvsdError {
  return new LvsdError(
    'LVSD_VIRTUAL_LINK',
    `an interface ${name} is there that is no ${device.kind}: rename it, or give use_${device.kind === 'macvlan' ? 'vmac' : 'ipvlan'} another name`,
  );
}

function failure(what: 'Making' | 'Removing', wanted: VirtualLink, cause: LvsdError): LvsdError {
  const { name, base, device } = wanted;
  const cure =
    cause instanceof NetlinkError && cause.errno === 95
      ? `: this kernel has no ${device.kind} (CONFIG_${device.kind.toUpperCase()})`
      : cause instanceof NetlinkError && cause.errno === ENODEV
        ? `: there is no interface ${base}`
        : `: ${cause.message}`;
  return new LvsdError('LVSD_VIRTUAL_LINK', `${what} the ${device.kind} ${name} on ${base} failed${cure}`, {
    cause,
    fields: { name, base },
    retriable: cause.retriable,
  });
}
