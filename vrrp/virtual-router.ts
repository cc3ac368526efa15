/**
 * One virtual router: its election together with what it hears and says.
 *
 * It owns the counters that packets carry (identification, AH sequence, serial number of auth_hmac), what it has learnt of
 * its peers' checksums, its statistics, and which refusals it has told of. No I/O: packets and time come in, actions and
 * packets go out. Sync groups and trackers are the router's matter (router.ts).
 */
import { type AddressFamily, type IpAddress, isIpv6 } from '../runtime/addresses.js';
import { INITIAL_HMAC_STATE, nextSerial } from './auth-hmac.js';
import { INITIAL_AH_COUNTER, nextAhCounter } from './authentication-header.js';
import { stepElection } from './election.js';
import {
  type ElectionAction,
  type ElectionEvent,
  type ElectionParameters,
  type ElectionState,
  initialElection,
  nextDeadline,
} from './election-state.js';
import { compareAddresses } from './election-timers.js';
import { type AdvertView, intervalOf, type ReceivedPacket, type VrrpReject } from './packet.js';
import { type AdvertForm, type AdvertMoment, encodeAdvert } from './packet-encode.js';
import { checkAdvert, checksumForm, type ReceivePolicy, type ReceiveState } from './receive-check.js';
import { hearsAgain, RepeatedAdvert } from './repeated-advert.js';
import { emptyStatistics, REJECT_COUNTER } from './statistics.js';
import type { Tracker } from './tracking.js';

export interface VirtualRouterConfig {
  /** What makes it the same one after a reload: VRID, family, interface, unicast source (keepalived.md 18.2). */
  readonly identity: string;
  readonly election: ElectionParameters;
  readonly receive: ReceivePolicy;
  readonly form: Omit<AdvertForm, 'source'>;
  /** Configured, or the interface's; undefined: there is none, which is a fault. */
  readonly source: IpAddress | undefined;
  /** Empty: multicast. */
  readonly peers: readonly IpAddress[];
  /** Its own, and its group's as they hold for it. */
  readonly trackers: readonly Tracker[];
  readonly group: string | undefined;
}

export interface OutgoingAdvert {
  readonly destination: IpAddress;
  readonly bytes: Uint8Array;
}

export class VirtualRouter {
  config: VirtualRouterConfig;
  election: ElectionState;
  receiving: ReceiveState;
  readonly statistics = emptyStatistics();
  /** Reasons to be in FAULT beside the trackers': a text each, as it follows the name. */
  readonly otherFaults = new Map<string, string>();
  /** Whether `fault` was fed last, or `clear`. */
  faulty = false;
  /** A notification was sent: only then may a sync group's stand for it. */
  notified = false;
  /** Milliseconds since 1970 of the last change of state; 0: none. */
  lastTransition = 0;
  #source: IpAddress | undefined;
  #identification = 0;
  /** What was said last, where it can be said again. */
  #last:
    | { readonly priority: number; readonly adapted: boolean; readonly adverts: readonly OutgoingAdvert[] }
    | undefined;
  #told = new Set<VrrpReject | string>();
  /** What the master said last, while we are backup and had nothing to remark. */
  #repeated: RepeatedAdvert | undefined;

  constructor(config: VirtualRouterConfig, priority: number) {
    this.config = config;
    this.#source = config.source;
    this.election = initialElection(config.election, priority);
    this.receiving = { adapted: false, ah: INITIAL_AH_COUNTER, hmac: INITIAL_HMAC_STATE, lastSender: undefined };
  }

  /** The address that adverts come from; undefined: there is none. */
  get source(): IpAddress | undefined {
    return this.#source;
  }

  set source(source: IpAddress | undefined) {
    this.#source = source;
    this.#last = undefined;
    this.#repeated = undefined;
  }

  get name(): string {
    return this.config.election.name;
  }

  get family(): AddressFamily {
    return this.config.form.family;
  }

  /** The instant at which a timer event is wanted; Infinity: none. */
  get deadline(): number {
    return nextDeadline(this.election);
  }

  /** One step of the election. Counts what it did. */
  step(event: ElectionEvent, now: number, wall: number): readonly ElectionAction[] {
    const before = this.election.role;
    const { state, actions } = stepElection(this.election, event, this.config.election, now);
    this.election = state;
    const { statistics } = this;
    if (state.role !== before) {
      this.lastTransition = wall;
      this.#told.clear();
      if (state.role === 'master') statistics.become_master++;
      else if (before === 'master') statistics.release_master++;
    }
    for (const action of actions) {
      if (action.kind === 'late') {
        statistics.late++;
        if (action.listening) statistics.listened++;
      } else if (action.kind === 'ah-sequence') {
        this.receiving = { ...this.receiving, ah: { sequence: action.sequence } };
      }
    }
    return actions;
  }

