/**
 * Finds and loads the C addon, and says in types what it offers.
 *
 * Nobody but `native/` imports this file: the typed faces beside it (descriptor, socket, readiness, ...) are the way in.
 * The same compiled file serves Node 20, 22 and 24 (N-API version 8). It is looked for beside the running file, which
 * is where a package puts it, and under every folder upward that has a package.json: `build/native/` of a checkout,
 * then `dist/`.
 *
 * Convention of every call here: 0 or more is the result, a negative number is minus errno.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LvsdError } from '../runtime/errors.js';

type Bytes = Uint8Array;

/** The C side, function by function; the meaning of the arguments stands above each in the .c files. */
export interface Addon {
  closeFd(fd: number): number;
  releaseFd(fd: number): number;
  adoptFd(fd: number): number;
  ownsFd(fd: number): number;
  setNonBlocking(fd: number, on: boolean): number;

  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Bytes): number;
  connect(fd: number, address: Bytes): number;
  listen(fd: number, backlog: number): number;
  getsockname(fd: number, room: Bytes): number;
  getpeername(fd: number, room: Bytes): number;
  setsockopt(fd: number, level: number, option: number, value: Bytes): number;
  getsockopt(fd: number, level: number, option: number, room: Bytes): number;
  sendmsg(fd: number, data: Bytes, flags: number, destination: Bytes | null, control: Bytes | null): number;
  recvmsg(
    fd: number,
    room: Bytes,
    flags: number,
    sender: Bytes | null,
    control: Bytes | null,
    lengths: Int32Array,
  ): number;
  recvmmsg(
    fd: number,
    room: Bytes,
    slotBytes: number,
    slots: number,
    fields: Int32Array,
    senders: Bytes,
    destinations: Bytes,
  ): number;
  sendmmsg(fd: number, data: Bytes, fields: Int32Array, count: number, destinations: Bytes): number;

  socketpair(type: number, pair: Int32Array): number;
  sendWithFds(fd: number, data: Bytes, fds: Int32Array, count: number): number;
  recvWithFds(fd: number, room: Bytes, most: number, out: Int32Array): number;
  openSignals(): number;
  catchSignal(number: number): number;

  memfdCreate(name: string): number;
  memfdSeals(fd: number, seals: number): number;

  netlinkExchange(
    fd: number,
    request: Bytes | null,
    requestLength: number,
    lastSequence: number,
    answers: Bytes,
    timeoutMs: number,
    info: Int32Array,
  ): number;

  readinessOpen(dispatch: (count: number) => void, events: Int32Array): number;
  readinessKeepAlive(on: boolean): number;
  readinessControl(operation: number, fd: number, events: number, generation: number): number;
  timerfdCreate(clock: number): number;
  timerfdSet(fd: number, flags: number, firstMs: number, intervalMs: number): number;
  timerfdRead(fd: number): number;

  prctl(option: number, second: number, third: number): number;
  setThreadName(name: string): number;
  capset(sets: Uint32Array): number;
  capget(sets: Uint32Array): number;
  setns(path: string, type: number): number;
  unshare(flags: number): number;
  getrlimit(resource: number, limits: Float64Array): number;
  setrlimit(resource: number, limits: Float64Array): number;
  setScheduler(policy: number, priority: number): number;
  getScheduler(): number;
  setSchedulerOf(tid: number, policy: number, priority: number): number;
  setAffinityOf(tid: number, mask: Bytes): number;
  setLimitOf(pid: number, resource: number, soft: number, hard: number): number;
  lockOnFault(address: number, length: number): number;
  linkState(name: string, method: number): number;
  mkfifo(path: string, mode: number): number;
  flock(fd: number, operation: number): number;
  interfaceIndex(name: string): number;
  interfaceName(index: number): string | number;
  clockGettime(clock: number): number;
}

/** The places where the addon may be, best first. */
function candidates(from: string): string[] {
  const found = [join(from, 'lvsd.node')];
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) {
      found.push(join(folder, 'build', 'native', 'lvsd.node'), join(folder, 'dist', 'lvsd.node'));
    }
    if (folder === dirname(folder)) return found;
  }
}

function load(): Addon {
  const here = fileURLToPath(import.meta.url);
  const tried = candidates(dirname(here));
  const path = tried.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new LvsdError(
      'LVSD_ADDON_MISSING',
      `lvsd's native part (lvsd.node) is not there. In a checkout run "npm run build"; in a package, install it again. Looked for: ${tried.join(', ')}`,
      { fields: { tried } },
    );
  }
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    throw new LvsdError(
      'LVSD_ADDON_UNLOADABLE',
      `lvsd's native part ${path} cannot be loaded by Node ${process.version} on ${process.arch}. In a checkout run "npm run build"; in a package, install the one for this architecture`,
      { cause, fields: { path } },
    );
  }
}

/** The loaded addon. Importing this module throws LVSD_ADDON_MISSING or LVSD_ADDON_UNLOADABLE when it cannot be had. */
export const addon: Addon = load();
