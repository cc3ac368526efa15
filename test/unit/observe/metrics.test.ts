/** Metrics: names and values from the example, cardinality, the listener, and promtool's rules as far as we can hold them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { metricFamilies } from '../../../observe/metric-families.js';
import { openMetrics } from '../../../observe/metrics.js';
import { MetricsListener } from '../../../observe/metrics-listener.js';
import { realServerFamilies, realServerText } from '../../../observe/real-server-metrics.js';
import type { IpAddress } from '../../../runtime/addresses.js';
import { isLvsdError } from '../../../runtime/errors.js';
import { port } from '../../../runtime/units.js';
import { exampleState, observeFixtures } from './example-state.js';

const unexpected = (error: unknown): void => assert.fail(String(error));

const loopback = '127.0.0.1' as IpAddress;

test('the example as Prometheus reads it', async () => {
  const metrics = await openMetrics(exampleState);
  const { contentType, body } = await metrics.scrape({ realServers: true });
  assert.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(body, readFileSync(join(observeFixtures, 'metrics.txt'), 'utf8'));
});

test('names follow the rules: counters end in _total, seconds and bytes are base units, each has a help', () => {
  const families = [...metricFamilies, ...realServerFamilies];
  for (const { name, type, help } of families) {
    assert.match(name, /^(lvsd|node_ipvs)_[a-z_]+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.doesNotMatch(name, /milli|micro|minutes|_kb/);
    assert.ok(help.length > 0 && !help.endsWith('.'), name);
  }
  assert.equal(new Set(families.map(({ name }) => name)).size, families.length);
});

test("without real servers the number of series does not depend on theirs, and node_exporter's backends are absent", async () => {
  const metrics = await openMetrics(exampleState);
  const { body } = await metrics.scrape({ realServers: false });
  assert.ok(!body.includes('10.1.0.1'));
  assert.ok(body.includes('node_ipvs_connections_total 5120'));
  assert.ok(body.includes('lvsd_virtual_server_up{virtual_server="FWM 5"} 0'));
});

test('every sample has exactly the labels of its family, and no two samples are the same series', () => {
  const document = exampleState();
  for (const family of metricFamilies) {
    const seen = new Set<string>();
    for (const { labels, value } of family.read(document)) {
      assert.deepEqual(Object.keys(labels).sort(), [...family.labels].sort(), family.name);
      assert.ok(Number.isFinite(value), family.name);
      const key = JSON.stringify(Object.entries(labels).sort());
      assert.ok(!seen.has(key), `${family.name} ${key}`);
      seen.add(key);
    }
  }
});

test('label values are escaped, and a mark is written as /proc/net/ip_vs does', async () => {
  const document = exampleState();
  const [first, marked] = document.virtualServers;
  assert.ok(first && marked);
  const [real] = first.realServers;
  assert.ok(real);
  const odd = { ...first, name: 'a"b\\c\nd', realServers: [real] };
  const text = await realServerText({ ...document, virtualServers: [odd, { ...marked, realServers: [real] }] });
  assert.ok(text.includes('lvsd_real_server_up{virtual_server="a\\"b\\\\c\\nd",real_server="[10.1.0.1]:tcp:80"} 1\n'));
  assert.ok(text.includes('proto="FWM",local_mark="00000005"} 3\n'));
});

test('scopes asked at the same time do not mix', async () => {
  const metrics = await openMetrics(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return exampleState();
  });
  const [few, many] = await Promise.all([
    metrics.scrape({ realServers: false }),
    metrics.scrape({ realServers: true }),
  ]);
  assert.ok(many.body.startsWith(few.body));
  assert.ok(few.body.includes('lvsd_virtual_server_up{virtual_server="FWM 5"} 0'));
});

test('scrapes at the same time read the state once; a failure does not stick', async () => {
  let asked = 0;
  let fail = false;
  const metrics = await openMetrics(async () => {
    asked++;
    if (fail) throw new Error('no director');
    return exampleState();
  });
  await Promise.all([metrics.scrape({ realServers: false }), metrics.scrape({ realServers: false })]);
  assert.equal(asked, 1);
  fail = true;
  await assert.rejects(metrics.scrape({ realServers: false }), /no director/);
  fail = false;
  assert.ok((await metrics.scrape({ realServers: false })).body.includes('lvsd_build_info'));
});

test('the listener serves /metrics and nothing else', async (t) => {
  const errors: unknown[] = [];
  let fail = false;
  const listener = await MetricsListener.open({
    address: loopback,
    port: port(0),
    scrape: async ({ realServers }) => {
      if (fail) throw new Error('secret');
      return { contentType: 'text/plain', body: `x ${realServers ? 2 : 1}\n` };
    },
    onError: (error) => errors.push(error),
  });
  t.after(() => listener.close());
  const base = `http://127.0.0.1:${listener.port}`;
  assert.equal(await (await fetch(`${base}/metrics`)).text(), 'x 1\n');
  assert.equal(await (await fetch(`${base}/metrics?real_servers=1`)).text(), 'x 2\n');
  assert.equal((await fetch(`${base}/`)).status, 200);
  assert.equal((await fetch(`${base}/v1/status`)).status, 404);
  assert.equal((await fetch(`${base}/metrics`, { method: 'POST', body: 'x' })).status, 405);
  fail = true;
  const failed = await fetch(`${base}/metrics`);
  assert.equal(failed.status, 503);
  assert.ok(!(await failed.text()).includes('secret'));
  assert.equal(errors.length, 1);
});

test('a port that is taken is an error with the address and the cure', async (t) => {
  const options = { address: loopback, scrape: async () => ({ contentType: '', body: '' }), onError: unexpected };
  const first = await MetricsListener.open({ ...options, port: port(0) });
  t.after(() => first.close());
  await assert.rejects(
    MetricsListener.open({ ...options, port: port(first.port) }),
    (error) => isLvsdError(error) && error.code === 'LVSD_METRICS_LISTEN' && error.message.includes(`:${first.port}`),
  );
});
