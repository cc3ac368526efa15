/**
 * Waits until a program that was started or reloaded has done what followed from that: told from the kernel's own account
 * of idle time (proc(5), /proc/stat), which treats every program alike. What a program always does (checks, lvsd's look for
 * drift) goes on, so half idle is rest; and on a busy host a machine may never come to it, so the wait has an end.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const IDLE_SHARE = 0.5;
const QUIET_SECONDS = 2;
/** lvsd makes its heap small five seconds after a start. */
const LEAST_SECONDS = 8;
const MOST_SECONDS = 40;

/** Ticks of all processors since the boot. */
function ticks(): { readonly idle: number; readonly all: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const fields = line.split(/\s+/).slice(1, 9).map(Number);
  return { idle: (fields[3] ?? 0) + (fields[4] ?? 0), all: fields.reduce((sum, one) => sum + one, 0) };
}

/** Resolves at rest, at the latest after 40 seconds. */
export async function untilRest(): Promise<void> {
  let quiet = 0;
  let before = ticks();
  for (let second = 1; second <= MOST_SECONDS; second++) {
    await pause(1000);
    const now = ticks();
    quiet = (now.idle - before.idle) / Math.max(1, now.all - before.all) >= IDLE_SHARE ? quiet + 1 : 0;
    before = now;
    if (quiet >= QUIET_SECONDS && second >= LEAST_SECONDS) return;
  }
}
