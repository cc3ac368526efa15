/** What somebody else changed, and what is done about it under each policy. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { describeDrift, findDrift } from '../../../ipvs-netlink/drift.js';
import { addressServiceKey, type DesiredService, type Destination } from '../../../ipvs-netlink/model.js';
import { destinationMap } from '../../../ipvs-netlink/reconcile.js';
import { type IpAddress, parseIpAddress } from '../../../runtime/addresses.js';
import { port, weight } from '../../../runtime/units.js';
import { anyService } from './arbitrary-tables.js';

const vip = parseIpAddress('192.0.2.1') as IpAddress;
const TEXT = '[192.0.2.1]:tcp:80';
const server = (n: number, w: number): Destination => ({
  address: parseIpAddress(`10.0.0.${n}`) as IpAddress,
  port: port(80),
  forwarding: { method: 'droute' },
  weight: weight(w),
  upperThreshold: 0,
  lowerThreshold: 0,
});
const service = (scheduler: string, ...servers: Destination[]): DesiredService => ({
  key: addressServiceKey('TCP', vip, port(80)),
  settings: { scheduler, flags: 0, persistence: undefined, persistenceEngine: undefined },
  destinations: destinationMap(servers),
});
const nobody = new Set<string>();
const noWeights = new Map();

test('no difference, no finding', () => {
  fc.assert(
    fc.property(anyService, (any) => {
      const drift = findDrift('x', any, structuredClone(any), nobody, noWeights, 'repair');
      assert.deepEqual(drift, { findings: [], repairs: [] });
    }),
  );
});

test('each kind of change, what is done about it, and that report does nothing', () => {
  const believed = service('wlc', server(1, 5), server(2, 5), server(3, 5), server(4, 5));
  const found = service(
    'rr',
    server(1, 2),
    server(2, 9),
    { ...server(3, 1), upperThreshold: 9 },
    server(6, 1),
    server(7, 1),
  );
  const owned = new Set(['[10.0.0.6]:80']);
  const repair = findDrift(TEXT, believed, found, owned, noWeights, 'repair');
  assert.deepEqual(
    repair.findings.map((finding) => finding.kind),
    [
      'service-changed',
      'weight-lowered',
      'destination-changed',
      'weight-lowered',
      'destination-changed',
      'destination-missing',
      'destination-returned',
      'destination-foreign',
    ],
  );
  assert.deepEqual(
    repair.repairs.map((operation) => [
      operation.kind,
      'destination' in operation ? operation.destination.address : operation.serviceText,
      'destination' in operation && 'weight' in operation.destination ? operation.destination.weight : undefined,
    ]),
    [
      ['set-service', TEXT, undefined],
      ['set-dest', '10.0.0.2', 5],
      ['set-dest', '10.0.0.3', 1],
      ['new-dest', '10.0.0.4', 5],
      ['del-dest', '10.0.0.6', undefined],
    ],
  );
  const report = findDrift(TEXT, believed, found, owned, noWeights, 'report');
  assert.deepEqual(report.findings, repair.findings);
  assert.deepEqual(report.repairs, []);
  for (const finding of repair.findings) {
    assert.ok(describeDrift(finding, 'repair').includes(TEXT));
    assert.ok(describeDrift(finding, 'report').length > 20);
  }
});

test('a service that is gone is put back whole', () => {
  const believed = service('wlc', server(1, 5), server(2, 5));
  const drift = findDrift(TEXT, believed, undefined, nobody, noWeights, 'repair');
  assert.deepEqual(
    drift.findings.map((finding) => finding.kind),
    ['service-missing'],
  );
  assert.deepEqual(
    drift.repairs.map((operation) => operation.kind),
    ['new-service', 'new-dest', 'new-dest'],
  );
});

test('a kept weight is not told again, may be set back, and is not raised above what it should be', () => {
  const byHand = new Map([['[10.0.0.1]:80', { expected: weight(5), found: weight(2) }]]);
  const believed = service('wlc', server(1, 2));
  const look = (now: number) => findDrift(TEXT, believed, service('wlc', server(1, now)), nobody, byHand, 'repair');
  assert.deepEqual(look(2).findings, []);
  assert.deepEqual(
    look(1).findings.map((finding) => finding.kind),
    ['weight-lowered'],
  );
  assert.deepEqual(
    look(5).findings.map((finding) => finding.kind),
    ['weight-restored'],
  );
  assert.deepEqual(look(5).repairs, []);
  const above = look(9);
  assert.deepEqual(
    above.repairs.map((operation) => operation.kind === 'set-dest' && operation.destination.weight),
    [5],
  );
});
