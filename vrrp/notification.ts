/**
 * What the world is told of an election, as data: FIFO lines, arguments of scripts, mails (keepalived.md 13).
 *
 * To the letter what keepalived writes, because programs read it. Who writes the FIFO, runs the script and sends the mail is
 * not known here.
 */
import type { NotifiedEvent, NotifiedState } from './election-state.js';

export type NotificationSubject =
  | { readonly kind: 'INSTANCE'; readonly name: string; readonly priority: number }
  | { readonly kind: 'GROUP'; readonly name: string };

export type NotificationState = NotifiedState | NotifiedEvent | 'DELETED';

/** `INSTANCE "VI_1" MASTER 100\n`; a group's priority is 0. */
export function fifoLine(subject: NotificationSubject, state: NotificationState): string {
  return `${subject.kind} "${subject.name}" ${state} ${priorityOf(subject)}\n`;
}

/** What `notify` gets behind its configured arguments. `notify_master` and its like get nothing. */
export function notifyArguments(subject: NotificationSubject, state: NotificationState): readonly string[] {
  return [subject.kind, subject.name, state, String(priorityOf(subject))];
}

/** The word of the script that runs besides `notify`; undefined: none, changes of priority have only `notify`. */
export function scriptWord(state: NotificationState): string | undefined {
  switch (state) {
    case 'MASTER':
    case 'BACKUP':
    case 'FAULT':
    case 'STOP':
    case 'DELETED':
    case 'MASTER_RX_LOWER_PRI':
      return `notify_${state.toLowerCase()}`;
    case 'MASTER_PRIORITY':
    case 'BACKUP_PRIORITY':
      return undefined;
  }
}

export interface AlertMail {
  /** Behind `[router_id] `. */
  readonly subject: string;
  readonly body: string;
}

const INSTANCE_MAILS: Readonly<Partial<Record<NotificationState, readonly [string, string]>>> = {
  MASTER: ['Entering MASTER state', 'VRRP Instance is now owning VRRP VIPs'],
  BACKUP: ['Entering BACKUP state', 'VRRP Instance is no longer owning VRRP VIPs'],
  FAULT: ['Entering FAULT state', 'VRRP Instance is no longer owning VRRP VIPs'],
  STOP: ['Stopping', 'VRRP Instance stopping'],
  DELETED: ['Deleted', 'VRRP Instance has been deleted'],
};
const GROUP_MAILS: Readonly<Partial<Record<NotificationState, readonly [string, string]>>> = {
  MASTER: ['Entering MASTER state', 'All VRRP group instances are now in MASTER state'],
  BACKUP: ['Entering BACKUP state', 'All VRRP group instances are now in BACKUP state'],
  FAULT: ['Entering FAULT state', 'All VRRP group instances are now in FAULT state'],
  STOP: ['Stopping', 'All VRRP group instances are stopping'],
};

/** The mail of smtp_alert; undefined: this is not mailed. */
export function alertMail(subject: NotificationSubject, state: NotificationState): AlertMail | undefined {
  const words = (subject.kind === 'INSTANCE' ? INSTANCE_MAILS : GROUP_MAILS)[state];
  if (words === undefined) return undefined;
  const what = subject.kind === 'INSTANCE' ? 'Instance' : 'Group';
  return { subject: `VRRP ${what} ${subject.name} - ${words[0]}`, body: `=> ${words[1]} <=` };
}

function priorityOf(subject: NotificationSubject): number {
  return subject.kind === 'INSTANCE' ? subject.priority : 0;
}
