import assert from 'node:assert/strict';
import test from 'node:test';
import { planSummary } from '../../../../../cmd/lvsd/roles/plan-summary.js';
import { addressServiceKey, type Destination, type ServiceSettings } from '../../../../../ipvs-netlink/model.js';
import { parseIpAddress } from '../../../../../runtime/addresses.js';
import { port, seconds, weight } from '../../../../../runtime/units.js';

const address = (text: string) => {
  const parsed = parseIpAddress(text);
  assert.ok(parsed !== undefined);
  return parsed;
};
const service = addressServiceKey('TCP', address('10.0.0.1'), port(80));
const name = '[10.0.0.1]:tcp:80';
const before: ServiceSettings = { scheduler: 'rr', flags: 0, persistence: undefined, persistenceEngine: undefined };
const server: Destination = {
  address: address('10.1.0.1'),
  port: port(80),
  forwarding: { method: 'masq' },
  weight: weight(1),
  upperThreshold: 0,
  lowerThreshold: 0,
};
const table = new Map([[name, { key: service, settings: before, destinations: new Map([['[10.1.0.1]:80', server]]) }]]);

test('plan says from what to what each thing changes, and only what changes (bug: "scheduler  -> wrr")', () => {
  const persistence = {
    timeout: seconds(50),
    granularity: { family: 'inet' as const, mask: address('255.255.255.0') },
  };
  const settings: ServiceSettings = { ...before, scheduler: 'wrr', persistence };
  const summary = planSummary(
    {
      operations: [
        { kind: 'set-service', serviceText: name, service, settings },
        {
          kind: 'set-dest',
          serviceText: name,
          service,
          destination: { ...server, weight: weight(4), forwarding: { method: 'droute' } },
        },
      ],
      added: [],
      removed: [],
      changed: [],
    },
    table,
    [],
    [],
  );
  assert.deepEqual(
    summary.changes.map(({ details }) => details.map(({ what, from, to }) => `${what} ${from} -> ${to}`)),
    [
      ['scheduler rr -> wrr', 'persistence timeout off -> 50 s', 'persistence granularity off -> 255.255.255.0'],
      ['weight 1 -> 4', 'forwarding method NAT -> DR'],
    ],
  );
});
