/** From the table that is to the table that should be: fewest operations, never a service without its servers. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  type DesiredService,
  type Destination,
  destinationKeyText,
  type KernelService,
  sameSettings,
} from '../../../ipvs-netlink/model.js';
import type { Operation } from '../../../ipvs-netlink/operations.js';
import { NOTHING_OWNED, type Ownership, reconcile } from '../../../ipvs-netlink/reconcile.js';
import { weight } from '../../../runtime/units.js';
import { anyTable } from './arbitrary-tables.js';

type Table = Map<
  string,
  { key: KernelService['key']; settings: KernelService['settings']; destinations: Map<string, Destination> }
>;

const copy = (table: ReadonlyMap<string, DesiredService>): Table =>
  new Map([...table].map(([text, s]) => [text, { ...s, destinations: new Map(s.destinations) }]));

/** What the kernel would do, strictly: each operation must be possible where it stands. */
function perform(table: Table, operation: Operation): void {
  const { serviceText } = operation;
  const service = table.get(serviceText);
  switch (operation.kind) {
    case 'new-service':
      assert.equal(service, undefined, 'NEW_SERVICE of one that exists');
      table.set(serviceText, { key: operation.service, settings: operation.settings, destinations: new Map() });
      return;
    case 'del-service':
      assert.ok(table.delete(serviceText), 'DEL_SERVICE of none');
      return;
  }
  assert.ok(service !== undefined, `${operation.kind} of a service that is not there`);
  switch (operation.kind) {
    case 'set-service':
      service.settings = operation.settings;
      return;
    case 'new-dest':
    case 'set-dest': {
      const text = destinationKeyText(operation.destination);
      assert.equal(service.destinations.has(text), operation.kind === 'set-dest');
      service.destinations.set(text, operation.destination);
      return;
    }
    case 'del-dest':
      assert.ok(service.destinations.delete(destinationKeyText(operation.destination)));
  }
}

/** Random ownership of what is in the kernel: some services, some destinations. */
const situation = fc.tuple(anyTable, anyTable, fc.infiniteStream(fc.boolean())).map(([desired, kernel, coin]) => {
  const flip = (): boolean => coin.next().value === true;
  const owned: Ownership = {
    services: new Set([...kernel.keys()].filter(flip)),
    destinations: new Map(
      [...kernel].map(([text, service]) => [text, new Set([...service.destinations.keys()].filter(flip))]),
    ),
  };
  return { desired, kernel, owned };
});

test('after the operations the owned part is what is desired, and nothing foreign was touched', () => {
  fc.assert(
    fc.property(situation, ({ desired, kernel, owned }) => {
      const table = copy(kernel);
      for (const operation of reconcile(desired, kernel, owned)) perform(table, operation);
      for (const [text, wanted] of desired) {
        const got = table.get(text);
        assert.ok(got !== undefined && sameSettings(got.settings, wanted.settings));
        for (const [name, destination] of wanted.destinations)
          assert.deepEqual(got.destinations.get(name), destination);
        for (const name of got.destinations.keys()) {
          if (wanted.destinations.has(name)) continue;
          assert.ok(kernel.get(text)?.destinations.has(name) === true);
          assert.equal(owned.destinations.get(text)?.has(name), false);
        }
      }
      for (const [text, before] of kernel) {
        if (desired.has(text)) continue;
        if (owned.services.has(text)) assert.equal(table.has(text), false);
        else assert.deepEqual(table.get(text), { ...before });
      }
    }),
    { numRuns: 500 },
  );
});

