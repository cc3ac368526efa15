/**
 * global_defs: the firewall of the VRRP side (keepalived.md 7.4). keepalived's iptables and ipsets are nftables here, as in
 * Debian's build of it; both words say so.
 */
import type { VrrpSettings } from '../../config/global-vrrp.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { flagWord, keyword, numberWord, type Unbuilt } from './forms.js';
import type { GlobalDraft } from './global-draft.js';
import { change } from './global-fields.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_TABLE_NAME } from './limits.js';

const INT_MIN = -2147483648;
const INT_MAX = 2147483647;

/** @param unbuilt what is told of their use */
export function firewallWords(unbuilt: Unbuilt): readonly Keyword<GlobalDraft>[] {
  const firewall = (global: GlobalDraft, fields: Partial<VrrpSettings['firewall']>): void =>
    change(global, 'vrrp', { firewall: { ...global.vrrp.firewall, ...fields } });
  const words = (statement: Statement, context: BindContext): readonly string[] =>
    statement.words.slice(1).map((_, i) => context.text(statement, i + 1));
  return [
    keyword<GlobalDraft>(
      {
        name: 'vrrp_iptables',
        default: 'INPUT OUTPUT',
        doc: 'iptables chains of VRRP; lvsd uses nftables in their place.',
        unbuilt,
      },
      [argument.optional(argument.text('IN')), argument.optional(argument.text('OUT'))],
      (global, statement, context) => {
        const message =
          "iptables not supported, using nftables instead. Please replace 'vrrp_iptables and 'vrrp_ipsets' with 'nftables' config option";
        context.report('assumed', 'LVSD_CONFIG_IPTABLES', message, statement, 0, {
          expected: 'nftables [TABLE]',
          assumed: 'nftables',
        });
        firewall(global, { iptables: words(statement, context) });
      },
    ),
    keyword<GlobalDraft>(
      { name: 'vrrp_ipsets', doc: 'Names of the ipsets of VRRP; lvsd uses sets of nftables in their place.', unbuilt },
      [argument.optional(argument.repeated(argument.text('NAME', 'up to 7 names; none at all is no sets')))],
      (global, statement, context) => {
        const message = 'ipsets not supported, using sets of nftables instead';
        context.report('assumed', 'LVSD_CONFIG_IPTABLES', message, statement, 0, {
          expected: 'nftables [TABLE]',
          assumed: 'nftables',
        });
        firewall(global, { ipsets: words(statement, context) });
      },
    ),
    keyword<GlobalDraft>(
      { name: 'nftables', default: 'keepalived', doc: 'nftables table of VRRP.', unbuilt },
      [argument.optional(argument.text('TABLE', `at most ${MAX_TABLE_NAME} bytes`))],
      (global, statement, context) => {
        const table = statement.words[1] === undefined ? true : context.text(statement, 1);
        let message: string | undefined;
        if (global.vrrp.firewall.table !== undefined) message = 'nftables already specified - ignoring';
        else if (table !== true && Buffer.byteLength(table) > MAX_TABLE_NAME)
          message = 'nftables table name too long - ignoring';
        if (message === undefined) firewall(global, { table });
        else context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 1);
      },
    ),
    numberWord<GlobalDraft>(
      { name: 'nftables_priority', default: '-1', doc: 'Priority of the chains of VRRP.', unbuilt },
      argument.number('N', INT_MIN, INT_MAX),
      (global, priority) => firewall(global, { priority }),
    ),
    flagWord<GlobalDraft>(
      { name: 'nftables_ifindex', doc: 'Rules of VRRP match interfaces by index.', unbuilt },
      (global) => firewall(global, { matchByIndex: true }),
    ),
  ];
}
