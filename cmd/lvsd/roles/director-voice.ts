/**
 * What the director tells the other roles: scripts and FIFO lines for the runner; for the checker whose checks stand
 * still, and what is known of the real servers when one begins anew.
 *
 * Indices mean the director's own generation, which is said with them: who holds another drops the message. Nothing is
 * decided here.
 */
import type { Config } from '../../../config/config.js';
import type { Director } from '../../../director/director.js';
import type { Journal } from '../../../director/journal.js';
import {
  isSuspended,
  type MembershipEffect,
  type MembershipState,
  restoredVerdicts,
} from '../../../healthcheck/membership.js';
import type { ScriptIndex } from '../messages.js';
import { rememberedCheckers } from './remembered-checkers.js';
import type { RoleContext } from './role.js';

export class DirectorVoice {
  readonly #send: RoleContext['send'];
  readonly #config: () => Config | undefined;

  /** @param config the configuration in force */
  constructor(send: RoleContext['send'], config: () => Config | undefined) {
    this.#send = send;
    this.#config = config;
  }

  /** What follows from a step of a virtual server. */
  hear(effect: Exclude<MembershipEffect, { kind: 'log' }>, server: MembershipState): void {
    switch (effect.kind) {
      case 'notify-server':
      case 'quorum': {
        if (effect.script === undefined) return;
        const { generation, virtualServer, realServer } = effect.script;
        const script: ScriptIndex =
          realServer === undefined
            ? { kind: 'quorum', virtualServer, up: effect.up }
            : { kind: 'server', virtualServer, realServer, up: effect.up };
        this.#send({ to: 'runner', type: 'notify', generation, script, wait: effect.stopping });
        return;
      }
      case 'fifo':
        if (this.#hasFifo()) this.#send({ to: 'runner', type: 'fifo', lines: [effect.line] });
        return;
      case 'suspend-checks':
        this.#sendSuspend(server, effect.suspended);
        return;
    }
  }

  /** The checker drops what speaks of another generation, so after each commit it hears all of it. */
  sendSuspensions(states: Director['states']): void {
    for (const state of states) if (state.server.haSuspend) this.#sendSuspend(state, isSuspended(state));
  }

  /** What this director knows of every checker that is not as a fresh start would presume, and who stands still. */
  restoreChecker(states: Director['states']): void {
    const checkers = rememberedCheckers(this.#config(), (_key, { virtualServer, realServer, checker }, presumed) => {
      const known = states[virtualServer]?.servers[realServer]?.checkers[checker];
      if (known === undefined || (known.up === presumed && known.weight === undefined)) return undefined;
      return { up: known.up, weight: known.weight, since: known.since };
    });
    this.sendSuspensions(states);
    this.#send({ to: 'checker', type: 'restore', checkers });
  }

  /** What an earlier lvsd knew of the checkers of a configuration that is about to begin. */
  restoreFromJournal(config: Config, { memberships }: Journal): void {
    const known = restoredVerdicts([...memberships.values()]);
    const checkers = rememberedCheckers(config, (key) => known(key));
    this.#send({ to: 'checker', type: 'restore', checkers });
  }

  #hasFifo(): boolean {
    const global = this.#config()?.global;
    return global?.notifyFifo !== undefined || global?.lvsNotifyFifo !== undefined;
  }

  #sendSuspend(state: MembershipState, suspended: boolean): void {
    this.#send({
      to: 'checker',
      type: 'suspend',
      generation: state.generation,
      virtualServer: state.index,
      suspended,
    });
  }
}
