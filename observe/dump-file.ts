/**
 * Writing a dump file: where it is, and how it gets there safely.
 *
 * The default folder is /tmp or $TMPDIR, where anybody may have put a link: so the text goes to a new file (O_EXCL,
 * O_NOFOLLOW, mode 0600, a name that cannot be guessed) in the same folder, which is then renamed over the old one. A
 * reader sees the old file or the whole new one. Names: keepalived.md 4.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LvsdError } from '../runtime/errors.js';

export type DumpKind = 'parent' | 'check';

const names: Readonly<Record<DumpKind, string>> = {
  parent: 'keepalived_parent.data',
  check: 'keepalived_check.data',
};

/**
 * The path of a dump file.
 * @param folder $TMPDIR, or undefined for /tmp
 * @param stateDumpFile the word state_dump_file: the base name of all of them, the process before the last point
 * @param instance namespace and instance for data_use_instance, as `NAMESPACE_INSTANCE`; empty for none
 */
export function dumpPath(
  kind: DumpKind,
  folder: string | undefined,
  stateDumpFile: string | undefined,
  instance = '',
): string {
  const plain = plainPath(kind, folder, stateDumpFile);
  if (instance === '') return plain;
  const point = plain.lastIndexOf('.');
  return point > plain.lastIndexOf('/') + 1
    ? `${plain.slice(0, point)}.${instance}${plain.slice(point)}`
    : `${plain}.${instance}`;
}

function plainPath(kind: DumpKind, folder: string | undefined, stateDumpFile: string | undefined): string {
  if (stateDumpFile === undefined) return join(folder ?? '/tmp', names[kind]);
  const slash = stateDumpFile.lastIndexOf('/');
  const point = stateDumpFile.lastIndexOf('.');
  return point > slash + 1
    ? `${stateDumpFile.slice(0, point)}_${kind}${stateDumpFile.slice(point)}`
    : `${stateDumpFile}_${kind}`;
}

/** Lines are gathered to writes of about this many characters. */
const writeSize = 256 * 1024;

/**
 * Writes the lines, each with a newline, and puts the file in place of an older one.
 * @throws LvsdError LVSD_DUMP_FILE when the folder cannot be written; an older file then stays as it was
 */
export function writeDump(path: string, lines: Iterable<string>): void {
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  let fd: number | undefined;
  try {
    fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    let gathered = '';
    for (const line of lines) {
      gathered += `${line}\n`;
      if (gathered.length < writeSize) continue;
      writeAll(fd, gathered);
      gathered = '';
    }
    writeAll(fd, gathered);
    closeSync(fd);
    fd = undefined;
    renameSync(temporary, path);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    rmSync(temporary, { force: true });
    throw new LvsdError(
      'LVSD_DUMP_FILE',
      `Cannot write ${path}. See that its folder exists, is writable and has room, or name another with state_dump_file.`,
      { cause: error, fields: { path } },
    );
  }
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}
