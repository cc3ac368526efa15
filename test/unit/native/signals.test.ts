/** Real-time signals by number. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const signals = pathToFileURL(join(dirname(fileURLToPath(import.meta.url)), '../../../native/signals.js')).href;

test('real-time signals reach JavaScript and do not end the process', async () => {
  const program = `
    const { onSignal } = await import(${JSON.stringify(signals)});
    let left = 2;
    const done = (n) => { console.log('got', n); if (--left === 0) process.exit(0); };
    onSignal(36, () => done(36));
    onSignal(63, () => done(63));
    setTimeout(() => process.exit(3), 20000);
    console.log('ready');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const before = out;
    out += chunk.toString();
    if (!before.includes('ready') && out.includes('ready')) {
      process.kill(child.pid as number, 36);
      process.kill(child.pid as number, 63);
    }
  });
  const status = await new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  assert.equal(status, 0, out);
  assert.match(out, /got 36/);
  assert.match(out, /got 63/);
});
