/**
 * linkbeat_interfaces: the state of links whose drivers do not tell the kernel, asked of the devices once a second
 * (keepalived.md 8; keepalived's POLLING_DELAY).
 *
 * A device is asked in the way that the file names, else by MII, ethtool and the interface's flags in this order; a way
 * that it does not answer is left for the next, told in keepalived's words. A device that is gone counts as down. What a
 * changed state means is not known here: the listener is told.
 */
import type { LinkbeatInterface } from '../config/global.js';
import { askLink, type LinkAnswer, type LinkQuestion } from '../native/link-state.js';
import type { Clock, Timer } from '../runtime/clock.js';
import { milliseconds } from '../runtime/units.js';

const POLL_MS = 1000;
/** In the order of preference. */
const questions: readonly LinkQuestion[] = ['MII', 'ETHTOOL', 'IOCTL'];

export interface LinkbeatOptions {
  readonly clock: Clock;
  /** Called for each change, and for the first answer of each device. */
  readonly onState: (name: string, up: boolean) => void;
  readonly tell: (text: string) => void;
  /** Asks a device; the kernel's own unless a test hands in another. */
  readonly ask?: (name: string, question: LinkQuestion) => LinkAnswer;
}

interface Polled {
  readonly name: string;
  readonly wanted: LinkQuestion | undefined;
  /** The way that the device answered last. */
  question: LinkQuestion | undefined;
  up: boolean | undefined;
}

export class Linkbeat {
  readonly #options: LinkbeatOptions;
  readonly #ask: (name: string, question: LinkQuestion) => LinkAnswer;
  #polled: readonly Polled[] = [];
  #timer: Timer | undefined;

  constructor(options: LinkbeatOptions) {
    this.#options = options;
    this.#ask = options.ask ?? askLink;
  }

  /** Polls these interfaces from now on, and no others; what was known of the same ones stays. */
  watch(interfaces: readonly LinkbeatInterface[]): void {
    this.#polled = interfaces.map(({ name, method }) => {
      const before = this.#polled.find((each) => each.name === name && each.wanted === method);
      return before ?? { name, wanted: method, question: undefined, up: undefined };
    });
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#polled.length > 0) this.#poll();
  }

  /** Whether a link is up; undefined for one that is not polled. */
  isUp(name: string): boolean | undefined {
    return this.#polled.find((each) => each.name === name)?.up;
  }

  stop(): void {
    this.watch([]);
  }

  #poll(): void {
    for (const each of this.#polled) {
      const up = this.#look(each);
      if (up === each.up) continue;
      each.up = up;
      this.#options.onState(each.name, up);
    }
    this.#timer = this.#options.clock.after(milliseconds(POLL_MS), 'linkbeat', () => this.#poll());
  }

  #look(each: Polled): boolean {
    const first = each.question ?? each.wanted;
    const order = first === undefined ? questions : [first, ...questions.filter((question) => question !== first)];
    for (const question of order) {
      const answer = this.#ask(each.name, question);
      if (answer === 'absent') return false;
      if (answer === 'unsupported') continue;
      if (question !== each.question && each.wanted !== undefined && question !== each.wanted) {
        this.#options.tell(`(${each.name}): Configured linkbeat type ${each.wanted} not supported, using ${question}`);
      }
      each.question = question;
      return answer === 'up';
    }
    return false;
  }
}
