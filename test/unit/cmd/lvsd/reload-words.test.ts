/** The reload words: times as files write them, the file that says "I am reading", and what is kept. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type LoadedConfiguration, loadConfiguration } from '../../../../cmd/lvsd/configuration.js';
import { readReloadTime } from '../../../../cmd/lvsd/reload-time.js';
import { ReloadWords } from '../../../../cmd/lvsd/reload-words.js';
import { systemClock } from '../../../../runtime/clock.js';
import { SinkLog } from '../../../../runtime/log.js';

process.env.TZ = 'Europe/Berlin';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsd-reload-words-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const utc = (text: string): number => Date.parse(`${text}Z`);
/** 13:00 in Berlin. */
const now = utc('2026-11-20T12:00:00');

test('times without a date are the next ones', () => {
  const at = (text: string): unknown => {
    const time = readReloadTime(text, now);
    return time.kind === 'at' ? [new Date(time.at).toISOString(), time.dated] : time.kind;
  };
  assert.deepEqual(at('14:00:00'), ['2026-11-20T13:00:00.000Z', false]);
  assert.deepEqual(at('12:30:00'), ['2026-11-21T11:30:00.000Z', false], 'past in Berlin: tomorrow');
  assert.deepEqual(at('12:30:00Z'), ['2026-11-20T12:30:00.000Z', false]);
  assert.deepEqual(at('12:00:00Z'), ['2026-11-21T12:00:00.000Z', false], 'now is not later');
  assert.deepEqual(at('2026-12-24 18:00:00'), ['2026-12-24T17:00:00.000Z', true]);
  assert.deepEqual(at('26-12-24 18:00:00Z'), ['2026-12-24T18:00:00.000Z', true]);
  assert.equal(at('2026-11-20 12:59:59'), 'past');
  assert.equal(at('70-01-01 00:00:00'), 'past');
});

test('what is no time is none', () => {
  const wrong = [
    '',
    '14:00',
    '14:00:00 ',
    ' 14:00:00',
    '14:00:00z',
    '24:00:00',
    '12:60:00',
    '2026-02-30 12:00:00',
    '2026-13-01 12:00:00',
    '2026-11-20  14:00:00',
    '2026-11-20T14:00:00',
    '2027-03-28 02:30:00',
    'now',
  ];
  for (const text of wrong) assert.equal(readReloadTime(text, now).kind, 'malformed', text);
});

function load(words: string, name = 'k.conf'): LoadedConfiguration {
  const path = join(folder, name);
  writeFileSync(path, `global_defs {\n${words}\n}\n`);
  return loadConfiguration(path, { configId: undefined, strictIncludes: false, subsystems: { checker: true } });
}

function world(): { readonly words: ReloadWords; readonly said: string[]; readonly reloads: () => number } {
  const said: string[] = [];
  let reloads = 0;
  const words = new ReloadWords({
    clock: systemClock,
    log: new SinkLog([({ text }) => said.push(text)]),
    pid: 77,
    pidFile: join(folder, 'keepalived.pid'),
    reload: () => {
      reloads++;
    },
  });
  return { words, said, reloads: () => reloads };
}

test('reload_file stands there, empty and readable, while a configuration is read', () => {
  const { words } = world();
  const path = join(folder, 'reading');
  const loaded = load(`reload_file ${path}`);
  writeFileSync(path, 'somebody waits');
  let seen: unknown;
  const answer = words.read(loaded.global, () => {
    seen = [statSync(path).size, statSync(path).mode & 0o777];
    return loaded;
  });
  assert.equal(answer, loaded);
  assert.deepEqual(seen, [0, 0o644]);
  assert.ok(!existsSync(path));
  assert.throws(() =>
    words.read(loaded.global, () => {
      throw new Error('unreadable');
    }),
  );
  assert.ok(!existsSync(path), 'also when reading failed');
  writeFileSync(path, 'waits at the start');
  words.started(loaded);
  assert.ok(!existsSync(path));
});