test('no step leaves a service empty that had destinations and should have some', () => {
  fc.assert(
    fc.property(situation, ({ desired, kernel, owned }) => {
      const table = copy(kernel);
      for (const operation of reconcile(desired, kernel, owned, { foreignDestinations: 'remove' })) {
        perform(table, operation);
        for (const [text, wanted] of desired) {
          if (wanted.destinations.size === 0 || (kernel.get(text)?.destinations.size ?? 0) === 0) continue;
          assert.ok((table.get(text)?.destinations.size ?? 0) > 0, text);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('no step leaves a service without weight that had some and should have some', () => {
  const weightOf = (service: DesiredService | undefined): number =>
    [...(service?.destinations.values() ?? [])].reduce((sum, destination) => sum + destination.weight, 0);
  fc.assert(
    fc.property(situation, ({ desired, kernel, owned }) => {
      const table = copy(kernel);
      for (const operation of reconcile(desired, kernel, owned, { foreignDestinations: 'remove' })) {
        perform(table, operation);
        for (const [text, wanted] of desired)
          if (weightOf(wanted) > 0 && weightOf(kernel.get(text)) > 0) assert.ok(weightOf(table.get(text)) > 0, text);
      }
    }),
    { numRuns: 500 },
  );
});

test('with foreign destinations removed too, the desired services are exactly as desired', () => {
  fc.assert(
    fc.property(situation, ({ desired, kernel, owned }) => {
      const table = copy(kernel);
      for (const operation of reconcile(desired, kernel, owned, { foreignDestinations: 'remove' }))
        perform(table, operation);
      for (const [text, wanted] of desired)
        assert.deepEqual(new Map(table.get(text)?.destinations), new Map(wanted.destinations));
    }),
  );
});

test('an unchanged table costs nothing, also when it is made of other objects', () => {
  fc.assert(
    fc.property(anyTable, (table) => {
      assert.deepEqual(reconcile(table, table, NOTHING_OWNED), []);
      assert.deepEqual(reconcile(structuredClone(table), table, NOTHING_OWNED), []);
    }),
  );
});

test('one changed weight is one operation', () => {
  fc.assert(
    fc.property(anyTable, fc.nat(), (table, pick) => {
      const all = [...table].flatMap(([text, s]) => [...s.destinations].map(([name, d]) => ({ text, name, d })));
      fc.pre(all.length > 0);
      const chosen = all[pick % all.length];
      if (chosen === undefined) return;
      const changed = copy(table);
      const destination = { ...chosen.d, weight: weight(chosen.d.weight + 1) };
      changed.get(chosen.text)?.destinations.set(chosen.name, destination);
      const service = table.get(chosen.text)?.key;
      assert.deepEqual(reconcile(changed, table, NOTHING_OWNED), [
        { kind: 'set-dest', serviceText: chosen.text, service, destination },
      ]);
    }),
  );
});

test('all additions come before all removals: deleted destinations slow each later add', () => {
  fc.assert(
    fc.property(situation, ({ desired, kernel, owned }) => {
      const kinds = reconcile(desired, kernel, owned).map((operation) => operation.kind.startsWith('del-'));
      assert.deepEqual(kinds, [...kinds].sort());
    }),
  );
});

test('a weight lowered by hand outlives an edit of the rest, not a change of the weight', () => {
  fc.assert(
    fc.property(anyTable, (table) => {
      const entry = [...table].find(([, service]) => service.destinations.size > 0);
      fc.pre(entry !== undefined);
      if (entry === undefined) return;
      const [text, service] = entry;
      const [name, destination] = [...service.destinations][0] as [string, Destination];
      const wanted = { ...destination, weight: weight(5) };
      const desired = copy(table);
      desired.get(text)?.destinations.set(name, wanted);
      const actual = copy(table);
      actual.get(text)?.destinations.set(name, { ...wanted, weight: weight(2) });
      const byHand = { expected: weight(5), found: weight(2) };
      const handWeights = new Map([[text, new Map([[name, byHand]])]]);
      assert.deepEqual(reconcile(desired, actual, NOTHING_OWNED, { handWeights }), []);
      const edited = { ...wanted, upperThreshold: 77 };
      desired.get(text)?.destinations.set(name, edited);
      const operations = reconcile(desired, actual, NOTHING_OWNED, { handWeights });
      assert.deepEqual(
        operations.map((operation) => 'destination' in operation && operation.destination),
        [{ ...edited, weight: 2 }],
      );
      desired.get(text)?.destinations.set(name, { ...wanted, weight: weight(6) });
      const changed = reconcile(desired, actual, NOTHING_OWNED, { handWeights });
      assert.deepEqual(
        changed.map((operation) => operation.kind === 'set-dest' && operation.destination.weight),
        [6],
      );
    }),
  );
});
