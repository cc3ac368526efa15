/**
 * global_defs: the LVS half (keepalived.md 7.5): checks, the IPVS table, its timeouts and sync daemon, its sockets, groups as
 * maps of nftables.
 */
import { seconds } from '../../runtime/units.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { booleanWord, flagWord, keyword, numberWord, type Unbuilt } from './forms.js';
import type { GlobalDraft } from './global-draft.js';
import { bufferWords, change } from './global-fields.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_IPVS_TIMEOUT, MAX_MARK, MAX_TABLE_NAME } from './limits.js';
import { readSyncDaemon } from './sync-daemon.js';

const IGNORED = 'the line is ignored, as if it were not written';
const DEFAULT_TABLE = 'keepalived_ipvs';
const ownBuffers: Unbuilt = {
  decides: 'none',
  cure: 'lvsd sizes its IPVS sockets by itself and reads again what was lost: take the word out.',
};

function readTimeouts(global: GlobalDraft, statement: Statement, context: BindContext): void {
  if (statement.words.length < 3) {
    const message = 'lvs_timeouts requires at least one option';
    context.report('assumed', 'LVSD_CONFIG_MISSING_VALUE', message, statement, 0, {
      expected: 'tcp N, tcpfin N, udp N',
    });
    return;
  }
  let { tcp, tcpFin, udp } = global.lvsTimeouts ?? { tcp: undefined, tcpFin: undefined, udp: undefined };
  for (let i = 1; i < statement.words.length; i += 2) {
    const option = statement.words[i]?.text ?? '';
    if (option !== 'tcp' && option !== 'tcpfin' && option !== 'udp') {
      const message = `Unknown option ${option} specified for lvs_timeouts`;
      context.report('assumed', 'LVSD_CONFIG_BAD_CHOICE', message, statement, i, {
        expected: 'tcp, tcpfin or udp',
        assumed: 'the option is left out',
      });
      i--;
      continue;
    }
    if (statement.words[i + 1] === undefined) {
      const message = `No value specified for lvs_timeout ${option} - ignoring`;
      context.report('assumed', 'LVSD_CONFIG_MISSING_VALUE', message, statement, i, { expected: `${option} SECONDS` });
      break;
    }
    const value = context.number(statement, i + 1, 0, MAX_IPVS_TIMEOUT, "the kernel's timeout stays");
    if (value === undefined) continue;
    if (option === 'tcp') tcp = seconds(value);
    else if (option === 'tcpfin') tcpFin = seconds(value);
    else udp = seconds(value);
  }
  if (tcp !== undefined || tcpFin !== undefined || udp !== undefined) global.lvsTimeouts = { tcp, tcpFin, udp };
}

function nftablesWords(): readonly Keyword<GlobalDraft>[] {
  const set = (global: GlobalDraft, fields: Partial<GlobalDraft['nftablesIpvs']>): void => {
    global.nftablesIpvs = { ...global.nftablesIpvs, ...fields };
  };
  return [
    keyword<GlobalDraft>(
      {
        name: 'nftables_ipvs',
        default: `off; ${DEFAULT_TABLE}`,
        doc: 'Groups of virtual servers are maps of nftables with one firewall mark each, and one service a family.',
      },
      [argument.optional(argument.text('TABLE', `at most ${MAX_TABLE_NAME} bytes`))],
      (global, statement, context) => {
        const table = statement.words[1] === undefined ? DEFAULT_TABLE : context.text(statement, 1);
        let message: string | undefined;
        if (global.nftablesIpvs.table !== undefined) message = 'ipvs nftables already specified - ignoring';
        else if (Buffer.byteLength(table) > MAX_TABLE_NAME) message = 'ipvs nftables table name too long - ignoring';
        if (message === undefined) set(global, { table });
        else context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 1, { assumed: IGNORED });
      },
    ),
    numberWord<GlobalDraft>(
      { name: 'nftables_ipvs_priority', default: '-1', doc: 'Priority of the chain on the input hook.' },
      argument.number('N', -2147483648, 2147483647),
      (global, priority) => set(global, { priority }),
    ),
    numberWord<GlobalDraft>(
      {
        name: 'nftables_ipvs_start_fwmark',
        default: '1000',
        doc: 'First mark; each group and protocol takes the next.',
      },
      argument.number('MARK', 1, MAX_MARK),
      (global, startMark) => set(global, { startMark }),
    ),
    flagWord<GlobalDraft>({ name: 'nftables_counters', doc: 'What lvsd puts into nftables counts.' }, (global) => {
      global.nftablesCounters = true;
    }),
  ];
}

