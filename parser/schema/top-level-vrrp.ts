/**
 * The blocks of the VRRP side as words of the top level (keepalived.md 8 to 11, 20).
 *
 * lvsd reads and checks them whole; what it does not act on yet says so here, once a block.
 */
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { bfdBlock, bindBfd } from './bfd.js';
import { keyword, type Texts } from './forms.js';
import { bindGarpGroup, garpGroupBlock, garpInterfacesBlock, interfaceDelaysBlock } from './garp-group.js';
import { argument, type Block, type Keyword } from './keyword.js';
import { staticAddressBlock, staticRoutesBlock, staticRulesBlock } from './static-blocks.js';
import { trackBlocks } from './track-blocks.js';
import { bindTrackFile, trackFileBlock } from './track-file.js';
import { bindTrackProcess, trackProcessDeclarationBlock } from './track-process.js';
import {
  excludedAddressBlock,
  virtualAddressBlock,
  virtualRoutesBlock,
  virtualRulesBlock,
} from './vrrp-address-words.js';
import { authenticationBlock, authHmacBlock } from './vrrp-authentication.js';
import type { VrrpSide } from './vrrp-drafts.js';
import { bindVrrpInstance, vrrpInstanceBlock } from './vrrp-instance.js';
import { bindVrrpScript, vrrpScriptBlock } from './vrrp-script.js';
import {
  bindTrackGroup,
  bindVrrpSyncGroup,
  groupBlock,
  trackGroupBlock,
  vrrpSyncGroupBlock,
} from './vrrp-sync-group.js';
import { unicastPeerBlock } from './vrrp-transport-words.js';

/** What a top-level draft must have for these words. */
export interface HasVrrpSide {
  readonly vrrp: VrrpSide;
}

type BindSide = (side: VrrpSide, statement: Statement, context: BindContext) => void;

function unbuilt(name: string, decides: 'traffic' | 'none'): NonNullable<Texts['unbuilt']> {
  return {
    decides,
    vrrpSide: true,
    cure: `lvsd does not act on ${name} yet: leave that to keepalived -P beside lvsd -C, or start with --ignore-unbuilt to run without it.`,
  };
}

export function vrrpBlocks<D extends HasVrrpSide>(): Keyword<D>[] {
  const word = (
    block: { readonly name: string; readonly doc: string },
    decides: 'traffic' | 'none',
    named: boolean,
    bind: BindSide,
    more: Partial<Texts> = {},
  ): Keyword<D> =>
    keyword<D>(
      { name: block.name, opens: block.name, doc: block.doc, unbuilt: unbuilt(block.name, decides), ...more },
      named ? [argument.text('NAME')] : [],
      (draft, statement, context) => bind(draft.vrrp, statement, context),
    );
  const lines = (block: Block<VrrpSide>, decides: 'traffic' | 'none'): Keyword<D> =>
    word(block, decides, false, (side, statement, context) => bindBody(block, side, statement.body ?? [], context));
  return [
    word(vrrpInstanceBlock, 'traffic', true, bindVrrpInstance, { whenMissing: 'vrrp_instance must have a name' }),
    word(vrrpSyncGroupBlock, 'traffic', true, bindVrrpSyncGroup, {
      whenMissing: 'vrrp_sync_group must have a name - skipping',
    }),
    word(vrrpScriptBlock, 'none', true, bindVrrpScript),
    word(trackProcessDeclarationBlock, 'none', true, bindTrackProcess),
    word(trackFileBlock, 'none', true, bindTrackFile, {
      aliases: [{ name: 'vrrp_track_file', deprecated: '"vrrp_track_file" is deprecated, please use "track_file"' }],
    }),
    word(trackGroupBlock, 'none', true, bindTrackGroup, { whenMissing: 'track_group must have a name - skipping' }),
    word(bfdBlock, 'none', true, bindBfd),
    lines(staticAddressBlock, 'traffic'),
    lines(staticRoutesBlock, 'traffic'),
    lines(staticRulesBlock, 'traffic'),
    word(garpGroupBlock, 'none', false, bindGarpGroup),
    lines(interfaceDelaysBlock, 'none'),
  ];
}

/** Every block of the VRRP side, in the order of the documentation. */
export const vrrpSideBlocks = [
  vrrpInstanceBlock,
  unicastPeerBlock,
  virtualAddressBlock,
  excludedAddressBlock,
  virtualRoutesBlock,
  virtualRulesBlock,
  ...trackBlocks,
  authenticationBlock,
  authHmacBlock,
  vrrpSyncGroupBlock,
  groupBlock,
  vrrpScriptBlock,
  trackFileBlock,
  trackProcessDeclarationBlock,
  trackGroupBlock,
  bfdBlock,
  staticAddressBlock,
  staticRoutesBlock,
  staticRulesBlock,
  garpGroupBlock,
  garpInterfacesBlock,
  interfaceDelaysBlock,
] as const;
