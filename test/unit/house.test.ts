/**
 * The floors of the house, held against the imports: a folder imports from floors below it and from itself, never
 * upward, never sideways, and no file imports itself in a circle. The table is the one of docs/architecture.md.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { repoRoot } from '../root.js';

const floors: Readonly<Record<string, number>> = {
  cmd: 6,
  director: 5,
  vrrp: 5,
  'ospf-announce': 5,
  healthcheck: 4,
  'ipvs-netlink': 4,
  host: 4,
  parser: 3,
  bfd: 3,
  netlink: 3,
  observe: 3,
  cluster: 3,
  config: 2,
  native: 2,
  runtime: 1,
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) => match[1] as string);
  return specifiers.map((specifier) => relative(repoRoot, resolve(dirname(file), specifier)).replace(/\.js$/, '.ts'));
}

const files = Object.keys(floors).flatMap((folder) => {
  try {
    return sources(join(repoRoot, folder));
  } catch {
    return [];
  }
});
const graph = new Map(files.map((file) => [relative(repoRoot, file), importsOf(file)]));
const folderOf = (file: string): string => file.split('/')[0] as string;

test('a folder imports only from floors below it and from itself', () => {
  assert.ok(graph.size > 50, 'the sources were not found');
  const wrong: string[] = [];
  for (const [file, imports] of graph) {
    const from = folderOf(file);
    for (const target of imports) {
      const to = folderOf(target);
      const floor = floors[to];
      if (floor === undefined) wrong.push(`${file} imports ${target}, which is on no floor`);
      else if (to !== from && floor >= (floors[from] as number)) wrong.push(`${file} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('no file imports itself in a circle', () => {
  const state = new Map<string, 'open' | 'done'>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    state.set(file, 'open');
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of graph.keys()) visit(file, []);
  assert.deepEqual(circles, []);
});

test('names say what a file is: no utils, helpers, managers or the like', () => {
  const names = [...graph.keys()].filter((file) => /(^|\/)(utils?|helpers?|common|misc|manager)(\.ts|\/)/.test(file));
  assert.deepEqual(names, []);
});
