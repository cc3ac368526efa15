/**
 * global_defs: processes, reloads and dumps (keepalived.md 7.1 to 7.3).
 *
 * keepalived's checker process is two roles of lvsd, director and checker: what the file says of it holds for both. The
 * words of its VRRP and BFD processes wait for those roles.
 */

import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { booleanWord, flagWord, keyword, numberWord, textWord, type Unbuilt } from './forms.js';
import type { GlobalDraft } from './global-draft.js';
import { change, type GlobalPart, into, invalidGlobal } from './global-fields.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_UNSIGNED } from './limits.js';

const newer = { since: 'after 2.2.7' };
const IGNORED = 'the line is ignored, as if it were not written';
/** The kernel keeps 15 bytes of a name (TASK_COMM_LEN). */
const MAX_PROCESS_NAME = 15;
const MAX_REALTIME = 99;
/** As many as a kernel may be built for. */
const MAX_CPU = 8191;
const INT_MIN = -2147483648;
const INT_MAX = 2147483647;

const notYet = (what: string): Unbuilt => ({ decides: 'none', cure: `lvsd ${what} yet; it runs without this word.` });
const later = (what: string): Unbuilt => ({
  decides: 'none',
  vrrpSide: true,
  cure: `lvsd runs no ${what} yet; the word waits for it.`,
});

/** A process of keepalived: how its words begin, where they go, and what lvsd does with them. */
interface ProcessWords {
  readonly prefix: 'checker' | 'vrrp' | 'bfd';
  readonly part: Extract<GlobalPart, `${string}Scheduling`>;
  readonly title: string;
  readonly unbuilt: Unbuilt | undefined;
}

const processes: readonly ProcessWords[] = [
  {
    prefix: 'checker',
    part: 'checkerScheduling',
    title: 'the director and the checker',
    unbuilt: undefined,
  },
  { prefix: 'vrrp', part: 'vrrpScheduling', title: 'the VRRP process', unbuilt: later('VRRP') },
  { prefix: 'bfd', part: 'bfdScheduling', title: 'the BFD process', unbuilt: later('BFD') },
];

function nameWord(
  name: string,
  field: 'parent' | 'checker' | 'vrrp' | 'bfd',
  doc: string,
  unbuilt: Unbuilt | undefined,
): Keyword<GlobalDraft> {
  const aliases =
    field === 'checker'
      ? {
          aliases: [
            {
              name: 'lvs_process_name',
              deprecated: "'lvs_process_name' is deprecated - please use 'checker_process_name'",
            },
          ],
        }
      : {};
  return keyword<GlobalDraft>(
    { name, ...aliases, doc, ...(unbuilt === undefined ? {} : { unbuilt }) },
    [argument.text('NAME', `at most ${MAX_PROCESS_NAME} bytes`)],
    (global, statement, context) => {
      const written = context.text(statement, 1);
      const kept = Buffer.from(written).subarray(0, MAX_PROCESS_NAME).toString();
      if (kept !== written) {
        const message = `Process name ${written} more than ${MAX_PROCESS_NAME} characters, truncating`;
        context.report('assumed', 'LVSD_CONFIG_TOO_LONG', message, statement, 1, { assumed: kept });
      }
      change(global, 'processNames', { [field]: context.shared(kept) });
    },
  );
}

/** A number that is corrected into its range, as keepalived does with real-time priorities. */
function readRealtime(of: ProcessWords, global: GlobalDraft, statement: Statement, context: BindContext): void {
  const written = context.number(statement, 1, INT_MIN, INT_MAX);
  if (written === undefined) return;
  const value = Math.min(MAX_REALTIME, Math.max(1, written));
  if (value !== written) {
    const [side, end] = value > written ? ['less', 'minimum'] : ['greater', 'maximum'];
    const message = `${of.prefix} process real-time priority ${written} ${side} than ${end} ${value} - setting to ${end}`;
    context.report('assumed', 'LVSD_CONFIG_BAD_NUMBER', message, statement, 1, {
      expected: `a whole number from 1 to ${MAX_REALTIME}`,
      assumed: String(value),
    });
  }
  change(global, of.part, { rtPriority: value });
}

function readAffinity(of: ProcessWords, global: GlobalDraft, statement: Statement, context: BindContext): void {
  const cpus = new Set<number>();
  for (let i = 1; i < statement.words.length; i++) {
    const cpu = context.number(statement, i, 0, MAX_CPU, 'every CPU may be used');
    if (cpu === undefined) return;
    cpus.add(cpu);
  }
  change(global, of.part, { cpuAffinity: [...cpus].sort((a, b) => a - b) });
}

