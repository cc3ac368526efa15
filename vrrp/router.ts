/**
 * All virtual routers of one process, joined: sync groups, trackers, faults, reloads.
 *
 * Events come in (packets, timers, readings of trackers, addresses, a new configuration), effects go out through the one
 * function that is handed in, in the order in which they are to be done. There is no clock and no socket here: `now`
 * (monotonic) and `wall` come with every call, `deadline` says when `timer` wants to be called. So a simulation runs any
 * number of routers in one process (test/sim/vrrp.test.ts).
 *
 * A sync group is one (keepalived.md 10): it becomes MASTER only when every member wants to, leaves MASTER when one does, is
 * in FAULT while one member is. Its own notification comes after its members'.
 */
import type { AddressFamily, IpAddress } from '../runtime/addresses.js';
import type { ElectionAction, ElectionEvent, NotifiedState } from './election-state.js';
import type { NotificationState, NotificationSubject } from './notification.js';
import { decodeAdvert, type ReceivedPacket, senderOf, vridAt } from './packet.js';
import { assess, type TrackerKind, type TrackerReading } from './tracking.js';
import { missingAddressFault, type OutgoingAdvert, VirtualRouter, type VirtualRouterConfig } from './virtual-router.js';

export interface SyncGroupConfig {
  readonly name: string;
  /** Names of instances. */
  readonly members: readonly string[];
}

export interface RouterConfig {
  readonly instances: readonly VirtualRouterConfig[];
  readonly groups: readonly SyncGroupConfig[];
  /** log_unknown_vrids. */
  readonly logUnknownVrids: boolean;
}

/** What is left to the shell of an election's actions. */
type ShellAction = Exclude<
  ElectionAction,
  { kind: 'send-advert' | 'notify' | 'event' | 'group' | 'log' | 'ah-sequence' }
>;

export type RouterEffect =
  | { readonly kind: 'send'; readonly instance: VirtualRouter; readonly adverts: readonly OutgoingAdvert[] }
  | { readonly kind: 'notify'; readonly subject: NotificationSubject; readonly state: NotificationState }
  | { readonly kind: 'log'; readonly detail: boolean; readonly text: string }
  | { readonly kind: 'act'; readonly instance: VirtualRouter; readonly action: ShellAction };

export type GroupState = 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT';

interface SyncGroup {
  readonly name: string;
  members: readonly VirtualRouter[];
  state: GroupState;
  /** Commands are being given: requests of members are its own echo. */
  busy: boolean;
}

export interface Instant {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Milliseconds since 1970. */
  readonly wall: number;
}

const VRIDS = 256;

export class Router {
  readonly #perform: (effect: RouterEffect) => void;
  #instances: VirtualRouter[] = [];
  #groups = new Map<string, SyncGroup>();
  /** By scope; in each the VRIDs of IPv4, then those of IPv6. */
  #byVrid = new Map<string, (VirtualRouter | undefined)[]>();
  #logUnknownVrids = false;
  #started = false;
  readonly #readings = new Map<string, TrackerReading>();
  #soonest = Number.POSITIVE_INFINITY;
  /** Packets whose VRID is nobody's. */
  unknownVrids = 0;

  constructor(perform: (effect: RouterEffect) => void) {
    this.#perform = perform;
  }

  instances(): readonly VirtualRouter[] {
    return this.#instances;
  }

  groupState(name: string): GroupState | undefined {
    return this.#groups.get(name)?.state;
  }

  /**
   * When `timer` wants to be called; Infinity: not at all. Never later than the nearest deadline of an instance; it may be
   * earlier, because adverts put deadlines off all the time and nobody has to be told of that.
   */
  get deadline(): number {
    return this.#soonest;
  }

  /** The first configuration. Readings of trackers that are known already should be told before `start`. */
  load(config: RouterConfig): void {
    this.#adopt(config, new Map());
  }

