/** Console and log file: the line's form, one line a record, O_NOFOLLOW, and what happens when a write fails. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { consoleSink } from '../../../observe/console.js';
import { LogFile, logFileName } from '../../../observe/log-file.js';
import { asctime, linesOf } from '../../../observe/log-line.js';
import { isLvsdError } from '../../../runtime/errors.js';
import { SinkLog } from '../../../runtime/log.js';

const wall = new Date(2026, 10, 5, 8, 3, 9).getTime();

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-log-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('the stamp is that of asctime', () => {
  assert.equal(asctime(wall), 'Thu Nov  5 08:03:09 2026');
});

test('a record is one line: control characters are shown, newlines divide', () => {
  assert.deepEqual(linesOf('a\tb\r\x1b]0;x\x07\x9b'), ['a\tb\\x0d\\x1b]0;x\\x07\\x9b']);
  assert.deepEqual(linesOf('a\n\nb\n'), ['a', 'b']);
  assert.deepEqual(linesOf('[fe80::1]:tcp:80 — ü'), ['[fe80::1]:tcp:80 — ü']);
});

test('the console gets stamped lines, with -t bare ones, and a console that fails loses lines only', () => {
  const written: string[] = [];
  const write = (text: string): void => {
    written.push(text);
  };
  new SinkLog([consoleSink({ write })], { wall: () => wall }).info('Startup complete');
  new SinkLog([consoleSink({ write, stamped: false })], { wall: () => wall }).info("Unknown keyword 'x'");
  assert.deepEqual(written, ['Thu Nov  5 08:03:09 2026: Startup complete\n', "Unknown keyword 'x'\n"]);
  const broken = consoleSink({
    write: () => {
      throw new Error('EAGAIN');
    },
  });
  new SinkLog([broken]).info('x');
  assert.equal(broken.dropped(), 1);
});

test("a role's file has its name before the last point", () => {
  assert.equal(logFileName('/tmp/keepalived.log', {}), '/tmp/keepalived.log');
  assert.equal(
    logFileName('/tmp/keepalived.log', { role: 'check', instance: 'blue' }),
    '/tmp/keepalived_check_blue.log',
  );
  assert.equal(logFileName('/var.d/log', { role: 'check', namespace: 'ns' }), '/var.d/log_check_ns');
  assert.equal(logFileName('/var/.hidden', { role: 'check' }), '/var/.hidden_check');
});

test('lines are appended; after a rotation and reopen they go to the new file', (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'k.log');
  writeFileSync(path, 'before\n');
  const file = new LogFile(path);
  const log = new SinkLog([file.sink], { wall: () => wall });
  log.info('one');
  renameSync(path, `${path}.1`);
  log.info('two');
  file.reopen();
  log.info('three');
  file.close();
  const stamp = 'Thu Nov  5 08:03:09 2026: ';
  assert.equal(readFileSync(`${path}.1`, 'utf8'), `before\n${stamp}one\n${stamp}two\n`);
  assert.equal(readFileSync(path, 'utf8'), `${stamp}three\n`);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a symbolic link is not followed, and the error names the file and the cure', (t) => {
  const folder = folderFor(t);
  const target = join(folder, 'target');
  writeFileSync(target, '');
  symlinkSync(target, join(folder, 'k.log'));
  assert.throws(
    () => new LogFile(join(folder, 'k.log')),
    (error) => isLvsdError(error) && error.code === 'LVSD_LOG_FILE' && error.message.includes('-g'),
  );
});

test('a file that cannot be opened again loses lines only', (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'sub.log');
  const file = new LogFile(path);
  rmSync(folder, { recursive: true });
  file.reopen();
  new SinkLog([file.sink]).info('x');
  assert.equal(file.dropped(), 1);
});
