/**
 * The VMAC and ipvlan interfaces of a configuration: what they are called, what they are, and which address goes on which.
 *
 * Names are keepalived's, seen with 2.2.7: PREFIX.VRID; where that is taken PREFIX6.VRID for IPv6, then PREFIX1.VRID and so
 * on. A name once given stays across reloads. An instance's addresses of its own family go on its VMAC, also those that
 * name its interface with `dev`; those of the other family go on the interface itself, because the VMAC's address is of one
 * family (RFC 5798 section 7.3). `use_vmac` behind an address is a VMAC of its own on that address's interface.
 */
import type { VirtualAddress } from '../config/virtual-address.js';
import type { VrrpInstance } from '../config/vrrp.js';
import { type LinkResult, linkLocalOf, type VirtualLink, type VirtualLinks } from '../host/virtual-links.js';
import { type AddressFamily, familyOf, type IpAddress } from '../runtime/addresses.js';

export interface VmacPrefixes {
  /** vmac_prefix; default vrrp. */
  readonly link: string;
  /** vmac_addr_prefix; default that of links. */
  readonly address: string;
}

export interface BaseFacts {
  /** The address that adverts of an interface come from. */
  readonly sourceOf: (device: string, family: AddressFamily) => IpAddress | undefined;
  /** MAC address in lower case with colons; empty or undefined: none. */
  readonly macOf: (device: string) => string | undefined;
}

const all = (instance: VrrpInstance): readonly VirtualAddress[] => [
  ...instance.addresses,
  ...instance.excludedAddresses,
];

/** RFC 5798 section 7.3. */
export function virtualRouterMac(family: AddressFamily, vrid: number): string {
  return `00:00:5e:00:0${family === 'inet' ? 1 : 2}:${vrid.toString(16).padStart(2, '0')}`;
}

/** The number of a group of interfaces; undefined for a name that only the host's files know. */
export function groupNumber(written: string): number | undefined {
  if (written === 'default') return 0;
  return /^\d+$/.test(written) ? Number(written) : undefined;
}

export class VirtualDevices {
  readonly #links: VirtualLinks;
  readonly #log: (text: string) => void;
  /** Name by purpose: interface, VRID and family, and whether it is an instance's or an address's. */
  #names = new Map<string, string>();
  #wanted: readonly { readonly link: VirtualLink; readonly owner: string }[] = [];

  constructor(links: VirtualLinks, log: (text: string) => void) {
    this.#links = links;
    this.#log = log;
  }

