/** The state document: the example against docs/status-schema.md both ways, and its JSON in pieces. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { onlyVirtualServer, stateAsJson } from '../../../observe/state.js';
import { repoRoot } from '../../root.js';
import { exampleState } from './example-state.js';

interface DocumentedKey {
  readonly types: readonly string[];
  /** For the forms of a union: the `kind` that has this key. */
  readonly only: string | undefined;
}

function documentedKeys(): ReadonlyMap<string, ReadonlyMap<string, DocumentedKey>> {
  const sections = new Map<string, Map<string, DocumentedKey>>();
  let section: Map<string, DocumentedKey> | undefined;
  for (const line of readFileSync(join(repoRoot, 'docs/status-schema.md'), 'utf8').split('\n')) {
    const heading = /^### `(.+)`$/.exec(line);
    if (heading !== null) {
      section = new Map();
      sections.set(heading[1] as string, section);
    }
    const row = /^\| `(\w+)` \| ([^|]+) \|/.exec(line);
    if (row !== null && section !== undefined) {
      const [types, only] = (row[2] as string).trim().split(', only ');
      section.set(row[1] as string, { types: (types as string).split(' or '), only: only?.replaceAll('`', '') });
    }
  }
  return sections;
}

const typeOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

function checkObject(
  value: Record<string, unknown>,
  path: string,
  documented: ReturnType<typeof documentedKeys>,
  seen: Set<string>,
): void {
  const keys = documented.get(path === '' ? '(top)' : path);
  assert.ok(keys, `${path} is not documented`);
  const expected = [...keys]
    .filter(([, key]) => key.only === undefined || key.only === value.kind)
    .map(([name]) => name);
  assert.deepEqual(Object.keys(value).sort(), expected.sort(), `keys of ${path}`);
  for (const [name, inner] of Object.entries(value)) {
    const place = path === '' ? name : `${path}.${name}`;
    const type = typeOf(inner);
    assert.ok(keys.get(name)?.types.includes(type), `${place} is ${type}`);
    seen.add(`${path === '' ? '(top)' : path} ${name}`);
    if (type === 'object') checkObject(inner as Record<string, unknown>, place, documented, seen);
    if (type !== 'array') continue;
    for (const item of inner as unknown[]) {
      if (typeOf(item) === 'object') checkObject(item as Record<string, unknown>, `${place}[]`, documented, seen);
    }
  }
}

test('the example has exactly the documented keys with the documented types, and shows every one of them', () => {
  const documented = documentedKeys();
  const seen = new Set<string>();
  checkObject(exampleState() as unknown as Record<string, unknown>, '', documented, seen);
  const all = [...documented].flatMap(([section, keys]) => [...keys.keys()].map((key) => `${section} ${key}`));
  assert.deepEqual([...seen].sort(), all.sort());
  assert.ok(all.length > 100);
});

test('the JSON in pieces is the document, one piece a virtual server', () => {
  const document = exampleState();
  const pieces = [...stateAsJson(document)];
  assert.deepEqual(JSON.parse(pieces.join('')), document);
  assert.equal(pieces.length, document.virtualServers.length + 2);
  assert.ok(pieces.join('').endsWith('}\n'));
});

test('a document without virtual servers is JSON too', () => {
  const document = { ...exampleState(), virtualServers: [] };
  assert.deepEqual(JSON.parse([...stateAsJson(document)].join('')), document);
});

test('one virtual server is picked by its name; an unknown name gives nothing', () => {
  const document = exampleState();
  assert.deepEqual(
    onlyVirtualServer(document, 'FWM 5')?.virtualServers.map((server) => server.name),
    ['FWM 5'],
  );
  assert.equal(onlyVirtualServer(document, 'FWM 6'), undefined);
});
