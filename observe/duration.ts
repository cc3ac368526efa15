/**
 * Spans and instants as people say them: `42 s`, `5 min 10 s`, `3 d 4 h`, `2026-11-20 08:30:10`.
 *
 * Pure. Two units at most: nobody reads the seconds of a day.
 */

const steps = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3_600 },
  { name: 'min', seconds: 60 },
  { name: 's', seconds: 1 },
] as const;

/** @param span seconds; a negative one (a clock was set back) counts as 0 */
export function duration(span: number): string {
  if (span > 0 && span < 1) return `${Math.max(1, Math.round(span * 1000))} ms`;
  const whole = Math.max(0, Math.floor(span));
  const at = steps.findIndex((step) => whole >= step.seconds);
  const large = steps[at];
  if (large === undefined) return '0 s';
  const small = steps[at + 1];
  const rest = small === undefined ? 0 : Math.floor((whole % large.seconds) / small.seconds);
  const head = `${Math.floor(whole / large.seconds)} ${large.name}`;
  return small === undefined || rest === 0 ? head : `${head} ${rest} ${small.name}`;
}

/** `5 s ago`. @param at @param now seconds since 1970 */
export function ago(at: number, now: number): string {
  return `${duration(now - at)} ago`;
}

/** `2026-11-20 08:30:10`, local time. @param at seconds since 1970 */
export function localTime(at: number): string {
  const date = new Date(at * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