function schedulingWords(of: ProcessWords): readonly Keyword<GlobalDraft>[] {
  const { prefix, part, title } = of;
  const unbuilt = of.unbuilt === undefined ? {} : { unbuilt: of.unbuilt };
  return [
    numberWord<GlobalDraft>(
      {
        name: `${prefix}_priority`,
        default: '0',
        whenMissing: `No ${prefix} process priority specified`,
        doc: `Nice value of ${title}.`,
        ...unbuilt,
      },
      argument.number('NICE', -20, 19),
      into(part, 'priority'),
    ),
    flagWord<GlobalDraft>(
      {
        name: `${prefix}_no_swap`,
        doc: `Keeps the program of ${title} in memory; for its data see MemorySwapMax= of systemd.`,
        ...unbuilt,
      },
      (global) => change(global, part, { noSwap: true }),
    ),
    keyword<GlobalDraft>(
      {
        name: `${prefix}_rt_priority`,
        default: 'off',
        whenMissing: `No ${prefix} process real-time priority specified`,
        doc: `Real-time priority (SCHED_RR) of ${title}.`,
        ...unbuilt,
      },
      [argument.number('PRIORITY', 1, MAX_REALTIME)],
      (global, statement, context) => readRealtime(of, global, statement, context),
    ),
    keyword<GlobalDraft>(
      {
        name: `${prefix}_cpu_affinity`,
        default: 'all',
        whenMissing: `No ${prefix} cpu_id set specified`,
        doc: `CPUs that ${title} may run on.`,
        ...unbuilt,
      },
      [argument.repeated(argument.number('CPU', 0, MAX_CPU))],
      (global, statement, context) => readAffinity(of, global, statement, context),
    ),
    numberWord<GlobalDraft>(
      {
        name: `${prefix}_rlimit_rttime`,
        aliases: [
          {
            name: `${prefix}_rlimit_rtime`,
            deprecated: `Keyword '${prefix}_rlimit_rtime' is deprecated - please use '${prefix}_rlimit_rttime'`,
          },
        ],
        default: 'none',
        doc: `With ${prefix}_rt_priority: processor time between two waits after which ${title} complains.`,
        ...unbuilt,
      },
      argument.number('MICROSECONDS', 1, MAX_UNSIGNED, 'microseconds'),
      // keepalived halves it, and half must not be nothing.
      (global, value) => change(global, part, { rlimitRttime: Math.max(2, value) }),
    ),
  ];
}

function processNameWords(): readonly Keyword<GlobalDraft>[] {
  return [
    flagWord<GlobalDraft>(
      { name: 'process_names', doc: 'Names the processes keepalived_vrrp, keepalived_lvs and keepalived_bfd.' },
      (global) =>
        change(global, 'processNames', {
          vrrp: 'keepalived_vrrp',
          checker: 'keepalived_lvs',
          bfd: 'keepalived_bfd',
        }),
    ),
    nameWord('process_name', 'parent', 'Name of the supervisor, for ps and top.', undefined),
    nameWord('checker_process_name', 'checker', 'Name of the director and of the checker.', undefined),
    nameWord('vrrp_process_name', 'vrrp', 'Name of the VRRP process.', later('VRRP')),
    nameWord('bfd_process_name', 'bfd', 'Name of the BFD process.', later('BFD')),
    keyword<GlobalDraft>(
      {
        name: 'max_auto_priority',
        default: 'off',
        doc: 'Raises the real-time priority of a process that runs late; -1 is off for good.',
        unbuilt: notYet('raises no priority by itself'),
      },
      [argument.optional(argument.number('PRIORITY', -1, MAX_REALTIME))],
      (global, statement, context) => {
        const value = statement.words[1] === undefined ? MAX_REALTIME : context.number(statement, 1, -1, MAX_REALTIME);
        if (value !== undefined) change(global, 'autoPriority', { max: value });
      },
    ),
    numberWord<GlobalDraft>(
      {
        name: 'min_auto_priority_delay',
        default: '1000000',
        whenMissing: 'min_auto_priority_delay requires delay time',
        doc: 'Lateness that raises the priority.',
        unbuilt: notYet('raises no priority by itself'),
      },
      argument.number('MICROSECONDS', 1, 10000000, 'microseconds'),
      into('autoPriority', 'minDelay'),
    ),
  ];
}

