/**
 * keepalived 2.2.7 itself as the judge of the language: runs `keepalived -t` on a text and says which words it read.
 *
 * The trick is that keepalived names every word that it does not know, with its file and line. So a text of unknown
 * words shows what conditions, definitions, loops, includes, quotes and comments made of it. The program is the one
 * that setup/tools.mjs unpacks for the comparison in the VM; it runs with -t only, which starts nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseBlock } from '../../parser/block-parser.js';
import { positionOf, readSnapshot, type Snapshot } from '../../parser/snapshot.js';
import type { Statement } from '../../parser/statement.js';
import { repoRoot } from '../root.js';

export interface Peer {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Tools {
  ensurePeers(): Promise<string>;
  treeEnvironment(tree: string): NodeJS.ProcessEnv;
}

/** keepalived as installed, or as setup/tools.mjs unpacks it; undefined with the reason where neither can be had. */
export async function findPeer(): Promise<Peer | { readonly missing: string }> {
  try {
    const tools = (await import(pathToFileURL(join(repoRoot, 'setup/tools.mjs')).href)) as Tools;
    const tree = await tools.ensurePeers();
    const program = join(tree, 'usr/sbin/keepalived');
    if (existsSync(program)) return { program, env: tools.treeEnvironment(tree) };
    return { missing: `${program} is not there` };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/** What one of the two made of a file: exit code, and `line word` (`file:line word` with several files) in order. */
export interface Reading {
  readonly exit: number | undefined;
  readonly words: readonly string[];
}

/** The parent, VRRP, the checkers and BFD each read the file and name the same words; one reading of them is taken. */
const READINGS = 4;

/** @param folder working directory, where the file stands */
export function readByPeer(peer: Peer, folder: string, file: string, options: readonly string[] = []): Reading {
  const done = spawnSync(peer.program, ['-t', '-f', file, ...options], {
    cwd: folder,
    env: peer.env,
    encoding: 'latin1',
    timeout: 20_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = `${done.stdout}${done.stderr}`;
  const found = [...output.matchAll(/^\((?:(.*): )?Line (\d+)\) Unknown keyword '(.*)'\r?$/gm)];
  const words = found
    .slice(0, Math.ceil(found.length / READINGS))
    .map(([, name, line, word]) => ({ name: name ?? file, line, word }))
    .filter(({ word }) => word !== '}' && word !== '{')
    .map(({ name, line, word }) => (name === file ? `${line} ${word}` : `${name}:${line} ${word}`));
  return { exit: done.status ?? undefined, words };
}

/** The same of lvsd: the first word of every statement, those in blocks too, for keepalived goes into unknown blocks. */
export function wordsOf(snapshot: Snapshot): string[] {
  const words: string[] = [];
  const visit = (statement: Statement): void => {
    const first = statement.words[0];
    if (first === undefined) return;
    const at = positionOf(snapshot, statement.line, first.column);
    const name = at.file === snapshot.files[0] ? '' : `${at.file}:`;
    const text = Buffer.from(first.text, 'utf8').toString('latin1');
    words.push(`${name}${at.line} ${text}`);
    statement.body?.forEach(visit);
  };
  for (const block of snapshot.blocks) {
    const statement = parseBlock(snapshot, block);
    if (statement !== undefined) visit(statement);
  }
  return words;
}

/** Reads as lvsd does. @param folder where the file stands */
export function readByUs(
  folder: string,
  file: string,
  configId: string,
  allConfigChecks = false,
): { readonly words: readonly string[]; readonly snapshot: Snapshot } {
  const snapshot = readSnapshot(join(folder, file), { configId, randomSeed: 1, allConfigChecks });
  return { words: wordsOf(snapshot), snapshot };
}
