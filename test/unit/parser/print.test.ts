/**
 * The printed configuration means the same: parsing it gives the Config again, and printing that gives the text again.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Config } from '../../../config/config.js';
import { parseSnapshot } from '../../../parser/parse.js';
import { printConfig } from '../../../parser/print.js';
import { quotedCommand, quotedWord } from '../../../parser/print-writer.js';
import { readQuoted } from '../../../parser/quoting.js';
import { repoRoot, sharedCorpus } from '../../root.js';
import { complaints, parseText, snapshotOfFile, withoutPositions } from './schema/parse-text.js';

function comparable(config: Config): unknown {
  const { unbuilt: _unbuilt, ...rest } = config;
  return withoutPositions(rest);
}

function roundTrip(config: Config, name: string): void {
  const text = printConfig(config);
  const again = parseText(text);
  assert.deepEqual(comparable(again.config), comparable(config), name);
  assert.equal(printConfig(again.config), text, name);
}

test('fixtures and corpus survive printing', (t) => {
  const folders = [join(repoRoot, 'fixtures', 'parser', 'schema')];
  if (sharedCorpus === undefined) t.diagnostic('the shared corpus is not there: only the fixtures were printed');
  else folders.push(join(sharedCorpus, 'open'));
  let servers = 0;
  for (const folder of folders) {
    for (const name of readdirSync(folder).filter((each) => !each.endsWith('.json'))) {
      const { config } = parseSnapshot(snapshotOfFile(join(folder, name)));
      servers += config.virtualServers.length;
      roundTrip(config, name);
    }
  }
  t.diagnostic(`${servers} virtual servers`);
  assert.ok(servers > 0);
});

const address = fc.nat({ max: 253 }).map((n) => `10.1.0.${n + 1}`);
const seconds = fc.integer({ min: 1, max: 5_000_000 }).map((n) => n / 1000);
const lines = (...each: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...each.map((one) => fc.option(one, { nil: '' }))).map((all) => all.filter((one) => one !== '').join('\n'));
const schedule = lines(
  seconds.map((n) => `delay_loop ${n}`),
  seconds.map((n) => `warmup ${n}`),
  seconds.map((n) => `delay_before_retry ${n}`),
  fc.nat({ max: 9 }).map((n) => `retry ${n}`),
  fc.boolean().map((yes) => `alpha ${yes}`),
);
const printable = fc.string({ unit: fc.constantFrom(...'abz \'"\\#!{}09/-'), minLength: 1, maxLength: 12 });
const checker = fc.oneof(
  schedule.map((inside) => `TCP_CHECK {\n${inside}\n}`),
  fc
    .tuple(schedule, printable)
    .map(([inside, pattern]) => `HTTP_GET {\n${inside}\nurl {\npath /\nregex ${quotedCommand(pattern)}\n}\n}`),
  fc
    .tuple(schedule, printable)
    .map(
      ([inside, command]) =>
        `MISC_CHECK {\n${inside}\nmisc_path ${quotedCommand(`/bin/x ${quotedCommand(command)}`)}\n}`,
    ),
);
const server = fc
  .tuple(
    address,
    fc.constantFrom('', ' 80', ' 8080'),
    fc.nat({ max: 5 }),
    fc.constantFrom('', 'lvs_method DR\n', 'lvs_method TUN\n', 'inhibit_on_failure\n'),
    fc.array(checker, { maxLength: 2 }),
  )
  .map(
    ([ip, port, weight, more, checks]) =>
      `real_server ${ip}${port} {\nweight ${weight}\n${more}${checks.join('\n')}\n}`,
  );
const virtual = fc
  .tuple(
    fc.constantFrom('10.0.0.1 80', '10.0.0.1', 'fwmark 5', 'group g', '10.0.0.2 8080'),
    lines(
      fc.constantFrom('protocol TCP', 'protocol UDP'),
      fc.constantFrom('lvs_sched wrr', 'lvs_sched sh\nsh-port'),
      fc.constantFrom('lvs_method NAT', 'lvs_method DR', 'lvs_method TUN type gre csum'),
      fc.constantFrom('persistence_timeout 50', 'persistence_granularity 255.255.0.0', 'ops', 'ha_suspend'),
      fc.nat({ max: 20 }).map((n) => `quorum ${n}`),
      fc.nat({ max: 20 }).map((n) => `hysteresis ${n}`),
      fc
        .tuple(address, fc.constantFrom('', ' 80', ' 81'))
        .map(([ip, port]) => `sorry_server ${ip}${port}\nsorry_server_inhibit`),
      schedule.map((inside) => inside.replace(/retry 0\n?/, '')),
    ),
    fc.array(server, { maxLength: 5 }),
  )
  .map(([head, inside, servers]) => `virtual_server ${head} {\n${inside}\n${servers.join('\n')}\n}`);

test('property: whatever was written, printing keeps its meaning', () => {
  fc.assert(
    fc.property(fc.array(virtual, { maxLength: 4 }), (servers) => {
      const group = 'virtual_server_group g {\n10.0.3.1-9 80\nfwmark 3\n}\n';
      roundTrip(parseText(group + servers.join('\n')).config, servers.join('\n'));
    }),
    { numRuns: 300 },
  );
});

test('property: a word or a command is read as it was before it was printed', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab \t\'"\\#!{}$\n\u0001'), maxLength: 12 }), (text) => {
      assert.deepEqual(
        readQuoted(`word ${quotedCommand(text)}`).words.map((each) => each.text),
        ['word', text],
      );
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab \'"#!{}/-'), minLength: 1, maxLength: 12 }), (text) => {
      const { config, diagnostics } = parseText(`global_defs {\nrouter_id ${quotedWord(text)}\n}\n`);
      assert.deepEqual([config.global.routerId, complaints(diagnostics)], [text, []]);
    }),
  );
});
