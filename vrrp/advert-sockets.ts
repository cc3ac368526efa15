/**
 * The sockets of all virtual routers of a process: one for each interface, group and kind of packet (advert-socket.ts).
 *
 * Instances on one interface share a socket, and the router finds whose a packet is by its VRID (router.ts). An instance
 * with a VMAC has its adverts on that interface, so it has a socket of its own, and its VRID is still its base
 * interface's. On a busy socket, where packets come within COALESCE_MS of each other, not each one wakes the process: they
 * are read together every COALESCE_MS, and before any timer. Opening is tried again whenever interfaces or addresses change; a socket that cannot be had is told of.
 */
import type { VrrpInstance } from '../config/vrrp.js';
import type { IpAddress } from '../runtime/addresses.js';
import { describeError } from '../runtime/errors.js';
import { AdvertSocket } from './advert-socket.js';
import type { ReceivedPacket } from './packet.js';
import { type Instant, scopeOf } from './router.js';
import type { VirtualRouter, VirtualRouterConfig } from './virtual-router.js';

export interface AdvertSocketsHost {
  readonly instanceOf: (one: VirtualRouter) => VrrpInstance | undefined;
  /** Where the adverts of an instance come and go: its interface, or its VMAC; undefined: any. */
  readonly deviceOf: (instance: VrrpInstance) => string | undefined;
  readonly indexOf: (device: string) => number | undefined;
  readonly now: () => Instant;
  readonly receive: (packet: ReceivedPacket, scope: string, at: Instant) => void;
  /** Everything that waited in a socket has been handed to `receive`. */
  readonly received: () => void;
  readonly log: (text: string) => void;
}

/** Half a thousand packets a second and more are read together. */
const COALESCE_MS = 2;
/** Not where an interval is so short that it would be felt. */
const SHORT_INTERVAL_MS = 50;

interface Open {
  readonly socket: AdvertSocket;
  readonly device: string | undefined;
  /** @returns how many packets were read */
  readonly drain: (at: Instant) => number;
  /** When packets were read last. */
  readAt: number;
  /** When they are to be read; Infinity: when the kernel says so. */
  drainAt: number;
}

export class AdvertSockets {
  readonly #host: AdvertSocketsHost;
  readonly #open = new Map<string, Open>();
  readonly #keys = new WeakMap<VirtualRouterConfig, string>();
  #coalesce = true;

  constructor(host: AdvertSocketsHost) {
    this.#host = host;
  }

  /** Opens what is missing and can be had. */
  open(instances: readonly VirtualRouter[]): void {
    this.#coalesce = instances.every(({ config }) => config.election.interval >= SHORT_INTERVAL_MS);
    for (const one of instances) {
      if (!this.#open.has(this.#key(one))) this.#openFor(one);
    }
  }

  /** Closes what no instance uses any more. */
  closeUnused(instances: readonly VirtualRouter[]): void {
    const used = new Set(instances.map((one) => this.#key(one)));
    for (const key of this.#open.keys()) if (!used.has(key)) this.#close(key);
  }

  /** Closes what is bound to a device that is gone, or whose addresses changed. */
  closeDevice(device: string): void {
    for (const [key, open] of this.#open) if (open.device === device) this.#close(key);
  }

  /** When `drain` wants to be called; Infinity: not at all. */
  get deadline(): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (const { drainAt } of this.#open.values()) if (drainAt < nearest) nearest = drainAt;
    return nearest;
  }

  /** Hands on everything that has arrived. */
  drain(at: Instant): void {
    for (const open of this.#open.values()) {
      const count = open.drain(at);
      if (count > 0) open.readAt = at.now;
      if (open.drainAt > at.now) continue;
      // Nothing came: the kernel is asked to tell again.
      if (count === 0) open.socket.listen(true);
      open.drainAt = count === 0 ? Number.POSITIVE_INFINITY : at.now + COALESCE_MS;
    }
  }

  /** The kernel says that packets are there. */
  #readable(open: Open): void {
    const at = this.#host.now();
    open.drain(at);
    if (this.#coalesce && open.drainAt === Number.POSITIVE_INFINITY && at.now - open.readAt < COALESCE_MS) {
      open.socket.listen(false);
      open.drainAt = at.now + COALESCE_MS;
    }
    open.readAt = at.now;
    this.#host.received();
  }

  /** @returns 0, or minus errno; 0 also without a socket, which is told of when it cannot be opened */
  send(one: VirtualRouter, bytes: Uint8Array, destination: IpAddress): number {
    return this.#open.get(this.#key(one))?.socket.send(bytes, destination) ?? 0;
  }

  close(): void {
    for (const key of [...this.#open.keys()]) this.#close(key);
  }

  #close(key: string): void {
    this.#open.get(key)?.socket.close();
    this.#open.delete(key);
  }

  #key(one: VirtualRouter): string {
    const { config } = one;
    let key = this.#keys.get(config);
    if (key === undefined) {
      const instance = this.#host.instanceOf(one);
      const device = instance === undefined ? undefined : this.#host.deviceOf(instance);
      const { family, multicastGroup, authentication } = config.form;
      const group = config.peers.length > 0 ? 'unicast' : multicastGroup;
      key = `${scopeOf(config)} ${device ?? ''} ${family} ${group} ${authentication.kind === 'ah'}`;
      this.#keys.set(config, key);
    }
    return key;
  }

  #openFor(one: VirtualRouter): void {
    const instance = this.#host.instanceOf(one);
    if (instance === undefined) return;
    const name = this.#host.deviceOf(instance);
    const index = name === undefined ? undefined : this.#host.indexOf(name);
    const unicast = one.config.peers.length > 0;
    if (name !== undefined && index === undefined) return;
    if ((unicast || one.family === 'inet6') && one.source === undefined) return;
    const { form } = one.config;
    const scope = scopeOf(one.config);
    const { receive } = this.#host;
    try {
      const socket = new AdvertSocket(
        {
          family: one.family,
          ah: form.authentication.kind === 'ah',
          device: name === undefined || index === undefined ? undefined : { name, index },
          group: unicast ? undefined : form.multicastGroup,
          source: one.source,
          hopLimit: form.ttl,
          ...(instance.receiveBuffer === undefined ? {} : { receiveBuffer: instance.receiveBuffer }),
        },
        () => this.#readable(opened),
      );
      const drain = (at: Instant): number => socket.receive((packet) => receive(packet, scope, at));
      const never = Number.POSITIVE_INFINITY;
      const opened: Open = { socket, device: name, drain, readAt: -never, drainAt: never };
      this.#open.set(this.#key(one), opened);
    } catch (error) {
      this.#host.log(`(${one.name}) no socket for adverts: ${describeError(error)}`);
    }
  }
}
