/**
 * The words of the top level: blocks and single lines (keepalived.md 6, 8 to 11, 14, 20; fullnat-grammar.md 2, 6.1;
 * architecture, section 6).
 *
 * Blocks of the VRRP side stand in top-level-vrrp.ts, those that lvsd and DPVS add in added-blocks.ts.
 */
import type { LocalAddressGroup, VirtualServerGroup } from '../../config/virtual-server.js';
import { familyOf } from '../../runtime/addresses.js';
import { port, seconds } from '../../runtime/units.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { addedBlocks } from './added-blocks.js';
import type { AddedDraft } from './added-draft.js';
import type { VirtualServerDraft } from './drafts.js';
import { virtualServerDraft } from './empty-drafts.js';
import { flagWord, keyword, numberWord } from './forms.js';
import { globalDefsBlock } from './global-defs.js';
import type { GlobalDraft, SslDraft } from './global-draft.js';
import { argument, block, type Keyword } from './keyword.js';
import { MAX_MARK, MAX_UNSIGNED } from './limits.js';
import { linkbeatBlock } from './linkbeat.js';
import { type LocalAddressesDraft, localAddressBlock } from './local-addresses.js';
import { sslBlock } from './ssl.js';
import { vrrpBlocks } from './top-level-vrrp.js';
import { virtualServerBlock } from './virtual-server.js';
import { type GroupDraft, virtualServerGroupBlock } from './virtual-server-group.js';
import type { VrrpSide } from './vrrp-drafts.js';

/** What one top-level statement may add to. */
export interface TopLevelDraft {
  readonly global: GlobalDraft;
  ssl: SslDraft | undefined;
  group: VirtualServerGroup | undefined;
  localGroup: LocalAddressGroup | undefined;
  virtualServer: VirtualServerDraft | undefined;
  readonly vrrp: VrrpSide;
  readonly added: AddedDraft;
}

const SKIPPED = 'this virtual_server is left out';

function readTarget(statement: Statement, context: BindContext): VirtualServerDraft | undefined {
  const first = statement.words[1]?.text ?? '';
  const at = context.position(statement);
  const needsSecond = first === 'group' || first === 'fwmark' || first === 'match';
  if (needsSecond && statement.words.length < 3) {
    context.missing(statement, { arguments: [{ name: first }, { name: first === 'fwmark' ? 'MARK' : 'NAME' }] });
    return undefined;
  }
  if (first === 'group') {
    return virtualServerDraft({ kind: 'group', group: context.text(statement, 2) }, undefined, at);
  }
  if (first === 'fwmark') {
    const mark = context.number(statement, 2, 0, MAX_MARK, SKIPPED);
    return mark === undefined ? undefined : virtualServerDraft({ kind: 'fwmark', mark }, undefined, at);
  }
  if (first === 'match') {
    context.useUnbuilt(
      {
        word: 'virtual_server match',
        block: 'top level',
        decides: 'traffic',
        vrrpSide: false,
        cure: 'Match services (SNAT) are of DPVS and lvsd does not act on them: take the block out, or start with --ignore-unbuilt, which leaves it out.',
      },
      statement,
    );
    return undefined;
  }
  const portText = statement.words[2]?.text ?? '0';
  const withPort = !/^0*$/.test(portText);
  const number = withPort ? context.number(statement, 2, 1, 65535, SKIPPED) : 0;
  if (number === undefined) return undefined;
  const where = withPort ? `/port ${first}/${portText}` : ` ${first}`;
  const address = context.address(statement, 1, () => `Invalid virtual server IP address${where} - skipping`);
  if (address === undefined) return undefined;
  return virtualServerDraft({ kind: 'address', address, port: port(number) }, familyOf(address), at);
}

