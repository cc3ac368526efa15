/**
 * The election as a table: for each state and event one row, which names the section of the RFC that it follows and, where
 * keepalived departs from it or adds to it, what keepalived does (its section in keepalived.md).
 *
 * RFC 9568 is version 3 (INIT, BACKUP, ACTIVE: section 6.4); RFC 3768 section 6.4 is version 2 with the same states. What
 * both call Master or Active is MASTER here, as in keepalived's log. A step returns the next state and pushes actions in the
 * order in which they are to be done.
 */
import type { ElectionEventName, ElectionRole } from './election-state.js';
import {
  acceptNotLower,
  addressLost,
  advertTimer,
  announceLowerPrio,
  backupFails,
  backupHearsLower,
  backupHearsZero,
  becomeMaster,
  changePriority,
  configure,
  downTimer,
  groupBackup,
  masterFails,
  masterHearsEqual,
  masterHearsHigher,
  masterHearsLower,
  masterHearsZero,
  recover,
  type Step,
  start,
  startFaulty,
  stay,
  stop,
} from './election-steps.js';

export interface ElectionRow {
  /** Where the RFC says so; `-` for what it does not know. */
  readonly rfc: string;
  /** What keepalived adds or does otherwise. */
  readonly keepalived?: string;
  readonly step: Step;
}

const row = (rfc: string, step: Step, keepalived?: string): ElectionRow =>
  keepalived === undefined ? { rfc, step } : { rfc, step, keepalived };
const nothing = (why: string): ElectionRow => row('-', stay, why);

/** RFC numbers without a section sign are of section 6.4 of both RFCs: 6.4.1 Initialize, 6.4.2 Backup, 6.4.3 Master. */
export const ELECTION_TABLE: Readonly<Record<ElectionRole, Readonly<Record<ElectionEventName, ElectionRow>>>> = {
  init: {
    start: row('6.4.1', start, '12.3: BACKUP first, also an owner, whose down timer is then 1 us; stale addresses go'),
    stop: nothing('nothing was begun'),
    'down-timer': nothing('no timer runs'),
    'advert-timer': nothing('no timer runs'),
    'advert-zero': row('6.4.1: packets are not looked at', stay),
    'advert-higher': row('6.4.1: packets are not looked at', stay),
    'advert-equal': row('6.4.1: packets are not looked at', stay),
    'advert-lower': row('6.4.1: packets are not looked at', stay),
    fault: row('-', startFaulty, '12.3: FAULT (init)'),
    clear: nothing('there is no fault'),
    priority: row('-', changePriority, '9: trackers'),
    'address-lost': nothing('we have none'),
    'group-master': nothing('it has not started'),
    'group-backup': nothing('it has not started'),
    'group-lower-advert': nothing('we are not master'),
    configure: row('-', configure, '18.2'),
  },
  backup: {
    start: nothing('it has started'),
    stop: row('6.4.2: Shutdown', stop, '13: notify STOP'),
    'down-timer': row('6.4.2: Active_Down_Timer fires', downTimer, '10: a member of a group waits for the others'),
    'advert-timer': nothing('no such timer runs'),
    'advert-zero': row('6.4.2: priority zero: down timer to Skew_Time', backupHearsZero),
    'advert-higher': row('6.4.2: priority greater: down timer anew', acceptNotLower, '12.3: ends a preempt delay'),
    'advert-equal': row('6.4.2: priority equal: down timer anew', acceptNotLower, '12.3: ends a preempt delay'),
    'advert-lower': row(
      '6.4.2: discarded, unless Preempt_Mode is False',
      backupHearsLower,
      '12.4: preempt_delay begins when a lower master is first heard',
    ),
    fault: row('-', backupFails, '12.3'),
    clear: nothing('there is no fault'),
    priority: row('-', changePriority, '9: the down timer moves by the change of skew'),
    'address-lost': nothing('we hold none'),
    'group-master': row('-', becomeMaster, '10: every member wants MASTER'),
    'group-backup': nothing('it is backup'),
    'group-lower-advert': nothing('we are not master'),
    configure: row('-', configure, '18.2: the down timer starts anew'),
  },
  master: {
    start: nothing('it has started'),
    stop: row('6.4.3: Shutdown: advert with priority 0', stop, '13: notify STOP'),
    'down-timer': nothing('no such timer runs'),
    'advert-timer': row('6.4.3: Adver_Timer fires', advertTimer, '11: timer_expired_backup'),
    'advert-zero': row('6.4.3: priority zero: advert at once', masterHearsZero),
    'advert-higher': row('6.4.3: priority greater: to Backup', masterHearsHigher, '7.4: higher_prio_send_advert'),
    'advert-equal': row(
      '6.4.3: priority equal: the higher address stays',
      masterHearsEqual,
      '12.3: two owners; our own address is told, and nothing else',
    ),
    'advert-lower': row(
      '6.4.3: discarded, advert at once (RFC 9568; RFC 3768 only discards)',
      masterHearsLower,
      '12.3: and announced anew; lower_prio_no_advert',
    ),
    fault: row('-', masterFails, '12.3: two adverts of priority 0, as captured (fixtures/vrrp)'),
    clear: nothing('there is no fault'),
    priority: row('-', changePriority, '9: told by the next advert'),
    'address-lost': row('-', addressLost, '12.3: priority 0, BACKUP, and the election puts the address back'),
    'group-master': nothing('it is master'),
    'group-backup': row('-', groupBackup, '10'),
    'group-lower-advert': row('-', announceLowerPrio, '12.3: the same for the sync group'),
    configure: row('-', configure, '18.2: stays master, an advert at once'),
  },
  fault: {
    start: nothing('it has started'),
    stop: row('-', stop, '13: notify STOP'),
    'down-timer': nothing('no timer runs'),
    'advert-timer': nothing('no timer runs'),
    'advert-zero': nothing('12.3: adverts are ignored in FAULT'),
    'advert-higher': nothing('12.3: adverts are ignored in FAULT'),
    'advert-equal': nothing('12.3: adverts are ignored in FAULT'),
    'advert-lower': nothing('12.3: adverts are ignored in FAULT'),
    fault: nothing('it is in FAULT'),
    clear: row('-', recover, '12.3: BACKUP with a whole down timer; an owner is MASTER at once'),
    priority: row('-', changePriority, '9'),
    'address-lost': nothing('we hold none'),
    'group-master': nothing('a group with a member in FAULT is in FAULT'),
    'group-backup': nothing('it leaves FAULT by `clear`'),
    'group-lower-advert': nothing('we are not master'),
    configure: row('-', configure, '18.2'),
  },
};
