/**
 * Roles that play by themselves, for thousands of interleavings of one supervisor: each keeps what a real one keeps of
 * a configuration (held-configuration.ts) and answers as a real one does, one message at a time, when the test lets it.
 *
 * A run is chosen by a seed: which role answers next, when SIGHUP comes, who dies, how much time passes. At its end
 * nobody dies any more and time goes on, and then everything has to be in order (`disorder`).
 */
import type { RoleName } from '../../../../cmd/lvsd/messages.js';
import { type FakeRole, SupervisorRig } from './fake-roles.js';

/** A small seeded generator (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What one life of a role knows. */
class Player {
  inForce: number | undefined;
  #prepared: number | undefined;
  #next = 0;
  dead = false;
  /** Of a checker: that it was told of the dead before its first commit. */
  knowsTheDead = false;

  constructor(
    readonly role: FakeRole,
    readonly refuses: (generation: number, purpose: string) => boolean,
  ) {}

  get waiting(): boolean {
    return !this.dead && this.#next < this.role.heard.length;
  }

  die(status: number | null, signal: NodeJS.Signals | null): void {
    this.dead = true;
    this.role.end(status, signal);
  }

  /** Takes the next message that it was sent and does what a real role does. */
  answer(): void {
    const message = this.role.heard[this.#next++];
    const { role } = this;
    switch (message?.type) {
      case 'prepare': {
        const { generation, purpose } = message;
        this.#prepared = generation;
        const refused = role.name === 'director' && this.refuses(generation, purpose);
        const refusals = refused ? [{ code: 'LVSD_X', message: 'this cannot be' }] : [];
        role.say({ type: 'prepared', generation, refusals, diagnostics: [] });
        return;
      }
      case 'commit': {
        const { generation } = message;
        if (this.#prepared === generation) {
          this.inForce = generation;
          this.#prepared = undefined;
        } else if (this.inForce !== generation) return;
        role.say({ type: 'committed', generation, report: undefined });
        return;
      }
      case 'abandon':
        if (this.#prepared === message.generation) this.#prepared = undefined;
        return;
      case 'restore-checker':
        role.say({ to: 'checker', type: 'restore', checkers: [] });
        return;
      case 'restore':
        this.knowsTheDead = true;
        return;
      default:
    }
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One run: a supervisor, its roles, and chance. */
export class Run {
  readonly rig: SupervisorRig;
  readonly random: () => number;
  readonly trace: string[] = [];
  readonly #players: Player[] = [];
  #asked = 0;
  #answered = 0;

  constructor(text: string, seed: number) {
    this.random = generator(seed);
    const salt = Math.floor(this.random() * 1000);
    this.rig = new SupervisorRig(text);
    this.rig.processes.onLife = (role) =>
      this.#players.push(
        new Player(role, (generation, purpose) => purpose === 'reload' && (generation * 7919 + salt) % 4 === 0),
      );
  }

  get #living(): Player[] {
    return this.#players.filter(({ dead }) => !dead);
  }

  /** Lets what was sent arrive. */
  async arrive(): Promise<void> {
    for (let i = 0; i < 3; i++) await turn();
  }

  async step(deaths: boolean): Promise<void> {
    const chance = this.random();
    const living = this.#living;
    const waiting = living.filter((player) => player.waiting);
    if (chance < 0.6 && waiting.length > 0) {
      const player = waiting[Math.floor(this.random() * waiting.length)] as Player;
      this.trace.push(`${player.role.name} answers`);
      player.answer();
    } else if (chance < 0.64) {
      this.hup();
    } else if (deaths && chance < 0.82 && living.length > 0) {
      const player = living[Math.floor(this.random() * living.length)] as Player;
      this.trace.push(`${player.role.name} dies`);
      player.die(null, 'SIGKILL');
    } else if (chance < 0.95) {
      this.trace.push('no time passes');
      this.rig.pass(0);
    } else await this.seconds(1);
    if (this.random() < 0.7) await turn();
  }

  hup(): void {
    this.trace.push('HUP');
    this.#asked++;
    void this.rig.supervisor.reload().then(() => this.#answered++);
  }

  async seconds(count: number): Promise<void> {
    this.trace.push(`${count} s`);
    for (const { role } of this.#living) role.say({ type: 'heartbeat', lag: 0 });
    await this.arrive();
    this.rig.pass(count * 1000);
  }

  /** Nobody dies any more: everybody answers, and time goes on for longer than any back-off. */
  async calm(): Promise<void> {
    for (let round = 0; round < 10; round++) {
      for (;;) {
        await this.arrive();
        const waiting = this.#living.filter((player) => player.waiting);
        if (waiting.length === 0) break;
        for (const player of waiting) player.answer();
      }
      await this.seconds(7);
    }
    await this.arrive();
  }

  /** What is not in order; empty if nothing. */
  disorder(needed: readonly RoleName[]): string[] {
    const { supervisor, exits } = this.rig;
    const found: string[] = [];
    if (exits.length > 0) found.push(`lvsd ended with ${exits}`);
    if (this.#answered < this.#asked) found.push(`${this.#asked - this.#answered} reloads were never answered`);
    for (const name of needed) {
      const player = this.#living.find(({ role }) => role.name === name);
      if (player === undefined) found.push(`there is no ${name}`);
      else if (player.inForce !== supervisor.generation)
        found.push(`the ${name} has generation ${player.inForce} and not ${supervisor.generation}`);
    }
    return found;
  }

  close(): void {
    this.rig.close();
  }
}
