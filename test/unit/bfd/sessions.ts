// BFD sessions for tests: parameters, a session that is fed by hand.

import type { BfdPacket, BfdSessionState } from '../../../bfd/packet.js';
import {
  type BfdAction,
  type BfdEvent,
  type BfdParameters,
  type BfdState,
  bfdDeadline,
  initialBfd,
  stepBfd,
} from '../../../bfd/session.js';

export const parameters = (given: Partial<BfdParameters> = {}): BfdParameters => ({
  name: 'B',
  minTx: 50,
  minRx: 50,
  idleTx: 1000,
  multiplier: 3,
  passive: false,
  ...given,
});

export class HandSession {
  parameters: BfdParameters;
  state: BfdState;
  now = 0;
  done: readonly BfdAction[] = [];
  random = 0.5;

  constructor(given: Partial<BfdParameters> = {}) {
    this.parameters = parameters(given);
    this.state = initialBfd(this.parameters, 7);
  }

  feed(event: BfdEvent): this {
    const { state, actions } = stepBfd(this.state, event, this.parameters, this.now, () => this.random);
    this.state = state;
    this.done = actions;
    return this;
  }

  /** The neighbour, discriminator 9, says `state`. */
  hear(state: BfdSessionState, given: Partial<BfdPacket> = {}): this {
    return this.feed({
      kind: 'packet',
      packet: {
        diagnostic: 0,
        state,
        poll: false,
        final: false,
        controlPlaneIndependent: false,
        demand: false,
        detectMultiplier: 3,
        myDiscriminator: 9,
        yourDiscriminator: 7,
        desiredMinTx: 50_000,
        requiredMinRx: 50_000,
        requiredMinEchoRx: 0,
        ...given,
      },
    });
  }

  due(): this {
    this.now = bfdDeadline(this.state);
    return this.feed({ kind: 'timer' });
  }

  /** Up, and the poll sequence answered. */
  up(): this {
    this.feed({ kind: 'start' });
    this.now += 10;
    this.hear('down');
    this.now += 10;
    this.hear('up');
    this.now += 10;
    return this.hear('up', { final: true });
  }

  get sent(): readonly BfdPacket[] {
    return this.done.flatMap((action) => (action.kind === 'send' ? [action.packet] : []));
  }

  get lines(): readonly string[] {
    return this.done.flatMap((action) => (action.kind === 'log' ? [action.text] : []));
  }
}
