/**
 * The time in a reload_time_file (keepalived.conf(5), keepalived.md 7.3): HH:MM:SS, or a date of two or four digits of the
 * year before it, with Z behind it for UTC; exactly so. Pure.
 */

export type ReloadTime =
  /** Milliseconds since 1970; `dated` when the file names a day. */
  | { readonly kind: 'at'; readonly at: number; readonly dated: boolean }
  /** Not a time, or not one of this calendar. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'past' };

const form = /^(?:(\d{4}|\d{2})-(\d{2})-(\d{2}) )?(\d{2}):(\d{2}):(\d{2})(Z?)$/;

/** strptime(3): two digits are 1969 to 2068. */
const fullYear = (digits: string): number => {
  const year = Number(digits);
  if (digits.length === 4) return year;
  return year < 69 ? 2000 + year : 1900 + year;
};

/**
 * @param text the first line of the file
 * @param now milliseconds since 1970: a time without a date is the next one after it
 */
export function readReloadTime(text: string, now: number): ReloadTime {
  const [, year, month, day, hour, minute, second, zone] = form.exec(text) ?? [];
  if (hour === undefined || minute === undefined || second === undefined) return { kind: 'malformed' };
  const today = new Date(now);
  const utc = zone === 'Z';
  const dated = year !== undefined && month !== undefined && day !== undefined;
  const date: readonly [number, number, number] = dated
    ? [fullYear(year), Number(month) - 1, Number(day)]
    : utc
      ? [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()]
      : [today.getFullYear(), today.getMonth(), today.getDate()];
  const clock = [Number(hour), Number(minute), Number(second)] as const;
  const moment = (later: number): Date =>
    utc
      ? new Date(Date.UTC(date[0], date[1], date[2] + later, ...clock))
      : new Date(date[0], date[1], date[2] + later, ...clock);
  const first = moment(0);
  const kept = utc
    ? [first.getUTCMonth(), first.getUTCDate(), first.getUTCHours(), first.getUTCMinutes(), first.getUTCSeconds()]
    : [first.getMonth(), first.getDate(), first.getHours(), first.getMinutes(), first.getSeconds()];
  // 31 February, 25:00:00, an hour that the change to summer time leaves out.
  if ([date[1], date[2], ...clock].some((value, i) => value !== kept[i])) return { kind: 'malformed' };
  if (first.getTime() > now) return { kind: 'at', at: first.getTime(), dated };
  return dated ? { kind: 'past' } : { kind: 'at', at: moment(1).getTime(), dated };
}
