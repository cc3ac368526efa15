/**
 * The metrics of a route: words with one number behind them, some of which may be locked (ip-route(8), linux/rtnetlink.h
 * RTAX_*).
 */
import { type LockableMetric, lockableMetrics, type RouteMetric, routeMetrics } from '../../config/route.js';
import { MAX_UNSIGNED } from './limits.js';
import { bounded, type ReadRouteOption, refuse } from './route-reading.js';

export const isMetric = (word: string): word is RouteMetric => (routeMetrics as readonly string[]).includes(word);
const isLockable = (word: string): word is LockableMetric => (lockableMetrics as readonly string[]).includes(word);
const flagMetrics = new Set<RouteMetric>(['quickack', 'fastopen_no_cookie']);
/** What a bare number stands for in milliseconds, as the kernel keeps it (shifted by 3 and 2). */
const timeMetrics: ReadonlyMap<RouteMetric, number> = new Map([
  ['rtt', 8],
  ['rttvar', 4],
  ['rto_min', 1],
]);
const metricNames: ReadonlyMap<RouteMetric, string> = new Map([
  ['mtu', 'MTU'],
  ['hoplimit', 'hoplimit'],
  ['advmss', 'advmss'],
]);

/** How a metric's value is read. */
export function metricOption(metric: RouteMetric): ReadRouteOption {
  return (reading, reader) => {
    const lock = isLockable(metric) && reader.skip('lock');
    const text = reader.take('N');
    if (text === undefined) return false;
    const scale = timeMetrics.get(metric);
    const max = metric === 'hoplimit' ? 255 : flagMetrics.has(metric) ? 1 : MAX_UNSIGNED;
    const number = scale === undefined ? bounded(text, max) : milliseconds(text, scale);
    if (number === undefined) {
      const name = metricNames.get(metric) ?? `${metric} value`;
      const message =
        metric === 'rtt' || metric === 'rttvar'
          ? `Invalid ${metric} ${text} for route`
          : `Invalid ${name} ${text} specified for route`;
      return refuse(reader, message, 'LVSD_CONFIG_BAD_NUMBER');
    }
    reading.metrics[metric] = number;
    if (lock && isLockable(metric)) reading.locked.push(metric);
    return true;
  };
}

/** `N` in the kernel's own unit, `Ns` or `Nms`, decimals allowed. */
function milliseconds(text: string, scale: number): number | undefined {
  const parts = /^(\d+(?:\.\d*)?)(s|sec|secs|ms|msec|msecs)?$/i.exec(text);
  if (parts === null) return undefined;
  const number = Number(parts[1]);
  const unit = parts[2]?.toLowerCase();
  const time = unit === undefined ? number * scale : unit.startsWith('s') ? number * 1000 : number;
  return time >= MAX_UNSIGNED / scale ? undefined : Math.ceil(time);
}
