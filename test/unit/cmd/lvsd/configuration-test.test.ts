/**
 * `lvsd -t` as a program: exit codes that keepalived 2.2.7 gave for the same files in the same surroundings, run as
 * root in an empty network namespace. What it asks of the host is made here: programs in a folder of the test's own.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { repoRoot } from '../../../root.js';

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

/** Runs lvsd on a text with these options. */
function run(text: string, ...options: string[]): { status: number | null; stdout: string; stderr: string } {
  const path = join(folder, 'keepalived.conf');
  writeFileSync(path, text, { mode: 0o600 });
  return spawnSync(process.execPath, [main, '-f', path, ...options], { encoding: 'utf8', maxBuffer: 1 << 28 });
}

const SMALL =
  'virtual_server 192.0.2.1 80 {\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\nreal_server 192.0.2.2 80 {\nweigth 2\n}\n}\n';

/** The keys of a table of docs/diagnostics.md, by the heading that it stands under. */
function documented(heading: string): string[] {
  const page = readFileSync(join(repoRoot, 'docs/diagnostics.md'), 'utf8');
  const section = page.split(/^#+ /m).find((each) => each.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? '');
}

test('--json says what docs/diagnostics.md says that it says', () => {
  const done = run(SMALL, '-t', '--json', '--print-config');
  assert.equal(done.status, 5);
  assert.equal(done.stderr, '');
  const document = JSON.parse(done.stdout) as Record<string, unknown> & { diagnostics: Record<string, unknown>[] };
  assert.deepEqual(Object.keys(document), documented('The document'));
  assert.deepEqual(Object.keys(document.diagnostics[0] ?? {}), documented('A diagnostic'));
  assert.deepEqual(
    { ...document, files: [], config: String(document.config).length > 0, diagnostics: document.diagnostics.length },
    { version: 1, exitCode: 5, refused: false, files: [], diagnostics: 1, config: true },
  );
  const { class: cls, line, column, span, source, suggestion } = document.diagnostics[0] ?? {};
  assert.deepEqual(
    [cls, line, column, span, source, suggestion],
    ['assumed', 6, 1, 6, 'weigth 2', "did you mean 'weight'?"],
  );
});

test('the classes and their exit codes stand in docs/diagnostics.md', () => {
  assert.deepEqual(documented('Classes'), ['missing', 'unusable', 'security', 'assumed', 'note']);
});

test('--print-config is read again without a complaint, and prints the same', () => {
  const first = run(SMALL, '--print-config');
  assert.match(first.stdout, /^virtual_server 192\.0\.2\.1 80 \{$/m);
  const second = run(first.stdout, '--print-config');
  assert.deepEqual([second.status, second.stdout], [0, first.stdout]);
});

test('-t writes to the file that it names; a file that cannot be written is told', () => {
  const log = join(folder, 'log');
  assert.deepEqual(run(SMALL, `-t${log}`).stderr, '');
  assert.match(readFileSync(log, 'utf8'), /^\(Line 6\) Unknown keyword 'weigth'$/m);
  assert.match(run(SMALL, `-t${folder}/no/such`).stderr, /cannot be written \(ENOENT\)[\s\S]*Unknown keyword/);
});

test('much output is written whole, and a reader that goes away is no error', () => {
  const many = run('foo bar baz\n'.repeat(8000), '-t', '--json');
  assert.equal((JSON.parse(many.stdout) as { diagnostics: unknown[] }).diagnostics.length, 8000);
  const path = join(folder, 'keepalived.conf');
  const command = `"$0" "$1" -t --json -f "$2" | head -c 10`;
  const done = spawnSync('sh', ['-c', command, process.execPath, main, path], { encoding: 'utf8' });
  assert.deepEqual([done.status, done.stderr], [0, '']);
});
