// A network of VRRP routers in one process: real Routers and real packets, a virtual clock, and a seeded random source that
// loses, delays, doubles and partitions packets, crashes, stops and starts machines, and gives each clock its own drift.

import type { AddressFamily } from '../../runtime/addresses.js';
import type { VrrpVersion } from '../../vrrp/packet.js';
import { Router } from '../../vrrp/router.js';
import { seeded } from '../unit/healthcheck/fake-servers.js';
import { ip, packet } from '../unit/vrrp/packets.js';
import { configOf, instance } from '../unit/vrrp/routers.js';

/** What a run is made of, all of it from its seed. */
export interface Scenario {
  readonly seed: number;
  readonly routers: number;
  readonly family: AddressFamily;
  readonly version: VrrpVersion;
  /** Milliseconds. */
  readonly interval: number;
  readonly auth: 'none' | 'pass' | 'ah' | 'hmac';
  readonly priorities: readonly number[];
  readonly preempt: boolean;
  readonly preemptDelay: number;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly downTimerAdverts: number;
  /** Two instances on two segments, in one sync group. */
  readonly grouped: boolean;
  readonly loss: number;
  readonly duplication: number;
  /** Milliseconds; well under an interval. */
  readonly delay: number;
  readonly drift: number;
}

export function scenarioOf(seed: number): Scenario {
  const random = seeded(seed * 7919 + 1);
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const routers = 3 + Math.floor(random() * 7);
  const version = pick<VrrpVersion>(2, 3, 3);
  const family = pick<AddressFamily>('inet', 'inet', 'inet6');
  const interval = version === 2 ? 1000 : pick(100, 200, 1000, 40);
  const auths =
    version === 2 && family === 'inet' ? (['none', 'pass', 'ah', 'hmac'] as const) : (['none', 'hmac'] as const);
  return {
    seed,
    routers,
    family,
    version,
    interval,
    auth: pick<Scenario['auth']>(...auths),
    priorities: Array.from({ length: routers }, () =>
      pick(50, 100, 100, 150, 200, 254, 1 + Math.floor(random() * 254)),
    ),
    preempt: random() < 0.8,
    preemptDelay: random() < 0.2 ? interval * 5 : 0,
    lowerPrioNoAdvert: random() < 0.2,
    higherPrioSendAdvert: random() < 0.2,
    downTimerAdverts: pick(3, 3, 3, 2, 5),
    grouped: random() < 0.25,
    loss: pick(0, 0.05, 0.2, 0.4),
    duplication: pick(0, 0, 0.1),
    delay: interval * pick(0.01, 0.05, 0.2),
    drift: 0.01,
  };
}

interface Node {
  readonly index: number;
  /** Its clock: local = offset + rate x time. */
  readonly rate: number;
  readonly offset: number;
  router: Router | undefined;
  /** Until this instant the process is stopped; what arrives waits in its sockets, or is lost with `deaf`. */
  stoppedUntil: number;
  deaf: boolean;
  inbox: { readonly bytes: Uint8Array; readonly from: number; readonly segment: number }[];
  /** The number of the last wake-up that was asked for. */
  wake: number;
  /** When it was stopped last; when it woke from a stop that was long enough for others to take over. */
  stoppedAt: number;
  wokeAt: number;
}

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** What a run shows: every change of who is master. */
export interface MasterChange {
  readonly at: number;
  readonly segment: number;
  readonly masters: readonly number[];
}

