/**
 * global_defs as far as lvsd acts on it (keepalived.md 7.1, 7.2, 7.3, 7.5, 7.6) and lvsd's own words. The names of
 * everything else that may stand there are in global-defs-unbuilt.ts.
 */

import { parseIpAddress } from '../../runtime/addresses.js';
import { port, seconds } from '../../runtime/units.js';
import type { BindContext } from '../bind-context.js';
import { readScriptUser } from '../bind-script.js';
import type { Statement } from '../statement.js';
import { NO_MAIL } from './cures.js';
import { booleanWord, choiceWord, flagWord, keyword, numberWord, scriptWord, textWord } from './forms.js';
import { unbuiltGlobalWords } from './global-defs-unbuilt.js';
import type { GlobalDraft } from './global-draft.js';
import { argument, block, type Keyword } from './keyword.js';
import { MAX_IPVS_TIMEOUT, MAX_UNSIGNED } from './limits.js';
import { readSyncDaemon } from './sync-daemon.js';
import { readUmask } from './umask.js';

const IGNORED = 'the line is ignored, as if it were not written';

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

function readListen(global: GlobalDraft, statement: Statement, context: BindContext): void {
  const text = statement.words[1]?.text ?? '';
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  const address = parseIpAddress(match?.[1] ?? match?.[2] ?? '');
  const number = Number(match?.[3]);
  if (address !== undefined && number >= 1 && number <= 65535) {
    global.metricsListen = { address: context.shared(address) as typeof address, port: port(number) };
    return;
  }
  context.report('assumed', 'LVSD_CONFIG_BAD_ADDRESS', `Invalid metrics_listen '${text}' - ignoring`, statement, 1, {
    expected: 'ADDRESS:PORT or [IPV6]:PORT, for example 127.0.0.1:9650',
    assumed: 'no metrics are served',
  });
}

function readSysctl(global: GlobalDraft, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 1);
  const value = context.number(statement, 2, -2147483648, 2147483647);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    const message = `ipvs_sysctl '${name}' is not a word under net.ipv4.vs - ignoring`;
    context.report('assumed', 'LVSD_CONFIG_BAD_VALUE', message, statement, 1, {
      expected: 'a name such as conn_reuse_mode, without net.ipv4.vs. before it',
      assumed: IGNORED,
    });
  } else if (value !== undefined) {
    const others = global.ipvsSysctls.filter((each) => each.name !== name);
    global.ipvsSysctls = [...others, { name, value, at: context.position(statement) }];
  }
}

/** Reads PATH [USER [GROUP]] of a FIFO. */
function fifoWord(name: 'notify_fifo' | 'lvs_notify_fifo', doc: string): Keyword<GlobalDraft> {
  const field = name === 'notify_fifo' ? 'notifyFifo' : 'lvsNotifyFifo';
  const prefix = name === 'notify_fifo' ? '' : 'lvs_';
  return keyword<GlobalDraft>(
    {
      name,
      doc,
      whenMissing: `No ${prefix}notify_fifo name specified`,
    },
    [argument.text('PATH'), argument.optional(argument.text('USER')), argument.optional(argument.text('GROUP'))],
    (global, statement, context) => {
      const path = context.text(statement, 1);
      if (global[field] !== undefined) {
        const message = `${prefix}notify_fifo already specified - ignoring ${path}`;
        context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 1);
        return;
      }
      const user = statement.words.length > 2 ? readScriptUser(statement, 2, context) : undefined;
      global[field] = { path, user, at: context.position(statement) };
    },
  );
}

function fifoScriptWord(name: 'notify_fifo_script' | 'lvs_notify_fifo_script'): Keyword<GlobalDraft> {
  return scriptWord<GlobalDraft>(
    {
      name,
      whenMissing: `No ${name} specified`,
      doc: 'Program that reads the FIFO; its name is added as last argument.',
    },
    (global, script) => {
      if (name === 'notify_fifo_script') global.notifyFifoScript = script;
      else global.lvsNotifyFifoScript = script;
    },
  );
}

