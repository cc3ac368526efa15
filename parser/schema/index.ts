/**
 * All blocks of the schema, for whatever goes over the whole of it: suggestions, documentation, tests.
 */
import type { Neighbours, WordTable } from '../suggest.js';
import { addedBlockList } from './added-blocks.js';
import { httpGetBlock, miscCheckBlock, sslGetBlock, tcpCheckBlock, urlBlock } from './checkers.js';
import { globalDefsBlock } from './global-defs.js';
import { notificationEmailBlock } from './global-defs-notification.js';
import type { Block } from './keyword.js';
import { linkbeatBlock } from './linkbeat.js';
import { localAddressBlock } from './local-addresses.js';
import { realServerBlock } from './real-server.js';
import { sslBlock } from './ssl.js';
import { topLevelBlock } from './top-level.js';
import { vrrpSideBlocks } from './top-level-vrrp.js';
import { unbuiltCheckerBlocks } from './unbuilt-checkers.js';
import { virtualServerBlock } from './virtual-server.js';
import { virtualServerGroupBlock } from './virtual-server-group.js';

/** A block whose draft does not matter: to look at, not to bind. */
export type AnyBlock = Pick<Block<never>, 'name' | 'title' | 'doc' | 'keywords' | 'table' | 'line'>;

/** In the order of the documentation. */
export const allBlocks: readonly AnyBlock[] = [
  topLevelBlock,
  globalDefsBlock,
  virtualServerGroupBlock,
  virtualServerBlock,
  realServerBlock,
  tcpCheckBlock,
  httpGetBlock,
  sslGetBlock,
  urlBlock,
  miscCheckBlock,
  ...unbuiltCheckerBlocks,
  sslBlock,
  localAddressBlock,
  linkbeatBlock,
  notificationEmailBlock,
  ...addedBlockList,
  ...vrrpSideBlocks,
];

let words: WordTable | undefined;

/** Which words each block knows, by the block's title. */
export function wordTable(): WordTable {
  words ??= new Map(allBlocks.map((block) => [block.title, [...block.table.keys()]]));
  return words;
}

let neighbours: Map<string, Set<string>> | undefined;

/** For each block, by title, the blocks that it opens, those that open it, and those that these open. */
export function blockNeighbours(): Neighbours {
  if (neighbours !== undefined) return neighbours;
  const titles = new Map(allBlocks.map((block) => [block.name, block.title]));
  const found = new Map<string, Set<string>>(allBlocks.map((block) => [block.title, new Set()]));
  for (const block of allBlocks) {
    const opened = block.keywords.flatMap(({ opens }) => (opens === undefined ? [] : [titles.get(opens) ?? opens]));
    for (const title of opened) {
      found.get(block.title)?.add(title);
      found.get(title)?.add(block.title);
      if (block.title !== 'top level') for (const other of opened) found.get(title)?.add(other);
    }
  }
  neighbours = found;
  return found;
}
