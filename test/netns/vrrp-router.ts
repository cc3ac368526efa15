// A real router for tests: vrrp/router.ts on raw sockets and a timerfd, from a configuration text, without a supervisor.
// Addresses, announcements and notifications are remembered, not done.

import { readFileSync } from 'node:fs';
import { clockMs } from '../../native/clock.js';
import { interfaceIndex } from '../../native/process.js';
import { openTimer, type TimerDescriptor } from '../../native/timerfd.js';
import type { AddressFamily, IpAddress } from '../../runtime/addresses.js';
import { AdvertSocket } from '../../vrrp/advert-socket.js';
import { type HostFacts, routerConfig } from '../../vrrp/configure.js';
import { Router, type RouterConfig, type RouterEffect, scopeOf } from '../../vrrp/router.js';
import type { VirtualRouter, VirtualRouterConfig } from '../../vrrp/virtual-router.js';
import { parseText } from '../unit/parser/schema/parse-text.js';

export interface Change {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly name: string;
  readonly state: string;
}

export class LiveRouter {
  readonly changes: Change[] = [];
  readonly log: string[] = [];
  /** When each instance took an advert last, monotonic milliseconds. */
  readonly heardAt = new Map<string, number>();
  /** Applied to each packet before it is sent. */
  spoil: (bytes: Uint8Array) => void = () => {};
  readonly router = new Router((effect) => this.#perform(effect));
  readonly #config: RouterConfig;
  readonly #sockets = new Map<string, AdvertSocket>();
  readonly #timer: TimerDescriptor;
  #waiting: (() => void)[] = [];
  #closed = false;

  /** @param sources the addresses of the test's interfaces */
  constructor(text: string, sources: Readonly<Record<AddressFamily, IpAddress>>) {
    const facts: HostFacts = {
      sourceOf: (_device, family) => sources[family],
      hmacKey: (written) => Buffer.from(written.replace('hex:', ''), 'hex'),
      held: false,
      logUnknownVrids: false,
    };
    this.#config = routerConfig(parseText(text).config.vrrp, facts);
    this.#timer = openTimer(() => this.#tick());
  }

  static get at(): { now: number; wall: number } {
    return { now: clockMs('monotonic'), wall: Date.now() };
  }

  start(): void {
    this.router.load(this.#config);
    for (const { config } of this.router.instances()) this.#open(config);
    for (const { trackers } of this.#config.instances) {
      for (const { kind, name } of trackers) this.router.tracked(kind, name, true, LiveRouter.at);
    }
    this.router.start(LiveRouter.at);
    this.arm();
  }

  /** Says goodbye; the sockets are closed. */
  stop(): void {
    this.router.stop(LiveRouter.at);
    this.close();
  }

  /** As a crash would: nothing is said. Harmless when it is closed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.close();
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  of(name: string): VirtualRouter {
    const found = this.router.instances().find((instance) => instance.name === name);
    if (found === undefined) throw new Error(`there is no instance ${name}`);
    return found;
  }

  roles(): string {
    return this.router
      .instances()
      .map(({ name, election }) => `${name}:${election.role}`)
      .join(' ');
  }

  /** Waits until `enough` of the router; throws with what it did after `limit` milliseconds. */
  async until(enough: () => boolean, what: string, limit: number): Promise<void> {
    const end = Date.now() + limit;
    while (!enough()) {
      const left = end - Date.now();
      if (left <= 0)
        throw new Error(`${what}: not within ${limit} ms; ${this.roles()}\n${this.log.slice(-30).join('\n')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 50));
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #key({ form, identity }: VirtualRouterConfig): string {
    return `${scopeOf({ identity })} ${form.family} ${form.authentication.kind === 'ah'}`;
  }

  #open(config: VirtualRouterConfig): void {
    const key = this.#key(config);
    if (this.#sockets.has(key)) return;
    const scope = scopeOf(config);
    const name = scope.split('@')[0] as string;
    const unicast = config.peers.length > 0;
    const socket = new AdvertSocket(
      {
        family: config.form.family,
        ah: config.form.authentication.kind === 'ah',
        device: { name, index: interfaceIndex(name) as number },
        group: unicast ? undefined : config.form.multicastGroup,
        source: config.source,
      },
      () => {
        this.#receive(socket, scope);
        this.arm();
        this.#wake();
      },
    );
    this.#sockets.set(key, socket);
  }

  #receive(socket: AdvertSocket, scope: string): void {
    socket.receive((packet) => {
      const { at } = LiveRouter;
      const before = this.router.instances().map(({ statistics }) => statistics.advert_rcvd);
      this.router.receive(packet, scope, at);
      this.router.instances().forEach(({ name, statistics }, i) => {
        if (statistics.advert_rcvd !== before[i]) this.heardAt.set(name, at.now);
      });
    });
  }

  #tick(): void {
    for (const { config } of this.router.instances()) {
      const socket = this.#sockets.get(this.#key(config));
      if (socket !== undefined) this.#receive(socket, scopeOf(config));
    }
    this.router.timer(LiveRouter.at);
    this.arm();
    this.#wake();
  }

  /** Sets the timer anew, after something that the test did to the router. */
  arm(): void {
    const { deadline } = this.router;
    if (this.#closed) return;
    if (deadline === Number.POSITIVE_INFINITY) this.#timer.disarm();
    else this.#timer.setAt(deadline);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #perform(effect: RouterEffect): void {
    switch (effect.kind) {
      case 'send':
        for (const { bytes, destination } of effect.adverts) {
          this.spoil(bytes);
          const result = this.#sockets.get(this.#key(effect.instance.config))?.send(bytes, destination) ?? 0;
          if (result < 0) this.log.push(`${effect.instance.name}: sending to ${destination} failed: ${result}`);
        }
        break;
      case 'notify':
        if (effect.subject.kind === 'INSTANCE') {
          this.changes.push({ at: LiveRouter.at.now, name: effect.subject.name, state: effect.state });
        }
        break;
      case 'log':
        this.log.push(effect.text);
        break;
      case 'act':
        break;
    }
  }
}

/** The address that keepalived would take for an interface's IPv6 adverts: its link-local one. */
export function linkLocalOf(device: string): IpAddress {
  for (const line of readFileSync('/proc/net/if_inet6', 'utf8').split('\n')) {
    const [address = '', , , scope, , name] = line.trim().split(/\s+/);
    if (name !== device || scope !== '20') continue;
    const groups = (address.match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16).toString(16)).join(':');
    return groups.replace(/(?::0)+:/, '::') as IpAddress;
  }
  throw new Error(`${device} has no link-local address`);
}
