/**
 * `lvsctl metrics [--real-servers]`: the metrics in Prometheus's text format, also when metrics_listen is not set; for a textfile
 * collector, or to look.
 */
import { ask } from './client.js';
import { exitCodes } from './exit-code.js';
import type { Verb } from './verb.js';

export interface MetricsOptions {
  /** Series for each real server too. */
  readonly realServers: boolean;
}

export const metrics: Verb<MetricsOptions> = async (context, { realServers }) => {
  const path = realServers ? '/v1/metrics?real_servers=1' : '/v1/metrics';
  context.terminal.out(await ask(context.socket, { method: 'GET', path, patience: 30_000 }));
  return exitCodes.ok;
};
