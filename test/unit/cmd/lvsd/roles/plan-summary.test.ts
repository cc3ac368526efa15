/** What lvsctl plan is told by the director. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planSummary } from '../../../../../cmd/lvsd/roles/plan-summary.js';
import { Director } from '../../../../../director/director.js';
import { emptyJournal } from '../../../../../director/journal.js';
import { MemoryLog } from '../../../../../runtime/log.js';
import { FakeKernel } from '../../../director/fake-kernel.js';
import { parseText } from '../../../parser/schema/parse-text.js';

const real = (n: number, w: number, method = 'NAT'): string =>
  `real_server 10.1.0.${n} 80 {\nweight ${w}\nlvs_method ${method}\nTCP_CHECK {\n}\n}\n`;
const virtual = (n: number, inside: string, scheduler = 'rr'): string =>
  `virtual_server 10.0.0.${n} 80 {\nlvs_sched ${scheduler}\nlvs_method NAT\nprotocol TCP\n${inside}}\n`;

async function planned(before: string, after: string) {
  const kernel = new FakeKernel();
  const director = new Director({
    log: new MemoryLog(),
    wall: () => 0,
    table: kernel,
    journal: { append: () => true, replace: () => {} },
    present: () => true,
    effect: () => {},
  });
  await director.start(parseText(before).config, 1, emptyJournal);
  kernel.sent.length = 0;
  return { kernel, director, plan: director.plan(parseText(after).config) };
}

test('additions, removals and changes, with what changes from what to what', async () => {
  const { kernel, plan } = await planned(
    virtual(1, real(1, 1) + real(2, 1)) + virtual(2, real(3, 1)),
    virtual(1, real(1, 7) + real(4, 1), 'wrr') + virtual(3, real(3, 1)),
  );
  const { changes, messages } = planSummary(plan, kernel.services, [], []);
  assert.equal(messages, changes.length);
  const rows = changes.map(({ action, object, name, server, details }) =>
    [action, object, name, server ?? '-', ...details.map(({ what, from, to }) => `${what} ${from}>${to}`)].join(' '),
  );
  assert.deepEqual(rows.toSorted(), [
    'add real server [10.0.0.1]:tcp:80 [10.1.0.4]:80',
    'add real server [10.0.0.3]:tcp:80 [10.1.0.3]:80',
    'add virtual server [10.0.0.3]:tcp:80 -',
    'change real server [10.0.0.1]:tcp:80 [10.1.0.1]:80 weight 1>7',
    'change virtual server [10.0.0.1]:tcp:80 - scheduler rr>wrr',
    'remove real server [10.0.0.1]:tcp:80 [10.1.0.2]:80',
    'remove virtual server [10.0.0.2]:tcp:80 -',
  ]);
  assert.deepEqual(kernel.sent, [], 'a plan does nothing');
});

test('an unchanged file changes nothing', async () => {
  const text = virtual(1, real(1, 1));
  const { kernel, plan } = await planned(text, text);
  const summary = planSummary(plan, kernel.services, [], []);
  assert.deepEqual(summary, { refusals: [], diagnostics: [], changes: [], messages: 0 });
});

test('where a reload would be refused nothing would change', async () => {
  const { kernel, plan } = await planned(virtual(1, real(1, 1)), virtual(2, real(1, 1)));
  const refusals = [{ code: 'LVSD_X', message: 'no' }];
  assert.deepEqual(planSummary(plan, kernel.services, refusals, []), {
    refusals,
    diagnostics: [],
    changes: [],
    messages: 0,
  });
});
