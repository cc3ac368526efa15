/**
 * The kernel parameters that let a macvlan carry virtual addresses of its base interface's network (keepalived.md 12.8).
 *
 * On the macvlan: no ARP answers for addresses of other interfaces, packets from local addresses taken, no reverse path
 * filter, because routes lead over the base interface; secondary addresses outlive the first. On the base interface: no ARP
 * answers for the macvlan's addresses. `conf.all.rp_filter` weighs more than the macvlan's own, so it is set to 0, and each
 * other interface and `default` get what it was: they filter as before. What was changed outside the macvlan is put back
 * when the last one goes. Source: Linux Documentation/networking/ip-sysctl.rst.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LvsdError } from '../runtime/errors.js';
import { type SysctlName, Sysctls, sysctlName } from './sysctl.js';

const ROOT = '/proc/sys';

const ipv4 = (device: string, word: string): SysctlName => sysctlName(['net', 'ipv4', 'conf', device, word]);

export class VirtualLinkSysctls {
  readonly #root: string;
  /** Base interface: what it was, and the macvlans on it. */
  readonly #bases = new Map<string, { readonly sysctls: Sysctls; readonly links: Set<string> }>();
  #filters: Sysctls | undefined;
  readonly #tell: (text: string) => void;

  /** @param tell gets what an operator should know of; @param root /proc/sys; another one for tests */
  constructor(tell: (text: string) => void, root = ROOT) {
    this.#tell = tell;
    this.#root = root;
  }

  /** An IPv4 macvlan was made or taken over. @throws LvsdError of sysctl.ts */
  setUp(link: string, base: string): void {
    this.#lowerFilter(link);
    const own = new Sysctls([], this.#root);
    own.set(ipv4(link, 'arp_ignore'), 1);
    own.set(ipv4(link, 'accept_local'), 1);
    own.set(ipv4(link, 'rp_filter'), 0);
    own.set(ipv4(link, 'promote_secondaries'), 1);
    const known = this.#bases.get(base) ?? { sysctls: new Sysctls([], this.#root), links: new Set<string>() };
    this.#bases.set(base, known);
    known.links.add(link);
    known.sysctls.set(ipv4(base, 'arp_ignore'), 1);
    known.sysctls.set(ipv4(base, 'arp_filter'), 1);
  }

  /** IPv6 runs on a macvlan only where it has an IPv6 address. @throws LvsdError of sysctl.ts */
  setIpv6(link: string, wanted: boolean): void {
    try {
      new Sysctls([], this.#root).set(sysctlName(['net', 'ipv6', 'conf', link, 'disable_ipv6']), wanted ? 0 : 1);
    } catch (error) {
      // A kernel without IPv6 needs nothing.
      if (!(error instanceof LvsdError) || error.code !== 'LVSD_SYSCTL_UNKNOWN' || wanted) throw error;
    }
  }

  /** The macvlan is gone, or about to go. */
  takeDown(link: string): void {
    for (const [base, { sysctls, links }] of this.#bases) {
      if (!links.delete(link) || links.size > 0) continue;
      this.#bases.delete(base);
      this.#putBack(sysctls);
    }
    if (this.#bases.size > 0 || this.#filters === undefined) return;
    this.#putBack(this.#filters);
    this.#filters = undefined;
  }

  #putBack(sysctls: Sysctls): void {
    for (const error of sysctls.restore()) {
      // The interface is gone, and its parameters with it.
      if (error.code !== 'LVSD_SYSCTL_UNKNOWN') this.#tell(error.message);
    }
  }

  #lowerFilter(link: string): void {
    const filters = this.#filters ?? new Sysctls([], this.#root);
    this.#filters = filters;
    const before = Number(filters.read(ipv4('all', 'rp_filter')));
    if (before === 0) return;
    for (const device of readdirSync(join(this.#root, 'net/ipv4/conf'))) {
      const name = ipv4(device, 'rp_filter');
      if (device === 'all' || device === link || Number(filters.read(name)) >= before) continue;
      filters.set(name, before);
    }
    filters.set(ipv4('all', 'rp_filter'), 0);
    this.#tell(`NOTICE: setting sysctl net.ipv4.conf.all.rp_filter from ${before} to 0`);
  }
}
