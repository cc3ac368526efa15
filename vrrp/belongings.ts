/**
 * What virtual routers put on the host and take away: addresses, routes and rules, and the static ones beside them.
 *
 * A master gets them in the order addresses, routes, rules; who leaves MASTER loses them the other way round
 * (keepalived.md 12.3). Two configurations of one instance are compared, so that a reload touches only what differs. What
 * an earlier process left is taken away at the start as if it were ours. Failures are logged; nothing here throws for them.
 */
import type { Route } from '../config/route.js';
import type { Rule } from '../config/rule.js';
import type { StaticAddress, VirtualAddress } from '../config/virtual-address.js';
import type { VrrpConfig, VrrpInstance } from '../config/vrrp.js';
import { type EntryResult, RoutingEntries, routeKind, ruleKind } from '../host/routing-entries.js';
import { keyOf, type Vip, VipAddresses } from '../host/vip-addresses.js';
import type { RequestSocket } from '../netlink/request-socket.js';
import {
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_MCAUTOJOIN,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
} from '../netlink/rtnetlink-address.js';
import { PROTOCOL_KEEPALIVED } from '../netlink/rtnetlink-route.js';
import { familyOf, type IpAddress } from '../runtime/addresses.js';

/** What one virtual router, or the static blocks, want on the host. */
export interface Wanted {
  readonly vips: readonly Vip[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

export const NOTHING: Wanted = { vips: [], routes: [], rules: [] };

export class Belongings {
  readonly #vips: VipAddresses;
  readonly #routes: RoutingEntries<Route>;
  readonly #rules: RoutingEntries<Rule>;
  readonly #log: (text: string) => void;

  constructor(socket: RequestSocket, log: (text: string) => void) {
    this.#vips = new VipAddresses(socket);
    this.#routes = new RoutingEntries(socket, routeKind);
    this.#rules = new RoutingEntries(socket, ruleKind);
    this.#log = log;
  }

  add({ vips, routes, rules }: Wanted): void {
    for (const result of this.#vips.add(vips)) if (result.kind === 'failed') this.#log(result.error.message);
    this.#tell(this.#routes.add(routes));
    this.#tell(this.#rules.add(rules));
  }

  remove({ vips, routes, rules }: Wanted): void {
    this.#tell(this.#rules.remove(rules));
    this.#tell(this.#routes.remove(routes));
    for (const result of this.#vips.remove(vips)) if (result.kind === 'failed') this.#log(result.error.message);
  }

  /** Removes also what we have not added. @param stands which addresses are on this host */
  removeStale({ vips, routes, rules }: Wanted, stands: (address: IpAddress) => boolean): void {
    this.#rules.removeStale(rules);
    this.#routes.removeStale(routes);
    this.#vips.claim(vips.filter(({ address }) => stands(address)));
    this.remove({ vips, routes: [], rules: [] });
  }

  /** The static ones at the start: routes and rules with our mark are an earlier process's, and become ours. */
  addStatics(statics: Wanted): void {
    this.#rules.removeStale(statics.rules.filter(ownProtocol));
    this.#routes.removeStale(statics.routes.filter(ownProtocol));
    this.add(statics);
  }

  /** From one configuration to the next. */
  replace(before: Wanted, after: Wanted): void {
    const vips = new Set(after.vips.map(keyOf));
    const routes = new Set(after.routes.map((route) => this.#routes.key(route)));
    const rules = new Set(after.rules.map((rule) => this.#rules.key(rule)));
    this.remove({
      vips: before.vips.filter((vip) => !vips.has(keyOf(vip))),
      routes: before.routes.filter((route) => !routes.has(this.#routes.key(route))),
      rules: before.rules.filter((rule) => !rules.has(this.#rules.key(rule))),
    });
    this.add(after);
  }

  /** Puts addresses back. @returns those that had gone */
  restoreAddresses(vips: readonly Vip[]): readonly Vip[] {
    const results = this.#vips.add(vips);
    return vips.filter((_, i) => results[i]?.kind === 'added');
  }

  /** Puts routes and rules back. @returns a text for each that had gone, and for each that cannot stand now */
  restoreRouting({ routes, rules }: Wanted): {
    readonly restored: readonly string[];
    readonly failed: readonly string[];
  } {
    const texts = [...routes.map(routeKind.describe), ...rules.map(ruleKind.describe)];
    const results = [...this.#routes.add(routes), ...this.#rules.add(rules)];
    const of = (kind: EntryResult['kind']): readonly string[] => texts.filter((_, i) => results[i]?.kind === kind);
    return { restored: of('done'), failed: of('failed') };
  }

  /** The first of these that does not stand by our doing and cannot be added now; undefined: all stand. */
  missing({ vips, routes, rules }: Wanted): string | undefined {
    const addresses = this.#vips.add(vips);
    const gone = vips.find((_, i) => addresses[i]?.kind === 'failed');
    if (gone !== undefined) return `address ${gone.address} on ${gone.device}`;
    return this.restoreRouting({ vips: [], routes, rules }).failed[0];
  }

  #tell(results: readonly EntryResult[]): void {
    for (const result of results) if (result.kind === 'failed') this.#log(result.error.message);
  }
}

/** Only what carries our mark can be something that we left. */
const ownProtocol = ({ protocol }: Route | Rule): boolean => protocol === PROTOCOL_KEEPALIVED;

/** @param deviceOf the interface of a virtual address; undefined: none, so it cannot stand */
export function wantedOf(
  instance: VrrpInstance,
  deviceOf: (instance: VrrpInstance, virtual: VirtualAddress) => string | undefined,
): Wanted {
  const vips = [...instance.addresses, ...instance.excludedAddresses].flatMap((virtual): Vip[] => {
    const device = deviceOf(instance, virtual);
    return device === undefined ? [] : [vipOf(virtual, device)];
  });
  return { vips, routes: instance.routes, rules: instance.rules };
}

/** static_ipaddress, static_routes and static_rules. */
export function staticsOf({ staticAddresses, staticRoutes, staticRules }: VrrpConfig): Wanted {
  return { vips: staticAddresses.map((one) => vipOf(one, one.device)), routes: staticRoutes, rules: staticRules };
}

function vipOf(one: VirtualAddress | StaticAddress, device: string): Vip {
  const { address, broadcast, peer, label, preferredLifetime, flags } = one;
  const inet6 = familyOf(address) === 'inet6';
  const bits =
    // An IPv6 address is usable at once unless -nodad says that it is to be looked for first.
    (inet6 && !flags.noDad ? IFA_F_NODAD : 0) |
    (flags.home ? IFA_F_HOMEADDRESS : 0) |
    (flags.manageTemporary ? IFA_F_MANAGETEMPADDR : 0) |
    (flags.noPrefixRoute ? IFA_F_NOPREFIXROUTE : 0) |
    (flags.autoJoin ? IFA_F_MCAUTOJOIN : 0);
  return {
    address,
    device,
    prefixLength: one.prefix,
    scope: one.scope,
    flags: bits,
    preferredLifetime: preferredLifetime ?? 'forever',
    ...(label === undefined ? {} : { label }),
    ...(broadcast === undefined ? {} : { broadcast }),
    ...(peer === undefined ? {} : { peer }),
  };
}
