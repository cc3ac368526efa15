// Elections for tests: parameters with the usual defaults, a machine that is fed events and remembers what it did.

import { stepElection } from '../../../vrrp/election.js';
import {
  type ElectionAction,
  type ElectionEvent,
  type ElectionParameters,
  type ElectionState,
  type HeardAdvert,
  initialElection,
  nextDeadline,
} from '../../../vrrp/election-state.js';
import { ip } from './packets.js';

export function parameters(given: Partial<ElectionParameters> = {}): ElectionParameters {
  return {
    name: 'VI_1',
    version: 3,
    priority: 100,
    startsAs: 'backup',
    interval: 1000,
    downTimerAdverts: 3,
    preempt: true,
    preemptDelay: 0,
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: false,
    notifyPriorityChanges: false,
    grouped: false,
    unicast: false,
    held: false,
    otherPriority: 254,
    ...given,
    announce: {
      masterDelay: 5000,
      masterRepeat: 5,
      masterRefresh: 0,
      masterRefreshRepeat: 1,
      lowerPrioDelay: 5000,
      lowerPrioRepeat: 5,
      extraInterval: 0,
      ...given.announce,
    },
  };
}

export class Machine {
  parameters: ElectionParameters;
  state: ElectionState;
  now = 1000;
  done: ElectionAction[] = [];

  constructor(given: Partial<ElectionParameters> = {}) {
    this.parameters = parameters(given);
    this.state = initialElection(this.parameters, this.parameters.priority);
  }

  feed(event: ElectionEvent): this {
    const step = stepElection(this.state, event, this.parameters, this.now);
    this.state = step.state;
    this.done = [...step.actions];
    return this;
  }

  hear(priority: number, given: Partial<HeardAdvert> = {}): this {
    const advert: HeardAdvert = { priority, source: ip('10.0.0.9'), comparison: 1, interval: 1000, ...given };
    return this.feed({ kind: 'advert', advert });
  }

  /** Goes to the next deadline, and `late` milliseconds beyond it; a backup is run before it in time. */
  due(late = 0): this {
    if (this.state.role === 'backup' && nextDeadline(this.state) < this.state.deadline) {
      this.now = nextDeadline(this.state);
      this.feed({ kind: 'timer' });
    }
    this.now = nextDeadline(this.state) + late;
    return this.feed({ kind: 'timer' });
  }

  /** Is not run until `span` milliseconds after its deadline. */
  stopped(span: number): this {
    this.now = this.state.deadline + span;
    return this.feed({ kind: 'timer' });
  }

  /** Started, and BACKUP. */
  started(): this {
    return this.feed({ kind: 'start' });
  }

  /** MASTER, whatever its priority. */
  master(): this {
    this.started().due();
    if (this.parameters.grouped) this.feed({ kind: 'group-master' });
    return this;
  }

  /** Milliseconds until the deadline of its state. */
  get left(): number {
    return Math.round((this.state.deadline - this.now) * 1000) / 1000;
  }

  /** What it did, one word an action. */
  get words(): string {
    return this.done
      .map((action) => {
        switch (action.kind) {
          case 'send-advert':
            return `advert:${action.priority}`;
          case 'announce':
            return `announce:${action.repeat}`;
          case 'notify':
            return action.state;
          case 'event':
            return action.event;
          case 'sync-daemon':
            return `sync:${action.role}`;
          case 'group':
            return `group:${action.request}`;
          case 'remove-addresses':
            return action.force ? 'remove!' : 'remove';
          case 'add-addresses':
            return 'add';
          case 'log':
            return '';
          case 'late':
            return action.listening ? 'late:listen' : 'late';
          case 'ah-sequence':
            return `ah:${action.sequence}`;
          default:
            return action.kind;
        }
      })
      .filter((word) => word !== '')
      .join(' ');
  }

  get lines(): readonly string[] {
    return this.done.flatMap((action) =>
      action.kind === 'log' ? [`${action.detail ? '-D ' : ''}${action.text}`] : [],
    );
  }
}
