/**
 * Opens a configuration file and hands out its characters.
 *
 * A file here is hostile until shown otherwise (architecture, law 7): only regular files are read, so a FIFO, a device
 * or a directory ends in a named problem and never in a wait; what is read is bounded; a file that is seen to change
 * meanwhile is read again, and refused if it does not come to rest. Symbolic links are followed, as
 * keepalived does (configurations are links in many set-ups); a loop of links is the kernel's ELOOP.
 * A file with an execute bit is refused, as keepalived does (keepalived.md 5.2).
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** The largest file that is read, bytes. */
export const MAX_FILE_BYTES = 256 * 1024 * 1024;

export type SourceFile =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly encoding: 'ascii' | 'utf8' | 'latin1';
      readonly id: string;
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'special'; readonly why: 'executable' | 'not regular' }
  | { readonly kind: 'unreadable'; readonly why: string };

const textOf = (error: unknown): string =>
  error instanceof Error && 'code' in error
    ? String(error.code)
    : error instanceof Error
      ? error.message
      : String(error);

/** Reads the file at `path`. Never throws and never waits. */
export function openSource(path: string): SourceFile {
  try {
    const before = statSync(path, { throwIfNoEntry: false });
    if (before === undefined) return { kind: 'missing' };
    if (before.isDirectory()) return { kind: 'directory' };
    if (!before.isFile()) return { kind: 'special', why: 'not regular' };
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const stat = fstatSync(fd, { bigint: true });
      if (!stat.isFile()) return { kind: 'special', why: 'not regular' };
      if ((stat.mode & 0o111n) !== 0n) return { kind: 'special', why: 'executable' };
      if (stat.size > MAX_FILE_BYTES) return { kind: 'unreadable', why: `larger than ${MAX_FILE_BYTES} bytes` };
      const bytes = readStill(fd, stat);
      if (bytes === undefined) return { kind: 'unreadable', why: 'it changes while it is read' };
      return decode(bytes, `${stat.dev}:${stat.ino}`);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const why = textOf(error);
    if (why === 'ENOENT' || why === 'ENOTDIR') return { kind: 'missing' };
    if (why === 'ELOOP') return { kind: 'special', why: 'not regular' };
    return { kind: 'unreadable', why };
  }
}

/** The characters of bytes that came from somewhere else than a file system. */
export function decodeSource(bytes: Uint8Array, id: string): SourceFile {
  return decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), id);
}

/** How often a file that changes while it is read is read anew. */
const MOST_READS = 5;

/**
 * Reads a file in a state that it was in: half of what was and half of what will be is no configuration.
 * @returns undefined if it changed at every attempt
 */
function readStill(fd: number, first: BigIntStats): Buffer | undefined {
  let before = first;
  for (let attempt = 0; attempt < MOST_READS; attempt++) {
    const bytes = readAll(fd, Number(before.size));
    const after = fstatSync(fd, { bigint: true });
    if (after.mtimeNs === before.mtimeNs && after.size === before.size && after.size === BigInt(bytes.length))
      return bytes;
    before = after;
  }
  return undefined;
}

/** From the beginning to the end, or to the bound. */
function readAll(fd: number, size: number): Buffer {
  let buffer = Buffer.allocUnsafe(Math.min(size, MAX_FILE_BYTES) + 1);
  let length = 0;
  for (;;) {
    const got = readSync(fd, buffer, length, buffer.length - length, length);
    if (got === 0) return buffer.subarray(0, length);
    length += got;
    if (length < buffer.length) continue;
    if (length > MAX_FILE_BYTES) return buffer.subarray(0, MAX_FILE_BYTES);
    const larger = Buffer.allocUnsafe(buffer.length * 2 + 4096);
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  }
}

function decode(bytes: Buffer, id: string): SourceFile {
  if (isAscii(bytes)) return { kind: 'text', text: bytes.toString('latin1'), encoding: 'ascii', id };
  if (isUtf8(bytes)) return { kind: 'text', text: bytes.toString('utf8'), encoding: 'utf8', id };
  return { kind: 'text', text: bytes.toString('latin1'), encoding: 'latin1', id };
}

/** keepalived's words for a file that is not read; `name` as the include found it. */
export function refusal(name: string, source: Exclude<SourceFile, { kind: 'text' }>): string {
  switch (source.kind) {
    case 'missing':
      return `Config files missing '${name}'.`;
    case 'directory':
      return `Configuration file '${name}/' is a directory - skipping`;
    case 'special':
      return `Configuration file '${name}' is not a regular non-executable file - skipping`;
    case 'unreadable':
      return `Configuration file '${name}' open problem (${source.why}) - skipping`;
  }
}