  /** Begins all elections whose scripts have answered. */
  start(at: Instant): void {
    this.#started = true;
    for (const group of this.#groups.values()) {
      group.state = group.members.some((member) => this.#faultsOf(member).length > 0) ? 'FAULT' : 'BACKUP';
      this.#notifyGroup(group);
    }
    for (const instance of this.#instances) this.#begin(instance, at);
  }

  /** Ends all elections: a master says so. */
  stop(at: Instant): void {
    for (const instance of this.#instances) this.#step(instance, { kind: 'stop' }, at);
    for (const group of this.#groups.values()) {
      this.#perform({ kind: 'notify', subject: { kind: 'GROUP', name: group.name }, state: 'STOP' });
    }
    this.#started = false;
  }

  /**
   * Another configuration. An instance of the same identity keeps its state; one that is gone lets its addresses go and is
   * told of as DELETED; a new one begins.
   */
  reload(config: RouterConfig, at: Instant): void {
    const before = new Map(this.#instances.map((instance) => [instance.config.identity, instance]));
    const kept = new Set(config.instances.map(({ identity }) => identity));
    for (const [identity, instance] of before) {
      if (!kept.has(identity)) this.#delete(instance, at);
    }
    this.#adopt(config, before);
    for (const instance of this.#instances) {
      if (!before.has(instance.config.identity)) {
        if (this.#started) this.#begin(instance, at);
        continue;
      }
      const { priority } = this.#assess(instance);
      this.#step(instance, { kind: 'configure', priority }, at);
      this.#settle(instance, at);
    }
  }

  /** A packet from a socket. `scope` tells sockets apart whose VRIDs are others' (interface or unicast source). */
  receive(packet: ReceivedPacket, scope: string, at: Instant): void {
    const here = this.#byVrid.get(scope);
    const offset = packet.family === 'inet' ? 0 : VRIDS;
    const expected = here?.[offset + vridAt(packet)];
    if (expected?.hearAgain(packet, at.now)) {
      this.#soonest = Math.min(this.#soonest, expected.deadline);
      return;
    }
    const decoded = decodeAdvert(packet);
    const vrid = decoded.ok ? decoded.advert.vrid : decoded.vrid;
    const instance = vrid === undefined ? undefined : here?.[offset + vrid];
    if (instance === undefined) {
      this.unknownVrids++;
      if (vrid !== undefined && this.#logUnknownVrids) {
        const text = `Unknown VRID(${vrid}) received on interface(${scope}) from ${senderOf(packet)}. ignoring...`;
        this.#perform({ kind: 'log', detail: false, text });
      }
      return;
    }
    const actions = decoded.ok
      ? instance.hear(decoded.advert, at.now, at.wall)
      : instance.refuse(decoded.reject, decoded.detail);
    this.#carryOut(instance, actions, at);
  }

  /** Something may be due. Sockets are to be emptied before. */
  timer(at: Instant): void {
    for (const instance of this.#instances) {
      if (instance.deadline <= at.now) this.#step(instance, { kind: 'timer' }, at);
    }
    let soonest = Number.POSITIVE_INFINITY;
    for (const { deadline } of this.#instances) if (deadline < soonest) soonest = deadline;
    this.#soonest = soonest;
  }

  /** A tracked object has another reading. */
  tracked(kind: TrackerKind, name: string, reading: TrackerReading, at: Instant): void {
    const key = `${kind} ${name}`;
    if (this.#readings.has(key) && this.#readings.get(key) === reading) return;
    this.#readings.set(key, reading);
    if (!this.#started) return;
    for (const instance of this.#instances) {
      if (instance.config.trackers.some((tracker) => tracker.kind === kind && tracker.name === name)) {
        this.#settle(instance, at);
      }
    }
  }

  /** Sets or takes away a reason to be in FAULT that is no tracker's; `text` as it follows the name. */
  setFault(instance: VirtualRouter, reason: string, text: string | undefined, at: Instant): void {
    if (text === undefined) instance.otherFaults.delete(reason);
    else instance.otherFaults.set(reason, text);
    if (this.#started) this.#settle(instance, at);
  }

  /** The interface's address is another one, or gone. */
  setSource(instance: VirtualRouter, source: IpAddress | undefined, at: Instant): void {
    instance.source = source;
    if (this.#started) this.#settle(instance, at);
  }

  /** Somebody took one of its virtual addresses away. */
  addressLost(instance: VirtualRouter, at: Instant): void {
    this.#step(instance, { kind: 'address-lost' }, at);
  }

  // --- configuration ---

  #adopt(config: RouterConfig, before: ReadonlyMap<string, VirtualRouter>): void {
    this.#logUnknownVrids = config.logUnknownVrids;
    this.#instances = config.instances.map((one) => {
      const old = before.get(one.identity);
      if (old === undefined) {
        const { priority } = assess(one.election.priority, one.trackers, (kind, name) => this.#read(kind, name));
        return new VirtualRouter(one, priority);
      }
      old.reconfigure(one);
      return old;
    });
    const states = new Map([...this.#groups].map(([name, group]) => [name, group.state]));
    this.#groups = new Map();
    for (const { name, members } of config.groups) {
      const found = members.flatMap((member) => this.#instances.find((instance) => instance.name === member) ?? []);
      this.#groups.set(name, { name, members: found, state: states.get(name) ?? 'INIT', busy: false });
    }
    this.#byVrid = new Map();
    for (const instance of this.#instances) {
      const scope = scopeOf(instance.config);
      const here = this.#byVrid.get(scope) ?? new Array<VirtualRouter | undefined>(2 * VRIDS).fill(undefined);
      here[(instance.family === 'inet' ? 0 : VRIDS) + instance.config.form.vrid] = instance;
      this.#byVrid.set(scope, here);
    }
  }

  #delete(instance: VirtualRouter, at: Instant): void {
    const { state, actions } = {
      state: instance.election.role,
      actions: instance.step({ kind: 'stop' }, at.now, at.wall),
    };
    const silent = actions.filter((action) => action.kind !== 'notify');
    this.#carryOut(instance, silent, at);
    if (state !== 'init') this.#perform({ kind: 'notify', subject: this.#subject(instance), state: 'DELETED' });
  }

  // --- trackers and faults ---

  #read(kind: TrackerKind, name: string): TrackerReading {
    return this.#readings.get(`${kind} ${name}`);
  }

  #assess(instance: VirtualRouter): ReturnType<typeof assess> {
    const { election, trackers } = instance.config;
    return assess(election.priority, trackers, (kind, name) => this.#read(kind, name));
  }

  #faultsOf(instance: VirtualRouter): readonly string[] {
    const missing = instance.source === undefined ? [missingAddressFault(instance.family)] : [];
    return [...missing, ...instance.otherFaults.values(), ...this.#assess(instance).faults];
  }

  #groupOf(instance: VirtualRouter): SyncGroup | undefined {
    return instance.config.group === undefined ? undefined : this.#groups.get(instance.config.group);
  }

  #waits(instance: VirtualRouter): boolean {
    const members = this.#groupOf(instance)?.members ?? [instance];
    return members.some((member) => this.#assess(member).waiting.length > 0);
  }

  /** The start of one election, when it may begin. */
  #begin(instance: VirtualRouter, at: Instant): void {
    // What was told of trackers before the start counts.
    this.#step(instance, { kind: 'priority', priority: this.#assess(instance).priority }, at);
    for (const text of this.#faultsOf(instance)) this.#log(`(${instance.name})${text}`);
    if (this.#shouldBeFaulty(instance)) {
      instance.faulty = true;
      this.#step(instance, { kind: 'fault' }, at);
    } else if (!this.#waits(instance)) {
      this.#step(instance, { kind: 'start' }, at);
    }
  }

  #shouldBeFaulty(instance: VirtualRouter): boolean {
    const members = this.#groupOf(instance)?.members ?? [instance];
    return members.some((member) => this.#faultsOf(member).length > 0);
  }

  /** Brings an instance, and its group, where readings and faults say. */
  #settle(instance: VirtualRouter, at: Instant): void {
    const { priority } = this.#assess(instance);
    this.#step(instance, { kind: 'priority', priority }, at);
    const group = this.#groupOf(instance);
    const members = group?.members ?? [instance];
    const faulty = this.#shouldBeFaulty(instance);
    const waits = this.#waits(instance);
    const first = [instance, ...members.filter((member) => member !== instance)];
    const turned = first.filter((member) => member.faulty !== faulty && (faulty || !waits));
    if (turned.length > 0) {
      if (group !== undefined) {
        group.busy = true;
        this.#log(`VRRP_Group(${group.name}) Syncing instances to ${faulty ? 'FAULT' : 'BACKUP'} state`);
      }
      for (const member of turned) {
        member.faulty = faulty;
        this.#step(member, { kind: faulty ? 'fault' : 'clear' }, at);
      }
      if (group !== undefined) {
        group.busy = false;
        this.#setGroupState(group, faulty ? 'FAULT' : 'BACKUP');
      }
    }
    if (faulty || waits) return;
    for (const member of first) {
      if (member.election.role === 'init') this.#step(member, { kind: 'start' }, at);
    }
  }

  // --- elections ---

  #step(instance: VirtualRouter, event: ElectionEvent, at: Instant): void {
    this.#carryOut(instance, instance.step(event, at.now, at.wall), at);
  }

  #carryOut(instance: VirtualRouter, actions: readonly ElectionAction[], at: Instant): void {
    this.#soonest = Math.min(this.#soonest, instance.deadline);
    if (actions.length === 0) return;
    const requests: ('master' | 'backup' | 'lower-advert')[] = [];
    for (const action of actions) {
      switch (action.kind) {
        case 'send-advert':
          this.#perform({ kind: 'send', instance, adverts: instance.say(action.priority, at.wall) });
          break;
        case 'notify':
          this.#notify(instance, action.state);
          break;
        case 'event':
          this.#perform({ kind: 'notify', subject: this.#subject(instance), state: action.event });
          break;
        case 'log':
          this.#perform({ kind: 'log', detail: action.detail, text: action.text });
          break;
        case 'group':
          requests.push(action.request);
          break;
        case 'ah-sequence':
          break;
        default:
          this.#perform({ kind: 'act', instance, action });
      }
    }
    const group = requests.length > 0 ? this.#groupOf(instance) : undefined;
    if (group === undefined || group.busy) return;
    for (const request of requests) this.#sync(group, instance, request, at);
  }

  #sync(group: SyncGroup, by: VirtualRouter, request: 'master' | 'backup' | 'lower-advert', at: Instant): void {
    const others = group.members.filter((member) => member !== by);
    switch (request) {
      case 'lower-advert':
        for (const member of others) this.#step(member, { kind: 'group-lower-advert' }, at);
        return;
      case 'master':
        if (others.some((member) => member.election.wanted !== 'master')) return;
        this.#command(group, [by, ...others], 'MASTER', at);
        return;
      case 'backup':
        if (group.state !== 'BACKUP') this.#command(group, others, 'BACKUP', at);
        return;
    }
  }

  #command(group: SyncGroup, members: readonly VirtualRouter[], to: 'MASTER' | 'BACKUP', at: Instant): void {
    group.busy = true;
    this.#log(`VRRP_Group(${group.name}) Syncing instances to ${to} state`);
    const kind = to === 'MASTER' ? 'group-master' : 'group-backup';
    for (const member of members) this.#step(member, { kind }, at);
    group.busy = false;
    this.#setGroupState(group, to);
  }

  #setGroupState(group: SyncGroup, state: GroupState): void {
    if (group.state === state) return;
    group.state = state;
    this.#notifyGroup(group);
  }

  // --- telling ---

  #notify(instance: VirtualRouter, state: NotifiedState): void {
    const group = this.#groupOf(instance);
    // keepalived.md 13.1: not again what the group's notification has said already.
    if (instance.notified && group?.state === state) return;
    instance.notified = true;
    this.#perform({ kind: 'notify', subject: this.#subject(instance), state });
  }

  #notifyGroup({ name, state }: SyncGroup): void {
    if (state !== 'INIT') this.#perform({ kind: 'notify', subject: { kind: 'GROUP', name }, state });
  }

  #subject(instance: VirtualRouter): NotificationSubject {
    return { kind: 'INSTANCE', name: instance.name, priority: instance.election.priority };
  }

  #log(text: string, detail = false): void {
    this.#perform({ kind: 'log', detail, text });
  }
}

/** The scope of `receive` in which an instance's VRID is its own: the first word of its identity. */
export function scopeOf(config: Pick<VirtualRouterConfig, 'identity'>): string {
  return config.identity.split(' ', 1)[0] as string;
}

/** The identity of an instance (keepalived.md 18.2). `scope`: interface, or unicast source where there is none. */
export function identityOf(scope: string, family: AddressFamily, vrid: number): string {
  return `${scope} ${family} ${vrid}`;
}
