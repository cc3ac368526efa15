// Random texts read beside keepalived 2.2.7 itself: `npm run test:long language`. LVSD_LANGUAGE_TEXTS says how many
// (20,000); a run that was ended goes on where it stopped, as long as the build is the same.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { keepResult, keptResult } from '../kept-results.js';
import { findPeer, readByPeer, readByUs } from '../netns/keepalived-peer.js';
import { languageText } from '../unit/parser/language/texts.js';

const TEXTS = Number(process.env.LVSD_LANGUAGE_TEXTS ?? 20_000);
const PIECE = 1000;

const peer = await findPeer();

if ('missing' in peer) {
  test('the language beside keepalived', (context) => {
    context.skip(`keepalived, the judge, could not be had: ${peer.missing}`);
  });
} else {
  for (let seed = 1; seed <= Math.ceil(TEXTS / PIECE); seed++) {
    const name = `texts of seed ${seed}`;
    test(name, (context) => {
      if (keptResult('language', name) !== undefined) {
        context.diagnostic('found good by an earlier run of this build');
        return;
      }
      const folder = mkdtempSync(join(tmpdir(), 'lvsd-language-'));
      try {
        fc.assert(
          fc.property(languageText, (text) => {
            writeFileSync(join(folder, 'f'), text, { mode: 0o600 });
            const { words, snapshot } = readByUs(folder, 'f', 'vm');
            // A definition that leads to itself is an error with us, and much text or a crash with keepalived.
            fc.pre(!snapshot.diagnostics.some(({ code }) => code === 'LVSD_CONFIG_SELF_REFERENCE'));
            assert.deepEqual(words, readByPeer(peer, folder, 'f', ['-i', 'vm']).words);
          }),
          { numRuns: PIECE, seed },
        );
        keepResult('language', name, `${PIECE} texts`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
}
