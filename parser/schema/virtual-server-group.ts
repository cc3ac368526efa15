/**
 * virtual_server_group: one entry a line, an address, a range or a firewall mark (keepalived.md 14.1).
 */
import type { GroupEntry } from '../../config/virtual-server.js';
import type { AddressFamily } from '../../runtime/addresses.js';
import { fwmark, port } from '../../runtime/units.js';
import type { BindContext } from '../bind-context.js';
import { readRange } from '../read-range.js';
import type { Statement } from '../statement.js';
import { block } from './keyword.js';
import { MAX_MARK } from './limits.js';

export interface GroupDraft {
  readonly name: string;
  readonly entries: GroupEntry[];
}

const LEFT_OUT = 'this entry is left out';

function bindMark(group: GroupDraft, statement: Statement, context: BindContext): void {
  const markArgument = { arguments: [{ name: 'fwmark' }, { name: 'MARK' }] };
  if (statement.words.length < 2) {
    context.missing(statement, markArgument);
    return;
  }
  const mark = context.number(statement, 1, 0, MAX_MARK, LEFT_OUT);
  if (mark === undefined) return;
  const text = statement.words[2]?.text;
  let family: AddressFamily | undefined;
  if (text === 'inet' || text === 'inet6') family = text;
  else if (text !== undefined) {
    const message = `(${group.name}): fwmark '${mark}' family ${text} unknown - ignoring`;
    context.report('assumed', 'LVSD_CONFIG_BAD_CHOICE', message, statement, 2, {
      expected: 'inet or inet6',
      assumed: LEFT_OUT,
    });
    return;
  }
  group.entries.push({ kind: 'fwmark', mark: fwmark(mark), family, at: context.position(statement) });
}

function bindEntry(group: GroupDraft, statement: Statement, context: BindContext): void {
  if (statement.words[0]?.text === 'fwmark') {
    bindMark(group, statement, context);
    return;
  }
  const portText = statement.words[1]?.text ?? '0';
  const number = /^0*$/.test(portText) ? 0 : context.number(statement, 1, 1, 65535, LEFT_OUT);
  if (number === undefined) return;
  const range = readRange(statement, context, 'virtual server group', number === 0 ? undefined : portText);
  if (range === undefined) return;
  group.entries.push({ kind: 'range', ...range, port: port(number), at: context.position(statement) });
}

export const virtualServerGroupBlock = block<GroupDraft>(
  'virtual_server_group',
  'virtual_server_group',
  'Addresses and marks that share one virtual_server block.',
  [],
  {
    form: 'IP[-END] [PORT] | IP/MASK [PORT] | fwmark MARK [inet|inet6]',
    doc: 'One service, or one for every address of the range; without a port all ports.',
    bind: bindEntry,
  },
);
