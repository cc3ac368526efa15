/** Sysctls: read, set, put back. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ipvsSysctl, Sysctls, sysctlName } from '../../../host/sysctl.js';
import { isLvsdError } from '../../../runtime/errors.js';

const isCode = (code: string) => (error: unknown) => isLvsdError(error) && error.code === code;

let root = '';
const file = (word: string): string => join(root, 'net', 'ipv4', 'vs', word);
before(() => {
  root = mkdtempSync(join(tmpdir(), 'lvsd-sysctl-'));
  mkdirSync(file(''), { recursive: true });
  writeFileSync(file('conn_reuse_mode'), '1\n');
  writeFileSync(file('sync_threshold'), '3\t50\n');
});
after(() => rmSync(root, { recursive: true, force: true }));

test('set, read back, put back', () => {
  const sysctls = new Sysctls([], root);
  const name = ipvsSysctl('conn_reuse_mode');
  assert.equal(sysctls.read(name), '1');
  assert.equal(sysctls.set(name, 0), true);
  assert.equal(sysctls.set(name, 0), false);
  assert.equal(sysctls.set(name, '2'), true);
  assert.equal(readFileSync(file('conn_reuse_mode'), 'latin1'), '2\n');
  assert.deepEqual(sysctls.originals(), [{ name, value: '1' }]);
  assert.deepEqual(sysctls.restore(), []);
  assert.equal(sysctls.read(name), '1');
  assert.deepEqual(sysctls.originals(), []);
});

test('lists are compared by their numbers, not by their spaces', () => {
  const sysctls = new Sysctls([], root);
  assert.equal(sysctls.set(ipvsSysctl('sync_threshold'), '3 50'), false);
  assert.equal(sysctls.set(ipvsSysctl('sync_threshold'), '4  60'), true);
  sysctls.restore();
});

test("an earlier run's values are put back by the next", () => {
  const name = ipvsSysctl('conn_reuse_mode');
  const first = new Sysctls([], root);
  first.set(name, 0);
  const second = new Sysctls(first.originals(), root);
  second.set(name, 2);
  second.restore();
  assert.equal(second.read(name), '1');
});

test('names that are none, parameters that are not there', () => {
  for (const parts of [[], ['net', '..', 'x'], ['net', ''], ['net', 'a/b'], ['.hidden'], ['net', 'a\0b']]) {
    assert.throws(() => sysctlName(parts), isCode('LVSD_SYSCTL_NAME'));
  }
  assert.throws(() => ipvsSysctl('../../kernel/hostname'), isCode('LVSD_SYSCTL_NAME'));
  assert.equal(sysctlName(['net', 'ipv4', 'conf', 'eth0.100', 'arp_ignore']).text, 'net.ipv4.conf.eth0.100.arp_ignore');
  assert.throws(() => new Sysctls([], root).set(ipvsSysctl('no_such_word'), 1), isCode('LVSD_SYSCTL_UNKNOWN'));
});

test('a value that does not stay is told, and a parameter that cannot be written', () => {
  symlinkSync('/dev/null', file('forgetful'));
  const sysctls = new Sysctls([], root);
  assert.throws(() => sysctls.set(ipvsSysctl('forgetful'), 5), isCode('LVSD_SYSCTL_NOT_TAKEN'));
  assert.equal(sysctls.originals().length, 1);
  mkdirSync(file('folder'));
  assert.throws(() => sysctls.set(ipvsSysctl('folder'), 5), isCode('LVSD_SYSCTL_REFUSED'));
});

test('a value that the kernel refuses is told as such', () => {
  const name = sysctlName(['net', 'ipv4', 'ip_local_port_range']);
  const sysctls = new Sysctls();
  assert.throws(
    () => sysctls.set(name, '70000 1'),
    (error: unknown) => isLvsdError(error) && /^LVSD_SYSCTL_(NOT_TAKEN|REFUSED)$/.test(error.code),
  );
  assert.deepEqual(sysctls.originals(), []);
});
