/** Scripts as processes: user, arguments, timeout, process group, lanes. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { scriptEnvironment } from '../../../observe/script-process.js';
import { type ScriptEnd, ScriptRunner } from '../../../observe/script-runner.js';
import { systemClock } from '../../../runtime/clock.js';
import { MemoryLog } from '../../../runtime/log.js';
import { milliseconds } from '../../../runtime/units.js';
import { alive, amRoot, Folder, gone, job, nobody, run } from './script-rig.js';

const folder = new Folder();
const log = new MemoryLog();
const runner = new ScriptRunner({ clock: systemClock, log });
after(() => {
  runner.close();
  folder.remove();
});

const exited = (status: number): ScriptEnd => ({ kind: 'exited', status });

test('exit statuses and signals are told apart', async () => {
  assert.deepEqual(await run(runner, job(folder.script('ok', '#!/bin/sh\nexit 0\n'))), exited(0));
  assert.deepEqual(await run(runner, job(folder.script('seven', '#!/bin/sh\nexit 7\n'))), exited(7));
  assert.deepEqual(await run(runner, job(folder.script('killed', '#!/bin/sh\nkill -9 $$\n'))), {
    kind: 'signalled',
    signal: 9,
  });
});

test('a script without an interpreter line is given to /bin/sh', async () => {
  assert.deepEqual(
    await run(
      runner,
      job(folder.script('bare', `echo "$0 $1" > ${folder.file('bare.out')}\nexit 5\n`), { extraArguments: ['x y'] }),
    ),
    exited(5),
  );
  assert.equal(folder.read('bare.out'), `${folder.file('bare')} x y\n`);
});

test('arguments arrive as they are: no shell reads them', async () => {
  const show = folder.script('show', `#!/bin/sh\nfor a in "$@"; do echo "[$a]"; done > ${folder.file('show.out')}\n`);
  const words = ['a b', "it's", '"', '$(touch never)', ';', '`id`', '*', '', '\\', '\n'];
  await run(
    runner,
    job(show, { commands: [{ file: show, argv: ['another name', ...words] }], extraArguments: ['last'] }),
  );
  assert.equal(folder.read('show.out'), [...words, 'last'].map((word) => `[${word}]\n`).join(''));
});

test('several commands run one after the other, and the last one counts', async () => {
  const append = folder.script('append', `#!/bin/sh\necho "$@" >> ${folder.file('append.out')}\nexit $1\n`);
  const commands = ['3', '4'].map((status) => ({ file: append, argv: [append, status] }));
  const absent = { file: folder.file('absent'), argv: ['absent'] };
  const end = await run(
    runner,
    job(append, { commands: [commands[0]!, absent, commands[1]!], extraArguments: ['UP'] }),
  );
  assert.deepEqual(end, exited(4));
  assert.equal(folder.read('append.out'), '3\n4 UP\n');
});

test('what cannot be started is no verdict, and says why', async () => {
  const end = await run(runner, job(folder.file('absent')));
  assert.equal(end.kind, 'not-run');
  assert.match(end.why, /Error exec-ing command '.*absent': ENOENT/);
  const nul = await run(
    runner,
    job(folder.file('ok'), { commands: [{ file: folder.file('ok'), argv: ['ok', 'a\0b'] }] }),
  );
  assert.equal(nul.kind, 'not-run');
});

test('the environment is ours without what changes loading or splitting, and nothing of Node or systemd', () => {
  const ours = {
    PATH: '/bin',
    HOME: '/',
    IFS: 'x',
    LD_PRELOAD: 'x',
    LD_LIBRARY_PATH: 'x',
    NODE_CHANNEL_FD: '3',
    NOTIFY_SOCKET: 'x',
  };
  assert.deepEqual(scriptEnvironment(ours), { PATH: '/bin', HOME: '/' });
});

test('a script has its own session, the directory /, no terminal, and no descriptor of ours', async () => {
  const script = folder.script(
    'surroundings',
    `#!/bin/sh
{ for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done; pwd; cut -d' ' -f1,5,6 /proc/$$/stat; } > ${folder.file('around.out')}
ls /proc/$$/fd > ${folder.file('fds.out')}
`,
  );
  // Descriptors of every kind that this process holds must stay here.
  const { openSocket } = await import('../../../native/socket.js');
  const { closeFd } = await import('../../../native/descriptor.js');
  const held = openSocket(2, 1, 0);
  try {
    assert.deepEqual(await run(runner, job(script)), exited(0));
  } finally {
    closeFd(held);
  }
  const lines = folder.read('around.out').trim().split('\n');
  assert.deepEqual([lines[0], lines[2], lines[3]], ['/dev/null', '/dev/null', '/']);
  const [pid, group, session] = (lines[4] ?? '').split(' ');
  assert.deepEqual([group, session], [pid, pid]);
  // 10 is where dash keeps the script that it reads, and saves descriptors that it redirects.
  const fds = folder
    .read('fds.out')
    .trim()
    .split('\n')
    .filter((fd) => Number(fd) > 2 && Number(fd) < 10);
  assert.deepEqual(fds, []);
});

test('a script runs as its user, without our supplementary groups', async (t) => {
  if (!amRoot) return t.diagnostic('not root: users cannot be switched, only our own was tried');
  const out = folder.folder('open', 0o777);
  const script = folder.script('who', `#!/bin/sh\n{ id -u; id -g; id -G; } > ${out}/who\n`);
  assert.deepEqual(await run(runner, job(script, { user: nobody })), exited(0));
  assert.equal(folder.read('open/who'), '65534\n65534\n65534\n');
});

test('a timeout ends the whole process group, grandchildren too', async () => {
  const script = folder.script(
    'family',
    `#!/bin/sh\nsh -c 'sleep 100 & echo $! > ${folder.file('grandchild')}; wait' &\nwait\n`,
  );
  const ending = run(runner, job(script, { timeout: milliseconds(300) }));
  const grandchild = Number(await folder.appears('grandchild'));
  assert.ok(alive(grandchild));
  assert.deepEqual(await ending, { kind: 'timed-out' });
  assert.ok(await gone(grandchild));
});

test('one that ignores SIGTERM is killed two seconds later, with children that ignore it as well', async () => {
  const script = folder.script(
    'stubborn',
    `#!/bin/sh\ntrap '' TERM\nsh -c 'sleep 100' &\necho $! > ${folder.file('child')}\nwhile :; do sleep 1; done\n`,
  );
  const begun = performance.now();
  const ending = run(runner, job(script, { timeout: milliseconds(200) }));
  const child = Number(await folder.appears('child'));
  assert.deepEqual(await ending, { kind: 'timed-out' });
  const took = performance.now() - begun;
  assert.ok(took >= 2190, `${took} ms`);
  assert.ok(await gone(child));
});

test('one that exits cleanly when told to end has still timed out', async () => {
  const script = folder.script('polite', `#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 0.05; done\n`);
  assert.deepEqual(await run(runner, job(script, { timeout: milliseconds(200) })), { kind: 'timed-out' });
});

test('the same check is not started twice, and can run again afterwards', async () => {
  const script = folder.script('slow', '#!/bin/sh\nsleep 0.3\n');
  const first = run(runner, job(script, { key: 'c1' }));
  const second = await run(runner, job(script, { key: 'c1' }));
  assert.equal(second.kind, 'not-run');
  assert.match(second.why, /still running/);
  assert.deepEqual(await first, exited(0));
  assert.deepEqual(await run(runner, job(script, { key: 'c1' })), exited(0));
});

test('a cancelled run is ended and says nothing', async () => {
  const script = folder.script('long', `#!/bin/sh\necho $$ > ${folder.file('long.pid')}\nexec sleep 100\n`);
  let said = false;
  const cancel = runner.run(job(script), () => {
    said = true;
  });
  const pid = Number(await folder.appears('long.pid'));
  cancel();
  assert.ok(await gone(pid));
  assert.equal(said, false);
});

test('bounds: so many at once, so many waiting, in order, and the lanes do not starve each other', async () => {
  const script = folder.script('count', `#!/bin/sh\necho $1 >> ${folder.file('count.out')}\nsleep 0.2\n`);
  const small = new ScriptRunner({
    clock: systemClock,
    log,
    limits: { check: { running: 1, waiting: 2 }, notice: { running: 1, waiting: 10 } },
  });
  const ends: Promise<ScriptEnd>[] = [];
  for (let i = 0; i < 4; i++) ends.push(run(small, job(script, { extraArguments: [String(i)] })));
  const notice = run(small, job(folder.file('ok'), { lane: 'notice' }));
  assert.deepEqual(await notice, exited(0));
  assert.ok(small.waiting > 0, 'checks are still waiting when the notification is done');
  const kinds = (await Promise.all(ends)).map((end) => end.kind);
  assert.deepEqual(kinds, ['exited', 'exited', 'not-run', 'not-run']);
  assert.equal(folder.read('count.out'), '0\n1\n');
  assert.equal(await small.whenIdle(milliseconds(0)), true);
});

test('at a stop scripts are waited for, but not for long', async () => {
  const stopping = new ScriptRunner({ clock: systemClock, log });
  const quick = run(stopping, job(folder.script('quick', '#!/bin/sh\nsleep 0.1\n'), { lane: 'notice' }));
  assert.equal(await stopping.whenIdle(milliseconds(5000)), true);
  assert.deepEqual(await quick, exited(0));
  const cancel = stopping.run(job(folder.script('never', '#!/bin/sh\nexec sleep 100\n'), { lane: 'notice' }), () => {});
  assert.equal(await stopping.whenIdle(milliseconds(200)), false);
  cancel();
  stopping.close();
  assert.deepEqual(await run(stopping, job(folder.file('ok'))), { kind: 'not-run', why: 'lvsd is stopping' });
});
