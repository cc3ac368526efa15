/** FIFOs: who reads late or not at all costs no more than its own lines. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { NotifyFifo, realServerLine, virtualServerLine } from '../../../observe/notify-fifo.js';
import { NotifyFifoSet, type WantedFifo } from '../../../observe/notify-fifo-set.js';
import { systemClock } from '../../../runtime/clock.js';
import { isLvsdError } from '../../../runtime/errors.js';
import { MemoryLog } from '../../../runtime/log.js';
import { alive, amRoot, Folder, gone, me } from './script-rig.js';

const folder = new Folder();
after(() => folder.remove());

/** Everything that waits in a FIFO. */
function drain(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const bytes = Buffer.alloc(1 << 20);
  let length = 0;
  try {
    for (;;) {
      const got = readSync(fd, bytes, length, bytes.length - length, null);
      if (got === 0) break;
      length += got;
    }
  } catch {
    // EAGAIN: it is empty.
  } finally {
    closeSync(fd);
  }
  return bytes.toString('latin1', 0, length);
}

test("the lines are keepalived's, without its NUL", () => {
  assert.equal(virtualServerLine('[10.0.0.1]:tcp:80', true), 'VS [10.0.0.1]:tcp:80 UP\n');
  assert.equal(virtualServerLine('FWM 5', false), 'VS FWM 5 DOWN\n');
  assert.equal(realServerLine('[10.1.0.1]:tcp:8080', '[group]:0', false), 'RS [10.1.0.1]:tcp:8080 [group]:0 DOWN\n');
});

test('a FIFO is made, written before anybody reads, and removed', () => {
  const path = folder.file('plain');
  const fifo = NotifyFifo.open(path, undefined, new MemoryLog());
  try {
    assert.ok(statSync(path).isFIFO());
    assert.equal(statSync(path).mode & 0o777, 0o644 & ~process.umask());
    assert.equal(fifo.write('VS a UP\n'), true);
    assert.equal(fifo.write('VS a DOWN\n'), true);
    assert.equal(drain(path), 'VS a UP\nVS a DOWN\n');
  } finally {
    fifo.close();
  }
  assert.equal(existsSync(path), false);
  assert.equal(fifo.write('late\n'), false);
});

test('a full FIFO drops whole lines, counts them, says so once, and goes on', () => {
  const log = new MemoryLog();
  const fifo = NotifyFifo.open(folder.file('full'), undefined, log);
  try {
    const line = `RS ${'x'.repeat(200)} UP\n`;
    let written = 0;
    while (fifo.write(line)) written++;
    for (let i = 0; i < 99; i++) fifo.write(line);
    assert.equal(fifo.dropped, 100);
    assert.equal(drain(fifo.path), line.repeat(written));
    assert.equal(fifo.write(line), true);
    assert.equal(log.lines.length, 2);
    assert.match(log.lines[0] ?? '', /it is full, nobody reads it/);
    assert.match(log.lines[1] ?? '', /taking lines again, 100 were dropped/);
  } finally {
    fifo.close();
  }
});

test('what is at the path and is not a FIFO of ours is refused, and stays', (t) => {
  const refused = (path: string): void => {
    assert.throws(
      () => NotifyFifo.open(path, undefined, new MemoryLog()),
      (error) => isLvsdError(error) && error.code === 'LVSD_FIFO',
    );
  };
  const file = folder.file('file');
  writeFileSync(file, 'keep');
  refused(file);
  assert.equal(folder.read('file'), 'keep');
  const link = folder.file('link');
  symlinkSync(file, link);
  refused(link);
  refused(folder.file('no/such/folder'));
  if (!amRoot) return t.diagnostic('not root: owners cannot be changed');
  const theirs = NotifyFifo.open(folder.file('theirs'), { uid: 1000, gid: 1000 }, new MemoryLog());
  assert.deepEqual([statSync(theirs.path).uid, statSync(theirs.path).gid], [1000, 1000]);
  refused(theirs.path);
  const again = NotifyFifo.open(theirs.path, { uid: 1000, gid: 1000 }, new MemoryLog());
  again.close();
  assert.ok(existsSync(theirs.path), 'who found it does not remove it');
  theirs.close();
});

