/**
 * What a virtual router holds while it is master: addresses, routes, rules (keepalived.md 11).
 */
import type { VirtualAddress } from '../../config/virtual-address.js';
import { familyOf } from '../../runtime/addresses.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { ADDRESS_FORM, readAddressLine } from './address-line.js';
import { flagWord, keyword } from './forms.js';
import { type Block, block, type Keyword } from './keyword.js';
import { ROUTE_FORM, readRouteLine } from './route-line.js';
import { RULE_FORM, readRuleLine } from './rule-line.js';
import type { VrrpInstanceDraft, VrrpSide } from './vrrp-drafts.js';
import { tell } from './vrrp-forms.js';

type Draft = VrrpInstanceDraft;

/** Notes the interfaces that a line names. */
export function interfaceNoter(
  side: VrrpSide,
  statement: Statement,
  context: BindContext,
): (name: string, message: string) => void {
  return (name, message) =>
    side.interfaceUses.push({ name, message, at: context.position(statement), mayComeLater: true });
}

function readVirtual(draft: Draft, statement: Statement, context: BindContext): VirtualAddress | undefined {
  const line = readAddressLine(statement, context, 'virtual', interfaceNoter(draft.side, statement, context));
  if (line === undefined) return undefined;
  const { trackGroup: _none, ...rest } = line;
  return { ...rest, at: context.position(statement) };
}

function bindAddress(draft: Draft, statement: Statement, context: BindContext): void {
  const address = readVirtual(draft, statement, context);
  if (address === undefined) return;
  const family = familyOf(address.address);
  draft.family ??= family;
  if (draft.family === family) draft.addresses.push(address);
  else {
    const text = statement.words[0]?.text ?? '';
    const message = `(${draft.name}): address family must match VRRP instance [${text}] - ignoring`;
    tell(context, statement, 0, 'LVSD_CONFIG_FAMILY', message, 'this line is left out', 'virtual_ipaddress_excluded');
  }
}

export const virtualAddressBlock = block<Draft>(
  'vrrp_instance.virtual_ipaddress',
  'virtual_ipaddress',
  'The addresses of a virtual router; they are in its adverts.',
  [],
  {
    form: `${ADDRESS_FORM} [use_vmac]`,
    doc: 'All of one family; without a prefix the address alone, without dev on the interface of the instance.',
    bind: bindAddress,
  },
);

export const excludedAddressBlock = block<Draft>(
  'vrrp_instance.virtual_ipaddress_excluded',
  'virtual_ipaddress_excluded',
  'Addresses that the virtual router holds and that are not in its adverts.',
  [],
  {
    form: `${ADDRESS_FORM} [use_vmac]`,
    doc: 'Any number, of either family.',
    bind: (draft, statement, context) => {
      const address = readVirtual(draft, statement, context);
      if (address !== undefined) draft.excludedAddresses.push(address);
    },
  },
);

export const virtualRoutesBlock = block<Draft>(
  'vrrp_instance.virtual_routes',
  'virtual_routes',
  'Routes that the master has.',
  [],
  {
    form: ROUTE_FORM,
    doc: 'The words of ip route.',
    bind: (draft, statement, context) => {
      const route = readRouteLine(statement, context, 'virtual', interfaceNoter(draft.side, statement, context));
      if (route !== undefined) draft.routes.push(route);
    },
  },
);

export const virtualRulesBlock = block<Draft>(
  'vrrp_instance.virtual_rules',
  'virtual_rules',
  'Routing rules that the master has.',
  [],
  {
    form: RULE_FORM,
    doc: 'The words of ip rule.',
    bind: (draft, statement, context) => {
      const { side } = draft;
      const note = interfaceNoter(side, statement, context);
      const rule = readRuleLine(statement, context, 'virtual', side.rulePriorities, note);
      if (rule !== undefined) draft.rules.push(rule);
    },
  },
);

export function addressWords(): Keyword<Draft>[] {
  const opens = (name: string, of: Block<Draft>): Keyword<Draft> =>
    keyword<Draft>({ name, opens: of.name, doc: of.doc }, [], (draft, statement, context) =>
      bindBody(of, draft, statement.body ?? [], context),
    );
  return [
    opens('virtual_ipaddress', virtualAddressBlock),
    opens('virtual_ipaddress_excluded', excludedAddressBlock),
    flagWord<Draft>(
      { name: 'no_virtual_ipaddress', since: 'after 2.2.7', doc: 'The virtual router has no address, on purpose.' },
      (draft) => {
        draft.withoutAddresses = true;
      },
    ),
    flagWord<Draft>(
      {
        name: 'promote_secondaries',
        doc: 'When a primary address goes, the interface keeps its secondary ones (net.ipv4.conf.*.promote_secondaries).',
      },
      (draft) => {
        draft.promoteSecondaries = true;
      },
    ),
    opens('virtual_routes', virtualRoutesBlock),
    opens('virtual_rules', virtualRulesBlock),
  ];
}
