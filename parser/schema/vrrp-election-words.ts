/**
 * The words of a vrrp_instance that decide who is master, and how the protocol is spoken (keepalived.md 11, 12).
 */
import { flagWord, keyword, type Texts } from './forms.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_UNSIGNED } from './limits.js';
import type { VrrpInstanceDraft } from './vrrp-drafts.js';
import { namedBoolean, namedNumber, tell } from './vrrp-forms.js';

type Draft = VrrpInstanceDraft;

/** keepalived's priority where none is good. */
export const DEFAULT_PRIORITY = 100;

const flag = (texts: Texts, set: (draft: Draft) => void): Keyword<Draft> => flagWord<Draft>(texts, set);

export function electionWords(): Keyword<Draft>[] {
  return [stateWord(), ...numberWords(), ...preemptWords(), ...protocolWords()];
}

function stateWord(): Keyword<Draft> {
  return keyword<Draft>(
    {
      name: 'state',
      default: 'BACKUP; MASTER with priority 255',
      doc: 'State that the virtual router wants at start.',
    },
    [argument.choice('STATE', ['MASTER', 'BACKUP'])],
    (draft, statement, context) => {
      const state = statement.words[1]?.text;
      if (state === 'MASTER') draft.state = 'MASTER';
      else if (state === 'BACKUP' && draft.state === 'MASTER') {
        const message = `(${draft.name}) state previously set as MASTER - ignoring BACKUP`;
        tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'MASTER');
      } else {
        draft.state = 'BACKUP';
        if (state === 'BACKUP') return;
        const message = `(${draft.name}) unknown state '${state}', defaulting to BACKUP`;
        tell(context, statement, 1, 'LVSD_CONFIG_BAD_CHOICE', message, 'BACKUP', 'MASTER or BACKUP');
      }
    },
  );
}

function numberWords(): Keyword<Draft>[] {
  return [
    namedNumber<Draft>(
      { name: 'virtual_router_id', doc: 'Number of the virtual router on its link; every router of it has the same.' },
      argument.number('VRID', 1, 255),
      { message: (draft, text) => `(${draft.name}): VRID '${text}' not valid - must be between 1 & 255` },
      (draft, value) => {
        draft.virtualRouterId = value;
      },
    ),
    namedNumber<Draft>(
      {
        name: 'priority',
        default: '100; 255 with state MASTER',
        doc: 'The highest becomes master; 255 is the owner of the addresses.',
      },
      argument.number('N', 1, 255),
      {
        message: (draft) =>
          `(${draft.name}) Priority not valid! must be between 1 & 255. Using default ${DEFAULT_PRIORITY}`,
        assumed: `priority ${DEFAULT_PRIORITY}`,
        instead: (draft) => {
          draft.priority = DEFAULT_PRIORITY;
        },
      },
      (draft, value) => {
        draft.priority = value;
      },
    ),
    namedNumber<Draft>(
      {
        name: 'advert_int',
        default: '1',
        doc: 'Time between adverts: whole seconds in version 2, hundredths up to 40.95 in version 3.',
      },
      argument.seconds('SECS', 0.01, 255),
      {
        message: (draft, text) => `(${draft.name}) Advert interval (${text}) not valid! Must be > 0 - ignoring`,
      },
      (draft, value) => {
        draft.advertInterval = value;
      },
    ),
    namedNumber<Draft>(
      {
        name: 'down_timer_adverts',
        default: 'vrrp_down_timer_adverts (3)',
        doc: 'Adverts that may be missed before the master is taken for dead.',
      },
      argument.number('N', 1, 100),
      { message: (draft, text) => `(${draft.name}): Invalid down_timer_adverts [1:100] '${text}'` },
      (draft, value) => {
        draft.downTimerAdverts = value;
      },
    ),
    namedNumber<Draft>(
      { name: 'debug', default: '0', doc: 'How much of the protocol is logged.' },
      argument.number('LEVEL', 0, 4),
      { message: (draft, text) => `(${draft.name}) Debug value '${text}' not valid; must be between 0-4` },
      (draft, value) => {
        draft.debug = value;
      },
    ),
    timerExpiredBackup(),
  ];
}

function timerExpiredBackup(): Keyword<Draft> {
  return keyword<Draft>(
    {
      name: 'timer_expired_backup',
      aliases: [{ name: 'thread_timer_expired' }],
      since: 'after 2.2.7',
      doc: 'A master whose own timer ran late becomes backup; the highest priority of the others may be said.',
    },
    [argument.optional(argument.number('PRIORITY', 1, 254))],
    (draft, statement, context) => {
      const value = statement.words[1] === undefined ? 254 : context.number(statement, 1, 1, 254);
      if (value !== undefined) draft.timerExpiredBackup = value;
      else {
        const message = `(${draft.name}) timer_expired _backup highest_other_priority not valid! must be between 1 & 254`;
        tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', message);
      }
    },
  );
}