function bindVirtualServer(draft: TopLevelDraft, statement: Statement, context: BindContext): void {
  const virtual = readTarget(statement, context);
  if (virtual === undefined) return;
  bindBody(virtualServerBlock, virtual, statement.body ?? [], context);
  const sorry = virtual.sorryServer;
  if (sorry !== undefined && sorry.forwarding?.method !== 'TUN') {
    const family = familyOf(sorry.address);
    virtual.family ??= family;
    if (virtual.family !== family) {
      context.reportAt(
        'assumed',
        'LVSD_CONFIG_FAMILY',
        `Address family of virtual server and sorry server ${sorry.address} don't match - skipping sorry server.`,
        sorry.at,
        { expected: `an address of family ${virtual.family}`, assumed: 'no sorry server' },
      );
      virtual.sorryServer = undefined;
    }
  }
  draft.virtualServer = virtual;
}

function bindGroup(draft: TopLevelDraft, statement: Statement, context: BindContext): void {
  if (statement.body === undefined) {
    // keepalived reads what follows as the group's entries, and gives up.
    context.missing(statement, { arguments: [...statement.words.slice(1), undefined].map(() => ({ name: '{' })) });
    return;
  }
  const group: GroupDraft = { name: context.text(statement, 1), entries: [] };
  bindBody(virtualServerGroupBlock, group, statement.body ?? [], context);
  const at = context.position(statement);
  const remove = (message: string): void =>
    context.reportAt('assumed', 'LVSD_CONFIG_EMPTY_GROUP', message, at, { assumed: 'the group does not exist' });
  const families = new Set(group.entries.map((each) => (each.kind === 'range' ? familyOf(each.first) : each.family)));
  if (group.entries.length === 0) remove(`virtual server group ${group.name} has no entries - removing`);
  else if (families.size === 3) {
    remove(`virtual server group ${group.name} cannot have IPv4, IPv6 and fwmark without family - removing`);
  } else draft.group = { name: group.name, entries: group.entries, at };
}

function singleLines(): Keyword<TopLevelDraft>[] {
  const once = (
    name: 'net_namespace' | 'instance',
    field: 'netNamespace' | 'instance',
    doc: string,
  ): Keyword<TopLevelDraft> =>
    keyword<TopLevelDraft>(
      { name, doc, whenMissing: `${name} name missing - ignoring` },
      [argument.text('NAME')],
      (draft, statement, context) => {
        const value = context.text(statement, 1);
        if (name === 'net_namespace' && value.includes('$')) {
          const message = `There is no network namespace '${value}': a definition in it is not defined`;
          context.report('note', 'LVSD_CONFIG_NO_NAMESPACE', message, statement, 1, {
            expected: 'the name of a network namespace, or a definition above it',
            assumed: 'as with keepalived, -t ends with 0 here, whatever else is wrong',
          });
        }
        if (draft.global[field] === undefined) draft.global[field] = value;
        else {
          const message = `Duplicate ${name} definition ${value} - ignoring`;
          context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 1, { assumed: draft.global[field] });
        }
      },
    );
  return [
    once('net_namespace', 'netNamespace', 'Network namespace that lvsd runs in.'),
    once('instance', 'instance', 'Name of this instance, for PID files and log lines.'),
    keyword<TopLevelDraft>(
      { name: 'net_namespace_ipvs', doc: 'Network namespace of IPVS; without a name the default one.' },
      [argument.optional(argument.text('NAME'))],
      (draft, statement, context) => {
        const value = statement.words[1] === undefined ? true : context.text(statement, 1);
        if (draft.global.netNamespaceIpvs === undefined) draft.global.netNamespaceIpvs = value;
        else {
          const message = `Duplicate net_namespace_ipvs definition ${value === true ? '' : value} - ignoring`;
          context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 0);
        }
      },
    ),
    flagWord<TopLevelDraft>({ name: 'use_pid_dir', doc: 'PID files stand in a folder of their own.' }, (draft) => {
      draft.global.usePidDir = true;
    }),
    numberWord<TopLevelDraft>(
      { name: 'child_wait_time', default: '5', doc: 'How long lvsd waits for its processes at stop.' },
      argument.number('SECS', 0, MAX_UNSIGNED, 'seconds'),
      (draft, value) => {
        draft.global.childWaitTime = seconds(value);
      },
    ),
    flagWord<TopLevelDraft>(
      {
        name: 'namespace_with_ipsets',
        doc: 'Allows ipsets in a namespace.',
        unbuilt: { decides: 'none', vrrpSide: true, cure: 'lvsd uses no ipsets: take the word out.' },
      },
      (draft) => {
        draft.global.namespaceWithIpsets = true;
      },
    ),
    flagWord<TopLevelDraft>(
      {
        name: 'linkbeat_use_polling',
        doc: 'Polls the state of links; deprecated.',
        unbuilt: {
          decides: 'none',
          vrrpSide: true,
          cure: 'lvsd hears of link changes from the kernel: name the devices that do not tell it in linkbeat_interfaces.',
        },
      },
      (draft) => {
        draft.global.linkbeatUsePolling = true;
      },
    ),
    keyword<TopLevelDraft>(
      {
        name: 'linkbeat_interfaces',
        opens: 'linkbeat_interfaces',
        doc: 'Interfaces whose link state is polled.',
        unbuilt: {
          decides: 'none',
          vrrpSide: true,
          cure: 'lvsd runs no VRRP yet, and nothing else follows the state of links; the block waits for it.',
        },
      },
      [],
      (draft, statement, context) => {
        const interfaces = { interfaces: draft.global.linkbeatInterfaces };
        bindBody(linkbeatBlock, interfaces, statement.body ?? [], context);
        draft.global.linkbeatInterfaces = interfaces.interfaces;
      },
    ),
  ];
}

