/** What others changed in the table, as status remembers it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DriftMemory } from '../../../../../cmd/lvsd/roles/drift-memory.js';
import type { DriftFinding } from '../../../../../ipvs-netlink/drift.js';
import { addressServiceKey, type Destination, serviceKeyText } from '../../../../../ipvs-netlink/model.js';
import { port, weight } from '../../../../../runtime/units.js';
import { address } from '../../../healthcheck/virtual-servers.js';

const service = addressServiceKey('TCP', address('10.0.0.1'), port(80));
const about = { service, serviceText: serviceKeyText(service) };
const destination = (n: number, w: number): Destination => ({
  address: address(`10.1.0.${n}`),
  port: port(80),
  forwarding: { method: 'masq' },
  weight: weight(w),
  upperThreshold: 0,
  lowerThreshold: 0,
});

test('what was wanted and what was found stand side by side', () => {
  const memory = new DriftMemory();
  const findings: DriftFinding[] = [
    { ...about, kind: 'service-missing', destinations: 2 },
    { ...about, kind: 'destination-missing', destination: destination(1, 5) },
    { ...about, kind: 'destination-changed', expected: destination(2, 5), found: destination(2, 9) },
  ];
  memory.take(findings, 'repair', 3, 7000);
  assert.equal(memory.found, 3);
  assert.equal(memory.repaired, 3);
  assert.equal(memory.lastLook, 7);
  assert.deepEqual(
    memory.shown.map(({ realServer, wanted, found, treatment }) => [realServer, wanted, found, treatment]),
    [
      [null, 'present', 'absent', 'repaired'],
      ['[10.1.0.1]:80', 'masq, weight 5', 'absent', 'repaired'],
      ['[10.1.0.2]:80', 'masq, weight 5', 'masq, weight 9', 'repaired'],
    ],
  );
});

test('a weight that a person lowered is kept under both policies; foreign servers are only reported', () => {
  for (const policy of ['repair', 'report'] as const) {
    const memory = new DriftMemory();
    const lowered = { kind: 'weight-lowered', destination: destination(1, 0), expected: weight(5), found: weight(0) };
    memory.take([{ ...about, ...lowered } as DriftFinding], policy, 0, 0);
    memory.take([{ ...about, kind: 'destination-foreign', destination: destination(9, 1) }], policy, 0, 0);
    memory.take([{ ...about, kind: 'destination-returned', destination: destination(8, 1) }], policy, 0, 0);
    assert.deepEqual(
      memory.shown.map(({ treatment }) => treatment),
      ['kept', 'reported', policy === 'repair' ? 'repaired' : 'reported'],
    );
  }
});

test('only the last hundred are shown, all are counted', () => {
  const memory = new DriftMemory();
  for (let n = 0; n < 60; n++) {
    const missing: DriftFinding = { ...about, kind: 'destination-missing', destination: destination(n, 1) };
    memory.take([missing, missing, missing], 'report', 0, n * 1000);
  }
  assert.equal(memory.found, 180);
  assert.equal(memory.shown.length, 100);
  assert.equal(memory.shown.at(-1)?.since, 59);
});
