// The lines of the shared corpus, by the block that they stand in: what combinations (mutations.ts) are drawn from. They
// are read each time and kept nowhere, for they are strangers' work.

import { readFileSync } from 'node:fs';
import { corpusFiles } from './corpus-index.js';
import { places } from './documents.js';

/** At most so many lines of one keyword in one block. */
const OF_ONE_WORD = 40;

/** The words of the lines that open the blocks around, innermost last. */
function blockOf(path: readonly string[]): string {
  const last = path.at(-1) ?? 'top level';
  if (last === 'group' && path.at(-2) === 'vrrp_sync_group') return 'vrrp_sync_group group';
  if (last === 'track_file' && path.length === 1) return 'track_file at the top';
  return last;
}

/** Lines without blocks of their own, by the name of the place that they fit. */
export function corpusLines(corpus: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Map<string, Set<string>>>();
  for (const { path } of corpusFiles(corpus)) {
    const open: string[] = [];
    for (const raw of readFileSync(path, 'latin1').split('\n')) {
      const line = raw.replace(/[#!].*$/, '').trim();
      if (line === '' || /[$~@]/.test(line)) continue;
      const word = line.split(/[\s{]/)[0] ?? '';
      if (line === '}') open.pop();
      else if (line.endsWith('{')) open.push(word);
      else if (!/[{}]/.test(line)) {
        const block = blockOf(open);
        const words = found.get(block) ?? new Map<string, Set<string>>();
        found.set(block, words);
        // Interfaces become those of the world, or nothing but their absence would be compared.
        const fitted = line.replace(/\b(?:eth|ens|enp|bond|br|em|eno|wlan|team)[\w.]*\d\b/g, 'eth0');
        const lines = words.get(word) ?? new Set<string>();
        words.set(word, lines);
        if (lines.size < OF_ONE_WORD) lines.add(fitted);
      }
    }
  }
  const usable = (block: string): readonly string[] =>
    [...(found.get(block)?.values() ?? [])].flatMap((lines) => [...lines]);
  return new Map(
    places.map(({ block }) => [block, usable(block.replace(/ (?:fwmark|IPv6|version 3|unicast|of a router)$/, ''))]),
  );
}
