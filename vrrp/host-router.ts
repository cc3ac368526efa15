/**
 * The router on this host: elections (router.ts) with raw sockets, a timerfd, links and addresses of the kernel, virtual
 * addresses and their announcement.
 *
 * It belongs to the network namespace in which it was opened, and needs CAP_NET_ADMIN and CAP_NET_RAW. Sockets are emptied
 * before timers are looked at. What it does not do is told to `HostRouterHandlers`: notifications, log lines, the sync
 * daemon; routes, rules, firewall, VMACs and what has more words than prefix and device are not its matter yet.
 *
 * The kernel is the truth: an interface that is down or gone is a fault, its first address is the source of adverts, and a
 * virtual address that somebody else took away is put back at once, told of and counted.
 */
import type { VirtualAddress } from '../config/virtual-address.js';
import type { VrrpConfig, VrrpInstance } from '../config/vrrp.js';
import type { PresenceEvent } from '../host/addresses.js';
import { HostMonitor } from '../host/host-monitor.js';
import type { LinkEvent } from '../host/links.js';
import { type Vip, VipAddresses } from '../host/vip-addresses.js';
import { clockMs } from '../native/clock.js';
import { openTimer, type TimerDescriptor } from '../native/timerfd.js';
import { RequestSocket } from '../netlink/request-socket.js';
import { IFA_F_SECONDARY } from '../netlink/rtnetlink-address.js';
import type { Link } from '../netlink/rtnetlink-link.js';
import { type AddressFamily, familyOf, type IpAddress } from '../runtime/addresses.js';
import { describeError } from '../runtime/errors.js';
import { AdvertSocket, isDownError } from './advert-socket.js';
import { type AnnouncedAddress, Announcer, type SpacingOf } from './announcer.js';
import { type HostFacts, routerConfig } from './configure.js';
import type { NotificationState, NotificationSubject } from './notification.js';
import { type Instant, Router, type RouterConfig, type RouterEffect, scopeOf } from './router.js';
import type { VirtualRouter, VirtualRouterConfig } from './virtual-router.js';

export interface HostRouterHandlers {
  readonly onNotify: (subject: NotificationSubject, state: NotificationState) => void;
  /** `detail`: with -D only. */
  readonly onLog: (text: string, detail: boolean) => void;
  /** The sync daemon's role follows an instance. */
  readonly onSyncDaemon?: (instance: string, role: 'master' | 'backup') => void;
}

export interface HostRouterOptions {
  readonly config: VrrpConfig;
  readonly hmacKey: HostFacts['hmacKey'];
  readonly held: boolean;
  readonly logUnknownVrids: boolean;
  readonly spacing?: SpacingOf;
}

/** Of the scopes of rtnetlink, those that have a name. */
const SCOPE_NAMES = { 0: 'global', 253: 'link', 254: 'host' } as const;

/** More losses than this within so many milliseconds: somebody else wants the address gone. */
const MOST_LOSSES = 5;
const LOSSES_WITHIN = 10_000;

const instant = (): Instant => ({ now: clockMs('monotonic'), wall: Date.now() });

export class HostRouter {
  readonly router: Router;
  readonly announcer: Announcer;
  /** Virtual addresses that somebody else took away while we held them. */
  addressesLost = 0;
  readonly #handlers: HostRouterHandlers;
  readonly #monitor: HostMonitor;
  readonly #requests: RequestSocket;
  readonly #vips: VipAddresses;
  readonly #timer: TimerDescriptor;
  readonly #sockets = new Map<string, AdvertSocket>();
  /** The key of a configuration's socket. */
  readonly #keys = new WeakMap<VirtualRouterConfig, string>();
  /** When addresses were taken away lately. */
  #lost: readonly number[] = [];
  #options: HostRouterOptions;
  #config: RouterConfig;
  /** Every virtual address of the configuration, and the interfaces of its instances. */
  #virtual: ReadonlySet<IpAddress> = new Set();
  #devices: ReadonlySet<string> = new Set();
  /** For when the timer is set. */
  #armedFor = Number.POSITIVE_INFINITY;
  #closed = false;

