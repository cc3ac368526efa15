/**
 * The metrics registry: `metric-families.ts` through prom-client, read at each scrape from one state document.
 *
 * prom-client is loaded by the first call, because a process that shows no metrics must not pay for it (8 ms at start,
 * 5 MB). Nothing is counted here and nothing is kept between scrapes: the document has the numbers, so metrics, status
 * and dumps cannot disagree.
 */
import type { MetricsScope, MetricsText } from './control-protocol.js';
import { type MetricFamily, metricFamilies, type Sample } from './metric-families.js';
import { realServerText } from './real-server-metrics.js';
import type { StateDocument } from './state.js';

/** Where a scrape's document comes from; asked once a scrape. */
export type StateSource = () => StateDocument | Promise<StateDocument>;

export interface Metrics {
  /**
   * The text format of Prometheus, version 0.0.4. Scrapes of one scope at the same time share one, and scrapes of
   * different scopes wait for each other.
   */
  scrape(scope: MetricsScope): Promise<MetricsText>;
}

/** Makes the registry. Loads prom-client. */
export async function openMetrics(state: StateSource): Promise<Metrics> {
  const { Registry, Gauge, Counter } = await import('prom-client');
  const registry = new Registry();
  let document: StateDocument | undefined;
  const read = (family: MetricFamily): Sample[] => (document === undefined ? [] : [...family.read(document)]);
  for (const family of metricFamilies) {
    const { name, help, labels } = family;
    const configuration = { name, help, labelNames: [...labels], registers: [registry] };
    // The samples come straight from the document: prom-client's own store would hash every label set each time.
    if (family.type === 'gauge') {
      new (class extends Gauge {
        override async get() {
          return { ...(await super.get()), values: read(family) };
        }
      })(configuration);
    } else {
      new (class extends Counter {
        override async get() {
          return { ...(await super.get()), values: read(family) };
        }
      })(configuration);
    }
  }

  const scrapeOnce = async ({ realServers }: MetricsScope): Promise<MetricsText> => {
    const now = await state();
    document = now;
    try {
      const body = await registry.metrics();
      return { contentType: registry.contentType, body: realServers ? body + (await realServerText(now)) : body };
    } finally {
      document = undefined;
    }
  };

  const running = new Map<boolean, Promise<MetricsText>>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    scrape(scope) {
      const shared = running.get(scope.realServers);
      if (shared !== undefined) return shared;
      const mine = last.then(() => scrapeOnce(scope)).finally(() => running.delete(scope.realServers));
      last = mine.catch(() => undefined);
      running.set(scope.realServers, mine);
      return mine;
    },
  };
}
