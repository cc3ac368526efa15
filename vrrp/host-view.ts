/**
 * What the virtual routers know of their host: which interfaces work, which address adverts come from, where an address is
 * announced. Read from the monitor's tables; an interface that was made a moment ago is asked of the kernel.
 */
import type { HostMonitor } from '../host/host-monitor.js';
import { lookUpLink } from '../host/link-lookup.js';
import type { Vip } from '../host/vip-addresses.js';
import type { RequestSocket } from '../netlink/request-socket.js';
import { IFA_F_SECONDARY } from '../netlink/rtnetlink-address.js';
import type { Link } from '../netlink/rtnetlink-link.js';
import { type AddressFamily, familyOf, type IpAddress } from '../runtime/addresses.js';
import type { AnnouncedAddress } from './announcer.js';

const SCOPE_LINK = 253;

export class HostView {
  readonly #monitor: HostMonitor;
  readonly #requests: RequestSocket;

  constructor(monitor: HostMonitor, requests: RequestSocket) {
    this.#monitor = monitor;
    this.#requests = requests;
  }

  /** An interface by its name. */
  link(name: string): Link | undefined {
    const known = this.#monitor.links.byName(name);
    if (known !== undefined) return known;
    const found = lookUpLink(this.#requests, name);
    return found instanceof Error ? undefined : found;
  }

  /** keepalived's notion: set up, and something answers at the other end. */
  works(device: string): boolean {
    const link = this.#monitor.links.byName(device);
    return link?.up === true && link.running;
  }

  /** Whether an address stands on any interface. */
  has(address: IpAddress): boolean {
    return this.#monitor.addresses.has(address);
  }

  /**
   * The first address of an interface that is not a virtual one; of IPv6 the link-local one.
   * @param virtual the virtual addresses
   */
  sourceOf(device: string, family: AddressFamily, virtual: ReadonlySet<IpAddress>): IpAddress | undefined {
    const link = this.#monitor.links.byName(device);
    if (link === undefined) return undefined;
    const all = this.#monitor.addresses.onInterface(link.index).filter(({ address }) => familyOf(address) === family);
    const own = all.filter(({ address }) => !virtual.has(address));
    const fitting =
      family === 'inet'
        ? own.filter(({ flags }) => (flags & IFA_F_SECONDARY) === 0)
        : own.filter(({ scope }) => scope === SCOPE_LINK);
    return fitting[0]?.address;
  }

  /** Where addresses are announced: on Ethernet only (announce-frame.ts). */
  announced(vips: readonly Pick<Vip, 'address' | 'device'>[]): readonly AnnouncedAddress[] {
    return vips.flatMap(({ address, device }) => {
      const link = this.link(device);
      const hardware = Buffer.from((link?.hardwareAddress ?? '').replaceAll(':', ''), 'hex');
      if (link === undefined || hardware.length !== 6) return [];
      return [{ address, interfaceIndex: link.index, hardware, router: false }];
    });
  }
}
