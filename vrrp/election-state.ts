/**
 * What an election remembers, is told and asks for: the types of election.ts and election-table.ts, and its beginning.
 *
 * Instants are monotonic milliseconds. Everything is a plain immutable value.
 */
import type { IpAddress } from '../runtime/addresses.js';
import { OWNER } from './election-timers.js';
import type { VrrpVersion } from './packet.js';

/** Milliseconds; 0: never. A repeat of 0: none. */
export interface AnnounceParameters {
  /** garp_master_delay: the second burst after this long. */
  readonly masterDelay: number;
  readonly masterRepeat: number;
  readonly masterRefresh: number;
  readonly masterRefreshRepeat: number;
  readonly lowerPrioDelay: number;
  readonly lowerPrioRepeat: number;
  /** garp_extra_if. */
  readonly extraInterval: number;
}

/** What an election needs to know of its configuration. Durations in milliseconds. */
export interface ElectionParameters {
  readonly name: string;
  readonly version: VrrpVersion;
  /** As configured, 1..255. */
  readonly priority: number;
  readonly startsAs: 'master' | 'backup';
  /** Version 2: whole seconds; version 3: whole centiseconds. */
  readonly interval: number;
  /** 1..100. */
  readonly downTimerAdverts: number;
  readonly preempt: boolean;
  /** 0: none. */
  readonly preemptDelay: number;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly notifyPriorityChanges: boolean;
  /** Member of a sync group. */
  readonly grouped: boolean;
  readonly unicast: boolean;
  /** Not to become master yet, because what the addresses lead to is not ready. */
  readonly held: boolean;
  readonly announce: AnnounceParameters;
  /** timer_expired_backup: the priority of the peer that would be first to take over, 1..254; keepalived's default is 254. */
  readonly otherPriority: number;
}

/** INIT: nothing was begun, or scripts that decide have not answered yet. */
export type ElectionRole = 'init' | 'backup' | 'master' | 'fault';

export interface ElectionState {
  readonly role: ElectionRole;
  /** What it would be if its sync group let it. */
  readonly wanted: 'backup' | 'master' | 'fault';
  /** Effective priority, 1..255. */
  readonly priority: number;
  /** The master's interval: in version 3 as it says, else ours. */
  readonly masterInterval: number;
  readonly masterPriority: number;
  readonly masterAddress: IpAddress | undefined;
  /** Backup: when the master is down; master: when the next advert goes out; else Infinity. */
  readonly deadline: number;
  /** When the last advert was sent; -Infinity: never. */
  readonly lastSent: number;
  /** preempt_delay: undefined while no lower master was heard. */
  readonly preemptAt: number | undefined;
  /** Instants of bursts that are due while it is master; Infinity: none. */
  readonly announceAt: number;
  readonly refreshAt: number;
  readonly lowerPrioAnnounceAt: number;
  readonly extraAt: number;
  /** Backup: the last instant at which it was run. */
  readonly ranAt: number;
  /** How many times in a row a late timer was answered by listening. */
  readonly listened: number;
  /** Two owners: until when the other one has time to yield. */
  readonly conflictUntil: number | undefined;
  /** Two owners: we have lowered ourselves to 254. */
  readonly yielded: boolean;
}

export interface HeardAdvert {
  readonly priority: number;
  readonly source: IpAddress;
  /** Their address against ours. */
  readonly comparison: -1 | 0 | 1;
  /** Milliseconds, as the packet says. */
  readonly interval: number;
  readonly ahSequence?: number;
}

export type ElectionEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  /** Something may be due. */
  | { readonly kind: 'timer' }
  | { readonly kind: 'advert'; readonly advert: HeardAdvert }
  /** The first reason for FAULT came, the last one went. */
  | { readonly kind: 'fault' }
  | { readonly kind: 'clear' }
  /** The effective priority is another one. */
  | { readonly kind: 'priority'; readonly priority: number }
  /** One of our virtual addresses was taken away by somebody else. */
  | { readonly kind: 'address-lost' }
  /** Commands of the sync group. */
  | { readonly kind: 'group-master' }
  | { readonly kind: 'group-backup' }
  | { readonly kind: 'group-lower-advert' }
  /** A reload: the parameters that are handed in are new; the effective priority is this. */
  | { readonly kind: 'configure'; readonly priority: number };

export type NotifiedState = 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP';
export type NotifiedEvent = 'MASTER_RX_LOWER_PRI' | 'MASTER_PRIORITY' | 'BACKUP_PRIORITY';

export type ElectionAction =
  /** To the group or to each peer. Priority 0: we stop being master. */
  | { readonly kind: 'send-advert'; readonly priority: number }
  /** Firewall, virtual addresses, routes, rules, in this order. */
  | { readonly kind: 'add-addresses' }
  /** Rules, routes, addresses, firewall. `force`: whether or not we have added them. */
  | { readonly kind: 'remove-addresses'; readonly force: boolean }
  /** Gratuitous ARP and unsolicited neighbour advertisements for every virtual address, the excluded ones after. */
  | { readonly kind: 'announce'; readonly repeat: number }
  /** One for each further interface that carries our addresses. */
  | { readonly kind: 'announce-extra' }
  /** One for our own address, so that unicast peers find us. */
  | { readonly kind: 'announce-source' }
  | { readonly kind: 'notify'; readonly state: NotifiedState }
  | { readonly kind: 'event'; readonly event: NotifiedEvent }
  | { readonly kind: 'sync-daemon'; readonly role: 'master' | 'backup' }
  /** Asks the sync group. */
  | { readonly kind: 'group'; readonly request: 'master' | 'backup' | 'lower-advert' }
  /** AH: go on from here. */
  | { readonly kind: 'ah-sequence'; readonly sequence: number }
  /** `detail`: with -D only. */
  | { readonly kind: 'log'; readonly detail: boolean; readonly text: string }
  /** A timer fired late, milliseconds; `listening`: it was answered by listening. */
  | { readonly kind: 'late'; readonly by: number; readonly listening: boolean };

const NEVER = Number.POSITIVE_INFINITY;

/** An election before its start. `priority`: the effective one, trackers included. */
export function initialElection(parameters: ElectionParameters, priority: number): ElectionState {
  return {
    role: 'init',
    wanted: parameters.startsAs === 'master' || parameters.priority === OWNER ? 'master' : 'backup',
    priority,
    masterInterval: parameters.interval,
    masterPriority: 0,
    masterAddress: undefined,
    deadline: NEVER,
    lastSent: Number.NEGATIVE_INFINITY,
    preemptAt: undefined,
    announceAt: NEVER,
    refreshAt: NEVER,
    lowerPrioAnnounceAt: NEVER,
    extraAt: NEVER,
    ranAt: Number.NEGATIVE_INFINITY,
    listened: 0,
    conflictUntil: undefined,
    yielded: false,
  };
}

/**
 * The nearest instant at which a `timer` event is wanted; Infinity: none. A backup wants to be run one interval before its
 * down timer too, so that it can tell a silent master from a time in which it was not run itself.
 */
export function nextDeadline(state: ElectionState): number {
  if (state.role === 'backup') {
    const watch = state.deadline - state.masterInterval;
    return state.ranAt < watch ? watch : state.deadline;
  }
  return Math.min(state.deadline, state.announceAt, state.refreshAt, state.lowerPrioAnnounceAt, state.extraAt);
}

/** The name of an event in the table. */
export type ElectionEventName =
  | Exclude<ElectionEvent['kind'], 'timer' | 'advert'>
  | 'down-timer'
  | 'advert-timer'
  | 'advert-zero'
  | 'advert-higher'
  | 'advert-equal'
  | 'advert-lower';