test('across a reload an unchanged FIFO and its script stay; a changed script is exchanged; the rest goes', async () => {
  const log = new MemoryLog();
  const set = new NotifyFifoSet(systemClock, log);
  const reader = folder.script(
    'reader',
    `#!/bin/sh\necho $$ >> ${folder.file('reader.pids')}\nexec cat "$1" > ${folder.file('reader.out')}\n`,
  );
  const other = folder.script('other', `#!/bin/sh\necho $$ > ${folder.file('other.pid')}\nexec sleep 100\n`);
  const wanted = (file: string): WantedFifo => ({
    path: folder.file('kept'),
    owner: undefined,
    script: { command: { file, argv: [file] }, user: me },
  });
  try {
    set.apply([wanted(reader)]);
    const pid = Number(await folder.appears('reader.pids'));
    const { ino } = statSync(folder.file('kept'));
    set.apply([wanted(reader), { path: folder.file('second'), owner: undefined, script: undefined }]);
    set.write('VS a UP\n');
    assert.equal(await folder.appears('reader.out'), 'VS a UP\n');
    assert.equal(drain(folder.file('second')), 'VS a UP\n');
    assert.equal(folder.read('reader.pids').trim(), String(pid));
    assert.equal(statSync(folder.file('kept')).ino, ino);

    set.apply([wanted(other)]);
    assert.ok(await gone(pid));
    assert.equal(statSync(folder.file('kept')).ino, ino);
    assert.equal(existsSync(folder.file('second')), false);
    const second = Number(await folder.appears('other.pid'));
    assert.ok(alive(second));
    set.close();
    assert.ok(await gone(second));
    assert.equal(existsSync(folder.file('kept')), false);
  } finally {
    set.close();
  }
});

test('a script that ends is started again after a pause', async () => {
  const log = new MemoryLog();
  const set = new NotifyFifoSet(systemClock, log);
  const script = folder.script('short', `#!/bin/sh\necho "$1" >> ${folder.file('short.out')}\nexit 3\n`);
  try {
    set.apply([
      { path: folder.file('again'), owner: undefined, script: { command: { file: script, argv: [script] }, user: me } },
    ]);
    await folder.appears('short.out');
    for (let i = 0; i < 400 && folder.read('short.out').split('\n').length < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(folder.read('short.out'), `${folder.file('again')}\n`.repeat(2));
    assert.match(log.lines[0] ?? '', /ended \(status 3\); starting it again in 1 seconds/);
  } finally {
    set.close();
  }
});

test('a script of a FIFO dies with the process that started it', async () => {
  const script = folder.script('widow', `#!/bin/sh\necho $$ > ${folder.file('widow.pid')}\nexec sleep 100\n`);
  const program = `
    import { NotifyFifoSet } from '${new URL('../../../observe/notify-fifo-set.js', import.meta.url).href}';
    import { systemClock } from '${new URL('../../../runtime/clock.js', import.meta.url).href}';
    import { SinkLog } from '${new URL('../../../runtime/log.js', import.meta.url).href}';
    const command = { file: ${JSON.stringify(script)}, argv: ['x'] };
    new NotifyFifoSet(systemClock, new SinkLog([])).apply([
      { path: ${JSON.stringify(folder.file('widowed'))}, owner: undefined, script: { command, user: { uid: ${me.uid}, gid: ${me.gid}, name: '' } } },
    ]);
    setInterval(() => {}, 1000);
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  try {
    const pid = Number(await folder.appears('widow.pid'));
    assert.ok(alive(pid));
    parent.kill('SIGKILL');
    assert.ok(await gone(pid));
  } finally {
    parent.kill('SIGKILL');
  }
});
