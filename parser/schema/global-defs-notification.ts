/**
 * global_defs: mail, SNMP and D-Bus (keepalived.md 7.1, 7.6). Read and kept; lvsd sends none of it yet, and each use says
 * so. D-Bus is put off: there is no use of it on a director that lvsctl, the FIFOs and the metrics do not serve.
 */
import { port, seconds } from '../../runtime/units.js';
import { bindBody } from '../bind.js';
import { NO_DBUS, NO_MAIL, NO_SNMP } from './cures.js';
import { booleanWord, flagWord, keyword, secondsWord, textWord, type Unbuilt } from './forms.js';
import type { GlobalDraft } from './global-draft.js';
import { change, into, invalidGlobal, secondsInto } from './global-fields.js';
import { argument, block, type Keyword } from './keyword.js';

const newer = { since: 'after 2.2.7' };
const IGNORED = 'the line is ignored, as if it were not written';
const mail: Unbuilt = { decides: 'none', cure: NO_MAIL };
const snmp: Unbuilt = { decides: 'none', cure: NO_SNMP };
const dbus: Unbuilt = { decides: 'none', cure: NO_DBUS };
/** keepalived counts microseconds in 32 bits. */
const LONGEST_TIMEOUT = 4294;

/** The lines of notification_email: every word is somebody who gets mail. */
export const notificationEmailBlock = block<{ recipients: readonly string[] }>(
  'notification_email',
  'notification_email',
  'Who gets mail.',
  [],
  {
    form: 'ADDRESS ...',
    doc: 'One or more mail addresses.',
    bind: (draft, statement, context) => {
      draft.recipients = [...draft.recipients, ...statement.words.map((_, i) => context.text(statement, i))];
    },
  },
);

function mailWords(): readonly Keyword<GlobalDraft>[] {
  return [
    keyword<GlobalDraft>(
      { name: 'notification_email', opens: 'notification_email', doc: 'Who gets mail.', unbuilt: mail },
      [],
      (global, statement, context) => {
        const draft: { recipients: readonly string[] } = { recipients: [] };
        bindBody(notificationEmailBlock, draft, statement.body ?? [], context);
        if (draft.recipients.length === 0) {
          const message = 'Warning - empty notification_email block';
          context.report('assumed', 'LVSD_CONFIG_EMPTY_BLOCK', message, statement, 0, { expected: 'a mail address' });
        }
        change(global, 'mail', { recipients: [...global.mail.recipients, ...draft.recipients] });
      },
    ),
    textWord<GlobalDraft>(
      {
        name: 'notification_email_from',
        default: 'user@host',
        whenMissing: 'emailfrom missing - ignoring',
        doc: 'Sender of mail.',
        unbuilt: mail,
      },
      'ADDRESS',
      into('mail', 'from'),
    ),
    keyword<GlobalDraft>(
      { name: 'smtp_server', default: 'port 25', doc: 'Mail server.', unbuilt: mail },
      [argument.text('HOST', 'an address or a name'), argument.optional(argument.number('PORT', 1, 65535))],
      (global, statement, context) => {
        const host = context.text(statement, 1);
        const number = statement.words[2] === undefined ? 25 : context.number(statement, 2, 1, 65535);
        if (number === undefined) return;
        change(global, 'mail', { server: { host, port: port(number), at: context.position(statement) } });
      },
    ),
    keyword<GlobalDraft>(
      { name: 'smtp_helo_name', default: 'host name', doc: 'Name that HELO gives.', unbuilt: mail },
      [argument.optional(argument.text('NAME'))],
      (global, statement, context) => {
        if (statement.words[1] !== undefined) change(global, 'mail', { heloName: context.text(statement, 1) });
      },
    ),
    keyword<GlobalDraft>(
      { name: 'smtp_connect_timeout', default: '30', doc: 'Timeout of the mail server.', unbuilt: mail },
      [argument.number('SECS', 1, LONGEST_TIMEOUT, 'seconds')],
      (global, statement, context) => {
        const value = context.number(statement, 1, 0, LONGEST_TIMEOUT);
        if (value === undefined) return;
        if (value === 0) {
          const message = 'smtp_connect_timeout must be greater than 0, setting to 1';
          context.report('assumed', 'LVSD_CONFIG_BAD_NUMBER', message, statement, 1, { assumed: '1 second' });
        }
        change(global, 'mail', { connectTimeout: seconds(Math.max(1, value)) });
      },
    ),
    booleanWord<GlobalDraft>(
      {
        name: 'smtp_alert',
        doc: 'Default of every smtp_alert.',
        whenWrong: invalidGlobal('smtp_alert'),
        unbuilt: mail,
      },
      (global, value) => {
        global.smtpAlert = value;
      },
    ),
    booleanWord<GlobalDraft>(
      {
        name: 'smtp_alert_checker',
        doc: 'Default of smtp_alert of virtual and real servers.',
        whenWrong: invalidGlobal('smtp_alert_checker'),
        unbuilt: mail,
      },
      (global, value) => {
        global.smtpAlertChecker = value;
      },
    ),
    booleanWord<GlobalDraft>(
      {
        name: 'smtp_alert_vrrp',
        doc: 'Default of smtp_alert of virtual routers.',
        whenWrong: invalidGlobal('smtp_alert_vrrp'),
        unbuilt: { ...mail, vrrpSide: true },
      },
      into('vrrpDefaults', 'smtpAlert'),
    ),
    flagWord<GlobalDraft>(
      { name: 'no_email_faults', doc: 'No mail on FAULT.', unbuilt: { ...mail, vrrpSide: true } },
      (global) => change(global, 'mail', { notOnFault: true }),
    ),
    booleanWord<GlobalDraft>(
      {
        name: 'no_checker_emails',
        default: 'off',
        doc: 'Mail for servers only, not for every checker.',
        whenWrong: invalidGlobal('no_checker_emails'),
        unbuilt: mail,
      },
      into('mail', 'notForCheckers'),
    ),
  ];
}

