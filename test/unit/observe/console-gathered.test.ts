import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { consoleSink } from '../../../observe/console.js';

const record = (text: string) => ({ level: 'info' as const, text, wall: 0 });

test('the lines of one turn go out together, whole and in order, none larger than a pipe takes at once', async () => {
  const writes: string[] = [];
  const sink = consoleSink({ stamped: false, gathered: true, write: (text) => writes.push(text) });
  const lines = Array.from({ length: 1000 }, (_, i) => `line ${i}`);
  for (const line of lines) sink(record(line));
  await Promise.resolve();
  assert.equal(writes.join(''), lines.map((line) => `${line}\n`).join(''));
  assert.ok(writes.length <= 3, `${writes.length} writes`);
  assert.ok(writes.every((text) => text.length <= 4096 && text.endsWith('\n')));
});

test('what the terminal does not take is counted line by line', async () => {
  const sink = consoleSink({
    stamped: false,
    gathered: true,
    write: () => {
      throw new Error('EAGAIN');
    },
  });
  for (let i = 0; i < 7; i++) sink(record(`line ${i}`));
  await Promise.resolve();
  assert.equal(sink.dropped(), 7);
});

test('a process that exits in the same turn has written its lines', () => {
  const module = new URL('../../../observe/console.js', import.meta.url).href;
  const program = `const { consoleSink } = await import(${JSON.stringify(module)});
    consoleSink({ stamped: false, gathered: true })({ level: 'error', text: 'the last word', wall: 0 });
    process.exit(3);`;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(done.status, 3);
  assert.equal(done.stderr, 'the last word\n');
});