test('reload_file without a name stands beside the PID file; a link is not followed', () => {
  const { words, said } = world();
  const loaded = load('reload_file');
  const path = join(folder, 'keepalived.reload');
  words.read(loaded.global, () => {
    assert.ok(existsSync(path));
    return loaded;
  });
  const target = join(folder, 'precious');
  writeFileSync(target, 'precious');
  symlinkSync(target, path);
  words.read(loaded.global, () => loaded);
  assert.equal(readFileSync(target, 'utf8'), 'precious');
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /^Failed to create reload file/);
});

test('config_save_dir keeps what was read at the start and at each reload', () => {
  const { words, said } = world();
  const kept = join(folder, 'kept');
  const first = load(`config_save_dir ${kept}/\nrouter_id one`);
  words.started(first);
  const second = load(`config_save_dir ${kept}\nrouter_id two`);
  words.read(first.global, () => second);
  assert.deepEqual(readdirSync(kept).sort(), ['keepalived.conf.77.0', 'keepalived.conf.77.1']);
  const text = readFileSync(join(kept, 'keepalived.conf.77.1'), 'utf8');
  assert.match(text, new RegExp(`^# ${join(folder, 'k.conf')}\nglobal_defs \\{\n`));
  assert.match(text, /router_id two/);
  assert.equal(statSync(join(kept, 'keepalived.conf.77.1')).mode & 0o777, 0o600);
  assert.equal(statSync(kept).mode & 0o777, 0o700);
  assert.deepEqual(said, []);
  const deep = load(`config_save_dir ${folder}/not/there`);
  words.started(deep);
  assert.match(said[0] ?? '', /^Failed to keep the configuration in config_save_dir/);
});

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 20_000; !holds(); ) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const stamp = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

test('a time file brings its reload, and goes; one that changes or goes is heeded', async () => {
  const { words, said, reloads } = world();
  const path = join(folder, 'when');
  words.inForce(load(`reload_time_file ${path}`).global);
  assert.deepEqual(said, []);
  writeFileSync(path, '2099-01-01 00:00:00Z\n');
  await until(() => said.length === 1, 'the file is noticed');
  assert.equal(said[0], 'Scheduling reload for 2099-01-01 01:00:00');
  writeFileSync(path, '2099-01-02 00:00:00Z\n');
  await until(() => said.length === 2, 'the change is noticed');
  assert.equal(said[1], 'Reload time updated from 2099-01-01 01:00:00 to 2099-01-02 01:00:00');
  rmSync(path);
  await until(() => said.length === 3, 'the end is noticed');
  assert.equal(said[2], 'Cancelling reload scheduled for 2099-01-02 01:00:00');
  writeFileSync(path, `${stamp(Date.now() + 2000)}Z\n`);
  await until(() => reloads() === 1, 'the reload comes');
  assert.ok(!existsSync(path), 'the file is gone');
  words.close();
});

test('reload_repeat keeps a time, not a date', async () => {
  const { words, reloads } = world();
  const path = join(folder, 'daily');
  const { global } = load(`reload_time_file ${path}\nreload_repeat`);
  writeFileSync(path, `${stamp(Date.now() + 2000).slice(11)}Z`);
  words.inForce(global);
  await until(() => reloads() === 1, 'the reload comes');
  assert.ok(existsSync(path), 'it comes again tomorrow');
  writeFileSync(path, `${stamp(Date.now() + 2000)}Z`);
  words.inForce(global);
  await until(() => reloads() === 2, 'the second reload comes');
  assert.ok(!existsSync(path));
  words.close();
});

test('a wrong time is told with what is right; a folder that is not there is told', async () => {
  const { words, said, reloads } = world();
  const path = join(folder, 'odd');
  writeFileSync(path, 'tomorrow');
  words.inForce(load(`reload_time_file ${path}`).global);
  assert.match(said[0] ?? '', /^Invalid reload time 'tomorrow' specified - ignoring/);
  words.inForce(load(`reload_time_file ${folder}/no/such/file`).global);
  assert.match(said[1] ?? '', /^Unable to monitor reload timer file directory/);
  assert.equal(reloads(), 0);
  words.close();
});
