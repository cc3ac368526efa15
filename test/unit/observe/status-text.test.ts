/** The status text: goldens of the example, the short form of a large table, and durations. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { duration } from '../../../observe/duration.js';
import { onlyVirtualServer, type StateDocument } from '../../../observe/state.js';
import { hasTrouble, statusText } from '../../../observe/status-text.js';
import { exampleState, observeFixtures } from './example-state.js';

process.env.TZ = 'UTC';
const golden = (name: string): string => readFileSync(join(observeFixtures, name), 'utf8');

test('the example on one screen', () => {
  assert.equal(statusText(exampleState(), { all: false, detail: false }), golden('status.txt'));
});

test('one virtual server in detail', () => {
  const one = onlyVirtualServer(exampleState(), '[10.0.0.1]:tcp:80');
  assert.ok(one);
  assert.equal(statusText(one, { all: false, detail: true }), golden('status-detail.txt'));
});

function many(count: number): StateDocument {
  const document = exampleState();
  const well = document.virtualServers.find((server) => !hasTrouble(server));
  const ill = document.virtualServers[0];
  assert.ok(well && ill);
  const servers = Array.from({ length: count }, (_, i) => ({
    ...(i === 5 ? ill : well),
    name: `[10.2.0.${i}]:tcp:80`,
  }));
  return { ...document, virtualServers: servers };
}

test('of many virtual servers only those with trouble are listed, unless all are asked for', () => {
  const short = statusText(many(200), { all: false, detail: false });
  assert.ok(short.includes('[10.2.0.5]:tcp:80'));
  assert.ok(!short.includes('[10.2.0.6]:tcp:80'));
  assert.ok(short.includes('199 of 200 virtual servers are well and not listed.'));
  assert.ok(short.split('\n').length < 30);
  assert.ok(statusText(many(200), { all: true, detail: false }).includes('[10.2.0.199]:tcp:80'));
});

test('trouble is: no quorum, a dead server, an active sorry server, a check that has not run, suspension', () => {
  assert.deepEqual(exampleState().virtualServers.map(hasTrouble), [true, true, false]);
  const well = exampleState().virtualServers[2];
  assert.ok(well);
  assert.ok(hasTrouble({ ...well, suspended: true }));
  assert.ok(hasTrouble({ ...well, sorryServer: { name: 'x', active: true } }));
});

test('IPVS that does not answer, and a refused reload, are said loudly', () => {
  const example = exampleState();
  const last = example.daemon.lastReload;
  assert.ok(last);
  const text = statusText(
    {
      ...example,
      virtualServers: [],
      daemon: { ...example.daemon, lastReload: { ...last, result: 'refused' } },
      ipvs: { ...example.ipvs, unavailable: 'the kernel has no ip_vs' },
    },
    { all: false, detail: false },
  );
  assert.ok(text.includes('NOT AVAILABLE: the kernel has no ip_vs'));
  assert.ok(text.includes('REFUSED, the former one stays'));
  assert.ok(text.includes('No virtual servers are configured.'));
});

test('no line ends in blanks', () => {
  for (const line of statusText(exampleState(), { all: true, detail: true }).split('\n')) {
    assert.equal(line, line.trimEnd());
  }
});

test('durations have two units at most', () => {
  const cases = [
    [-5, '0 s'],
    [0, '0 s'],
    [0.0004, '1 ms'],
    [0.25, '250 ms'],
    [59.9, '59 s'],
    [60, '1 min'],
    [310, '5 min 10 s'],
    [3600, '1 h'],
    [90_061, '1 d 1 h'],
    [86_400 * 40 + 59, '40 d'],
  ] as const;
  for (const [span, text] of cases) assert.equal(duration(span), text);
});