  /** The configuration: names are given. What is not wanted any more goes with `removeUnwanted`, after its addresses. */
  load(instances: readonly VrrpInstance[], prefixes: VmacPrefixes, base: BaseFacts): void {
    const before = this.#names;
    this.#names = new Map();
    const wanted: { link: VirtualLink; owner: string }[] = [];
    const written = instances.flatMap(({ device }) => ('name' in device ? (device.name ?? []) : []));
    const taken = new Set(written);
    const name = (purpose: string, make: (name: string) => VirtualLink, prefix: string, vrid: number): VirtualLink => {
      const known = before.get(purpose);
      const choices = known === undefined ? candidates(prefix, purpose.endsWith('inet6'), vrid) : [known];
      for (const choice of choices) {
        const link = make(choice);
        if (taken.has(choice) || (known === undefined && !this.#links.fits(link))) continue;
        taken.add(choice);
        this.#names.set(purpose, choice);
        return link;
      }
      return make(`${prefix}.${vrid}`);
    };
    for (const instance of instances) {
      const { device, family, virtualRouterId: vrid } = instance;
      const interfaceName = instance.interface;
      if (device.kind !== 'interface' && interfaceName !== undefined) {
        const make = (chosen: string): VirtualLink => linkOf(instance, chosen, interfaceName, base);
        const purpose = ownPurpose(instance);
        if (device.name !== undefined) this.#names.set(purpose, device.name);
        const link = device.name === undefined ? name(purpose, make, prefixes.link, vrid) : make(device.name);
        wanted.push({ link, owner: instance.name });
      }
      for (const virtual of all(instance)) {
        const on = virtual.device;
        if (!virtual.vmac || on === undefined) continue;
        const of = familyOf(virtual.address);
        const purpose = addressPurpose(on, vrid, of);
        if (this.#names.has(purpose)) continue;
        const mac = (device.kind === 'vmac' ? device.mac : undefined) ?? virtualRouterMac(family, vrid);
        const make = (chosen: string): VirtualLink => ({
          name: chosen,
          base: on,
          device: { kind: 'macvlan', mac },
          family: of,
          ipv6: false,
          source: undefined,
          group: undefined,
        });
        wanted.push({ link: name(purpose, make, prefixes.address, vrid), owner: instance.name });
      }
    }
    this.#wanted = wanted;
  }

  /**
   * Makes what is missing.
   * @returns the names of links that were made anew: what stood on them before is gone
   */
  ensure(baseIsThere: (device: string) => boolean): readonly string[] {
    return this.#wanted.flatMap(({ link, owner }) => {
      if (!baseIsThere(link.base)) return [];
      const result: LinkResult = this.#links.ensure(link);
      if (result.kind === 'failed')
        this.#log(`(${owner}): Unable to create VMAC interface ${link.name}: ${result.error.message}`);
      if (result.kind === 'made') this.#log(`(${owner}): Success creating VMAC interface ${link.name}`);
      return result.kind === 'made' ? [link.name] : [];
    });
  }

  isWanted(name: string): boolean {
    return this.#wanted.some(({ link }) => link.name === name);
  }

  /** Removes our links that the configuration does not name any more. */
  removeUnwanted(): void {
    for (const { name } of this.#links.ours()) if (!this.isWanted(name)) this.#remove(name);
  }

  /** Removes all of them. */
  stop(): void {
    for (const { name } of this.#links.ours()) this.#remove(name);
  }

  /** Where an instance's adverts come and go. */
  advertDevice(instance: VrrpInstance): string | undefined {
    if (instance.device.kind === 'vmac' && instance.device.transmitOnBase) return instance.interface;
    return this.#ownDevice(instance) ?? instance.interface;
  }

  /** Where one of its virtual addresses goes. */
  addressDevice(instance: VrrpInstance, virtual: VirtualAddress): string | undefined {
    const of = familyOf(virtual.address);
    if (virtual.vmac && virtual.device !== undefined) {
      return this.#names.get(addressPurpose(virtual.device, instance.virtualRouterId, of)) ?? virtual.device;
    }
    if (virtual.device !== undefined && virtual.device !== instance.interface) return virtual.device;
    const own = of === instance.family ? this.#ownDevice(instance) : undefined;
    return own ?? instance.interface;
  }

  #ownDevice(instance: VrrpInstance): string | undefined {
    return instance.device.kind === 'interface' ? undefined : this.#names.get(ownPurpose(instance));
  }

  #remove(name: string): void {
    const error = this.#links.remove(name);
    this.#log(error === undefined ? `Success removing VMAC interface ${name}` : error.message);
  }
}

const ownPurpose = ({ interface: on, virtualRouterId: vrid, family }: VrrpInstance): string =>
  `instance ${on ?? ''} ${vrid} ${family}`;

const addressPurpose = (on: string, vrid: number, family: AddressFamily): string => `address ${on} ${vrid} ${family}`;

/** As many as there can be virtual routers of one VRID. */
const MOST_NAMES = 256;

function candidates(prefix: string, ipv6: boolean, vrid: number): readonly string[] {
  const numbered = Array.from({ length: MOST_NAMES }, (_, i) => `${prefix}${i + 1}.${vrid}`);
  return [`${prefix}.${vrid}`, ...(ipv6 ? [`${prefix}6.${vrid}`] : []), ...numbered];
}

function linkOf(instance: VrrpInstance, name: string, on: string, base: BaseFacts): VirtualLink {
  const { device, family, virtualRouterId: vrid } = instance;
  const ipv6 = all(instance).some(({ address }) => familyOf(address) === 'inet6');
  const mac = base.macOf(on);
  const derived = mac === undefined || mac === '' ? undefined : linkLocalOf(mac);
  const source = family === 'inet' ? undefined : (instance.sourceAddress ?? base.sourceOf(on, family) ?? derived);
  const group = 'group' in device && device.group !== undefined ? groupNumber(device.group) : undefined;
  return {
    name,
    base: on,
    device:
      device.kind === 'ipvlan'
        ? { kind: 'ipvlan', mode: device.mode, address: device.address }
        : { kind: 'macvlan', mac: (device.kind === 'vmac' ? device.mac : undefined) ?? virtualRouterMac(family, vrid) },
    family,
    ipv6,
    source,
    group,
  };
}
