// keepalived 2.2.7 as Debian 12 ships it, from the cache of setup/tools.mjs: the binary that the verdicts are asked of.

import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { repoRoot } from '../root.js';

export interface Oracle {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

const cache = process.env.LVSD_CACHE ?? join(homedir(), '.cache/lvsd');

function inTree(tree: string): Oracle | undefined {
  const program = join(tree, 'usr/sbin/keepalived');
  if (!existsSync(program)) return undefined;
  const libraries = ['usr/lib/x86_64-linux-gnu', 'usr/lib'].map((sub) => join(tree, sub));
  return { program, env: { LD_LIBRARY_PATH: libraries.join(':') } };
}

/** The one that is in the cache already; undefined if there is none. Downloads nothing. */
export function cachedOracle(): Oracle | undefined {
  const trees = join(cache, 'peers');
  if (!existsSync(trees)) return undefined;
  const found = readdirSync(trees)
    .filter((name) => name.startsWith('keepalived-1_2.2.7'))
    .map((name) => inTree(join(trees, name)));
  return found.find((oracle) => oracle !== undefined);
}

/** Fetches it if the cache has none. Rejects where that is not possible. */
export async function fetchedOracle(): Promise<Oracle> {
  const known = cachedOracle();
  if (known !== undefined) return known;
  const tools = (await import(join(repoRoot, 'setup/tools.mjs'))) as { ensurePeers(): Promise<string> };
  const oracle = inTree(await tools.ensurePeers());
  if (oracle === undefined) throw new Error('the unpacked packages hold no keepalived');
  return oracle;
}
