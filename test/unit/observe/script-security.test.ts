/** Which file a script really is, and who could have changed it. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, symlinkSync } from 'node:fs';
import { after, test } from 'node:test';
import { splitCommands } from '../../../observe/script-commands.js';
import { checkScript, type ScriptCheck, ScriptMemo, type SecurityOptions } from '../../../observe/script-security.js';
import { type AccountSource, credentialsOf } from '../../../observe/script-user.js';
import { amRoot, Folder, me, nobody, scriptOf } from './script-rig.js';

const folder = new Folder();
after(() => folder.remove());

const options: SecurityOptions = { strict: true, useSymlinkPaths: false, searchPath: '/nowhere:/usr/bin:/bin' };
const check = (argv: readonly string[], user = me, more: Partial<SecurityOptions> = {}): ScriptCheck =>
  checkScript(scriptOf(...argv), user, { ...options, ...more });
const disabled = (result: ScriptCheck, reason: string, first: string, second: RegExp): void => {
  assert.equal(result.kind, 'disabled', JSON.stringify(result));
  assert.equal(result.reason, reason);
  assert.equal(result.messages[0], first);
  assert.match(result.messages[1] ?? '', second);
};

test('a safe script is usable and says nothing', () => {
  const file = folder.script('safe', '#!/bin/sh\n');
  const result = check([file, 'a', 'b']);
  assert.deepEqual(result, {
    kind: 'usable',
    commands: [{ file, argv: [file, 'a', 'b'] }],
    insecure: false,
    messages: [],
  });
});

test('missing, not executable, not a file, closed to its user', () => {
  const absent = folder.file('absent');
  disabled(
    check([absent]),
    'missing',
    `Script ${absent} cannot be accessed - No such file or directory`,
    /^Cure: put the script at/,
  );
  disabled(
    check(['no-such-program']),
    'missing',
    'Cannot find script no-such-program in path - disabling',
    /write the full path/,
  );
  const plain = folder.script('plain', '#!/bin/sh\n', 0o644);
  disabled(
    check([plain]),
    'not-executable',
    `WARNING - script '${plain}' is not executable for uid:gid ${me.uid}:${me.gid} - disabling.`,
    /chmod a\+x/,
  );
  const mine = folder.script('mine', '#!/bin/sh\n', 0o700);
  disabled(
    check([mine], nobody),
    'not-executable',
    `WARNING - script '${mine}' is not executable for uid:gid 65534:65534 - disabling.`,
    /chmod a\+x/,
  );
  disabled(
    check([folder.folder('directory')]),
    'not-executable',
    `WARNING - script '${folder.file('directory')}' is not executable for uid:gid ${me.uid}:${me.gid} - disabling.`,
    /is not a file/,
  );
  folder.folder('closed', 0o700);
  const inside = folder.script('closed/inside', '#!/bin/sh\n');
  disabled(
    check([inside], nobody),
    'not-executable',
    `WARNING - script '${inside}' is not executable for uid:gid 65534:65534 - disabling.`,
    /closed is closed to that user/,
  );
});

test('what others can change is not run as root', (t) => {
  if (!amRoot) return t.diagnostic('not root: owners cannot be changed');
  const file = folder.script('writable', '#!/bin/sh\n', 0o757);
  disabled(check([file]), 'insecure', `Unsafe permissions found for script '${file}' - disabling.`, /chmod o-w/);
  const loose = check([file], me, { strict: false });
  assert.equal(loose.kind === 'usable' && loose.insecure, true);
  assert.deepEqual(loose.messages[0], `Unsafe permissions found for script '${file}'.`);
  assert.equal(check([file], nobody).kind, 'usable', 'not root: no harm beyond that user');

  const group = folder.script('group', '#!/bin/sh\n', 0o775);
  assert.equal(check([group]).kind, 'usable', "group root's bit is root's");
  chownSync(group, 0, 1000);
  disabled(
    check([group]),
    'insecure',
    `Unsafe permissions found for script '${group}' - disabling.`,
    /group 1000 .*chmod g-w/,
  );

  const foreign = folder.script('foreign', '#!/bin/sh\n');
  chownSync(foreign, 1000, 0);
  disabled(
    check([foreign]),
    'insecure',
    `Unsafe permissions found for script '${foreign}' - disabling.`,
    /belongs to uid 1000.*chown root/,
  );

  folder.folder('theirs', 0o777);
  const below = folder.script('theirs/script', '#!/bin/sh\n');
  disabled(
    check([below]),
    'insecure',
    `Unsafe permissions found for script '${below}' - disabling.`,
    /theirs\. Cure: chmod o-w/,
  );
  chmodSync(folder.file('theirs'), 0o1777);
  assert.equal(check([below]).kind, 'usable', 'a sticky directory is safe for root');

  const setuid = folder.script('setuid', '#!/bin/sh\n', 0o4757);
  disabled(
    check([setuid], nobody),
    'insecure',
    `Unsafe permissions found for script '${setuid}' - disabling.`,
    /chmod o-w/,
  );
});

test('a symlink is resolved, and both ways to the file are looked at', (t) => {
  const file = folder.script('behind', '#!/bin/sh\n');
  const link = folder.file('link');
  symlinkSync(file, link);
  const resolved = check([link]);
  assert.deepEqual(resolved.kind === 'usable' && resolved.commands, [{ file, argv: [link] }]);
  const kept = check([link], me, { useSymlinkPaths: true });
  assert.deepEqual(kept.kind === 'usable' && kept.commands, [{ file: link, argv: [link] }]);
  if (!amRoot) return t.diagnostic('not root: owners cannot be changed');
  chmodSync(file, 0o757);
  for (const useSymlinkPaths of [false, true]) {
    disabled(
      check([link], me, { useSymlinkPaths }),
      'insecure',
      `Unsafe permissions found for script '${link}' - disabling.`,
      /behind/,
    );
  }
  chmodSync(file, 0o755);
  folder.folder('planted', 0o777);
  const planted = folder.file('planted/link');
  symlinkSync(file, planted);
  disabled(check([planted]), 'insecure', `Unsafe permissions found for script '${planted}' - disabling.`, /planted/);
});

test('a bare name is found on the path, with a warning', () => {
  const result = check(['true', 'x']);
  assert.equal(result.kind, 'usable');
  assert.match(
    result.messages[0] ?? '',
    /^WARNING - script `true` resolved by path search to `\/usr\/bin\/true`\. Please specify full path\.$/,
  );
  assert.deepEqual(result.kind === 'usable' && result.commands[0]?.argv, ['/usr/bin/true', 'x']);
});

test('with a memo a program is looked at once, and spoken of once', () => {
  const memo = new ScriptMemo();
  const file = folder.script('once', '#!/bin/sh\n', 0o644);
  assert.equal(check([file, 'a'], me, { memo }).messages.length, 2);
  chmodSync(file, 0o755);
  const again = check([file, 'b'], me, { memo });
  assert.deepEqual([again.kind, again.messages], ['disabled', []]);
  assert.equal(check([file, 'b'], me, { memo: new ScriptMemo() }).kind, 'usable');
  const usable = check([file, 'c', 'd'], me, { memo: new ScriptMemo() });
  assert.deepEqual(usable.kind === 'usable' && usable.commands[0]?.argv, [file, 'c', 'd']);
});

const programs = new Set(['ip', '/bin/a', '/bin/b', 'find']);
const split = (line: string[]): readonly (readonly string[])[] => splitCommands(line, (word) => programs.has(word));
const words = (line: string): string[] => line.split(' ');

test('`;` between programs makes several commands, as the FULLNAT forks have it', () => {
  assert.deepEqual(split(words('ip addr add A/32 dev lo; ip addr add B/32 dev lo;')), [
    words('ip addr add A/32 dev lo'),
    words('ip addr add B/32 dev lo'),
  ]);
  assert.deepEqual(split(words('/bin/a x ; /bin/b y')), [words('/bin/a x'), words('/bin/b y')]);
  assert.deepEqual(split(words('ip a dev lo;')), [words('ip a dev lo')]);
});

test('any other `;` is a character', () => {
  assert.deepEqual(split(words('find /x -exec touch {} ;')), [words('find /x -exec touch {} ;')]);
  assert.deepEqual(split(['/bin/a', '-c', 'x; /bin/b;', '/bin/b']), [['/bin/a', '-c', 'x; /bin/b;', '/bin/b']]);
  assert.deepEqual(split(words('/bin/a one; two')), [words('/bin/a one; two')]);
  assert.deepEqual(split(['/bin/a']), [['/bin/a']]);
  assert.deepEqual(split([';', '/bin/a']), [[';', '/bin/a']]);
});

test('each program of a sequence is checked', () => {
  const file = folder.script('first', '#!/bin/sh\n');
  const plain = folder.script('second', '#!/bin/sh\n', 0o644);
  const result = check([file, 'x;', plain, 'y']);
  assert.equal(result.kind, 'disabled');
  const both = check([file, 'x;', file, 'y']);
  assert.deepEqual(both.kind === 'usable' && both.commands.map((command) => command.argv), [
    [file, 'x'],
    [file, 'y'],
  ]);
});

const accounts: AccountSource = {
  user: (name) => (name === 'web' ? ['web', 'x', '1001', '1002', '', '/', '/bin/sh'] : undefined),
  group: (name) => (name === 'ops' ? ['ops', 'x', '2000', ''] : undefined),
};

test('whose rights a script has', () => {
  const found = (uid: number, gid: number, name: string) => ({ kind: 'found', credentials: { uid, gid, name } });
  const web = { name: 'web', group: undefined };
  assert.deepEqual(credentialsOf(web, undefined, false, accounts), found(1001, 1002, 'web'));
  assert.deepEqual(credentialsOf({ name: 'web', group: 'ops' }, undefined, false, accounts), found(1001, 2000, 'web'));
  assert.deepEqual(credentialsOf(undefined, web, true, accounts), found(1001, 1002, 'web'));
  assert.deepEqual(credentialsOf(undefined, undefined, false, accounts), found(me.uid, me.gid, `${me.uid}:${me.gid}`));
  const why = (answer: ReturnType<typeof credentialsOf>): string => (answer.kind === 'unknown' ? answer.why : '');
  assert.match(
    why(credentialsOf(undefined, undefined, true, accounts)),
    /Unable to set default user keepalived_script/,
  );
  assert.match(
    why(credentialsOf({ name: 'nix', group: undefined }, undefined, false, accounts)),
    /^Script user 'nix' does not exist/,
  );
  assert.match(
    why(credentialsOf({ name: 'web', group: 'nix' }, undefined, false, accounts)),
    /^Script group 'nix' does not exist/,
  );
});

test('accounts of this host: root is known, strange names are not asked for', () => {
  const root = credentialsOf({ name: 'root', group: 'root' }, undefined, true);
  assert.deepEqual(root, { kind: 'found', credentials: { uid: 0, gid: 0, name: 'root' } });
  for (const name of ['', 'no such', '-s', '../x', 'a:b']) {
    assert.equal(credentialsOf({ name, group: undefined }, undefined, false).kind, 'unknown', name);
  }
});
