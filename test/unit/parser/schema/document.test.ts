/**
 * docs/keywords.md is what the schema says. LVSD_UPDATE=1 writes it.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keywordsDocument } from '../../../../parser/schema/document.js';
import { repoRoot } from '../../../root.js';
import { readText } from './parse-text.js';

test('docs/keywords.md is current', () => {
  const path = join(repoRoot, 'docs', 'keywords.md');
  if (process.env.LVSD_UPDATE === '1') writeFileSync(path, keywordsDocument());
  assert.equal(
    readText(path),
    keywordsDocument(),
    'docs/keywords.md is old: run this test with LVSD_UPDATE=1 and commit it',
  );
});
