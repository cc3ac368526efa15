/**
 * The sockets of all virtual routers of a process: one for each interface, group and kind of packet (advert-socket.ts).
 *
 * Instances on one interface share a socket, and the router finds whose a packet is by its VRID (router.ts). An instance
 * with a VMAC has its adverts on that interface, so it has a socket of its own, and its VRID is still its base
 * interface's. Opening is tried again whenever interfaces or addresses change; a socket that cannot be had is told of.
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

interface Open {
  readonly socket: AdvertSocket;
  readonly device: string | undefined;
  readonly drain: (at: Instant) => void;
}

export class AdvertSockets {
  readonly #host: AdvertSocketsHost;
  readonly #open = new Map<string, Open>();
  readonly #keys = new WeakMap<VirtualRouterConfig, string>();

  constructor(host: AdvertSocketsHost) {
    this.#host = host;
  }

  /** Opens what is missing and can be had. */
  open(instances: readonly VirtualRouter[]): void {
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

  /** Hands on everything that has arrived. */
  drain(at: Instant): void {
    for (const { drain } of this.#open.values()) drain(at);
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
    const { now, receive, received } = this.#host;
    const drain = (at: Instant): void => socket.receive((packet) => receive(packet, scope, at));
    let socket: AdvertSocket;
    try {
      socket = new AdvertSocket(
        {
          family: one.family,
          ah: form.authentication.kind === 'ah',
          device: name === undefined || index === undefined ? undefined : { name, index },
          group: unicast ? undefined : form.multicastGroup,
          source: one.source,
          hopLimit: form.ttl,
          ...(instance.receiveBuffer === undefined ? {} : { receiveBuffer: instance.receiveBuffer }),
        },
        () => {
          drain(now());
          received();
        },
      );
      this.#open.set(this.#key(one), { socket, device: name, drain });
    } catch (error) {
      this.#host.log(`(${one.name}) no socket for adverts: ${describeError(error)}`);
    }
  }
}
