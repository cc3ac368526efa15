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
/**
 * Which part of a millisecond the kernel counts in (it keeps these shifted by 3 and 2), and the longest time in
 * milliseconds, which keepalived holds a bare number to as well.
 */
export const timeMetrics: ReadonlyMap<RouteMetric, { readonly scale: number; readonly longest: number }> = new Map([
  ['rtt', { scale: 8, longest: 960_000 }],
  ['rttvar', { scale: 4, longest: 480_000 }],
  ['rto_min', { scale: 1, longest: 120_000 }],
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
    const time = timeMetrics.get(metric);
    const max = metric === 'hoplimit' ? 255 : flagMetrics.has(metric) ? 1 : MAX_UNSIGNED;
    const number = time === undefined ? bounded(text, max) : kernelTime(text, time);
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

/** `N` in the kernel's own unit, `Nms`, or `Ns` with at most three decimals; nothing before the unit is 0. */
function kernelTime(
  text: string,
  { scale, longest }: { readonly scale: number; readonly longest: number },
): number | undefined {
  const parts = /^\+?(\d*)(?:\.(\d{0,3}))?(s|sec|secs|ms|msec|msecs)?$/i.exec(text);
  if (parts === null || /^s/i.test(text)) return undefined;
  const [, whole = '', decimals = '', unit = ''] = parts;
  const inSeconds = unit.toLowerCase().startsWith('s');
  if (decimals !== '' && !inSeconds) return undefined;
  const number = Number(`${whole === '' ? '0' : whole}.${decimals === '' ? '0' : decimals}`);
  const time = inSeconds ? Math.round(number * 1000) : number;
  if (time > longest) return undefined;
  return unit === '' ? time : time * scale;
}
