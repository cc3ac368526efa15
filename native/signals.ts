/**
 * Real-time signals, which Node does not know by name and which end a process that has no handler for them.
 *
 * keepalived's numbers (keepalived.md 2, glibc): JSON is SIGRTMIN+2 = 36, STATS_CLEAR is SIGRTMAX-1 = 63, TDUMP is 64.
 */
import { readSync } from 'node:fs';
import { addon } from './addon.js';
import { type Fd, ownedFd } from './descriptor.js';
import { watch } from './readiness.js';
import { checked } from './system-call-error.js';

let pipe: Fd | undefined;
const room = new Uint8Array(64);
const actions = new Map<number, () => void>();

/**
 * Calls `action` in the event loop when the process gets the signal. Several that come at once may be one call each.
 * @param number 1..64, not one that Node handles
 * @throws SystemCallError EINVAL for a number that cannot be caught, EBUSY in a second environment of the process
 */
export function onSignal(number: number, action: () => void): void {
  if (pipe === undefined) {
    const fd = ownedFd(addon.openSignals(), 'pipe2', 'Opening the pipe of signals');
    watch(fd, { readable: true }, () => {
      const got = readSync(fd, room);
      for (const caught of room.subarray(0, got)) actions.get(caught)?.();
    }).unref();
    pipe = fd;
  }
  actions.set(number, action);
  checked(addon.catchSignal(number), 'sigaction', `Listening to signal ${number}`);
}