/** The LVS half of global_defs. */
export function lvsWords(): readonly Keyword<GlobalDraft>[] {
  return [
    booleanWord<GlobalDraft>(
      {
        name: 'checker_log_all_failures',
        default: 'off',
        doc: 'Default of log_all_failures of checkers.',
        whenWrong: () => 'Invalid value for checker_log_all_failures specified',
      },
      (global, value) => {
        global.checkerLogAllFailures = value;
      },
    ),
    booleanWord<GlobalDraft>(
      {
        name: 'rs_init_notifies',
        default: 'off',
        doc: 'Runs notify_up for servers that are added at start.',
        whenWrong: (text) => `Invalid value '${text}' for global rs_init_notifies specified`,
      },
      (global, value) => {
        global.rsInitNotifies = value;
      },
    ),
    booleanWord<GlobalDraft>(
      { name: 'lvs_flush', default: 'off', doc: 'Empties the whole IPVS table at start.', lenient: 'ignored' },
      (global, value) => {
        global.lvsFlush = value;
      },
    ),
    keyword<GlobalDraft>(
      {
        name: 'lvs_flush_on_stop',
        aliases: [
          { name: 'lvs_flush_onstop', deprecated: 'lvs_flush_onstop is deprecated, please use lvs_flush_on_stop' },
        ],
        default: 'off',
        doc: 'Empties the table at stop; with VS only the services of the file.',
      },
      [argument.optional(argument.choice('VS', ['VS']))],
      (global, statement, context) => {
        const text = statement.words[1]?.text;
        if (text === undefined) global.lvsFlushOnStop = 'table';
        else if (text === 'VS') global.lvsFlushOnStop = 'virtual-servers';
        else {
          context.report('assumed', 'LVSD_CONFIG_BAD_CHOICE', `Unknown lvs_flush_on_stop type ${text}`, statement, 1, {
            expected: 'VS, or nothing',
            assumed: IGNORED,
          });
        }
      },
    ),
    keyword<GlobalDraft>(
      { name: 'lvs_timeouts', default: "the kernel's", doc: 'IPVS timeouts; the old ones are restored at exit.' },
      [
        argument.optional(
          argument.repeated(argument.text('OPTION', `tcp N, tcpfin N, udp N; 0 to ${MAX_IPVS_TIMEOUT} seconds`)),
        ),
      ],
      readTimeouts,
    ),
    keyword<GlobalDraft>(
      {
        name: 'lvs_sync_daemon',
        whenMissing: 'lvs_sync_daemon requires interface',
        doc: 'IPVS connection synchronisation.',
      },
      [
        argument.text('INTERFACE'),
        argument.optional(
          argument.repeated(
            argument.text('OPTION', 'inst NAME, id 0-255, maxlen 1-65507, port 1-65535, ttl 1-255, group ADDRESS'),
          ),
        ),
      ],
      readSyncDaemon,
    ),
    ...bufferWords('lvs_netlink_cmd_rcv_bufs', 'the IPVS request socket', ownBuffers, (global, fields) =>
      change(global, 'lvsCommandBuffer', fields),
    ),
    ...bufferWords('lvs_netlink_monitor_rcv_bufs', "the director's monitor socket", ownBuffers, (global, fields) =>
      change(global, 'lvsMonitorBuffer', fields),
    ),
    ...nftablesWords(),
  ];
}