  /** An advertisement that carries our VRID. In INIT and FAULT nothing is looked at (keepalived.md 12.3). */
  hear(advert: AdvertView, now: number, wall: number): readonly ElectionAction[] {
    const { role } = this.election;
    if (role === 'init' || role === 'fault') return [];
    const verdict = checkAdvert(advert, this.config.receive, this.receiving, wall);
    if (!verdict.ok) return this.#refused(verdict.reject, verdict.detail);
    this.receiving = verdict.state;
    this.statistics.advert_rcvd++;
    if (advert.priority === 0) this.statistics.pri_zero_rcvd++;
    const told: ElectionAction[] = [];
    for (const { note, text } of verdict.notes) {
      if (note === 'addresses') this.statistics.addr_list_err++;
      if (note === 'interval') this.statistics.advert_interval_err++;
      if (note === 'hmac-missing') this.statistics.auth_ext_missing++;
      told.push(...this.#tellOnce(note, text));
    }
    const comparison = this.source === undefined ? 1 : compareAddresses(advert.source, this.source);
    const heard = {
      priority: advert.priority,
      source: advert.source,
      comparison,
      interval: intervalOf(advert),
      ...(advert.ah === undefined ? {} : { ahSequence: advert.ah.sequence }),
    };
    const actions = this.step({ kind: 'advert', advert: heard }, now, wall);
    const { kind } = this.config.form.authentication;
    const plain = verdict.notes.length === 0 && (kind === 'none' || kind === 'pass') && advert.priority > 0;
    this.#repeated = plain && this.election.role === 'backup' ? new RepeatedAdvert(advert, heard) : undefined;
    return told.length === 0 ? actions : [...told, ...actions];
  }

  /**
   * A packet with our VRID, before it is read: what the master said before needs no second look.
   * @returns whether that was all; otherwise nothing has happened
   */
  hearAgain(packet: ReceivedPacket, now: number): boolean {
    const repeated = this.#repeated;
    if (repeated === undefined || this.receiving.lastSender !== repeated.heard.source) return false;
    if (!repeated.isRepeatedBy(packet)) return false;
    const state = hearsAgain(this.election, repeated.heard, this.config.election, now);
    if (state === undefined) return false;
    this.election = state;
    this.statistics.advert_rcvd++;
    return true;
  }

  /** A packet that is not even an advertisement, or not a sound one, with our VRID in it. */
  refuse(reject: VrrpReject, detail: string): readonly ElectionAction[] {
    return this.#refused(reject, detail);
  }

  /**
   * The packets of one advertisement: one for the group, or one for each peer, which differ in nothing but their
   * destination and what depends on it. Their bytes are used again by the next call.
   */
  say(priority: number, wall: number): readonly OutgoingAdvert[] {
    const { form, peers, receive } = this.config;
    if (this.source === undefined) return [];
    const { authentication } = form;
    this.#identification = this.#identification === 0xffff ? 1 : this.#identification + 1;
    const last = this.#last;
    if (last !== undefined && last.priority === priority && last.adapted === this.receiving.adapted) {
      this.#count(priority);
      if (this.family === 'inet') {
        for (const { bytes } of last.adverts) {
          bytes[4] = this.#identification >> 8;
          bytes[5] = this.#identification & 0xff;
        }
      }
      return last.adverts;
    }
    let ahSequence: number | undefined;
    let serial: bigint | undefined;
    if (authentication.kind === 'ah') {
      const ah = nextAhCounter(this.receiving.ah);
      this.receiving = { ...this.receiving, ah };
      ahSequence = ah.sequence;
    } else if (authentication.kind === 'hmac' && authentication.parameters.mode !== 'receive-only') {
      serial = nextSerial(this.receiving.hmac, authentication.parameters, wall);
      this.receiving = { ...this.receiving, hmac: { ...this.receiving.hmac, sent: serial } };
    }
    this.#count(priority);
    const full: AdvertForm = { ...form, source: this.source };
    const unicast = peers.length > 0;
    const adverts = (unicast ? peers : [form.multicastGroup]).map((destination) => {
      const moment: AdvertMoment = {
        priority,
        destination,
        unicast,
        checksum: checksumForm(receive, this.receiving),
        identification: this.#identification,
        ...(ahSequence === undefined ? {} : { ahSequence }),
        ...(serial === undefined ? {} : { serial }),
      };
      return { destination, bytes: encodeAdvert(full, moment) };
    });
    // Without a sequence in it, an advert differs from the last one only by its identification.
    const plain = authentication.kind === 'none' || authentication.kind === 'pass';
    this.#last = plain ? { priority, adapted: this.receiving.adapted, adverts } : undefined;
    return adverts;
  }

  #count(priority: number): void {
    this.statistics.advert_sent++;
    if (priority === 0) this.statistics.pri_zero_sent++;
  }

  /** Takes another configuration of the same identity; what is remembered stays. */
  reconfigure(config: VirtualRouterConfig): void {
    this.config = config;
    this.#last = undefined;
    this.#repeated = undefined;
    if (config.source !== undefined) this.source = config.source;
    this.#told.clear();
  }

  #refused(reject: VrrpReject, detail: string): readonly ElectionAction[] {
    this.statistics[REJECT_COUNTER[reject]]++;
    return this.#tellOnce(reject, detail);
  }

  /** keepalived.md 12.6: each once per change of state. */
  #tellOnce(what: string, text: string): readonly ElectionAction[] {
    if (this.#told.has(what)) return [];
    this.#told.add(what);
    return [{ kind: 'log', detail: false, text: `(${this.name}) ${text}` }];
  }
}

/** keepalived's word for the family of an instance without an address. */
export function missingAddressFault(family: AddressFamily): string {
  return ` entering FAULT state (no IPv${family === 'inet' ? 4 : 6} address for interface)`;
}

/** The default multicast group of a family (RFC 9568 sections 5.1.1.2 and 5.1.2.2). */
export function defaultGroup(family: AddressFamily): IpAddress {
  return (family === 'inet' ? '224.0.0.18' : 'ff02::12') as IpAddress;
}

/** Whether an address can be the source of a family's packets. */
export function isOfFamily(address: IpAddress, family: AddressFamily): boolean {
  return isIpv6(address) === (family === 'inet6');
}