  /** @throws SystemCallError, NetlinkError when the kernel refuses what every router needs */
  constructor(options: HostRouterOptions, handlers: HostRouterHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.router = new Router((effect) => this.#perform(effect));
    this.announcer = new Announcer(options.spacing);
    this.#requests = new RequestSocket('route');
    this.#vips = new VipAddresses(this.#requests);
    this.#timer = openTimer(() => this.#tick());
    this.#monitor = new HostMonitor({
      onLink: (event) => this.#linkChanged(event),
      onAddress: (event) => this.#addressChanged(event),
    });
    this.#config = this.#routerConfig();
    this.router.load(this.#config);
  }

  /** Opens sockets, tells the router what the host is like, and begins the elections. */
  start(): void {
    const at = instant();
    for (const name of this.#trackedInterfaces(this.#config)) {
      this.router.tracked('interface', name, this.#works(name), at);
    }
    this.#openSockets();
    this.router.start(at);
    this.#arm();
  }

  /** Another configuration. Virtual addresses of masters that the file does not name any more go, new ones come. */
  reload(options: HostRouterOptions): void {
    const before = new Map(this.router.instances().map((one) => [one.config.identity, this.#vipsOf(one)]));
    this.#options = options;
    const at = instant();
    this.#config = this.#routerConfig();
    for (const name of this.#trackedInterfaces(this.#config)) {
      this.router.tracked('interface', name, this.#works(name), at);
    }
    this.router.reload(this.#config, at);
    this.#openSockets();
    for (const one of this.router.instances()) {
      if (one.election.role !== 'master') continue;
      const vips = this.#vipsOf(one);
      const named = new Set(vips.map(nameOf));
      this.#remove((before.get(one.config.identity) ?? []).filter((vip) => !named.has(nameOf(vip))));
      this.#add(vips);
      this.announcer.announce(this.#announced(one), one.config.election.announce.masterRepeat, at.now);
    }
    this.#arm();
  }

  /** Tells peers that we stop, takes our addresses away, closes everything. */
  stop(): void {
    this.router.stop(instant());
    this.close();
  }

  /** Closes everything and says nothing. Harmless when it is closed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.close();
    for (const socket of this.#sockets.values()) socket.close();
    this.#monitor.close();
    this.#requests.close();
    this.announcer.close();
  }

  /** After the caller told the router something (a script's result, a fault): sets the timer anew. */
  arm(): void {
    this.#arm();
  }

  // --- configuration and host ---

  #routerConfig(): RouterConfig {
    const { config, hmacKey, held, logUnknownVrids } = this.#options;
    const instances = [...config.instances.values()];
    this.#virtual = new Set(
      instances.flatMap((one) => [...one.addresses, ...one.excludedAddresses].map(({ address }) => address)),
    );
    this.#devices = new Set(instances.flatMap((one) => one.interface ?? []));
    const sourceOf = (device: string, family: AddressFamily): IpAddress | undefined => this.#sourceOf(device, family);
    return routerConfig(config, { sourceOf, hmacKey, held, logUnknownVrids });
  }

  #instanceOf(router: VirtualRouter): VrrpInstance | undefined {
    return this.#options.config.instances.get(router.name);
  }

  #trackedInterfaces(config: RouterConfig): ReadonlySet<string> {
    const trackers = config.instances.flatMap((one) => one.trackers);
    return new Set(trackers.filter(({ kind }) => kind === 'interface').map(({ name }) => name));
  }

  /** keepalived's notion: set up, and something answers at the other end. */
  #works(device: string): boolean {
    const link = this.#monitor.links.byName(device);
    return link?.up === true && link.running;
  }

  /** The first address of an interface that is not one of ours; of IPv6 the link-local one. */
  #sourceOf(device: string, family: AddressFamily): IpAddress | undefined {
    const link = this.#monitor.links.byName(device);
    if (link === undefined) return undefined;
    const all = this.#monitor.addresses.onInterface(link.index).filter(({ address }) => familyOf(address) === family);
    const own = all.filter(({ address }) => !this.#virtual.has(address));
    const fitting =
      family === 'inet'
        ? own.filter(({ flags }) => (flags & IFA_F_SECONDARY) === 0)
        : own.filter(({ scope }) => scope === 253);
    return fitting[0]?.address;
  }

  #linkChanged(event: LinkEvent): void {
    const at = instant();
    const { name } = event.link;
    const works = this.#works(name);
    this.router.tracked('interface', name, works, at);
    if (event.kind === 'disappeared') this.#closeSockets(name);
    this.#openSockets();
    this.#sourcesOf(name, at);
    this.#arm();
  }

  #addressChanged({ address, present }: PresenceEvent): void {
    const at = instant();
    if (!present) this.#gone(address, at);
    // Virtual addresses come and go by the hundred, and are nobody's source.
    if (!this.#virtual.has(address)) {
      for (const device of this.#devices) this.#sourcesOf(device, at);
      this.#openSockets();
    }
    this.#arm();
  }

  /**
   * A virtual address of a master left this host, or did so a while ago: the kernel tells by whether it can be added. It is
   * put back at once. A manager that takes it away again and again is met as keepalived meets the first time: by BACKUP.
   */
  #gone(address: IpAddress, at: Instant): void {
    for (const one of this.router.instances()) {
      const instance = this.#instanceOf(one);
      if (instance === undefined || one.election.role !== 'master') continue;
      const all: readonly VirtualAddress[] = [...instance.addresses, ...instance.excludedAddresses];
      if (!all.some((virtual) => virtual.track && virtual.address === address)) continue;
      const vips = this.#vipsOf(one).filter((vip) => vip.address === address);
      const results = this.#vips.add(vips);
      const missing = vips.filter((_, i) => results[i]?.kind === 'added');
      if (missing.length === 0) continue;
      this.addressesLost++;
      this.#lost = [...this.#lost.filter((then) => then > at.now - LOSSES_WITHIN), at.now];
      if (this.#lost.length > MOST_LOSSES) {
        this.#handlers.onLog(
          `(${one.name}) ${address} is removed again and again by somebody else: leaving MASTER`,
          false,
        );
        this.#lost = [];
        this.router.addressLost(one, at);
      } else {
        this.#handlers.onLog(`(${one.name}) ${address} was removed by somebody else and is put back`, false);
        this.announcer.announce(this.#announcedOf(missing), one.config.election.announce.masterRepeat, at.now);
      }
    }
  }

