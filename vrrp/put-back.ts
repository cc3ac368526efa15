/**
 * What masters should have on this host and somebody took away: put back at once, told of and counted.
 *
 * The kernel tells of a loss after the fact, and whether it is one is known by whether the thing can be added: what stands
 * there is refused. So removals of our own, told late, do nothing. Somebody who takes away again and again is met as
 * keepalived meets the first time: by BACKUP. What the kernel drops when an interface goes is put back when it comes.
 */
import type { VrrpConfig, VrrpInstance } from '../config/vrrp.js';
import type { Vip } from '../host/vip-addresses.js';
import type { Route as KernelRoute } from '../netlink/rtnetlink-route.js';
import type { IpAddress } from '../runtime/addresses.js';
import { type Belongings, NOTHING, staticsOf, type Wanted } from './belongings.js';
import type { Instant, Router } from './router.js';
import type { VirtualRouter } from './virtual-router.js';

/** More losses than this within so many milliseconds: somebody else wants it gone. */
const MOST_LOSSES = 5;
const LOSSES_WITHIN = 10_000;

export interface PutBackHost {
  readonly router: Router;
  readonly belongings: Belongings;
  readonly instanceOf: (one: VirtualRouter) => VrrpInstance | undefined;
  readonly wantedBy: (one: VirtualRouter) => Wanted;
  /** Addresses of a master stand again: neighbours are told. */
  readonly announce: (one: VirtualRouter, vips: readonly Vip[], at: Instant) => void;
  readonly log: (text: string) => void;
}

export class PutBack {
  /** Virtual addresses that somebody else took away while we held them; routes and rules likewise. */
  addressesLost = 0;
  routesLost = 0;
  readonly #host: PutBackHost;
  #statics: Wanted = NOTHING;
  #trackGroups: VrrpConfig['trackGroups'] = new Map();
  #staticsByGroup: ReadonlyMap<string, Wanted> = new Map();
  /** Where routes of the configuration are, roughly: the kernel is asked about them. */
  #places: ReadonlySet<string> = new Set();
  /** When something was taken away lately. */
  #lost: readonly number[] = [];

  constructor(host: PutBackHost) {
    this.#host = host;
  }

  load(config: VrrpConfig): void {
    const routes = [...config.staticRoutes, ...[...config.instances.values()].flatMap((one) => one.routes)];
    this.#places = new Set(routes.map(({ table, destination }) => placeOf(table, destination.length)));
    this.#statics = staticsOf(config);
    this.#trackGroups = config.trackGroups;
    const of = <T extends { readonly trackGroup: string | undefined }>(list: readonly T[], name: string): T[] =>
      list.filter(({ trackGroup }) => trackGroup === name);
    this.#staticsByGroup = new Map(
      [...config.trackGroups.keys()].map((name) => [
        name,
        staticsOf({
          ...config,
          staticAddresses: of(config.staticAddresses, name),
          staticRoutes: of(config.staticRoutes, name),
          staticRules: of(config.staticRules, name),
        }),
      ]),
    );
  }

  /** An address left this host. */
  address(address: IpAddress, at: Instant): void {
    const { belongings, instanceOf, wantedBy, announce, log } = this.#host;
    const statics = this.#statics.vips.filter((vip) => vip.address === address);
    for (const { device } of belongings.restoreAddresses(statics)) {
      log(`static address ${address} on ${device} was removed by somebody else and is put back`);
    }
    for (const one of this.#masters()) {
      const instance = instanceOf(one);
      const all = instance === undefined ? [] : [...instance.addresses, ...instance.excludedAddresses];
      if (!all.some((virtual) => virtual.track && virtual.address === address)) continue;
      const missing = belongings.restoreAddresses(wantedBy(one).vips.filter((vip) => vip.address === address));
      if (missing.length === 0) continue;
      this.addressesLost++;
      if (!this.#again(one, address, at)) announce(one, missing, at);
    }
    if (statics.length > 0) this.trackGroups(at);
  }

  /** A route of the kernel's is gone. */
  route({ table, prefixLength }: KernelRoute, at: Instant): void {
    if (this.#places.has(placeOf(table, prefixLength))) this.routing(at);
  }

  /** A route that could be ours, or a rule, is gone. */
  routing(at: Instant): void {
    const { belongings, wantedBy, log } = this.#host;
    for (const text of belongings.restoreRouting(tracked(this.#statics)).restored) {
      log(`the static ${text} was removed by somebody else and is put back`);
    }
    for (const one of this.#masters()) {
      for (const text of belongings.restoreRouting(tracked(wantedBy(one))).restored) {
        this.routesLost++;
        if (this.#again(one, text, at)) break;
      }
    }
    this.trackGroups(at);
  }

  /** An interface came, or came back: what should be on it goes there. */
  standAgain(at: Instant): void {
    const { belongings, wantedBy, announce } = this.#host;
    belongings.restoreAddresses(this.#statics.vips);
    belongings.restoreRouting(this.#statics);
    for (const one of this.#masters()) {
      const wanted = wantedBy(one);
      announce(one, belongings.restoreAddresses(wanted.vips), at);
      belongings.restoreRouting(wanted);
    }
    this.trackGroups(at);
  }

  /** track_group: instances are in FAULT while a static item of their group cannot stand. */
  trackGroups(at: Instant): void {
    const { router, belongings } = this.#host;
    for (const [name, { members }] of this.#trackGroups) {
      const missing = belongings.missing(this.#staticsByGroup.get(name) ?? NOTHING);
      const text = missing === undefined ? undefined : ` entering FAULT state (track_group ${name}: no ${missing})`;
      for (const one of router.instances()) {
        if (members.includes(one.name)) router.setFault(one, `track_group ${name}`, text, at);
      }
    }
  }

  #masters(): readonly VirtualRouter[] {
    return this.#host.router.instances().filter(({ election }) => election.role === 'master');
  }

  /** Tells of a loss. @returns whether it was one too many, and the instance left MASTER */
  #again(one: VirtualRouter, what: string, at: Instant): boolean {
    const { router, log } = this.#host;
    this.#lost = [...this.#lost.filter((then) => then > at.now - LOSSES_WITHIN), at.now];
    if (this.#lost.length <= MOST_LOSSES) {
      log(`(${one.name}) ${what} was removed by somebody else and is put back`);
      return false;
    }
    log(`(${one.name}) ${what} is removed again and again by somebody else: leaving MASTER`);
    this.#lost = [];
    router.addressLost(one, at);
    return true;
  }
}

const placeOf = (table: number, prefixLength: number): string => `${table} ${prefixLength}`;

const tracked = ({ routes, rules }: Wanted): Wanted => ({
  vips: [],
  routes: routes.filter(({ track }) => track),
  rules: rules.filter(({ track }) => track),
});
