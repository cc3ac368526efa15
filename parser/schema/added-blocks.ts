/**
 * The top-level blocks that lvsd and DPVS add (architecture, section 6; fullnat-grammar.md 6.1). None acts yet, and all of
 * them decide who gets traffic: a start with one is refused unless the operator agrees.
 */
import type { AddedDraft } from './added-draft.js';
import { announceAddressBlock, announceBlock, bindAnnounceAddress } from './announce.js';
import { bindCluster, clusterBlock } from './cluster.js';
import {
  allowAddressBlock,
  bindSourceGroup,
  bindTunnelGroup,
  denyAddressBlock,
  tunnelEntryBlock,
  tunnelGroupBlock,
} from './dpvs-groups.js';
import { keyword, type Unbuilt } from './forms.js';
import { argument, type Keyword } from './keyword.js';
import {
  bindOspfInstance,
  ospfAreaBlock,
  ospfAuthenticationBlock,
  ospfInstanceBlock,
  ospfInterfaceBlock,
} from './ospf.js';

const unbuilt = (name: string): Unbuilt => ({
  decides: 'traffic',
  cure: `lvsd does not act on ${name} yet: take the block out, or start with --ignore-unbuilt to run without it.`,
});

const name = [argument.text('NAME')];

/** @param D what a top-level statement adds to */
export function addedBlocks<D extends { readonly added: AddedDraft }>(): Keyword<D>[] {
  return [
    keyword<D>(
      {
        name: 'announce_address',
        opens: 'announce_address',
        since: 'lvsd',
        doc: 'How an address is announced.',
        unbuilt: unbuilt('announce_address'),
      },
      [argument.address('ADDRESS')],
      (draft, statement, context) => bindAnnounceAddress(draft.added, statement, context),
    ),
    keyword<D>(
      {
        name: 'ospf_instance',
        opens: 'ospf_instance',
        since: 'lvsd',
        doc: 'OSPF process.',
        unbuilt: unbuilt('ospf_instance'),
      },
      name,
      (draft, statement, context) => bindOspfInstance(draft.added, statement, context),
    ),
    keyword<D>(
      {
        name: 'cluster',
        opens: 'cluster',
        since: 'lvsd',
        doc: 'What several directors share through Redis.',
        unbuilt: unbuilt('cluster'),
      },
      [],
      (draft, statement, context) => bindCluster(draft.added, statement, context),
    ),
    ...(['deny', 'allow'] as const).map((which) =>
      keyword<D>(
        {
          name: `${which}_address_group`,
          opens: `${which}_address_group`,
          since: 'DPVS',
          doc: which === 'deny' ? 'Sources that may not connect.' : 'Sources that alone may connect.',
          unbuilt: unbuilt(`${which}_address_group`),
        },
        name,
        (draft, statement, context) => bindSourceGroup(draft.added, which, statement, context),
      ),
    ),
    keyword<D>(
      {
        name: 'tunnel_group',
        opens: 'tunnel_group',
        since: 'DPVS',
        doc: 'Tunnel devices.',
        unbuilt: unbuilt('tunnel_group'),
      },
      name,
      (draft, statement, context) => bindTunnelGroup(draft.added, statement, context),
    ),
  ];
}

/** The blocks inside, in the order of the documentation. */
export const addedBlockList = [
  announceBlock,
  announceAddressBlock,
  ospfInstanceBlock,
  ospfInterfaceBlock,
  ospfAreaBlock,
  ospfAuthenticationBlock,
  clusterBlock,
  denyAddressBlock,
  allowAddressBlock,
  tunnelGroupBlock,
  tunnelEntryBlock,
] as const;
