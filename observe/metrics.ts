/**
 * The metrics registry: `metric-families.ts` through prom-client, read at each scrape from one state document.
 *
 * prom-client is loaded by the first call, because a process that shows no metrics must not pay for it (8 ms at start,
 * 5 MB). Nothing is counted here and nothing is kept between scrapes: the document has the numbers, so metrics, status
 * and dumps cannot disagree.
 */
import type { MetricsScope, MetricsText } from './control-protocol.js';
import { type MetricFamily, metricFamilies, type Sample } from './metric-families.js';
import type { StateDocument } from './state.js';

/** Where a scrape's document comes from; asked once a scrape. */
export type StateSource = () => StateDocument | Promise<StateDocument>;

export interface Metrics {
  /** The text format of Prometheus, version 0.0.4. Scrapes of one scope at the same time share one document. */
  scrape(scope: MetricsScope): Promise<MetricsText>;
}

/** Makes the registries, one a scope. Loads prom-client. */
export async function openMetrics(state: StateSource): Promise<Metrics> {
  const { Registry, Gauge, Counter } = await import('prom-client');

  const scraper = (realServers: boolean): (() => Promise<MetricsText>) => {
    const registry = new Registry();
    let document: StateDocument | undefined;
    const read = (family: MetricFamily): Sample[] => (document === undefined ? [] : [...family.read(document)]);
    for (const family of metricFamilies(realServers)) {
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
    let running: Promise<MetricsText> | undefined;
    const scrape = async (): Promise<MetricsText> => {
      try {
        document = await state();
        return { contentType: registry.contentType, body: await registry.metrics() };
      } finally {
        document = undefined;
        running = undefined;
      }
    };
    return () => {
      running ??= scrape();
      return running;
    };
  };

  let whole: (() => Promise<MetricsText>) | undefined;
  const usual = scraper(false);
  return {
    scrape(scope) {
      if (!scope.realServers) return usual();
      whole ??= scraper(true);
      return whole();
    },
  };
}
