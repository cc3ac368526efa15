// 100 MB of garbage of each kind, by the program itself: `npm run test:long garbage`. Each ends within a minute, with an
// exit code that is not 0 and in bounded memory.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { garbage } from '../unit/parser/hostile/garbage.js';

const BYTES = 100 * 1024 * 1024;
const SECONDS = 120;
/** The file in memory as bytes and as text, and what was made of it. */
const MOST_MEGABYTES = 1536;

/** Prints the largest resident size at the end, in megabytes. */
const REPORT =
  "process.on('exit', () => process.stdout.write(`peak ${Math.round(process.resourceUsage().maxRSS / 1024)}\\n`));";

const program = join(dirname(fileURLToPath(import.meta.url)), '../../cmd/lvsd/main.js');

for (const [name, make] of garbage) {
  test(`100 MB of ${name}`, (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'lvsd-garbage-'));
    try {
      const file = join(folder, 'garbage');
      writeFileSync(file, make(BYTES), { mode: 0o600 });
      const started = Date.now();
      const done = spawnSync(
        process.execPath,
        ['--import', `data:text/javascript,${encodeURIComponent(REPORT)}`, program, '-t', '-f', file],
        { encoding: 'latin1', timeout: SECONDS * 1000, maxBuffer: 256 * 1024 * 1024 },
      );
      const megabytes = Number(/^peak (\d+)$/m.exec(done.stdout)?.[1] ?? Number.NaN);
      context.diagnostic(`${((Date.now() - started) / 1000).toFixed(1)} s, ${megabytes} MB, exit ${done.status}`);
      assert.equal(done.signal, null, 'it did not end in time');
      assert.ok([2, 4, 5, 6].includes(done.status ?? -1), `exit ${done.status}: ${done.stderr.slice(0, 500)}`);
      assert.ok(megabytes <= MOST_MEGABYTES, `${megabytes} MB`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