function preemptWords(): Keyword<Draft>[] {
  return [
    flag({ name: 'preempt', default: 'on', doc: 'A higher priority takes over from a living master.' }, (draft) => {
      draft.nopreempt = false;
    }),
    flag({ name: 'nopreempt', doc: 'A living master of lower priority stays.' }, (draft) => {
      draft.nopreempt = true;
    }),
    namedNumber<Draft>(
      { name: 'preempt_delay', default: '0', doc: 'Wait before a lower master is preempted.' },
      argument.seconds('SECS', 0, 1000),
      {
        message: (draft) => `(${draft.name}) Preempt_delay not valid! must be between 0-1000`,
        assumed: 'no delay',
        instead: (draft) => {
          draft.preemptDelay = 0;
        },
      },
      (draft, value) => {
        draft.preemptDelay = value;
      },
    ),
    flag({ name: 'accept', default: 'on', doc: 'The master takes packets to the addresses.' }, (draft) => {
      draft.accept = true;
    }),
    flag({ name: 'no_accept', doc: 'A firewall rule drops packets to the addresses on a master.' }, (draft) => {
      draft.accept = false;
    }),
  ];
}

function protocolWords(): Keyword<Draft>[] {
  return [
    keyword<Draft>(
      { name: 'version', default: 'vrrp_version (2; 3 for IPv6)', doc: 'Version of the protocol.' },
      [argument.number('VERSION', 2, 3)],
      (draft, statement, context) => {
        const value = context.number(statement, 1, 2, 3);
        if (value === undefined) {
          const message = `(${draft.name}): Version must be either 2 or 3`;
          tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', message);
        } else if (
          (draft.version !== undefined && draft.version !== value) ||
          (value === 2 && draft.family === 'inet6')
        ) {
          const deduced = draft.version ?? 0;
          const message = `(${draft.name}) vrrp_version ${value} conflicts with configured or deduced version ${deduced}; ignoring.`;
          tell(context, statement, 1, 'LVSD_CONFIG_CONFLICT', message);
        } else draft.version = value === 2 ? 2 : 3;
      },
    ),
    keyword<Draft>(
      { name: 'native_ipv6', doc: 'The virtual router is one of IPv6 though no address says so.' },
      [argument.boolean],
      (draft, statement, context) => {
        const value = context.boolean(statement, 1, (text) => `(${draft.name}) invalid native_ipv6 ${text} specified`);
        if (value !== true) return;
        if (draft.family === 'inet') {
          const message = `(${draft.name}) Cannot specify native_ipv6 with IPv4 addresses`;
          tell(context, statement, 0, 'LVSD_CONFIG_FAMILY', message);
          return;
        }
        draft.family = 'inet6';
        draft.version = 3;
      },
    ),
    namedBoolean<Draft>(
      { name: 'strict_mode', default: 'vrrp_strict', doc: 'Nothing that RFC 5798 does not allow.' },
      (draft, value) => {
        draft.strict = value;
      },
    ),
    namedBoolean<Draft>(
      {
        name: 'skip_check_adv_addr',
        default: 'vrrp_skip_check_adv_addr',
        doc: 'The addresses in adverts of the same sender are looked at once.',
      },
      (draft, value) => {
        draft.skipCheckAdvertAddresses = value;
      },
    ),
    namedBoolean<Draft>(
      {
        name: 'lower_prio_no_advert',
        default: 'vrrp_lower_prio_no_advert',
        doc: 'A master does not answer an advert of lower priority at once.',
      },
      (draft, value) => {
        draft.lowerPriorityNoAdvert = value;
      },
    ),
    namedBoolean<Draft>(
      {
        name: 'higher_prio_send_advert',
        default: 'vrrp_higher_prio_send_advert',
        doc: 'A master sends one more advert before it gives way.',
      },
      (draft, value) => {
        draft.higherPrioritySendAdvert = value;
      },
    ),
    namedBoolean<Draft>(
      {
        name: 'owner_ignore_adverts',
        default: 'vrrp_owner_ignore_adverts',
        since: 'after 2.2.7',
        doc: 'The owner of the addresses does not listen to adverts.',
      },
      (draft, value) => {
        draft.ownerIgnoreAdverts = value;
      },
    ),
    namedBoolean<Draft>(
      {
        name: 'v3_checksum_as_v2',
        default: 'v3_checksum_as_v2 of global_defs',
        since: 'after 2.2.7',
        doc: 'The checksum of version 3 is computed without the pseudo header.',
      },
      (draft, value) => {
        draft.checksumV3AsV2 = value;
      },
    ),
    keyword<Draft>(
      {
        name: 'kernel_rx_buf_size',
        doc: 'Receive buffer of its socket, bytes.',
        whenMissing: 'invalid kernel_rx_buf_size specified',
        whenSurplus: 'invalid kernel_rx_buf_size specified',
      },
      [argument.number('BYTES', 0, MAX_UNSIGNED)],
      (draft, statement, context) => {
        const value = context.number(statement, 1, 0, MAX_UNSIGNED);
        if (value !== undefined) draft.receiveBuffer = value;
        else {
          const message = `(${draft.name}) invalid kernel_rx_buf_size specified`;
          tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', message);
        }
      },
    ),
  ];
}
