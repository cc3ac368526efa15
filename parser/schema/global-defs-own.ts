/**
 * global_defs: the words of lvsd's own (architecture, section 6).
 */
import { parseIpAddress } from '../../runtime/addresses.js';
import { port } from '../../runtime/units.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { choiceWord, keyword, textWord } from './forms.js';
import type { GlobalDraft } from './global-draft.js';
import { argument, type Keyword } from './keyword.js';

const IGNORED = 'the line is ignored, as if it were not written';

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

/** lvsd's own words of global_defs. */
export function ownWords(): readonly Keyword<GlobalDraft>[] {
  return [
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
