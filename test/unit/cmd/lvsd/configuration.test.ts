/** What the supervisor makes of the operator's file: which roles it needs, what it refuses, what may not change. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  forbiddenChanges,
  type JudgementOptions,
  type LoadedConfiguration,
  loadConfiguration,
  type ReadOptions,
  refusalsOf,
  unbuiltNotes,
} from '../../../../cmd/lvsd/configuration.js';
import { parseText } from '../../parser/schema/parse-text.js';

const reading: ReadOptions = { configId: 'lb1', strictIncludes: false, subsystems: { checker: true } };

function load(text: string, options: ReadOptions = reading): LoadedConfiguration {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-configuration-'));
  try {
    const path = join(folder, 'k.conf');
    writeFileSync(path, text);
    return loadConfiguration(path, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const virtual = (inside = 'TCP_CHECK {\n}', words = ''): string =>
  `virtual_server 10.0.0.1 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n${words}\nreal_server 10.0.0.2 80 {\n${inside}\n}\n}\n`;

test('a file needs the roles that its words have work for', () => {
  const needs = (text: string, options?: ReadOptions): readonly string[] => [...load(text, options).needs].sort();
  assert.deepEqual(needs('global_defs {\nrouter_id a\n}\n'), []);
  assert.deepEqual(needs(virtual()), ['checker', 'director']);
  assert.deepEqual(needs(virtual('MISC_CHECK {\nmisc_path /bin/true\n}')), ['checker', 'director', 'runner']);
  assert.deepEqual(needs(virtual(undefined, 'quorum_up /bin/true')), ['checker', 'director', 'runner']);
  assert.deepEqual(needs('global_defs {\nshutdown_script /bin/true\n}\n'), ['runner']);
});

test('-P leaves virtual servers to somebody else', () => {
  assert.deepEqual([...load(virtual(), { ...reading, subsystems: { checker: false } }).needs], []);
});

test('the supervisor binds global_defs and leaves virtual servers to the roles', () => {
  const loaded = load(`instance blue\n${virtual()}`);
  assert.equal(loaded.global.instance, 'blue');
  assert.equal(loaded.own.virtualServers.length, 0);
});

test('a file that is not there is a refusal and not an exception', () => {
  const loaded = loadConfiguration('/nonexistent/keepalived.conf', reading);
  const refusals = refusalsOf(loaded.own, loaded.diagnostics, {
    purpose: 'start',
    checkerOnly: false,
    ignoreUnbuilt: false,
  });
  assert.deepEqual(
    refusals.map(({ code }) => code),
    ['LVSD_CONFIG_FILE_MISSING'],
  );
});

test('namespaces and the instance cannot change while lvsd runs; everything else can', () => {
  const changes = (before: string, after: string): readonly string[] =>
    forbiddenChanges(load(`${before}\n`).global, load(`${after}\n`).global).map(
      ({ message }) => /^Cannot change (\S+) at a reload/.exec(message)?.[1] ?? message,
    );
  assert.deepEqual(changes('instance a', 'instance a'), []);
  assert.deepEqual(changes('instance a', 'instance b'), ['instance']);
  assert.deepEqual(changes('', 'net_namespace ns1'), ['net_namespace']);
  assert.deepEqual(changes('net_namespace_ipvs ns1', 'net_namespace_ipvs ns2'), ['net_namespace_ipvs']);
  assert.deepEqual(changes('', 'global_defs {\nlvs_flush\n}'), []);
});

function codes(text: string, options: Partial<JudgementOptions> = {}): readonly string[] {
  const { config, diagnostics } = parseText(text);
  return refusalsOf(config, diagnostics, {
    purpose: 'reload',
    checkerOnly: false,
    ignoreUnbuilt: false,
    ...options,
  }).map(({ code }) => code);
}

test('what keepalived itself runs with is not refused', () => {
  assert.deepEqual(codes(virtual(undefined, 'no_such_word 1')), []);
  assert.deepEqual(codes('virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\n}\n}\n'), []);
});

test('reload_check_config makes warnings fatal at a reload, not at a start', () => {
  const text = `global_defs {\nreload_check_config\n}\n${virtual(undefined, 'no_such_word 1')}`;
  assert.equal(codes(text).length, 1);
  assert.deepEqual(codes(text, { purpose: 'start' }), []);
  assert.deepEqual(codes(text, { purpose: 'return' }), []);
});

test('a word that decides who gets traffic is refused, with file, line and cure, unless the operator agreed', () => {
  const text = `vrrp_instance V {\n}\n${virtual()}`;
  assert.deepEqual(codes(text), ['LVSD_CONFIG_UNBUILT_TRAFFIC']);
  assert.deepEqual(codes(text, { checkerOnly: true }), []);
  assert.deepEqual(codes(text, { ignoreUnbuilt: true }), []);
  const { config, diagnostics } = parseText(text);
  const [refusal] = refusalsOf(config, diagnostics, { purpose: 'start', checkerOnly: false, ignoreUnbuilt: false });
  assert.match(refusal?.message ?? '', /^\(test\.conf: Line 1\) lvsd does not act on vrrp_instance yet.*\. \S/);
});

test('words that lvsd does not act on are logged with place and cure, once for each configuration that brings them', () => {
  const options = { checkerOnly: false, ignoreUnbuilt: false };
  const { config } = parseText(`global_defs {\nenable_dbus\nvrrp_version 3\n}\n${virtual()}`);
  const said = (before?: typeof config): readonly string[] =>
    unbuiltNotes(config, options, before).map((each) => `${each.at?.line} ${each.message}`);
  const [dbus, version, ...more] = said();
  assert.match(dbus ?? '', /^2 lvsd does not act on enable_dbus in global_defs yet\. D-Bus is put off: \S/);
  assert.match(version ?? '', /^3 lvsd does not act on vrrp_version in global_defs yet\. \S/);
  assert.deepEqual(more, []);
  assert.deepEqual(said(config), [], 'told when it came');
  assert.deepEqual(said(parseText('global_defs {\nenable_dbus\n}\n').config).length, 1);
  assert.equal(unbuiltNotes(config, { ...options, checkerOnly: true }, undefined).length, 1, '-C sets VRRP aside');
});

test('what decides about firewalls and snapshots does not change at a reload', () => {
  const refused = (before: string, after: string): readonly string[] =>
    forbiddenChanges(parseText(before).config.global, parseText(after).config.global).map(
      ({ message }) => /^Cannot change (.+) at a reload/.exec(message)?.[1] ?? message,
    );
  const words = (line: string): string => `global_defs {\n${line}\n}\n`;
  assert.deepEqual(refused('', words('nftables_ipvs')), ['IPVS nftables table name']);
  assert.deepEqual(refused(words('nftables a'), words('nftables b')), ['nftables table name']);
  assert.deepEqual(refused('', words('tmp_config_directory /tmp')), ['tmp_config_directory']);
  assert.deepEqual(refused('', words('disable_local_igmp')), ['disable_local_igmp']);
  assert.deepEqual(refused(words('nftables_ipvs'), words('nftables_ipvs\nnftables_ipvs_priority 3')), []);
});