  /** The address that adverts come from may be another one now. */
  #sourcesOf(device: string, at: Instant): void {
    for (const one of this.router.instances()) {
      const instance = this.#instanceOf(one);
      if (instance?.interface !== device || instance.sourceAddress !== undefined) continue;
      const source = this.#sourceOf(device, instance.family);
      if (source === one.source) continue;
      if (instance.family === 'inet6') this.#closeSockets(device);
      this.router.setSource(one, source, at);
    }
  }

  // --- sockets and time ---

  #key({ config }: VirtualRouter): string {
    let key = this.#keys.get(config);
    if (key === undefined) {
      key = `${scopeOf(config)} ${config.form.family} ${config.form.authentication.kind === 'ah'}`;
      this.#keys.set(config, key);
    }
    return key;
  }

  #openSockets(): void {
    for (const one of this.router.instances()) {
      const key = this.#key(one);
      if (this.#sockets.has(key)) continue;
      const scope = scopeOf(one.config);
      const name = scope.split('@')[0] as string;
      const link = name === '' ? undefined : this.#monitor.links.byName(name);
      const unicast = one.config.peers.length > 0;
      if ((name !== '' && link === undefined) || ((unicast || one.family === 'inet6') && one.source === undefined))
        continue;
      try {
        const socket = new AdvertSocket(
          {
            family: one.family,
            ah: one.config.form.authentication.kind === 'ah',
            device: link === undefined ? undefined : { name, index: link.index },
            group: unicast ? undefined : one.config.form.multicastGroup,
            source: one.source,
            hopLimit: one.config.form.ttl,
          },
          () => {
            this.#receive(socket, scope);
            this.#arm();
          },
        );
        this.#sockets.set(key, socket);
      } catch (error) {
        this.#handlers.onLog(`(${one.name}) no socket for adverts: ${describeError(error)}`, false);
      }
    }
  }

  #closeSockets(device: string): void {
    for (const [key, socket] of this.#sockets) {
      if (key.split(/[ @]/)[0] !== device) continue;
      socket.close();
      this.#sockets.delete(key);
    }
  }

  #receive(socket: AdvertSocket, scope: string): void {
    const at = instant();
    socket.receive((packet) => this.router.receive(packet, scope, at));
  }

  #tick(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    for (const [key, socket] of this.#sockets) this.#receive(socket, key.split(' ')[0] as string);
    const at = instant();
    this.router.timer(at);
    this.announcer.timer(at.now);
    this.#arm();
  }

  #arm(): void {
    if (this.#closed) return;
    const deadline = Math.min(this.router.deadline, this.announcer.deadline);
    // Most events change nothing: then no system call is made.
    if (deadline === this.#armedFor) return;
    this.#armedFor = deadline;
    if (deadline === Number.POSITIVE_INFINITY) this.#timer.disarm();
    else this.#timer.setAt(deadline);
  }

  // --- effects ---

  #perform(effect: RouterEffect): void {
    switch (effect.kind) {
      case 'send': {
        const socket = this.#sockets.get(this.#key(effect.instance));
        for (const { bytes, destination } of effect.adverts) {
          const result = socket?.send(bytes, destination) ?? 0;
          if (result < 0 && !isDownError(result)) {
            this.#handlers.onLog(`(${effect.instance.name}): send advert error ${-result}`, false);
          }
        }
        return;
      }
      case 'notify':
        this.#handlers.onNotify(effect.subject, effect.state);
        return;
      case 'log':
        this.#handlers.onLog(effect.text, effect.detail);
        return;
      case 'act':
        this.#act(effect.instance, effect.action);
    }
  }

  #act(one: VirtualRouter, action: Extract<RouterEffect, { kind: 'act' }>['action']): void {
    const now = clockMs('monotonic');
    switch (action.kind) {
      case 'add-addresses':
        this.#add(this.#vipsOf(one));
        return;
      case 'remove-addresses': {
        const vips = this.#vipsOf(one);
        // What an earlier process left is taken away as if it were ours (keepalived.md 12.3).
        if (action.force) this.#vips.claim(vips.filter(({ address }) => this.#monitor.addresses.has(address)));
        this.announcer.forget(vips.map(({ address }) => address));
        this.#remove(vips);
        return;
      }
      case 'announce':
        this.announcer.announce(this.#announced(one), action.repeat, now);
        return;
      case 'announce-source':
        if (one.source !== undefined) this.announcer.announce(this.#at(one, [one.source]), 1, now);
        return;
      case 'sync-daemon':
        this.#handlers.onSyncDaemon?.(one.name, action.role);
        return;
      case 'announce-extra':
      case 'late':
        return;
    }
  }

  #vipsOf(one: VirtualRouter): readonly Vip[] {
    const instance = this.#instanceOf(one);
    if (instance === undefined) return [];
    return [...instance.addresses, ...instance.excludedAddresses].flatMap((virtual): Vip[] => {
      const device = virtual.device ?? instance.interface;
      if (device === undefined) return [];
      const scope = SCOPE_NAMES[virtual.scope as keyof typeof SCOPE_NAMES] ?? 'global';
      const base = { address: virtual.address, device, prefixLength: virtual.prefix, scope };
      return [virtual.label === undefined ? base : { ...base, label: virtual.label }];
    });
  }

  #add(vips: readonly Vip[]): void {
    for (const result of this.#vips.add(vips)) {
      if (result.kind === 'failed') this.#handlers.onLog(result.error.message, false);
    }
  }

  #remove(vips: readonly Vip[]): void {
    for (const result of this.#vips.remove(vips)) {
      if (result.kind === 'failed') this.#handlers.onLog(result.error.message, false);
    }
  }

  #announced(one: VirtualRouter): readonly AnnouncedAddress[] {
    return this.#announcedOf(this.#vipsOf(one));
  }

  #announcedOf(vips: readonly Vip[]): readonly AnnouncedAddress[] {
    return vips.flatMap(({ address, device }) => this.#on(device, address));
  }

  #at(one: VirtualRouter, addresses: readonly IpAddress[]): readonly AnnouncedAddress[] {
    const device = this.#instanceOf(one)?.interface;
    return device === undefined ? [] : addresses.flatMap((address) => this.#on(device, address));
  }

  #on(device: string, address: IpAddress): readonly AnnouncedAddress[] {
    const link: Link | undefined = this.#monitor.links.byName(device);
    const hardware = Buffer.from((link?.hardwareAddress ?? '').replaceAll(':', ''), 'hex');
    // Ethernet only (announce-frame.ts).
    if (link === undefined || hardware.length !== 6) return [];
    return [{ address, interfaceIndex: link.index, hardware, router: false }];
  }
}

const nameOf = ({ address, prefixLength, device }: Vip): string => `${address}/${prefixLength} ${device}`;
