/**
 * The log lines of checkers, to the letter as keepalived writes them (keepalived.md 15.2, 15.3, 15.8, 21): operators
 * grep for them. Nothing is decided here.
 */
import type { Checker } from '../config/checker.js';
import type { RealServerName, VirtualServerName } from '../config/names.js';
import type { ProbeFailed } from './verdict.js';

/** A checker with the names that its lines need. */
export interface CheckSubject {
  readonly checker: Checker;
  readonly virtualServer: VirtualServerName;
  readonly realServer: RealServerName;
  /** What is checked, as keepalived names it: where the checker connects to; the real server for scripts. */
  readonly checked: string;
  /** The checker's word or the global one. */
  readonly logAllFailures: boolean;
}

/** The line when a checker comes up, or passes for the first time. */
export function successLine(subject: CheckSubject): string {
  const { checker } = subject;
  switch (checker.kind) {
    case 'TCP_CHECK':
      return `TCP connection to ${subject.checked} success.`;
    case 'HTTP_GET':
    case 'SSL_GET':
      return `Remote Web server ${subject.checked} succeed on service.`;
    case 'MISC_CHECK':
      return `${misc(subject)} succeeded.`;
    default:
      return `${checker.kind} on service ${subject.checked} success.`;
  }
}

/**
 * The line when a failure is decisive.
 *
 * @param hasRun whether the checker had a verdict before: a first failure had no retries, and TCP's line says so.
 *   HTTP's names its `retry` whenever there is one, as keepalived's does.
 */
export function failureLine(subject: CheckSubject, result: ProbeFailed, hasRun: boolean): string {
  const { checker } = subject;
  const { retry } = checker.schedule;
  switch (checker.kind) {
    case 'HTTP_GET':
    case 'SSL_GET': {
      const word = checker.kind === 'HTTP_GET' ? 'HTTP_CHECK' : 'SSL_CHECK';
      return `${word} on service ${subject.checked} failed${retry > 0 ? ` after ${retry} retries` : ''}.`;
    }
    case 'MISC_CHECK': {
      const retries = retry === 0 ? ' with retry disabled' : hasRun ? ` after ${retry} retries` : '';
      return miscFailure(subject, result, retries);
    }
    default:
      return `${checker.kind} on service ${subject.checked} failed${retry > 0 && hasRun ? ` after ${retry} retries` : ''}.`;
  }
}

/**
 * The lines of log_all_failures for one failed run. A script's decisive failure has them in its own line already.
 */
export function forgivenLine(subject: CheckSubject, result: ProbeFailed, decisive: boolean): readonly string[] {
  if (subject.checker.kind !== 'MISC_CHECK') return [result.detail];
  return decisive ? [] : [miscFailure(subject, result, '')];
}

function misc(subject: CheckSubject): string {
  const path = subject.checker.kind === 'MISC_CHECK' ? (subject.checker.script.argv[0] ?? '') : '';
  return `Misc check for [${subject.realServer} VS ${subject.virtualServer}] by [${path}]`;
}

function miscFailure(subject: CheckSubject, result: ProbeFailed, retries: string): string {
  if (result.reason === 'timeout') return `${misc(subject)} timed out${retries}.`;
  return `${misc(subject)} failed${retries}${result.detail === '' ? '' : ` (${result.detail})`}.`;
}