function reloadWords(): readonly Keyword<GlobalDraft>[] {
  return [
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
    keyword<GlobalDraft>(
      {
        name: 'reload_time_file',
        whenMissing: 'reload_time_file invalid',
        doc: 'File that says when to reload: [[YY]YY-MM-DD ]HH:MM:SS[Z]; it is watched.',
      },
      [argument.text('PATH')],
      (global, statement, context) => {
        if (statement.words.length > 2) {
          context.report('assumed', 'LVSD_CONFIG_SURPLUS_WORD', 'reload_time_file invalid', statement, 2, {
            expected: 'one file name',
            assumed: IGNORED,
          });
        } else change(global, 'reloadControl', { timeFile: context.text(statement, 1) });
      },
    ),
    flagWord<GlobalDraft>(
      { name: 'reload_repeat', doc: 'Keeps the file of reload_time_file: a time without a date comes every day.' },
      (global) => change(global, 'reloadControl', { repeat: true }),
    ),
    keyword<GlobalDraft>(
      {
        name: 'reload_file',
        default: 'off; keepalived.reload beside the PID file',
        doc: 'Empty file that exists while the configuration is read; whoever writes configurations waits until it is gone.',
      },
      [argument.optional(argument.text('PATH'))],
      (global, statement, context) => {
        const holdFile = statement.words[1] === undefined ? true : context.text(statement, 1);
        change(global, 'reloadControl', { holdFile });
      },
    ),
    textWord<GlobalDraft>(
      {
        name: 'config_save_dir',
        doc: 'Folder where the configuration of each start and reload is kept; made if its parent exists.',
      },
      'PATH',
      (global, value) => change(global, 'reloadControl', { saveDirectory: value.replace(/(.)\/$/, '$1') }),
    ),
    keyword<GlobalDraft>(
      {
        name: 'tmp_config_directory',
        default: 'a memfd',
        whenMissing: 'tmp_config_directory missing directory name',
        doc: 'Where the snapshot of the file is written.',
        unbuilt: { decides: 'none', cure: 'lvsd keeps the snapshot in memory, where nobody can change it.' },
      },
      [argument.text('PATH')],
      (global, statement, context) => {
        if (global.reloadControl.snapshotDirectory !== undefined) {
          const message = 'tmp_config_directory already specified - ignoring';
          context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 1);
        } else change(global, 'reloadControl', { snapshotDirectory: context.text(statement, 1) });
      },
    ),
  ];
}

function dumpWords(): readonly Keyword<GlobalDraft>[] {
  const file = (name: string, field: 'statsFile' | 'jsonFile', from: string, what: string): Keyword<GlobalDraft> =>
    textWord<GlobalDraft>(
      { name, ...newer, default: from, doc: `File of ${what}.`, unbuilt: notYet('writes no such dump') },
      'PATH',
      into('dumps', field),
    );
  return [
    textWord<GlobalDraft>(
      { name: 'state_dump_file', default: '/tmp/keepalived.data', ...newer, doc: 'File of the dump of SIGUSR1.' },
      'PATH',
      into('dumps', 'stateFile'),
    ),
    file('stats_dump_file', 'statsFile', '/tmp/keepalived.stats', 'the dump of SIGUSR2'),
    file('json_dump_file', 'jsonFile', '/tmp/keepalived.json', 'the JSON dump'),
    numberWord<GlobalDraft>(
      {
        name: 'json_version',
        ...newer,
        default: '1',
        doc: 'Form of the JSON dump.',
        unbuilt: notYet('writes no JSON dump of VRRP'),
      },
      argument.number('N', 1, 2),
      (global, value) => change(global, 'dumps', { jsonVersion: value === 2 ? 2 : 1 }),
    ),
    booleanWord<GlobalDraft>(
      {
        name: 'data_use_instance',
        default: 'off',
        doc: 'Puts namespace and instance into the names of dump files.',
        whenWrong: invalidGlobal('data_use_instance'),
      },
      into('dumps', 'useInstance'),
    ),
    textWord<GlobalDraft>(
      {
        name: 'iproute_usr_dir',
        ...newer,
        default: '/usr/share/iproute2',
        doc: 'Where rt_tables and the like are read.',
        unbuilt: later('VRRP'),
      },
      'PATH',
      (global, value) => {
        global.iprouteUsrDirectory = value;
      },
    ),
    textWord<GlobalDraft>(
      {
        name: 'iproute_etc_dir',
        ...newer,
        default: '/etc/iproute2',
        doc: 'Where rt_tables and the like are read first.',
        unbuilt: later('VRRP'),
      },
      'PATH',
      (global, value) => {
        global.iprouteEtcDirectory = value;
      },
    ),
  ];
}

/** Names, scheduling, reload control and dumps. */
export function processWords(): readonly Keyword<GlobalDraft>[] {
  return [...processNameWords(), ...processes.flatMap(schedulingWords), ...reloadWords(), ...dumpWords()];
}
