/** The example state document of fixtures/observe, for tests; each call gives a fresh one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StateDocument } from '../../../observe/state.js';
import { repoRoot } from '../../root.js';

export const observeFixtures = join(repoRoot, 'fixtures/observe');

export function exampleState(): StateDocument {
  return JSON.parse(readFileSync(join(observeFixtures, 'state.json'), 'utf8')) as StateDocument;
}