export class SimulatedNetwork {
  readonly scenario: Scenario;
  readonly changes: MasterChange[] = [];
  packets = 0;
  /** Adverts that a master sent at the very instant at which it woke from a stop longer than its peers wait. */
  fights = 0;
  /** How often the members of a sync group stood differently when nothing was under way. */
  disagreements = 0;
  now = 0;
  /** Milliseconds; packets are lost, machines fall, until then. */
  healed = false;
  readonly #random: () => number;
  readonly #nodes: Node[] = [];
  readonly #segments: number;
  #queue: Happening[] = [];
  #order = 0;
  /** By segment: which side of a partition each node is on. */
  #sides: number[][] = [];

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.#random = seeded(scenario.seed);
    this.#segments = scenario.grouped ? 2 : 1;
    for (let index = 0; index < scenario.routers; index++) {
      const rate = 1 + (this.#random() * 2 - 1) * scenario.drift;
      this.#nodes.push({
        index,
        rate,
        offset: this.#random() * 1e6,
        router: undefined,
        stoppedUntil: 0,
        deaf: false,
        inbox: [],
        wake: 0,
        stoppedAt: 0,
        wokeAt: -1,
      });
    }
    this.#sides = Array.from({ length: this.#segments }, () => this.#nodes.map(() => 0));
    for (const node of this.#nodes) this.#boot(node);
  }

  /** Runs until `end`, with trouble on the way until the network is healed. */
  run(end: number): void {
    for (;;) {
      const next = this.#pop(end);
      if (next === undefined) break;
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }

  /** Plans troubles over the next `span` milliseconds: partitions, crashes, stops, reloads. */
  trouble(span: number): void {
    const count = 4 + Math.floor(this.#random() * 8);
    for (let i = 0; i < count; i++) this.#after(this.#random() * span, () => this.#oneTrouble());
  }

  /** No loss, no partition, everybody runs, from now on. */
  heal(): void {
    this.healed = true;
    for (const sides of this.#sides) sides.fill(0);
    for (const node of this.#nodes) {
      if (node.router === undefined) this.#boot(node);
      if (node.stoppedUntil > this.now) {
        node.stoppedUntil = this.now;
        this.#resume(node);
      }
    }
  }

  masters(segment: number): readonly number[] {
    return this.#nodes
      .filter(({ router }) => router?.instances()[segment]?.election.role === 'master')
      .map(({ index }) => index);
  }

  #oneTrouble(): void {
    if (this.healed) return;
    const { interval } = this.scenario;
    const node = this.#nodes[Math.floor(this.#random() * this.#nodes.length)] as Node;
    const kind = this.#random();
    if (kind < 0.35) {
      const sides = this.#sides[Math.floor(this.#random() * this.#segments)] as number[];
      for (let i = 0; i < sides.length; i++) sides[i] = this.#random() < 0.5 ? 0 : 1;
      this.#after(this.#random() * interval * 20, () => sides.fill(0));
    } else if (kind < 0.6) {
      node.router = undefined;
      node.inbox = [];
      this.#look();
      this.#after(this.#random() * interval * 15, () => {
        if (node.router === undefined) this.#boot(node);
      });
    } else if (kind < 0.85) {
      if (node.stoppedUntil <= this.now) node.stoppedAt = this.now;
      node.stoppedUntil = this.now + this.#random() * interval * 15;
      node.deaf = this.#random() < 0.5;
      this.#after(node.stoppedUntil - this.now, () => this.#resume(node));
    } else if (node.router !== undefined && node.stoppedUntil <= this.now) {
      node.router.reload(this.#configOf(node), this.#local(node));
      this.#served(node);
    }
  }

  #configOf(node: Node): ReturnType<typeof configOf> {
    const { scenario } = this;
    const six = scenario.family === 'inet6';
    return configOf(
      Array.from({ length: this.#segments }, (_, segment) =>
        instance({
          name: `VI_${segment}`,
          scope: `eth${segment}`,
          family: scenario.family,
          version: scenario.version,
          source: six ? `fe80::${node.index + 1}` : `10.0.${segment}.${node.index + 1}`,
          auth: scenario.auth,
          ...(scenario.grouped ? { group: 'G' } : {}),
          election: {
            priority: scenario.priorities[node.index] as number,
            interval: scenario.interval,
            preempt: scenario.preempt,
            preemptDelay: scenario.preemptDelay,
            lowerPrioNoAdvert: scenario.lowerPrioNoAdvert,
            higherPrioSendAdvert: scenario.higherPrioSendAdvert,
            downTimerAdverts: scenario.downTimerAdverts,
          },
        }),
      ),
    );
  }

  #boot(node: Node): void {
    node.stoppedUntil = 0;
    node.inbox = [];
    const router = new Router((effect) => {
      if (effect.kind !== 'send') return;
      const segment = router.instances().indexOf(effect.instance);
      for (const { bytes } of effect.adverts) this.#send(node, segment, bytes);
    });
    node.router = router;
    router.load(this.#configOf(node));
    router.start(this.#local(node));
    this.#served(node);
  }

  #send(from: Node, segment: number, bytes: Uint8Array): void {
    const { loss, duplication, delay, family } = this.scenario;
    const priority = bytes[family === 'inet6' ? 2 : this.scenario.auth === 'ah' ? 46 : 22];
    if (from.wokeAt === this.now && priority !== 0) this.fights++;
    const sides = this.#sides[segment] as number[];
    for (const to of this.#nodes) {
      if (to === from || sides[to.index] !== sides[from.index]) continue;
      if (!this.healed && this.#random() < loss) continue;
      const copies = this.#random() < duplication ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        this.#after(this.#random() * delay, () => this.#arrive(to, { bytes, from: from.index, segment }));
      }
    }
  }

  #arrive(to: Node, letter: { readonly bytes: Uint8Array; readonly from: number; readonly segment: number }): void {
    if (to.router === undefined) return;
    if (to.stoppedUntil > this.now) {
      if (!to.deaf && to.inbox.length < 200) to.inbox.push(letter);
      return;
    }
    this.#read(to, letter);
    this.#served(to);
  }

  #read(
    to: Node,
    { bytes, from, segment }: { readonly bytes: Uint8Array; readonly from: number; readonly segment: number },
  ): void {
    this.packets++;
    const { family } = this.scenario;
    const received = packet(bytes, family === 'inet' ? {} : { family, source: ip(`fe80::${from + 1}`) });
    to.router?.receive(received, `eth${segment}`, this.#local(to));
  }

  /** A stopped process runs again: it empties its sockets, then looks at its timers. */
  #resume(node: Node): void {
    if (node.router === undefined || node.stoppedUntil > this.now) return;
    const { interval, downTimerAdverts, drift } = this.scenario;
    // Longer than any peer waits, by any clock.
    if (this.now - node.stoppedAt > (downTimerAdverts + 1) * interval * (1 + drift)) node.wokeAt = this.now;
    for (const letter of node.inbox.splice(0)) this.#read(node, letter);
    node.router.timer(this.#local(node));
    this.#served(node);
  }

  #local(node: Node): { now: number; wall: number } {
    const now = node.offset + node.rate * this.now;
    return { now, wall: 1_700_000_000_000 + node.rate * this.now };
  }

  /** After anything that a node did: its next timer, and who is master now. */
  #served(node: Node): void {
    const { router } = node;
    if (router === undefined) return;
    const [first, second] = router.instances();
    if (second !== undefined && first?.election.role !== second.election.role) this.disagreements++;
    const deadline = router.deadline;
    if (deadline !== Number.POSITIVE_INFINITY) {
      const wake = ++node.wake;
      const at = (deadline - node.offset) / node.rate - this.now;
      this.#after(Math.max(0, at), () => {
        if (node.wake !== wake || node.router !== router || node.stoppedUntil > this.now) return;
        // The clock of a node is not exact to the last bit.
        const local = this.#local(node);
        router.timer({ ...local, now: Math.max(local.now, deadline) });
        this.#served(node);
      });
    }
    this.#look();
  }

  #look(): void {
    for (let segment = 0; segment < this.#segments; segment++) {
      const masters = this.masters(segment);
      const last = this.changes.findLast((change) => change.segment === segment);
      if (last !== undefined && last.masters.join() === masters.join()) continue;
      this.changes.push({ at: this.now, segment, masters });
    }
  }

  #after(delay: number, run: () => void): void {
    const happening: Happening = { at: this.now + delay, order: this.#order++, run };
    // A binary heap by instant and order.
    const heap = this.#queue;
    let at = heap.push(happening) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(happening, heap[parent] as Happening)) break;
      heap[at] = heap[parent] as Happening;
      at = parent;
    }
    heap[at] = happening;
  }

  #pop(end: number): Happening | undefined {
    const heap = this.#queue;
    const first = heap[0];
    if (first === undefined || first.at > end) return undefined;
    const last = heap.pop() as Happening;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Happening, heap[child] as Happening)) child++;
      if (!before(heap[child] as Happening, last)) break;
      heap[at] = heap[child] as Happening;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