function scriptTimeoutWord(which: 'startup' | 'shutdown'): Keyword<GlobalDraft> {
  return numberWord<GlobalDraft>(
    {
      name: `${which}_script_timeout`,
      default: '10',
      whenMissing: `${which}_script_timeout requires value`,
      doc: `Longest run of ${which}_script.`,
    },
    argument.number('SECS', 1, 1000, 'seconds'),
    (global, value) => {
      if (which === 'startup') global.startupScriptTimeout = seconds(value);
      else global.shutdownScriptTimeout = seconds(value);
    },
  );
}

function actingWords(): Keyword<GlobalDraft>[] {
  return [
    textWord<GlobalDraft>(
      {
        name: 'router_id',
        default: 'host name',
        whenMissing: 'routerid name missing - ignoring',
        doc: 'Name of this host in dumps and mails.',
      },
      'NAME',
      (global, value) => {
        global.routerId = value;
      },
    ),
    keyword<GlobalDraft>(
      {
        name: 'script_user',
        default: 'keepalived_script, else the user that lvsd runs as',
        whenMissing: 'No script username specified',
        doc: 'User and group of scripts that name none.',
      },
      [argument.text('USER'), argument.optional(argument.text('GROUP'))],
      (global, statement, context) => {
        global.scriptUser = readScriptUser(statement, 1, context);
      },
    ),
    flagWord<GlobalDraft>(
      { name: 'enable_script_security', doc: 'Runs no script as root whose path others may write to.' },
      (global) => {
        global.enableScriptSecurity = true;
      },
    ),
    booleanWord<GlobalDraft>(
      { name: 'use_symlink_paths', default: 'off', since: 'after 2.2.7', doc: 'Keeps symbolic links in script paths.' },
      (global, value) => {
        global.useSymlinkPaths = value;
      },
    ),
    scriptWord<GlobalDraft>(
      {
        name: 'startup_script',
        whenMissing: 'startup script missing',
        doc: 'Program that runs before anything starts.',
      },
      (global, script, context) => {
        if (global.startupScript === undefined) global.startupScript = script;
        else context.reportAt('assumed', 'LVSD_CONFIG_DUPLICATE', 'startup script already specified', script.at);
      },
    ),
    scriptWord<GlobalDraft>(
      {
        name: 'shutdown_script',
        whenMissing: 'shutdown script missing',
        doc: 'Program that runs after everything stopped.',
      },
      (global, script, context) => {
        if (global.shutdownScript === undefined) global.shutdownScript = script;
        else context.reportAt('assumed', 'LVSD_CONFIG_DUPLICATE', 'shutdown script already specified', script.at);
      },
    ),
    scriptTimeoutWord('startup'),
    scriptTimeoutWord('shutdown'),
    keyword<GlobalDraft>(
      { name: 'umask', default: 'S_IXUSR | S_IRWXG | S_IRWXO', doc: 'Mask of the files that lvsd creates.' },
      [argument.repeated(argument.text('MASK', 'a number, or IRUSR | IWUSR | ...'))],
      readUmask,
    ),
    numberWord<GlobalDraft>(
      {
        name: 'random_seed',
        default: 'from the time',
        doc: 'Seed of _RANDOM in the file and of the spread of checks.',
      },
      argument.number('N', 0, MAX_UNSIGNED),
      (global, value) => {
        global.randomSeed = value;
      },
    ),
    booleanWord<GlobalDraft>(
      {
        name: 'smtp_alert',
        doc: 'Default of every smtp_alert.',
        whenWrong: (text) => `Invalid value '${text}' for global smtp_alert specified`,
        unbuilt: { decides: 'none', cure: NO_MAIL },
      },
      (global, value) => {
        global.smtpAlert = value;
      },
    ),
    booleanWord<GlobalDraft>(
      {
        name: 'smtp_alert_checker',
        doc: 'Default of smtp_alert of virtual and real servers.',
        whenWrong: (text) => `Invalid value '${text}' for global smtp_alert_checker specified`,
        unbuilt: { decides: 'none', cure: NO_MAIL },
      },
      (global, value) => {
        global.smtpAlertChecker = value;
      },
    ),
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
      { name: 'lvs_flush', default: 'off', doc: 'Empties the whole IPVS table at start.' },
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
    fifoWord('notify_fifo', 'FIFO for all events.'),
    fifoScriptWord('notify_fifo_script'),
    fifoWord('lvs_notify_fifo', 'FIFO for LVS events.'),
    fifoScriptWord('lvs_notify_fifo_script'),
    numberWord<GlobalDraft>(
      {
        name: 'checker_priority',
        default: '0',
        whenMissing: 'No checker process priority specified',
        doc: 'Nice value of the checker.',
      },
      argument.number('NICE', -20, 19),
      (global, value) => {
        global.checkerScheduling = { ...global.checkerScheduling, priority: value };
      },
    ),
    flagWord<GlobalDraft>(
      {
        name: 'checker_no_swap',
        doc: 'Keeps the checker in memory.',
        unbuilt: {
          decides: 'none',
          cure: 'A Node process cannot lock its memory: give the host memory to spare, or MemorySwapMax=0 in the systemd unit.',
        },
      },
      (global) => {
        global.checkerScheduling = { ...global.checkerScheduling, noSwap: true };
      },
    ),
    numberWord<GlobalDraft>(
      {
        name: 'checker_rt_priority',
        default: 'off',
        whenMissing: 'No checker process real-time priority specified',
        doc: 'Real-time priority (SCHED_RR) of the checker.',
        unbuilt: {
          decides: 'none',
          cure: 'lvsd gives no role real-time priority yet: use checker_priority, or CPUSchedulingPolicy= in the systemd unit.',
        },
      },
      argument.number('PRIORITY', 1, 99),
      (global, value) => {
        global.checkerScheduling = { ...global.checkerScheduling, rtPriority: value };
      },
    ),
    keyword<GlobalDraft>(
      {
        name: 'reload_check_config',
        default: 'off',
        doc: 'A reload with warnings is refused; they are written to the file.',
      },
      [argument.optional(argument.text('LOGFILE'))],
      (global, statement, context) => {
        const logFile = statement.words[1] === undefined ? undefined : context.text(statement, 1);
        global.reloadCheckConfig = { logFile };
      },
    ),
    textWord<GlobalDraft>(
      {
        name: 'state_dump_file',
        default: '/tmp/keepalived.data',
        since: 'after 2.2.7',
        doc: 'File of the dump of SIGUSR1.',
      },
      'PATH',
      (global, value) => {
        global.stateDumpFile = value;
      },
    ),
    choiceWord<GlobalDraft, 'repair' | 'report'>(
      {
        name: 'lvs_drift',
        default: 'repair',
        since: 'lvsd',
        doc: 'What to do when somebody else changes the IPVS table.',
      },
      ['repair', 'report'],
      (global, value) => {
        global.lvsDrift = value;
      },
    ),
    textWord<GlobalDraft>(
      { name: 'control_socket', default: '/run/lvsd/control.sock', since: 'lvsd', doc: 'Socket of lvsctl.' },
      'PATH',
      (global, value) => {
        global.controlSocket = value;
      },
    ),
    keyword<GlobalDraft>(
      { name: 'metrics_listen', default: 'off', since: 'lvsd', doc: 'Where the metrics are served.' },
      [argument.text('ADDRESS:PORT')],
      readListen,
    ),
    keyword<GlobalDraft>(
      { name: 'ipvs_sysctl', since: 'lvsd', doc: 'A word of net.ipv4.vs: set, read back, restored at stop.' },
      [argument.text('NAME'), argument.number('VALUE', -2147483648, 2147483647)],
      readSysctl,
    ),
  ];
}

export const globalDefsBlock = block<GlobalDraft>('global_defs', 'global_defs', 'What holds for all of lvsd.', [
  ...actingWords(),
  ...unbuiltGlobalWords(),
]);
