/**
 * Descriptors from process to process: socket pairs, SCM_RIGHTS (unix(7)), and sealed memory files (memfd_create(2)).
 *
 * The supervisor opens what needs a privilege or a namespace and passes the descriptor; the expanded configuration goes
 * to the roles as a sealed memory file, which nobody can change after it was checked. A receiver says how many
 * descriptors it takes; what comes above that is closed at once.
 */
import { fstatSync, readSync, writeSync } from 'node:fs';
import { LvsdError } from '../runtime/errors.js';
import { addon } from './addon.js';
import { closeFd, type Fd, ownedFd } from './descriptor.js';
import { SOCK } from './socket-options.js';
import { checked } from './system-call-error.js';

/** The kernel's bound on the descriptors of one message (SCM_MAX_FD). */
export const MOST_DESCRIPTORS = 253;

const MSG_TRUNC = 0x20;
const MSG_CTRUNC = 0x8;

/** A connected pair of unix sockets: message boundaries and order kept (SEQPACKET), both ends owned here. */
export function socketPair(): readonly [Fd, Fd] {
  const pair = new Int32Array(2);
  checked(addon.socketpair(SOCK.SEQPACKET, pair), 'socketpair', 'Opening a socket pair');
  return [pair[0] as Fd, pair[1] as Fd];
}

/**
 * Sends one message with descriptors. They stay open here: close them when the other side has its own.
 * @param data at least one byte
 * @returns bytes sent, or minus errno (EAGAIN: the other side's queue is full)
 */
export function sendWithDescriptors(fd: Fd, data: Uint8Array, descriptors: readonly Fd[]): number {
  return addon.sendWithFds(fd, data, Int32Array.from(descriptors), descriptors.length);
}

export interface ReceivedDescriptors {
  /** Bytes in the room (0: the other side has closed), or minus errno. */
  readonly bytes: number;
  /** Owned by this environment from now on. */
  readonly descriptors: readonly Fd[];
  /** How many came above the bound and were closed. */
  readonly surplus: number;
  /** The message was longer than the room, or its descriptors could not all be taken in. */
  readonly cut: boolean;
}

/**
 * Receives one message and at most `most` descriptors, without waiting.
 * @param most 0..253
 */
export function receiveWithDescriptors(fd: Fd, room: Uint8Array, most: number): ReceivedDescriptors {
  const out = new Int32Array(3 + most);
  const bytes = addon.recvWithFds(fd, room, most, out);
  if (bytes < 0) return { bytes, descriptors: [], surplus: 0, cut: false };
  const kept = out[1] as number;
  return {
    bytes,
    descriptors: Array.from(out.subarray(3, 3 + kept)) as Fd[],
    surplus: out[2] as number,
    cut: ((out[0] as number) & (MSG_TRUNC | MSG_CTRUNC)) !== 0,
  };
}

/** F_SEAL_SEAL, _SHRINK, _GROW and _WRITE: the file cannot change any more, in length or content. */
const ALL_SEALS = 0x1 | 0x2 | 0x4 | 0x8;

/**
 * A memory file that holds `content` and can never change again.
 * @param name for people who look at /proc/PID/fd, at most 63 bytes
 */
export function sealedMemfd(name: string, content: Uint8Array): Fd {
  const fd = ownedFd(addon.memfdCreate(name), 'memfd_create', `Making the memory file ${name}`);
  try {
    for (let at = 0; at < content.length; ) at += writeSync(fd, content, at, content.length - at, at);
    checked(addon.memfdSeals(fd, ALL_SEALS), 'fcntl', `Sealing the memory file ${name}`);
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Whether a descriptor is a memory file under all seals. */
export function isSealed(fd: Fd): boolean {
  return (addon.memfdSeals(fd, 0) & ALL_SEALS) === ALL_SEALS;
}

/**
 * Reads a sealed memory file whole.
 * @param mostBytes refuses more than this
 * @throws LvsdError LVSD_MEMFD_NOT_SEALED, LVSD_MEMFD_TOO_LARGE
 */
export function readMemfd(fd: Fd, mostBytes = 1 << 30): Buffer {
  if (!isSealed(fd)) {
    throw new LvsdError(
      'LVSD_MEMFD_NOT_SEALED',
      `Descriptor ${fd} is not a sealed memory file, so its content could change while it is read: it is refused`,
    );
  }
  const { size } = fstatSync(fd);
  if (size > mostBytes) {
    throw new LvsdError(
      'LVSD_MEMFD_TOO_LARGE',
      `The memory file on descriptor ${fd} has ${size} bytes, more than the ${mostBytes} that are taken`,
      { fields: { size, mostBytes } },
    );
  }
  const content = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; ) {
    const got = readSync(fd, content, at, size - at, at);
    if (got === 0) return content.subarray(0, at);
    at += got;
  }
  return content;
}
