/**
 * The words that every checker shares (keepalived.md 15.1), declared once and put into each checker's block.
 *
 * Types that open no connection (MISC, FILE, BFD) take only the words of the schedule.
 */

import { LONGEST_SECONDS } from '../bind-context.js';
import type { CheckerWords } from './drafts.js';
import { addressWord, booleanWord, numberWord, secondsWord, textWord } from './forms.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_CHECK_RETRY, MAX_MARK } from './limits.js';

export function connectionWords<D extends CheckerWords>(): Keyword<D>[] {
  return [
    addressWord<D>(
      { name: 'connect_ip', default: "the real server's address", doc: 'Address that the check connects to.' },
      (check, value) => {
        check.connectIp = value;
      },
    ),
    numberWord<D>(
      { name: 'connect_port', default: "the real server's port", doc: 'Port that the check connects to.' },
      argument.number('PORT', 1, 65535),
      (check, value) => {
        check.connectPort = value;
      },
    ),
    addressWord<D>({ name: 'bindto', default: 'any', doc: 'Source address of the check.' }, (check, value) => {
      check.bindTo = value;
    }),
    numberWord<D>(
      { name: 'bind_port', default: 'any', doc: 'Source port of the check.' },
      argument.number('PORT', 1, 65535),
      (check, value) => {
        check.bindPort = value;
      },
    ),
    textWord<D>(
      { name: 'bind_if', doc: 'Interface that the check goes out by; link-local targets need it.' },
      'INTERFACE',
      (check, value, context) => {
        check.bindIf = context.shared(value);
      },
    ),
    secondsWord<D>(
      { name: 'connect_timeout', default: "the real server's (5)", doc: 'How long a connection or a reply may take.' },
      argument.seconds('SECS', 0.000001, 4294.967295),
      (check, value) => {
        check.connectTimeout = value;
      },
    ),
    numberWord<D>(
      { name: 'fwmark', default: '0', doc: 'Firewall mark (SO_MARK) of the packets of the check.' },
      argument.number('MARK', 0, MAX_MARK),
      (check, value) => {
        check.fwmark = value;
      },
    ),
  ];
}

export function scheduleWords<D extends CheckerWords>(): Keyword<D>[] {
  return [
    numberWord<D>(
      {
        name: 'retry',
        default: "the real server's, else 1 (MISC_CHECK 0, DNS_CHECK 3)",
        doc: 'Extra consecutive failures before the checker is down.',
      },
      argument.number('N', 0, MAX_CHECK_RETRY),
      (check, value) => {
        check.retry = value;
      },
    ),
    secondsWord<D>(
      {
        name: 'delay_before_retry',
        default: "the real server's, else 1 (HTTP_GET and SSL_GET 3, DNS_CHECK delay_loop)",
        doc: 'Wait before the check is tried again after a failure.',
      },
      argument.seconds('SECS', 0, LONGEST_SECONDS),
      (check, value) => {
        check.delayBeforeRetry = value;
      },
    ),
    secondsWord<D>(
      { name: 'warmup', default: "the real server's, else delay_loop", doc: 'The first run is spread over this time.' },
      argument.seconds('SECS', 0, LONGEST_SECONDS),
      (check, value) => {
        check.warmup = value;
      },
    ),
    secondsWord<D>(
      { name: 'delay_loop', default: "the real server's (60)", doc: 'Time from one run to the next.' },
      argument.seconds('SECS', 0.000001, LONGEST_SECONDS),
      (check, value) => {
        check.delayLoop = value;
      },
    ),
    booleanWord<D>(
      { name: 'alpha', default: "the real server's", doc: 'The check starts down and needs one success.' },
      (check, value) => {
        check.alpha = value;
      },
    ),
    booleanWord<D>(
      {
        name: 'log_all_failures',
        default: 'checker_log_all_failures',
        doc: 'Logs every failure, not only changes of state.',
      },
      (check, value) => {
        check.logAllFailures = value;
      },
    ),
  ];
}
