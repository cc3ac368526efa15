/**
 * The BFD sessions of one process: which packet is whose, and which timer is next.
 *
 * A packet that knows our discriminator goes to that session; one that does not yet goes by its sender's address
 * (RFC 5880 section 6.8.6; RFC 5881 section 3). Received TTL is looked at first: 255 for a single hop (RFC 5881 section 5),
 * lower by the hops that max_hops allows. Effects go out through the function that is handed in; no socket, no clock.
 */
import type { IpAddress } from '../runtime/addresses.js';
import { type BfdReject, type BfdSessionState, decodeBfd, encodeBfd } from './packet.js';
import { type BfdEvent, type BfdParameters, type BfdState, bfdDeadline, initialBfd, stepBfd } from './session.js';

export interface BfdSessionConfig {
  readonly parameters: BfdParameters;
  readonly neighbor: IpAddress;
  /** What a packet's TTL must be at least; 0: anything. Single hop: 255. */
  readonly leastTtl: number;
  readonly multihop: boolean;
}

export interface BfdSession {
  config: BfdSessionConfig;
  state: BfdState;
}

export type BfdEffect =
  | { readonly kind: 'send'; readonly session: BfdSession; readonly bytes: Uint8Array }
  /** Up or not: what trackers and checkers hear of. */
  | { readonly kind: 'changed'; readonly session: BfdSession; readonly to: BfdSessionState }
  | { readonly kind: 'log'; readonly level: 'info' | 'warning'; readonly detail: boolean; readonly text: string };

export class BfdSessions {
  /** Packets that were not taken, by reason. */
  readonly rejects = new Map<BfdReject, number>();
  readonly #perform: (effect: BfdEffect) => void;
  readonly #random: () => number;
  readonly #sessions = new Map<string, BfdSession>();

  /** @param random 0 <= random() < 1 */
  constructor(perform: (effect: BfdEffect) => void, random: () => number) {
    this.#perform = perform;
    this.#random = random;
  }

  all(): readonly BfdSession[] {
    return [...this.#sessions.values()];
  }

  get(name: string): BfdSession | undefined {
    return this.#sessions.get(name);
  }

  get deadline(): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (const { state } of this.#sessions.values()) nearest = Math.min(nearest, bfdDeadline(state));
    return nearest;
  }

  /** Takes a configuration: sessions of the same name and neighbour go on, others are stopped, new ones begin. */
  configure(configs: readonly BfdSessionConfig[], now: number): void {
    const wanted = new Map(configs.map((config) => [config.parameters.name, config]));
    for (const [name, session] of this.#sessions) {
      const config = wanted.get(name);
      if (config?.neighbor === session.config.neighbor && config.multihop === session.config.multihop) continue;
      this.#step(session, { kind: 'stop' }, now);
      this.#sessions.delete(name);
    }
    for (const [name, config] of wanted) {
      const session = this.#sessions.get(name);
      if (session === undefined) {
        const begun: BfdSession = { config, state: initialBfd(config.parameters, this.#discriminator()) };
        this.#sessions.set(name, begun);
        this.#step(begun, { kind: 'start' }, now);
      } else {
        session.config = config;
        this.#step(session, { kind: 'configure' }, now);
      }
    }
  }

  stop(now: number): void {
    for (const session of this.#sessions.values()) this.#step(session, { kind: 'stop' }, now);
    this.#sessions.clear();
  }

  /**
   * The payload of a datagram.
   * @param ttl received TTL or hop limit; -1: the kernel did not tell
   * @param multihop by which port it came
   */
  receive(bytes: Uint8Array, source: IpAddress, ttl: number, multihop: boolean, now: number): void {
    const decoded = decodeBfd(bytes);
    if (!decoded.ok) {
      this.#refuse(decoded.reject, source, decoded.detail);
      return;
    }
    const { packet } = decoded;
    const session = this.#find(packet.yourDiscriminator, source, multihop);
    if (session === undefined) {
      this.#refuse('no-session', source, `your discriminator field is ${packet.yourDiscriminator}`);
    } else if (ttl !== -1 && ttl < session.config.leastTtl) {
      this.#refuse('ttl', source, `Packet ttl(${ttl}) < ${session.config.leastTtl}`);
    } else {
      this.#step(session, { kind: 'packet', packet }, now);
    }
  }

  /** Something may be due. Sockets are to be emptied before. */
  timer(now: number): void {
    for (const session of this.#sessions.values()) {
      if (bfdDeadline(session.state) <= now) this.#step(session, { kind: 'timer' }, now);
    }
  }

  #find(discriminator: number, source: IpAddress, multihop: boolean): BfdSession | undefined {
    for (const session of this.#sessions.values()) {
      const { config, state } = session;
      if (config.multihop !== multihop || config.neighbor !== source) continue;
      if (discriminator === 0 || discriminator === state.localDiscriminator) return session;
    }
    return undefined;
  }

  /** Random, so that a restart is not taken for the session before it (RFC 5880 section 6.3), and nobody else's. */
  #discriminator(): number {
    const taken = new Set(this.all().map(({ state }) => state.localDiscriminator));
    let value = Math.floor(this.#random() * 0xffffffff) + 1;
    while (taken.has(value)) value = value === 0xffffffff ? 1 : value + 1;
    return value;
  }

  #refuse(reject: BfdReject, source: IpAddress, detail: string): void {
    this.rejects.set(reject, (this.rejects.get(reject) ?? 0) + 1);
    this.#perform({ kind: 'log', level: 'info', detail: true, text: `Discarding packet from ${source} (${detail})` });
  }

  #step(session: BfdSession, event: BfdEvent, now: number): void {
    const { state, actions } = stepBfd(session.state, event, session.config.parameters, now, this.#random);
    session.state = state;
    for (const action of actions) {
      if (action.kind === 'send') this.#perform({ kind: 'send', session, bytes: encodeBfd(action.packet) });
      else if (action.kind === 'changed') this.#perform({ kind: 'changed', session, to: action.session });
      else this.#perform(action);
    }
  }
}
