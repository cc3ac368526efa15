/**
 * Own configuration files with the Config that they must give. LVSD_UPDATE=1 writes the expected ones: read the
 * difference before you commit it.
 */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseSnapshot } from '../../../../parser/parse.js';
import { repoRoot } from '../../../root.js';
import { readText, snapshotOfFile, withoutPositions } from './parse-text.js';

const folder = join(repoRoot, 'fixtures', 'parser', 'schema');

for (const name of readdirSync(folder).filter((each) => each.endsWith('.conf'))) {
  test(`${name} gives its Config`, () => {
    const snapshot = snapshotOfFile(join(folder, name));
    const { config, diagnostics } = parseSnapshot(snapshot);
    const said = [...snapshot.diagnostics, ...diagnostics].map(
      (each) => `${each.at?.line ?? '-'} ${each.class} ${each.message}`,
    );
    const found = { config: withoutPositions(config), diagnostics: said };
    const path = join(folder, name.replace(/\.conf$/, '.json'));
    if (process.env.LVSD_UPDATE === '1') writeFileSync(path, `${JSON.stringify(found, undefined, 2)}\n`);
    assert.deepEqual(found, JSON.parse(readText(path)));
  });
}
