/**
 * What is kept of each block of one parse for the next one: an equal block at the same place gets the value that it had.
 *
 * Hashes are made when the next parse asks: `lvsd -t` has none, and most of its time would go into them. Nothing is
 * judged here; whether what was kept still holds is for parse.ts to say.
 */
import type { Position } from '../config/position.js';
import type { LocalAddressGroup, VirtualServer, VirtualServerGroup } from '../config/virtual-server.js';
import type { Collected } from './bind-context.js';
import type { BlockSpan } from './text-map.js';

/** What a block says that was recalled whole. */
export const SILENCE: Collected = { diagnostics: [], unbuilt: [] };

/** What is kept of one block for the next parse. */
export interface Kept {
  readonly keyword: string;
  /** Where the block begins. */
  readonly file: string;
  readonly line: number;
  readonly collected: Collected;
  readonly value: VirtualServer | VirtualServerGroup | LocalAddressGroup | undefined;
  /** The group that a virtual server was validated against, and the ordinal that it got. */
  readonly group: VirtualServerGroup | undefined;
  readonly groupName: string | undefined;
  readonly ordinal: number;
  /** Another block with the same text, elsewhere. */
  twin: Kept | undefined;
}

/** What was kept of the blocks of one parse, by their text. */
export class KeptBlocks {
  #spans: BlockSpan[] = [];
  /** Of a virtual server that was recalled, itself: nothing was said about it. */
  #kept: (Kept | VirtualServer)[] = [];
  #byHash: Map<string, Kept> | undefined;

  add(span: BlockSpan, kept: Kept | VirtualServer): void {
    this.#spans.push(span);
    this.#kept.push(kept);
  }

  get(hash: string): Kept | undefined {
    this.#byHash ??= this.#table();
    return this.#byHash.get(hash);
  }

  #table(): Map<string, Kept> {
    const byHash = new Map<string, Kept>();
    this.#spans.forEach(({ hash }, i) => {
      const one = this.#kept[i];
      const twin = byHash.get(hash);
      if (one === undefined) return;
      const kept = 'collected' in one ? one : keptServer(one.at, SILENCE, one, undefined, undefined, 0);
      byHash.set(hash, kept.twin === twin ? kept : { ...kept, twin });
    });
    this.#spans = [];
    this.#kept = [];
    return byHash;
  }
}

/** What is kept of a virtual server. @param at where its block begins */
export function keptServer(
  at: Position,
  collected: Collected,
  value: VirtualServer | undefined,
  group: VirtualServerGroup | undefined,
  groupName: string | undefined,
  ordinal: number,
): Kept {
  const { file, line } = at;
  return { keyword: 'virtual_server', file, line, collected, value, group, groupName, ordinal, twin: undefined };
}
