/**
 * real_server (keepalived.md 14.3) and what it shares with virtual_server for the checkers below.
 */
import { MAX_WEIGHT } from '../../runtime/units.js';
import { LONGEST_SECONDS } from '../bind-context.js';
import { builtCheckerWords } from './checkers.js';
import { NO_MAIL, NO_SNMP } from './cures.js';
import type { RealServerDraft, ServerWords } from './drafts.js';
import { booleanWord, keyword, numberWord, scriptWord, secondsWord, textWord } from './forms.js';
import { methodArguments, readForwarding } from './forwarding.js';
import { argument, block, type Keyword } from './keyword.js';
import { MAX_UNSIGNED } from './limits.js';
import { unbuiltCheckerWords } from './unbuilt-checkers.js';

/** What virtual_server and real_server both say, with the default in words. */
export function serverWords<D extends ServerWords>(who: 'virtual server' | 'real server'): Keyword<D>[] {
  const below = who === 'virtual server';
  const inherited = (own: string): string => (below ? own : "the virtual server's");
  return [
    numberWord<D>(
      { name: 'retry', default: inherited("the checker's"), doc: 'Retries of the checkers below.' },
      argument.number('N', 1, MAX_UNSIGNED),
      (server, value) => {
        server.retry = value;
      },
    ),
    secondsWord<D>(
      {
        name: 'delay_before_retry',
        default: inherited("the checker's"),
        doc: 'Wait before a retry of the checkers below.',
      },
      argument.seconds('SECS', 0, LONGEST_SECONDS),
      (server, value) => {
        server.delayBeforeRetry = value;
      },
    ),
    secondsWord<D>(
      { name: 'warmup', default: inherited('delay_loop'), doc: 'First checks are spread over this time.' },
      argument.seconds('SECS', 0, LONGEST_SECONDS),
      (server, value) => {
        server.warmup = value;
      },
    ),
    secondsWord<D>(
      { name: 'connect_timeout', default: inherited('5'), doc: 'Timeout of the checkers below.' },
      argument.seconds('SECS', 0.000001, 4294.967295),
      (server, value) => {
        server.connectTimeout = value;
      },
    ),
    secondsWord<D>(
      { name: 'delay_loop', default: inherited('60'), doc: 'Time from one check to the next.' },
      argument.seconds('SECS', 0.000001, LONGEST_SECONDS),
      (server, value) => {
        server.delayLoop = value;
      },
    ),
    booleanWord<D>(
      {
        name: 'inhibit_on_failure',
        default: inherited('off'),
        doc: 'A failed server keeps its place in the table with weight 0.',
        lenient: below ? 'taken' : undefined,
      },
      (server, value) => {
        server.inhibitOnFailure = value;
      },
    ),
    booleanWord<D>(
      {
        name: 'alpha',
        default: inherited('off'),
        doc: 'Servers start down and need one success.',
        lenient: below ? 'taken' : undefined,
      },
      (server, value) => {
        server.alpha = value;
      },
    ),
    booleanWord<D>(
      {
        name: 'smtp_alert',
        default: below ? 'smtp_alert_checker, else off' : 'smtp_alert_checker, else on',
        doc: 'Sends mail when the state changes.',
        whenWrong: (text) => `Invalid ${below ? 'virtual_server' : 'real_server'} smtp_alert parameter ${text}`,
        unbuilt: { decides: 'none', cure: NO_MAIL },
      },
      (server, value) => {
        server.smtpAlert = value;
      },
    ),
    textWord<D>(
      { name: 'virtualhost', whenMissing: `${who} virtualhost missing`, doc: 'Host header of HTTP_GET and SSL_GET.' },
      'HOST',
      (server, value) => {
        server.virtualhost = value;
      },
    ),
    textWord<D>(
      {
        name: 'snmp_name',
        whenMissing: `${who} snmp_name missing or extra parameters`,
        whenSurplus: `${who} snmp_name missing or extra parameters`,
        doc: 'Name in the SNMP tables.',
        unbuilt: { decides: 'none', cure: NO_SNMP },
      },
      'NAME',
      (server, value) => {
        server.snmpName = value;
      },
    ),
  ];
}

export const realServerBlock = block<RealServerDraft>(
  'real_server',
  'real_server',
  'One server behind a virtual server.',
  [
    numberWord<RealServerDraft>(
      { name: 'weight', default: "the virtual server's", doc: 'Share of new connections; 0 takes none.' },
      argument.number('N', 0, MAX_WEIGHT),
      (server, value) => {
        server.weight = value;
      },
    ),
    keyword<RealServerDraft>(
      { name: 'lvs_method', default: "the virtual server's", doc: 'How packets reach this server.' },
      methodArguments,
      (server, statement, context) => {
        server.forwarding = readForwarding(statement, context, 'real', server.forwarding);
      },
    ),
    numberWord<RealServerDraft>(
      { name: 'uthreshold', default: '0 (none)', doc: 'No new connections above this many.' },
      argument.number('N', 0, MAX_UNSIGNED),
      (server, value) => {
        server.upperThreshold = value;
      },
    ),
    numberWord<RealServerDraft>(
      { name: 'lthreshold', default: '0', doc: 'New connections again below this many.' },
      argument.number('N', 0, MAX_UNSIGNED),
      (server, value) => {
        server.lowerThreshold = value;
      },
    ),
    scriptWord<RealServerDraft>(
      { name: 'notify_up', doc: 'Program that runs when the server comes up.' },
      (server, script, context) => {
        if (server.notifyUp === undefined) server.notifyUp = script;
        else
          context.reportAt(
            'assumed',
            'LVSD_CONFIG_DUPLICATE',
            `notify_up script already specified - ignoring ${script.command}`,
            script.at,
          );
      },
    ),
    scriptWord<RealServerDraft>(
      { name: 'notify_down', doc: 'Program that runs when the server goes down.' },
      (server, script, context) => {
        if (server.notifyDown === undefined) server.notifyDown = script;
        else
          context.reportAt(
            'assumed',
            'LVSD_CONFIG_DUPLICATE',
            `notify_down script already specified - ignoring ${script.command}`,
            script.at,
          );
      },
    ),
    ...serverWords<RealServerDraft>('real server'),
    ...builtCheckerWords(),
    ...unbuiltCheckerWords(),
  ],
);
