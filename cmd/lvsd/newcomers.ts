/**
 * Roles that begin anew beside others that serve: each is shown the configuration in force and commits it, and a
 * checker and a director first learn from one another what they know of the real servers.
 *
 * A checker that commits without having heard of the dead would call them alive; so the director says what it knows
 * before (`restore-checker`, `restore`). A director that begins anew has the journal's verdicts; the checker has newer
 * ones and tells all of them after the director's first commit (`tell-all`). Kept here is which generation the present
 * life of each role has committed: a role that came back in the middle of a change that was then refused has none, and
 * nobody but `showWhoLacks` would notice, for its heart beats.
 *
 * A change of configuration itself is configuration-changes.ts's matter.
 */
import type { Clock } from '../../runtime/clock.js';
import { milliseconds } from '../../runtime/units.js';
import type { LoadedConfiguration } from './configuration.js';
import type { RoleName } from './messages.js';
import type { RoleSet } from './role-set.js';

export interface InForce {
  readonly loaded: LoadedConfiguration;
  readonly generation: number;
}

export class Newcomers {
  readonly #roles: RoleSet;
  readonly #clock: Clock;
  readonly #inForce: () => InForce | undefined;
  /** What the present life of a role has committed. */
  readonly #committed = new Map<RoleName, number>();
  /** What it was shown here last and is about to commit; a change that comes in between takes its place. */
  readonly #shown = new Map<RoleName, number>();
  #checkerAwaitsVerdicts = false;
  /** A director of this lvsd has committed: what counts at a start only (`lvs_flush`) is done. */
  #tableStands = false;
  #awaited: { readonly role: RoleName; readonly done: (came: boolean) => void }[] = [];

  constructor(roles: RoleSet, clock: Clock, inForce: () => InForce | undefined) {
    this.#roles = roles;
    this.#clock = clock;
    this.#inForce = inForce;
  }

  /** Whether the present life of a role has committed a configuration. */
  serves(role: RoleName): boolean {
    return this.#committed.has(role);
  }

  /** Shows a role the configuration in force, if there is one. */
  show(role: RoleName): void {
    const inForce = this.#inForce();
    if (inForce === undefined) return;
    // The first commit may have been cut off by the director's death: then lvsd is still starting.
    const purpose = role === 'director' && !this.#tableStands ? 'start' : 'return';
    this.#shown.set(role, inForce.generation);
    this.#roles.send(role, { type: 'prepare', generation: inForce.generation, purpose }, inForce.loaded.encoded);
  }

  /** A change shows a role another configuration: what it was shown before and has not committed is forgotten by it. */
  changeIsShown(role: RoleName): void {
    this.#shown.delete(role);
  }

  /** Shows the configuration in force to every role that lives and has not committed it: after a change has ended. */
  showWhoLacks(): void {
    const generation = this.#inForce()?.generation;
    for (const role of this.#roles.up)
      if (this.#committed.get(role) !== generation && this.#shown.get(role) !== generation) this.show(role);
  }

  /** Lets a role commit; a checker that knows nothing hears the director's verdicts first, if there is a director. */
  commit(role: RoleName, generation: number): void {
    if (role === 'checker' && !this.serves('checker')) {
      if (this.#roles.send('director', { type: 'restore-checker' })) {
        this.#checkerAwaitsVerdicts = true;
        return;
      }
    }
    this.#roles.send(role, { type: 'commit', generation });
  }

  /** The director has said to the checker what it knows; or it is gone, and nothing more will come from it. */
  verdictsWereTold(): void {
    const inForce = this.#inForce();
    if (!this.#checkerAwaitsVerdicts || inForce === undefined) return;
    this.#checkerAwaitsVerdicts = false;
    this.#roles.send('checker', { type: 'commit', generation: inForce.generation });
  }

  /** A role says that it has committed. */
  committed(role: RoleName, generation: number): void {
    const first = !this.serves(role);
    this.#committed.set(role, generation);
    if (role === 'director') {
      this.#tableStands = true;
      if (first) this.#roles.send('checker', { type: 'tell-all' });
    }
    const awaited = this.#awaited.filter((one) => one.role === role);
    this.#awaited = this.#awaited.filter((one) => one.role !== role);
    for (const { done } of awaited) done(true);
  }

  /** The process of a role is gone. */
  down(role: RoleName): void {
    this.#committed.delete(role);
    this.#shown.delete(role);
    if (role === 'director') this.verdictsWereTold();
    if (role === 'checker') this.#checkerAwaitsVerdicts = false;
  }

  /**
   * Waits until a role serves.
   * @param patience milliseconds
   * @returns false if it did not come to it in time
   */
  whenServing(role: RoleName, patience: number): Promise<boolean> {
    if (this.serves(role)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = this.#clock.after(milliseconds(patience), `wait for the ${role}`, () => resolve(false));
      this.#awaited.push({
        role,
        done: (came) => {
          timer.cancel();
          resolve(came);
        },
      });
    });
  }
}
