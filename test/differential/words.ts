// Which words each place knows, as keepalived 2.2.7 itself answered (fixtures/differential/words.txt).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../root.js';

export function knownWords(): ReadonlyMap<string, readonly string[]> {
  const words = new Map<string, readonly string[]>();
  for (const line of readFileSync(join(repoRoot, 'fixtures/differential/words.txt'), 'utf8').split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0 && !line.startsWith('#')) words.set(line.slice(0, colon), line.slice(colon + 2).split(' '));
  }
  return words;
}
