// include and its variants (keepalived.md 5.2), on real files: order, names, refusals. Messages are those of
// keepalived 2.2.7 for the same tree.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { expandBraces, findFiles, matches } from '../../../../parser/glob.js';
import { exitCodeOf } from '../../../../parser/render-diagnostic.js';
import { readSnapshot, type Snapshot } from '../../../../parser/snapshot.js';
import { told, written } from './reading.js';

let folder = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsd-include-'));
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'inc/sub'), { recursive: true });
  mkdirSync(join(folder, 'inc/dir.conf'));
  put('inc/1.conf', 'i1 a\n');
  put('inc/2.conf', 'i2 a\ninclude sub/3.conf\ni2 end\n');
  put('inc/sub/3.conf', 'i3 ${_PWD}\ninclude 4.conf\n');
  put('inc/sub/4.conf', 'i4');
  put('inc/exe.conf', 'exe x\n');
  chmodSync(join(folder, 'inc/exe.conf'), 0o755);
  put('inc/.hidden.conf', 'hidden x\n');
  put('inc/self.conf', 'self x\ninclude self.conf\n');
  put('inc/def.conf', '$DEFD=fromfile\n');
  put('inc/values', '10.0.0.1\n10.0.0.2\n');
  execFileSync('mkfifo', [join(folder, 'inc/fifo')]);
  symlinkSync('loop', join(folder, 'inc/loop'));
  symlinkSync('1.conf', join(folder, 'inc/link'));
});

after(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, options: Parameters<typeof readSnapshot>[1] = {}): Snapshot {
  writeFileSync(join(folder, 'main'), text);
  const snapshot = readSnapshot(join(folder, 'main'), { configId: 'vm', ...options });
  return { ...snapshot, files: snapshot.files.map((file) => file.replace(`${folder}/`, '')) };
}

test('files come in their places; names are relative to the including file, _PWD is its folder', () => {
  const snapshot = read('a x\ninclude inc/2.conf\nb y\n');
  assert.deepEqual(written(snapshot), [
    'main:1:1 a|x',
    'inc/2.conf:1:1 i2|a',
    `sub/3.conf:1:1 i3|${folder}/inc/sub`,
    '4.conf:1:1 i4',
    'inc/2.conf:3:1 i2|end',
    'main:3:1 b|y',
  ]);
  assert.deepEqual(snapshot.diagnostics, []);
});

test('braces keep their order, wildcards are sorted, hidden files are left out', () => {
  assert.deepEqual(written(read('include inc/{values,1.conf}\n')).length, 3);
  const names = findFiles('inc/*.conf', folder).names;
  assert.deepEqual(names, [
    'inc/1.conf',
    'inc/2.conf',
    'inc/def.conf',
    'inc/dir.conf',
    'inc/exe.conf',
    'inc/self.conf',
  ]);
  assert.deepEqual(findFiles('inc/{2,1}.conf', folder).names, ['inc/2.conf', 'inc/1.conf']);
  assert.deepEqual(findFiles('inc/[!1d]?conf', folder).names, ['inc/2.conf']);
  assert.deepEqual(findFiles('*/sub/[34].conf', folder).names, ['inc/sub/3.conf', 'inc/sub/4.conf']);
  assert.deepEqual(expandBraces('a{b,c{d,e}}f'), ['abf', 'acdf', 'acef']);
  assert.deepEqual(expandBraces('a{b'), ['a{b']);
  assert.equal(matches('a*b*c', 'a--b-bc'), true);
  assert.equal(matches(`${'*'.repeat(50)}x`, 'a'.repeat(5000)), false);
});

test('an include inside a block, also of values, also from a definition, a condition and behind a brace', () => {
  const snapshot = read(
    '$I=include inc/values\nvirtual_ipaddress {\n $I\n @^a include inc/1.conf\n}\nb { include inc/1.conf\n}\ninclude inc/def.conf\n$DEFD\n',
  );
  assert.deepEqual(written(snapshot), [
    'main:2:1 virtual_ipaddress {',
    '  inc/values:1:1 10.0.0.1',
    '  inc/values:2:1 10.0.0.2',
    '  inc/1.conf:1:1 i1|a',
    'main:6:1 b {',
    '  inc/1.conf:1:1 i1|a',
    'main:9:1 fromfile',
  ]);
});

test('what is not a regular, non-executable file is named and skipped', () => {
  const text = [
    'inc/exe.conf',
    'inc/dir.conf',
    'inc/fifo',
    '/dev/null',
    '/dev/zero',
    'inc/loop',
    'nope',
    'nope*',
    'inc/{1.conf,nope}',
    '"inc/1.conf"',
  ]
    .map((name) => `include ${name}\n`)
    .join('');
  const snapshot = read(text);
  assert.deepEqual(told(snapshot), [
    "note 1:9 Configuration file 'inc/exe.conf' is not a regular non-executable file - skipping",
    "note 2:9 Configuration file 'inc/dir.conf/' is a directory - skipping",
    "note 3:9 Configuration file 'inc/fifo' is not a regular non-executable file - skipping",
    "note 4:9 Configuration file '/dev/null' is not a regular non-executable file - skipping",
    "note 5:9 Configuration file '/dev/zero' is not a regular non-executable file - skipping",
    "note 6:9 Configuration file 'inc/loop' is not a regular non-executable file - skipping",
    "note 7:9 Config files missing 'nope'.",
    "note 8:9 No config files matched 'nope*'.",
    'note 9:9 Some config files missing: "inc/{1.conf,nope}".',
    `note 10:9 Config files missing '"inc/1.conf"'.`,
  ]);
  assert.equal(snapshot.diagnostics[0]?.suggestion, 'chmod a-x inc/exe.conf');
  assert.equal(exitCodeOf(snapshot.diagnostics), 0);
  assert.deepEqual(written(read('include inc/link\n')), ['inc/link:1:1 i1|a']);
});

const EXITS: readonly (readonly [string, number])[] = [
  ['include nope', 0],
  ['includer nope', 0],
  ['includem nope', 6],
  ['includew nope*', 6],
  ['include inc/exe.conf', 0],
  ['includer inc/exe.conf', 6],
  ['includeb inc/{1.conf,nope}', 6],
  ['include inc/{1.conf,nope}', 0],
  ['includea nope', 6],
  ['global_defs {\n include_check match\n}\ninclude nope', 6],
  ['global_defs {\n include_check -match +read\n}\ninclude nope', 0],
];

test('the variants and include_check make errors of them, with the exit codes of keepalived', () => {
  for (const [text, exit] of EXITS) assert.equal(exitCodeOf(read(`${text}\n`).diagnostics), exit, text);
  assert.equal(exitCodeOf(read('include nope\n', { allConfigChecks: true }).diagnostics), 6);
});

test('a file that includes itself is read once', () => {
  const snapshot = read('include inc/self.conf\n');
  assert.deepEqual(written(snapshot), ['inc/self.conf:1:1 self|x']);
  assert.deepEqual(told(snapshot), ["assumed 2:9 Configuration file 'self.conf' is included by itself - skipping"]);
});

test('a main file that cannot be read is a diagnostic, whatever it is', () => {
  for (const name of ['nope', 'inc', 'inc/fifo', 'inc/loop', 'inc/exe.conf']) {
    const snapshot = readSnapshot(join(folder, name));
    assert.equal(snapshot.text, '');
    assert.equal(snapshot.diagnostics[0]?.class, 'unusable', name);
    assert.equal(exitCodeOf(snapshot.diagnostics), 4);
  }
});