function snmpWords(): readonly Keyword<GlobalDraft>[] {
  const interval = (which: 'vs' | 'rs', field: 'virtualServerInterval' | 'realServerInterval', what: string) =>
    secondsWord<GlobalDraft>(
      {
        name: `snmp_${which}_stats_update_interval`,
        ...newer,
        default: '5',
        doc: `How long SNMP keeps the counters of ${what}.`,
        unbuilt: snmp,
      },
      argument.seconds('SECS', 0.001, 30),
      secondsInto('snmp', field),
    );
  const flag = (name: string, field: 'checker' | 'rfcV2' | 'rfcV3' | 'traps', doc: string) =>
    flagWord<GlobalDraft>({ name, doc, unbuilt: snmp }, (global) => change(global, 'snmp', { [field]: true }));
  return [
    interval('vs', 'virtualServerInterval', 'services'),
    interval('rs', 'realServerInterval', 'servers'),
    keyword<GlobalDraft>(
      {
        name: 'snmp_socket',
        default: 'unix:/var/agentx/master',
        whenMissing: 'SNMP error : snmp socket name missing',
        doc: 'Socket of the SNMP master agent.',
        unbuilt: snmp,
      },
      [argument.text('ADDRESS', 'as unix:/var/agentx/master or udp:ADDRESS:PORT')],
      (global, statement, context) => {
        if (statement.words.length > 2) {
          const message = 'Too many parameters specified for snmp_socket - ignoring';
          context.report('assumed', 'LVSD_CONFIG_SURPLUS_WORD', message, statement, 2, { assumed: IGNORED });
        } else if (global.snmp.socket !== undefined) {
          const message = `SNMP socket already set to ${global.snmp.socket} - ignoring`;
          context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 1, { assumed: global.snmp.socket });
        } else change(global, 'snmp', { socket: context.text(statement, 1) });
      },
    ),
    flagWord<GlobalDraft>(
      {
        name: 'enable_snmp_vrrp',
        aliases: [
          {
            name: 'enable_snmp_keepalived',
            deprecated: "'enable_snmp_keepalived' is deprecated - please use 'enable_snmp_vrrp'",
          },
        ],
        doc: "The VRRP half of keepalived's MIB.",
        unbuilt: { ...snmp, vrrpSide: true },
      },
      (global) => change(global, 'snmp', { vrrp: true }),
    ),
    flag('enable_snmp_checker', 'checker', "The LVS half of keepalived's MIB."),
    flagWord<GlobalDraft>({ name: 'enable_snmp_rfc', doc: 'The MIBs of RFC 2787 and 6527.', unbuilt: snmp }, (global) =>
      change(global, 'snmp', { rfcV2: true, rfcV3: true }),
    ),
    flag('enable_snmp_rfcv2', 'rfcV2', 'The MIB of RFC 2787.'),
    flag('enable_snmp_rfcv3', 'rfcV3', 'The MIB of RFC 6527.'),
    flag('enable_traps', 'traps', 'SNMP traps.'),
  ];
}

function dbusWords(): readonly Keyword<GlobalDraft>[] {
  return [
    flagWord<GlobalDraft>({ name: 'enable_dbus', doc: 'D-Bus.', unbuilt: dbus }, (global) =>
      change(global, 'dbus', { enabled: true }),
    ),
    textWord<GlobalDraft>(
      {
        name: 'dbus_service_name',
        default: 'org.keepalived.Vrrp1',
        whenMissing: 'dbus_service_name missing - ignoring',
        doc: 'Bus name.',
        unbuilt: dbus,
      },
      'NAME',
      into('dbus', 'serviceName'),
    ),
    textWord<GlobalDraft>(
      {
        name: 'dbus_no_interface_name',
        ...newer,
        doc: 'Path element of virtual routers without an interface.',
        unbuilt: dbus,
      },
      'NAME',
      into('dbus', 'noInterfaceName'),
    ),
  ];
}

/** Mail, SNMP, D-Bus. */
export function notificationWords(): readonly Keyword<GlobalDraft>[] {
  return [...mailWords(), ...snmpWords(), ...dbusWords()];
}
