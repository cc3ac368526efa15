/**
 * The router on this host: elections (router.ts) with raw sockets, a timerfd, links and addresses of the kernel.
 *
 * It belongs to the network namespace in which it was opened, and needs CAP_NET_ADMIN and CAP_NET_RAW. Sockets are emptied
 * before timers are looked at. Sockets are advert-sockets.ts's matter, VMACs virtual-devices.ts's, addresses, routes and
 * rules belongings.ts's and, when somebody takes them away, put-back.ts's. Notifications, log lines and the sync daemon are told to `HostRouterHandlers`; what of a
 * configuration is not done is said in the log (not-done.ts).
 *
 * The kernel is the truth: an interface that is down or gone is a fault, its first address is the source of adverts, and a
 * virtual address, route or rule that somebody else took away is put back at once, told of and counted.
 */
import type { VirtualAddress } from '../config/virtual-address.js';
import type { VrrpConfig, VrrpInstance } from '../config/vrrp.js';
import type { PresenceEvent } from '../host/addresses.js';
import { HostMonitor } from '../host/host-monitor.js';
import type { LinkEvent } from '../host/links.js';
import { Sysctls, sysctlName } from '../host/sysctl.js';
import type { Vip } from '../host/vip-addresses.js';
import { VirtualLinkSysctls } from '../host/virtual-link-sysctls.js';
import { VirtualLinks } from '../host/virtual-links.js';
import { clockMs } from '../native/clock.js';
import { openTimer, type TimerDescriptor } from '../native/timerfd.js';
import { RequestSocket } from '../netlink/request-socket.js';
import type { AddressFamily, IpAddress } from '../runtime/addresses.js';
import { isLvsdError } from '../runtime/errors.js';
import { isDownError } from './advert-socket.js';
import { AdvertSockets } from './advert-sockets.js';
import { Announcer, type SpacingOf } from './announcer.js';
import { Belongings, NOTHING, staticsOf, type Wanted, wantedOf } from './belongings.js';
import { type HostFacts, routerConfig } from './configure.js';
import { HostView } from './host-view.js';
import { DelayedInterfaces } from './interface-delays.js';
import { notDone } from './not-done.js';
import type { NotificationState, NotificationSubject } from './notification.js';
import { PutBack } from './put-back.js';
import { type Instant, Router, type RouterConfig, type RouterEffect } from './router.js';
import { VirtualDevices } from './virtual-devices.js';
import type { VirtualRouter } from './virtual-router.js';

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
  /** vmac_prefix and vmac_addr_prefix of global_defs. */
  readonly vmacPrefix?: string | undefined;
  readonly vmacAddressPrefix?: string | undefined;
}

const instant = (): Instant => ({ now: clockMs('monotonic'), wall: Date.now() });

