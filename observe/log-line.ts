/**
 * A log record as the text line that keepalived writes to its console and to its log file: `Fri Nov 20 08:30:10 2026: text`
 * (keepalived.md 2, -l). Local time, day of month padded with a blank, as asctime(3) does; programs and people read it.
 *
 * A record is one line: what the file, a script or a peer put into it must not be able to forge a second line or to
 * send control sequences to a terminal.
 */
import type { LogRecord } from '../runtime/log.js';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
export const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

/** `08:30:10`, local time. */
export function clockTime(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The day of the month in two columns, padded with a blank. */
export function paddedDay(at: Date): string {
  return String(at.getDate()).padStart(2, ' ');
}

let stampSecond = Number.NaN;
let stamp = '';

/** `Fri Nov 20 08:30:10 2026`, local time. @param wall milliseconds since 1970 */
export function asctime(wall: number): string {
  const second = Math.floor(wall / 1000);
  // A start writes tens of thousands of lines, and the local time of one second is one text.
  if (second !== stampSecond) {
    const at = new Date(wall);
    stamp = `${days[at.getDay()]} ${months[at.getMonth()]} ${paddedDay(at)} ${clockTime(at)} ${at.getFullYear()}`;
    stampSecond = second;
  }
  return stamp;
}

/** The text with control characters shown as `\xNN` instead of sent (C0 but for tab, DEL, C1). */
export function withoutControls(text: string): string {
  return text.replace(
    /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** The lines of a record: a text with newlines is several lines, each of which gets its own time stamp. */
export function linesOf(text: string): readonly string[] {
  if (!text.includes('\n')) return [withoutControls(text)];
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(withoutControls);
}

/** The record as it goes to the console or to a file, with a newline at its end. */
export function stampedLines(record: LogRecord): string {
  const time = asctime(record.wall);
  const lines = linesOf(record.text);
  return lines.length === 1 ? `${time}: ${lines[0]}\n` : lines.map((line) => `${time}: ${line}\n`).join('');
}