function lvsBlocks(): Keyword<TopLevelDraft>[] {
  return [
    keyword<TopLevelDraft>(
      { name: 'global_defs', opens: 'global_defs', doc: 'What holds for all of lvsd.' },
      [],
      (draft, statement, context) => bindBody(globalDefsBlock, draft.global, statement.body ?? [], context),
    ),
    keyword<TopLevelDraft>(
      {
        name: 'virtual_server_group',
        opens: 'virtual_server_group',
        doc: 'Addresses and marks that share one virtual_server.',
      },
      [argument.text('NAME')],
      bindGroup,
    ),
    keyword<TopLevelDraft>(
      { name: 'virtual_server', opens: 'virtual_server', doc: 'One IPVS service, or one for each entry of a group.' },
      [
        argument.text('TARGET', 'IP, or fwmark MARK, or group NAME'),
        argument.optional(argument.text('PORT', '0 to 65535; 0 or none is every port')),
      ],
      bindVirtualServer,
    ),
    keyword<TopLevelDraft>(
      { name: 'SSL', opens: 'SSL', doc: "lvsd's side of the TLS connections of SSL_GET." },
      [],
      (draft, statement, context) => {
        if (draft.ssl !== undefined) {
          const message = 'SSL context already specified - replacing';
          context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 0, { assumed: 'the last SSL block' });
        }
        draft.ssl = {
          password: undefined,
          caFile: undefined,
          certificateFile: undefined,
          keyFile: undefined,
          at: context.position(statement),
        };
        bindBody(sslBlock, draft.ssl, statement.body ?? [], context);
      },
    ),
    keyword<TopLevelDraft>(
      {
        name: 'local_address_group',
        opens: 'local_address_group',
        since: 'Alibaba',
        doc: 'Local addresses of FULLNAT services.',
        unbuilt: { decides: 'none', cure: 'lvsd does not program local addresses yet; the group is read and waits.' },
      },
      [argument.text('NAME')],
      (draft, statement, context) => {
        const group: LocalAddressesDraft = { name: context.text(statement, 1), entries: [], owner: undefined };
        bindBody(localAddressBlock, group, statement.body ?? [], context);
        draft.localGroup = { ...group, at: context.position(statement) };
      },
    ),
  ];
}

export const topLevelBlock = block<TopLevelDraft>(
  'top level',
  'top level',
  'Blocks and lines that stand by themselves.',
  [...lvsBlocks(), ...singleLines(), ...vrrpBlocks<TopLevelDraft>(), ...addedBlocks<TopLevelDraft>()],
);