export class HostRouter {
  readonly router: Router;
  readonly announcer: Announcer;
  readonly #handlers: HostRouterHandlers;
  readonly #monitor: HostMonitor;
  readonly #requests: RequestSocket;
  readonly #host: HostView;
  readonly #belongings: Belongings;
  readonly #putBack: PutBack;
  readonly #devices: VirtualDevices;
  readonly #sockets: AdvertSockets;
  readonly #timer: TimerDescriptor;
  readonly #promoted = new Sysctls();
  readonly #delayed = new DelayedInterfaces();
  #options: HostRouterOptions;
  #config: RouterConfig;
  #statics: Wanted = NOTHING;
  #wanted = new WeakMap<VrrpInstance, Wanted>();
  /** What the masters have on this host, by identity. */
  readonly #held = new Map<string, Wanted>();
  /** Every virtual address of the configuration, and the interfaces of its instances. */
  #virtual: ReadonlySet<IpAddress> = new Set();
  #interfaces: ReadonlySet<string> = new Set();
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
    const log = (text: string): void => handlers.onLog(text, false);
    this.#belongings = new Belongings(this.#requests, log);
    this.#devices = new VirtualDevices(new VirtualLinks(this.#requests, new VirtualLinkSysctls(log)), log);
    this.#sockets = new AdvertSockets({
      instanceOf: (one) => this.#instanceOf(one),
      deviceOf: (instance) => this.#devices.advertDevice(instance),
      indexOf: (device) => this.#host.link(device)?.index,
      now: instant,
      receive: (packet, scope, at) => this.router.receive(packet, scope, at),
      received: () => this.#arm(),
      log,
    });
    this.#timer = openTimer(() => this.#tick());
    this.#monitor = new HostMonitor({
      onLink: (event) => this.#linkChanged(event),
      onAddress: (event) => this.#addressChanged(event),
      onRouteGone: (route) => this.#lost((at) => this.#putBack.route(route, at)),
      onRuleGone: () => this.#lost((at) => this.#putBack.routing(at)),
    });
    this.#host = new HostView(this.#monitor, this.#requests);
    this.#putBack = new PutBack({
      router: this.router,
      belongings: this.#belongings,
      instanceOf: (one) => this.#instanceOf(one),
      wantedBy: (one) => this.#wantedBy(one),
      announce: (one, vips, at) => this.#announce(vips, one.config.election.announce.masterRepeat, at.now),
      log,
    });
    this.#config = this.#load();
    this.router.load(this.#config);
  }

  /** Virtual addresses that somebody else took away while we held them. */
  get addressesLost(): number {
    return this.#putBack.addressesLost;
  }

  /** Routes and rules likewise. */
  get routesLost(): number {
    return this.#putBack.routesLost;
  }

  /** Makes VMACs, opens sockets, tells the router what the host is like, and begins the elections. */
  start(): void {
    const at = instant();
    this.#devices.ensure((name) => this.#host.link(name) !== undefined);
    for (const name of this.#trackedInterfaces(this.#config)) this.#interfaceIs(name, at);
    this.#belongings.addStatics(this.#statics);
    this.#promote();
    this.#otherFaults(at);
    this.#putBack.trackGroups(at);
    this.#sockets.open(this.router.instances());
    this.router.start(at);
    this.#arm();
  }

  /** Another configuration. What the file does not name any more goes, what is new comes; masters stay masters. */
  reload(options: HostRouterOptions): void {
    const at = instant();
    const statics = this.#statics;
    this.#options = options;
    this.#config = this.#load();
    this.#devices.ensure((name) => this.#host.link(name) !== undefined);
    this.#belongings.replace(statics, this.#statics);
    for (const name of this.#trackedInterfaces(this.#config)) this.#interfaceIs(name, at);
    this.router.reload(this.#config, at);
    this.#promote();
    this.#otherFaults(at);
    this.#sockets.closeUnused(this.router.instances());
    this.#sockets.open(this.router.instances());
    for (const one of this.router.instances()) {
      if (one.election.role !== 'master') continue;
      this.#belongings.replace(this.#heldBy(one) ?? NOTHING, this.#hold(one));
      this.#announce(this.#wantedBy(one).vips, one.config.election.announce.masterRepeat, at.now);
    }
    this.#devices.removeUnwanted();
    this.#arm();
  }

  /** Tells peers that we stop, takes everything of ours away, closes everything. */
  stop(): void {
    this.router.stop(instant());
    this.#belongings.remove(this.#statics);
    this.#devices.stop();
    for (const error of this.#promoted.restore()) this.#log(error.message);
    this.close();
  }

  /** Closes everything and says nothing; what is on the host stays. Harmless when it is closed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.close();
    this.#sockets.close();
    this.#monitor.close();
    this.#requests.close();
    this.announcer.close();
  }

  /** After the caller told the router something (a script's result, a fault): sets the timer anew. */
  arm(): void {
    this.#arm();
  }

  // --- configuration and host ---

  #load(): RouterConfig {
    const { config, hmacKey, held, logUnknownVrids, vmacPrefix, vmacAddressPrefix } = this.#options;
    for (const text of notDone(config)) this.#log(text);
    const instances = [...config.instances.values()];
    this.#virtual = new Set(instances.flatMap((one) => virtualAddresses(one).map(({ address }) => address)));
    this.#interfaces = new Set(instances.flatMap((one) => one.interface ?? []));
    this.#statics = staticsOf(config);
    this.#putBack.load(config);
    this.#delayed.load(config.interfaceDelays);
    this.#wanted = new WeakMap();
    const sourceOf = (device: string, family: AddressFamily): IpAddress | undefined =>
      this.#host.sourceOf(device, family, this.#virtual);
    const link = vmacPrefix ?? 'vrrp';
    const prefixes = { link, address: vmacAddressPrefix ?? link };
    this.#devices.load(instances, prefixes, { sourceOf, macOf: (name) => this.#host.link(name)?.hardwareAddress });
    return routerConfig(config, { sourceOf, hmacKey, held, logUnknownVrids });
  }

  #log(text: string): void {
    this.#handlers.onLog(text, false);
  }

  #instanceOf(router: VirtualRouter): VrrpInstance | undefined {
    return this.#options.config.instances.get(router.name);
  }

  #trackedInterfaces(config: RouterConfig): ReadonlySet<string> {
    const trackers = config.instances.flatMap((one) => one.trackers);
    return new Set(trackers.filter(({ kind }) => kind === 'interface').map(({ name }) => name));
  }

  /** promote_secondaries of interfaces that are no VMACs (those have it always). */
  #promote(): void {
    for (const { promoteSecondaries, interface: device } of this.#options.config.instances.values()) {
      if (!promoteSecondaries || device === undefined) continue;
      try {
        this.#promoted.set(sysctlName(['net', 'ipv4', 'conf', device, 'promote_secondaries']), 1);
      } catch (error) {
        if (!isLvsdError(error)) throw error;
        this.#log(error.message);
      }
    }
  }

  /** Reasons for FAULT that only the host and the configuration know: no peers, a tracked source that is gone. */
  #otherFaults(at: Instant): void {
    for (const one of this.router.instances()) {
      const instance = this.#instanceOf(one);
      if (instance === undefined) continue;
      const { transport, trackSource, sourceAddress } = instance;
      const alone = transport.kind === 'unicast' && transport.peers.length === 0 && transport.faultWithoutPeers;
      const gone = trackSource && sourceAddress !== undefined && !this.#host.has(sourceAddress);
      this.router.setFault(one, 'peers', alone ? ' entering FAULT state (no unicast peers)' : undefined, at);
      this.router.setFault(
        one,
        'source',
        gone ? ` entering FAULT state (no source address ${sourceAddress})` : undefined,
        at,
      );
    }
  }

  // --- what the kernel tells ---

  /** What an interface is now counts at once, or after its delay. */
  #interfaceIs(name: string, at: Instant): void {
    this.router.tracked('interface', name, this.#delayed.state(name, this.#host.works(name), at.now), at);
  }

  #linkChanged(event: LinkEvent): void {
    const at = instant();
    const { name } = event.link;
    this.#interfaceIs(name, at);
    if (event.kind === 'disappeared') this.#sockets.closeDevice(name);
    const made = this.#devices.ensure((base) => this.#host.link(base) !== undefined);
    this.#sockets.open(this.router.instances());
    this.#sourcesOf(name, at);
    const came = event.kind === 'appeared' || (event.kind === 'changed' && event.link.running && !event.before.running);
    if (came || made.length > 0) this.#putBack.standAgain(at);
    else this.#putBack.trackGroups(at);
    this.#arm();
  }

  #addressChanged({ address, present }: PresenceEvent): void {
    const at = instant();
    if (!present) this.#putBack.address(address, at);
    // Virtual addresses come and go by the hundred, and are nobody's source.
    if (!this.#virtual.has(address)) {
      for (const device of this.#interfaces) this.#sourcesOf(device, at);
      this.#otherFaults(at);
      this.#sockets.open(this.router.instances());
    }
    this.#arm();
  }

  /** The address that adverts come from may be another one now. */
  #sourcesOf(device: string, at: Instant): void {
    for (const one of this.router.instances()) {
      const instance = this.#instanceOf(one);
      if (instance?.interface !== device || instance.sourceAddress !== undefined) continue;
      const source = this.#host.sourceOf(device, instance.family, this.#virtual);
      if (source === one.source) continue;
      if (instance.family === 'inet6') this.#sockets.closeDevice(this.#devices.advertDevice(instance) ?? device);
      this.router.setSource(one, source, at);
    }
  }

  #lost(putBack: (at: Instant) => void): void {
    putBack(instant());
    this.#arm();
  }

  // --- time ---

  #tick(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#sockets.drain(instant());
    const at = instant();
    for (const { name, works } of this.#delayed.due(at.now)) this.router.tracked('interface', name, works, at);
    if (this.router.deadline <= at.now) this.router.timer(at);
    if (this.announcer.deadline <= at.now) this.announcer.timer(at.now);
    this.#arm();
  }

  #arm(): void {
    if (this.#closed) return;
    const deadline = Math.min(
      this.router.deadline,
      this.announcer.deadline,
      this.#sockets.deadline,
      this.#delayed.deadline,
    );
    // Most events change nothing: then no system call is made.
    if (deadline === this.#armedFor) return;
    this.#armedFor = deadline;
    if (deadline === Number.POSITIVE_INFINITY) this.#timer.disarm();
    else this.#timer.setAt(deadline);
  }

  // --- effects ---

  #perform(effect: RouterEffect): void {
    switch (effect.kind) {
      case 'send':
        for (const { bytes, destination } of effect.adverts) {
          const result = this.#sockets.send(effect.instance, bytes, destination);
          if (result < 0 && !isDownError(result)) {
            this.#log(`(${effect.instance.name}): send advert error ${-result}`);
          }
        }
        return;
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
        this.#belongings.add(this.#hold(one));
        return;
      case 'remove-addresses': {
        const theirs = this.#heldBy(one) ?? this.#wantedBy(one);
        this.#held.delete(one.config.identity);
        this.announcer.forget(theirs.vips.map(({ address }) => address));
        // What an earlier process left is taken away as if it were ours (keepalived.md 12.3).
        if (action.force) this.#belongings.removeStale(theirs, (address) => this.#host.has(address));
        else this.#belongings.remove(theirs);
        return;
      }
      case 'announce':
        this.#announce(this.#wantedBy(one).vips, action.repeat, now);
        return;
      case 'announce-source': {
        const device = this.#instanceOf(one)?.interface;
        if (one.source === undefined || device === undefined) return;
        this.#announce([{ address: one.source, device }], 1, now);
        return;
      }
      case 'sync-daemon':
        this.#handlers.onSyncDaemon?.(one.name, action.role);
        return;
      case 'announce-extra':
      case 'late':
        return;
    }
  }

  #announce(vips: readonly Pick<Vip, 'address' | 'device'>[], repeat: number, now: number): void {
    this.announcer.announce(this.#host.announced(vips), repeat, now);
  }

  #wantedBy(one: VirtualRouter): Wanted {
    const instance = this.#instanceOf(one);
    if (instance === undefined) return NOTHING;
    let wanted = this.#wanted.get(instance);
    if (wanted === undefined) {
      wanted = wantedOf(instance, (of, virtual) => this.#devices.addressDevice(of, virtual));
      this.#wanted.set(instance, wanted);
    }
    return wanted;
  }

  #hold(one: VirtualRouter): Wanted {
    const wanted = this.#wantedBy(one);
    this.#held.set(one.config.identity, wanted);
    return wanted;
  }

  #heldBy(one: VirtualRouter): Wanted | undefined {
    return this.#held.get(one.config.identity);
  }
}

const virtualAddresses = (instance: VrrpInstance): readonly VirtualAddress[] => [
  ...instance.addresses,
  ...instance.excludedAddresses,
];
