/**
 * A reload costs its difference: what did not change is the same object, and only what changed is parsed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { generateConfig } from '../../../../bench/generate-config.js';
import { type ParseResult, parseSnapshot } from '../../../../parser/parse.js';
import { readSnapshot } from '../../../../parser/snapshot.js';
import { parseText, snapshotOf } from './parse-text.js';

const service = (n: number, more = ''): string =>
  `virtual_server 10.0.0.${n} 80 {\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\nreal_server 10.1.0.${n} 80 {\n${more}TCP_CHECK {\n}\n}\n}\n`;
const grouped = (n: number): string =>
  `virtual_server group g {\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\nreal_server 10.1.0.${n} 80 {\n}\n}\n`;

const servers = (result: ParseResult): ParseResult['config']['virtualServers'] => result.config.virtualServers;

test('an unchanged file gives the same objects', () => {
  const text = `global_defs {\nlvs_flush\n}\nvirtual_server_group g {\n10.0.9.1 80\n}\n${service(1)}${grouped(3)}${service(2)}`;
  const first = parseText(text);
  const second = parseText(text, {}, first);
  assert.equal(servers(first).length, 3);
  for (const [i, server] of servers(first).entries()) assert.equal(servers(second)[i], server);
  assert.equal(second.config.groups.get('g'), first.config.groups.get('g'));
  assert.deepEqual(second.diagnostics, first.diagnostics);
  assert.deepEqual(second.config, first.config);
});

test('a change in one block leaves the others the same objects', () => {
  const first = parseText(service(1) + service(2) + service(3));
  const second = parseText(service(1) + service(2).replace('rr', 'wrr') + service(3), {}, first);
  assert.deepEqual(
    servers(second).map((each, i) => each === servers(first)[i]),
    [true, false, true],
  );
  assert.equal(servers(second)[1]?.scheduler, 'wrr');
});

test('a same block at another line is made anew, with its new position', () => {
  const first = parseText(service(1));
  const second = parseText(`\n${service(1)}`, {}, first);
  assert.notEqual(servers(second)[0], servers(first)[0]);
  assert.equal(servers(second)[0]?.at.line, 2);
});

test('equal blocks at two places keep their places', () => {
  const same = service(1);
  const first = parseText(same + same + service(2));
  const second = parseText(same + same + service(2), {}, first);
  assert.equal(servers(second).length, 2);
  assert.equal(servers(second)[0], servers(first)[0], 'the merged server too');
  assert.deepEqual(
    second.diagnostics.map((each) => each.at?.line),
    first.diagnostics.map((each) => each.at?.line),
  );
});

test('what flows in from elsewhere makes a virtual server new: defaults, its group, its ordinal', () => {
  const group = (last: string): string => `virtual_server_group g {\n10.0.9.1-${last} 80\n}\n`;
  const defaults = (word: string): string => `global_defs {\nchecker_log_all_failures ${word}\n}\n`;
  const first = parseText(defaults('no') + group('3') + grouped(1) + grouped(2) + service(3));

  const other = parseText(defaults('yes') + group('3') + grouped(1) + grouped(2) + service(3), {}, first);
  assert.equal(servers(other)[2]?.realServers[0]?.checkers[0]?.schedule.logAllFailures, true);

  const wider = parseText(defaults('no') + group('4') + grouped(1) + grouped(2) + service(3), {}, first);
  assert.notEqual(servers(wider)[0], servers(first)[0]);
  assert.equal(servers(wider)[2], servers(first)[2]);

  const fewer = parseText(
    defaults('no') + group('3') + grouped(1).replace(/real_server[^}]*\}/, '\n\n') + grouped(2) + service(3),
    {},
    first,
  );
  assert.deepEqual(
    servers(fewer).map((each) => each.target),
    [{ kind: 'group', group: 'g', ordinal: 0 }, servers(first)[2]?.target],
  );
});

test('diagnostics of a block that is taken over stay', () => {
  const text = service(1, 'wieght 3\n') + service(2);
  const first = parseText(text);
  assert.equal(parseText(text, {}, first).diagnostics.length, 1);
  assert.equal(parseText(text.replace('rr', 'wrr'), {}, first).diagnostics.length, 1);
});

test('how long 10,000 virtual servers with 4 real servers take', (t) => {
  const text = generateConfig({ services: 10_000, serversPerService: 4 });
  const snapshot = snapshotOf(text);
  const spent = (work: () => ParseResult): readonly [ParseResult, number] => {
    const start = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(start);
    return [result, (user + system) / 1000];
  };
  const [cold, coldTime] = spent(() => parseSnapshot(snapshot));
  assert.equal(servers(cold).length, 10_000);
  const changed = text.replace(/weight 1\n/, 'weight 2\n');
  assert.notEqual(changed, text);
  const next = readSnapshot('test.conf', { readFile: () => Buffer.from(changed) }, snapshot);
  const [warm, warmTime] = spent(() => parseSnapshot(next, cold));
  const kept = servers(warm).filter((each, i) => each === servers(cold)[i]).length;
  assert.equal(kept, 9_999);
  t.diagnostic(
    `${text.split('\n').length} lines: ${coldTime.toFixed(0)} ms of processor time cold, ${warmTime.toFixed(0)} ms with one server changed`,
  );
});

test('a result does not keep the text that it was parsed from', (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const external = (): number => {
    collect();
    collect();
    return process.memoryUsage().external / 1e6;
  };
  const text = (): string =>
    generateConfig({ services: 10_000, serversPerService: 4 })
      .replaceAll('weight 1\n', 'an_unknown_word_of_length 1\nvirtualhost a-long-name.example.net\n')
      .replace('virtual_server', 'an_unknown_block {\n}\nvirtual_server');
  const parse = (): ParseResult => parseText(text());
  const size = text().length / 1e6;
  const before = external();
  const result = parse();
  parseText(service(1));
  const kept = external() - before;
  t.diagnostic(
    `of a text of ${size.toFixed(1)} MB ${kept.toFixed(1)} MB outside the heap are kept with ${servers(result).length} virtual servers`,
  );
  assert.ok(kept < size / 2, `${kept} MB of ${size} MB`);
});
