/** The programmer of the table against a kernel that remembers. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { IpvsFamily } from '../../../ipvs-netlink/ipvs-family.js';
import { type DesiredService, sameDestination, sameSettings } from '../../../ipvs-netlink/model.js';
import { IpvsProgrammer } from '../../../ipvs-netlink/programmer.js';
import { NOTHING_OWNED, type Ownership } from '../../../ipvs-netlink/reconcile.js';
import type { RequestChannel } from '../../../netlink/generic-netlink.js';
import { unanswered } from '../../../netlink/netlink-error.js';
import { MemoryLog } from '../../../runtime/log.js';
import { weight } from '../../../runtime/units.js';
import { anyTable } from './arbitrary-tables.js';
import { SimulatedKernel } from './simulated-kernel.js';

type Table = ReadonlyMap<string, DesiredService>;

const owning = (table: Table): Ownership => ({
  services: new Set(table.keys()),
  destinations: new Map([...table].map(([text, service]) => [text, new Set(service.destinations.keys())])),
});

function director(kernel: SimulatedKernel): { programmer: IpvsProgrammer; log: MemoryLog } {
  const log = new MemoryLog();
  return { programmer: new IpvsProgrammer(IpvsFamily.open(kernel), kernel, log, { turn: async () => undefined }), log };
}

function assertHolds(kernel: SimulatedKernel, desired: Table): void {
  for (const [text, wanted] of desired) {
    const got = kernel.services.get(text);
    assert.ok(got !== undefined, text);
    assert.ok(sameSettings(got.settings, wanted.settings));
    for (const [name, destination] of wanted.destinations) {
      const present = got.destinations.get(name);
      assert.ok(present !== undefined && sameDestination(present, destination), `${name} of ${text}`);
    }
  }
}

test('start, reloads and a restart: the kernel holds what is desired, and an unchanged reload writes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, fc.array(anyTable, { minLength: 1, maxLength: 4 }), async (left, reloads) => {
      const kernel = new SimulatedKernel();
      for (const service of left.values()) kernel.put(service);
      let { programmer } = director(kernel);
      await programmer.read();
      let owned: Ownership = NOTHING_OWNED;
      let last: Table = new Map();
      for (const [i, desired] of reloads.entries()) {
        if (i === 2) {
          programmer = director(kernel).programmer;
          await programmer.read();
        }
        await programmer.converge(desired, owned);
        assertHolds(kernel, desired);
        for (const text of desired.keys())
          assert.deepEqual({ ...programmer.services.get(text) }, { ...kernel.services.get(text) }, 'believed is true');
        for (const text of last.keys()) if (!desired.has(text)) assert.equal(kernel.services.has(text), false);
        const again = await programmer.converge(structuredClone(desired), owning(desired));
        for (const text of desired.keys())
          for (const name of owned.destinations.get(text) ?? [])
            if (desired.get(text)?.destinations.has(name) !== true)
              assert.equal(kernel.services.get(text)?.destinations.has(name), false);
        assert.equal(again.messages, 0);
        owned = owning(desired);
        last = desired;
      }
      for (const [text, service] of left)
        if (!reloads.some((desired) => desired.has(text))) assert.deepEqual({ ...kernel.services.get(text) }, service);
    }),
    { numRuns: 200 },
  );
});

test('whatever others remove is found within one round and put back', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, fc.infiniteStream(fc.boolean()), async (desired, coin) => {
      const kernel = new SimulatedKernel();
      const { programmer } = director(kernel);
      await programmer.read();
      await programmer.converge(desired, NOTHING_OWNED);
      for (const [text, service] of kernel.services) {
        if (coin.next().value === true) kernel.services.delete(text);
        else
          for (const name of service.destinations.keys())
            if (coin.next().value === true) service.destinations.delete(name);
      }
      let read = 0;
      while (read < desired.size) read += (await programmer.verify(2, owning(desired), 'repair')).services;
      assertHolds(kernel, desired);
      assert.equal((await programmer.converge(structuredClone(desired), owning(desired))).messages, 0);
    }),
    { numRuns: 200 },
  );
});

test('a round of slices reads each service once', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, fc.integer({ min: 1, max: 5 }), async (desired, most) => {
      const kernel = new SimulatedKernel();
      const { programmer } = director(kernel);
      await programmer.read();
      await programmer.converge(desired, NOTHING_OWNED);
      let read = 0;
      for (let i = 0; i < Math.ceil(desired.size / most); i++)
        read += (await programmer.verify(most, owning(desired), 'repair')).services;
      assert.ok(read >= desired.size);
    }),
  );
});

test('adjust brings a part to what is desired and leaves the rest alone, like converge of the whole', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, anyTable, async (before, after) => {
      const whole = new SimulatedKernel();
      const parts = new SimulatedKernel();
      const one = director(whole).programmer;
      const other = director(parts).programmer;
      for (const programmer of [one, other]) await programmer.read();
      await one.converge(before, NOTHING_OWNED);
      const live = new Map(before);
      await other.converge(live, NOTHING_OWNED);
      const changed = new Map([...after].filter(([text]) => before.has(text)));
      const wanted = new Map([...before, ...changed]);
      await one.converge(wanted, owning(before));
      for (const [text, service] of changed) {
        live.set(text, service);
        await other.adjust(new Map([[text, service]]), owning(before));
      }
      assert.deepEqual(parts.services, whole.services);
    }),
    { numRuns: 50 },
  );
});

test('report tells once and changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, async (desired) => {
      fc.pre(desired.size > 0);
      const kernel = new SimulatedKernel();
      const { programmer, log } = director(kernel);
      await programmer.read();
      await programmer.converge(desired, NOTHING_OWNED);
      kernel.services.clear();
      const first = await programmer.verify(100, owning(desired), 'report');
      assert.equal(first.findings.length, desired.size);
      assert.equal(first.report.messages, 0);
      assert.equal((await programmer.verify(100, owning(desired), 'report')).findings.length, 0);
      assert.equal(log.lines.length, desired.size > 20 ? 21 : desired.size);
      assert.equal(kernel.services.size, 0);
    }),
    { numRuns: 50 },
  );
});

test('a weight lowered by hand is kept over reloads and restarts until lvsd wants another', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, async (random) => {
      const entry = [...random].find(([, service]) => service.destinations.size > 0);
      fc.pre(entry !== undefined);
      const [text, service] = entry as [string, DesiredService];
      const name = [...service.destinations.keys()][0] as string;
      const withWeight = (w: number): Table => {
        const destinations = new Map(service.destinations);
        const destination = destinations.get(name);
        assert.ok(destination !== undefined);
        destinations.set(name, { ...destination, weight: weight(w) });
        return new Map(random).set(text, { ...service, destinations });
      };
      const kernel = new SimulatedKernel();
      let { programmer } = director(kernel);
      const inKernel = (): number | undefined => kernel.services.get(text)?.destinations.get(name)?.weight;
      await programmer.read();
      await programmer.converge(withWeight(5), NOTHING_OWNED);
      const owned = owning(withWeight(5));
      const destination = kernel.services.get(text)?.destinations.get(name);
      assert.ok(destination !== undefined);
      kernel.services.get(text)?.destinations.set(name, { ...destination, weight: weight(2) });
      const found = await programmer.verify(100, owned, 'repair');
      assert.deepEqual(
        found.findings.map((finding) => finding.kind),
        ['weight-lowered'],
      );
      assert.equal((await programmer.verify(100, owned, 'repair')).findings.length, 0);
      assert.equal((await programmer.converge(withWeight(5), owned)).messages, 0);
      assert.equal(inKernel(), 2);

      const journal = new Map([...programmer.handWeights].map(([key, weights]) => [key, new Map(weights)]));
      ({ programmer } = director(kernel));
      await programmer.read(journal);
      assert.equal((await programmer.converge(withWeight(5), owned)).messages, 0, 'after a restart too');
      assert.equal((await programmer.converge(withWeight(2), owned)).messages, 0);
      assert.equal(programmer.handWeights.size, 0, "lvsd's own by now");
      await programmer.converge(withWeight(5), owned);
      assert.equal(inKernel(), 5);
    }),
    { numRuns: 50 },
  );
});

test('what the kernel did and did not answer for is read back, not believed', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, fc.nat(), async (desired, pick) => {
      const kernel = new SimulatedKernel();
      const log = new MemoryLog();
      let losing = false;
      const channel: RequestChannel = {
        stats: kernel.stats,
        exchange: (requests) => {
          const answers = kernel.exchange(requests);
          if (losing) answers[pick % answers.length] = { ok: false, error: unanswered('lost') };
          return answers;
        },
      };
      const programmer = new IpvsProgrammer(IpvsFamily.open(channel), kernel, log, { turn: async () => undefined });
      await programmer.read();
      losing = true;
      const report = await programmer.converge(desired, NOTHING_OWNED);
      assert.equal(report.uncertain, desired.size > 0);
      losing = false;
      assert.equal((await programmer.converge(structuredClone(desired), owning(desired))).messages, 0);
      assertHolds(kernel, desired);
    }),
    { numRuns: 100 },
  );
});
