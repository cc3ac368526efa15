/**
 * `lvsd -t` as a program: exit codes that keepalived 2.2.7 gave for the same files in the same surroundings, run as
 * root in an empty network namespace. What it asks of the host is made here: programs in a folder of the test's own.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../../cmd/lvsd/main.js', import.meta.url));
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsd-test-t-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const check = (path: string): string => `MISC_CHECK {\nmisc_path "${path}"\n}`;
const notify = (path: string): string => `notify_up ${path}\nTCP_CHECK {\n}`;

function verdict(global: string, inside: string): readonly [number | null, string] {
  const path = join(folder, 'keepalived.conf');
  writeFileSync(
    path,
    `global_defs {\n${global}\n}\nvirtual_server 10.0.0.1 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\nreal_server 10.0.0.2 80 {\n${inside}\n}\n}\n`,
  );
  const done = spawnSync(process.execPath, [main, '-t', '-f', path], { encoding: 'utf8' });
  return [done.status, done.stderr];
}

const checksRun = /SECURITY VIOLATION - check scripts are being executed but script_security not enabled\.$/m;

test('scripts that run without script security are 6', () => {
  for (const inside of [check('/bin/true'), notify('/bin/true')]) {
    const [status, said] = verdict('script_user root', inside);
    assert.equal(status, 6, said);
    assert.match(said, checksRun);
  }
  const [status, said] = verdict('startup_script /bin/true\nscript_user root', 'TCP_CHECK {\n}');
  assert.equal(status, 6, said);
  assert.match(said, /SECURITY VIOLATION - start\/shutdown scripts are being executed/);
});

test('with script security they are 0', () => {
  assert.deepEqual(verdict('script_user root\nenable_script_security', check('/bin/true')), [0, '']);
});

test('a script that is not there is told and costs nothing, because it is left out', () => {
  for (const inside of [check('/nonexistent/x'), notify('/nonexistent/x')]) {
    const [status, said] = verdict('script_user root', inside);
    assert.equal(status, 0, said);
    assert.match(said, /Script \/nonexistent\/x cannot be accessed - No such file or directory/);
    assert.match(said, /Cure: put the script at \/nonexistent\/x/);
  }
  const both = verdict('script_user root', `${check('/nonexistent/x')}\n${check('/bin/true')}`);
  assert.equal(both[0], 6, both[1]);
});

test('a script that may not be executed is told, and counts as one without script security: 6, with it 0', () => {
  const path = join(folder, 'plain.sh');
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o644);
  const [status, said] = verdict('script_user root', check(path));
  assert.equal(status, 6, said);
  assert.match(said, /is not executable for uid:gid 0:0 - disabling/);
  assert.match(said, checksRun);
  assert.equal(verdict('script_user root\nenable_script_security', check(path))[0], 0);
});

test('one program that many servers name is told once', () => {
  const [, said] = verdict('script_user root', `${check('/nonexistent/x')}\n${check('/nonexistent/x')}`);
  assert.equal(said.match(/cannot be accessed/g)?.length, 1, said);
});

test('an unknown user of scripts is 5', () => {
  assert.equal(verdict('script_user lvsd_no_such_user', check('/bin/true'))[0], 5);
});

test('what everybody can change is insecure: 6, or left out with script security', (t) => {
  if (process.getuid?.() !== 0) {
    t.skip('only root has files that belong to root');
    return;
  }
  const path = join(folder, 'open.sh');
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o777);
  const [status, said] = verdict('script_user root', check(path));
  assert.equal(status, 6, said);
  assert.match(said, /There are insecure scripts\.$/m);
  const secured = verdict('script_user root\nenable_script_security', check(path));
  assert.equal(secured[0], 0, secured[1]);
  assert.match(secured[1], /Unsafe permissions found for script/);
});
