// The heap of the check loop against a plain sorted list.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Queued, ScheduleQueue } from '../../../healthcheck/schedule-queue.js';

test('whatever is set, moved and removed, the first is always the earliest', () => {
  const command = fc.record({
    who: fc.integer({ min: 0, max: 19 }),
    what: fc.constantFrom('set', 'set', 'set', 'remove', 'pop'),
    at: fc.integer({ min: 0, max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const queue = new ScheduleQueue<Queued>();
      const entries = Array.from({ length: 20 }, () => ({ dueAt: 0, place: -1 }));
      const model = new Map<Queued, number>();
      for (const { who, what, at } of commands) {
        const entry = what === 'pop' ? queue.first() : entries[who];
        if (entry === undefined) continue;
        if (what === 'set') {
          queue.set(entry, at);
          model.set(entry, at);
        } else {
          queue.remove(entry);
          model.delete(entry);
        }
        assert.equal(queue.size, model.size);
        const earliest = Math.min(...model.values());
        assert.equal(queue.first()?.dueAt ?? Number.POSITIVE_INFINITY, earliest);
        queue.entries().forEach((one, place) => {
          assert.equal(one.place, place);
        });
      }
    }),
  );
});
