/**
 * The groups of DPVS: deny_address_group, allow_address_group, tunnel_group (fullnat-grammar.md 6.1). Read and kept;
 * lvsd acts on none of them.
 */
import type { SourceEntry, SourceGroup, TunnelEntry, TunnelGroup } from '../../config/dpvs.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import { readRange } from '../read-range.js';
import type { Statement } from '../statement.js';
import type { AddedDraft } from './added-draft.js';
import { addressWord, choiceWord, keyword, type Texts, textWord } from './forms.js';
import { argument, block } from './keyword.js';
import { MAX_INTERFACE_NAME } from './limits.js';
import { bindSettings, reportedBy } from './settings.js';

interface SourceDraft {
  readonly entries: SourceEntry[];
}
type TunnelDraft = { -readonly [K in keyof TunnelEntry]: TunnelEntry[K] };

const inside = (name: string, doc: string, more: Partial<Texts> = {}): Texts => ({ name, since: 'DPVS', doc, ...more });
const SET = 'ipset:';
/** Names of ipsets, in bytes (DPVS's messages have 32 with the closing zero). */
const MAX_SET_NAME = 31;

function bindSource(draft: SourceDraft, statement: Statement, context: BindContext): void {
  const text = statement.words[0]?.text ?? '';
  const at = context.position(statement);
  if (!text.startsWith(SET)) {
    const range = readRange(statement, context, 'address');
    if (range !== undefined) draft.entries.push({ kind: 'range', ...range, at });
    return;
  }
  const name = text.slice(SET.length);
  if (name !== '' && Buffer.byteLength(name) <= MAX_SET_NAME) {
    draft.entries.push({ kind: 'ipset', name: context.shared(name), at });
    return;
  }
  context.report('assumed', 'LVSD_CONFIG_BAD_VALUE', `Invalid ipset '${text}' - skipping`, statement, 0, {
    expected: `ipset:NAME, the name 1 to ${MAX_SET_NAME} bytes long`,
    assumed: 'this entry is left out',
  });
}

const sourceBlock = (name: string, doc: string) =>
  block<SourceDraft>(name, name, doc, [], {
    form: 'ADDRESS[-END]|ipset:NAME',
    doc: 'An address, a range, or an ipset.',
    bind: bindSource,
  });

export const denyAddressBlock = sourceBlock('deny_address_group', 'Sources that may not connect.');
export const allowAddressBlock = sourceBlock('allow_address_group', 'Sources that alone may connect.');

export const tunnelEntryBlock = block<TunnelDraft>(
  'tunnel_group.tunnel_entry',
  'tunnel_entry',
  'One tunnel device.',
  reportedBy('tunnel_group', [
    choiceWord<TunnelDraft, 'ipip' | 'gre'>(inside('kind', 'Kind of the tunnel.'), ['ipip', 'gre'], (draft, value) => {
      draft.kind = value;
    }),
    addressWord<TunnelDraft>(inside('local', 'This end.'), (draft, value) => {
      draft.local = value;
    }),
    addressWord<TunnelDraft>(inside('remote', 'The other end.'), (draft, value) => {
      draft.remote = value;
    }),
    textWord<TunnelDraft>(inside('if', 'Device below.'), 'INTERFACE', (draft, value) => {
      draft.link = value;
    }),
  ]),
);

export const tunnelGroupBlock = block<{ readonly entries: TunnelEntry[] }>(
  'tunnel_group',
  'tunnel_group',
  'Tunnel devices.',
  reportedBy('tunnel_group', [
    keyword<{ readonly entries: TunnelEntry[] }>(
      inside('tunnel_entry', 'One tunnel device.', { opens: 'tunnel_entry' }),
      [argument.text('INTERFACE', `at most ${MAX_INTERFACE_NAME} bytes`)],
      (group, statement, context) => {
        const entry: TunnelDraft = {
          interface: context.text(statement, 1),
          kind: undefined,
          local: undefined,
          remote: undefined,
          link: undefined,
          at: context.position(statement),
        };
        bindSettings(tunnelEntryBlock, entry, statement.body ?? [], context);
        group.entries.push(entry);
      },
    ),
  ]),
);

function add<G extends { readonly name: string }>(
  to: Map<string, G>,
  group: G,
  statement: Statement,
  context: BindContext,
): void {
  if (!to.has(group.name)) to.set(group.name, group);
  else {
    const message = `Group ${group.name} is defined twice`;
    context.report('note', 'LVSD_CONFIG_DUPLICATE', message, statement, 1, { assumed: 'the first one counts' });
  }
}

/** `deny_address_group NAME { ... }`, `allow_address_group NAME { ... }` */
export function bindSourceGroup(
  added: AddedDraft,
  which: 'deny' | 'allow',
  statement: Statement,
  context: BindContext,
): void {
  const draft: SourceDraft = { entries: [] };
  bindBody(which === 'deny' ? denyAddressBlock : allowAddressBlock, draft, statement.body ?? [], context);
  const group: SourceGroup = { name: context.text(statement, 1), ...draft, at: context.position(statement) };
  add(which === 'deny' ? added.denyGroups : added.allowGroups, group, statement, context);
}

/** `tunnel_group NAME { ... }` */
export function bindTunnelGroup(added: AddedDraft, statement: Statement, context: BindContext): void {
  const draft: { readonly entries: TunnelEntry[] } = { entries: [] };
  bindBody(tunnelGroupBlock, draft, statement.body ?? [], context);
  const group: TunnelGroup = { name: context.text(statement, 1), ...draft, at: context.position(statement) };
  add(added.tunnelGroups, group, statement, context);
}
