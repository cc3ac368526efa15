/**
 * `lvsctl metrics`: the metrics in Prometheus's text format, also when metrics_listen is not set; for a textfile
 * collector, or to look.
 */
import { ask } from './client.js';
import { exitCodes } from './exit-code.js';
import type { Verb } from './verb.js';

export const metrics: Verb<Record<never, never>> = async (context) => {
  context.terminal.out(await ask(context.socket, { method: 'GET', path: '/v1/metrics', patience: 30_000 }));
  return exitCodes.ok;
};
