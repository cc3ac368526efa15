// The initramfs of the test VM: a static busybox, the few modules that reach the host's root, and one script.
//
// It is written here byte by byte in the "newc" format of cpio (kernel: Documentation/driver-api/early-userspace/
// buffer-format.rst), because the format is a page long and cpio is one more program to fetch. It is kept per kernel
// version and content, uncompressed: the emulated processor would spend longer unpacking than the emulator copying.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cachedFolder, SetupError } from './cache.mjs';

const TRAILER = 'TRAILER!!!';
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const S_IFCHR = 0o020000;

/** Pads to a multiple of four, as every part of a newc archive is. */
function padded(buffer) {
  const rest = buffer.length % 4;
  return rest === 0 ? buffer : Buffer.concat([buffer, Buffer.alloc(4 - rest)]);
}

/**
 * A newc archive.
 * @param {readonly { path: string, mode: number, data?: Buffer, device?: readonly [number, number] }[]} entries
 *   `mode` with the file type bits; folders before what is in them
 */
export function newcArchive(entries) {
  const parts = [];
  let inode = 1;
  const add = (path, mode, data, device) => {
    const name = Buffer.from(`${path}\0`);
    const fields = [
      inode++, // inode: only has to differ, or hard links would be seen
      mode,
      0, // owner
      0, // group
      1, // links
      0, // modification time
      data.length,
      0, // device of the archive
      0,
      device[0],
      device[1],
      name.length,
      0, // checksum: unused in this variant
    ];
    const header = `070701${fields.map((field) => field.toString(16).toUpperCase().padStart(8, '0')).join('')}`;
    parts.push(padded(Buffer.concat([Buffer.from(header), name])), padded(data));
  };
  for (const entry of entries) add(entry.path, entry.mode, entry.data ?? Buffer.alloc(0), entry.device ?? [0, 0]);
  add(TRAILER, 0, Buffer.alloc(0), [0, 0]);
  return Buffer.concat(parts);
}

/**
 * The modules that `names` need, each once, in an order in which insmod accepts them. Built-in ones are left out.
 * @param {string} modules the folder of one kernel's modules, with modules.dep and modules.builtin
 * @param {readonly string[]} names module names; `-` and `_` mean the same
 * @returns {string[]} paths below `modules`
 */
export function modulesInOrder(modules, names) {
  const plain = (path) =>
    basename(path)
      .replace(/\.ko.*$/, '')
      .replaceAll('-', '_');
  const needs = new Map();
  for (const line of readFileSync(join(modules, 'modules.dep'), 'utf8').split('\n')) {
    const [path, rest] = line.split(':');
    if (rest !== undefined) needs.set(plain(path), { path, needs: rest.split(' ').filter(Boolean).map(plain) });
  }
  const builtin = new Set(
    readFileSync(join(modules, 'modules.builtin'), 'utf8').split('\n').filter(Boolean).map(plain),
  );
  const order = [];
  const visit = (name) => {
    const found = needs.get(name);
    if (found === undefined) {
      if (builtin.has(name)) return;
      throw new SetupError(`The kernel in ${modules} has no module ${name}, which the test VM needs to boot.`);
    }
    if (order.includes(found.path)) return;
    for (const each of found.needs) visit(each);
    if (!order.includes(found.path)) order.push(found.path);
  };
  for (const name of names) visit(name.replaceAll('-', '_'));
  return order;
}

/**
 * The initramfs file for one kernel, made when absent.
 * @param {{ version: string, modules: string }} kernel
 * @param {{ busybox: string, load: readonly string[], init: string, flavour: string }} parts
 *   `load` module names; `init` the text of /init
 * @returns {Promise<string>} the file's path
 */
export async function ensureInitramfs(kernel, parts) {
  const order = modulesInOrder(kernel.modules, parts.load);
  const key = createHash('sha256')
    .update([kernel.version, kernel.modules, parts.busybox, parts.init, ...order].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const folder = await cachedFolder(`initramfs/${parts.flavour}-${kernel.version}-${key}`, (dir) => {
    writeFileSync(join(dir, 'initramfs.cpio'), image(kernel, parts, order));
  });
  return join(folder, 'initramfs.cpio');
}

function image(kernel, parts, order) {
  const folders = ['bin', 'dev', 'proc', 'sys', 'modules', 'lower', 'peers', 'upper', 'root'];
  const entries = [
    ...folders.map((path) => ({ path, mode: S_IFDIR | 0o755 })),
    { path: 'dev/console', mode: S_IFCHR | 0o600, device: [5, 1] },
    { path: 'dev/null', mode: S_IFCHR | 0o666, device: [1, 3] },
    { path: 'bin/busybox', mode: S_IFREG | 0o755, data: readFileSync(parts.busybox) },
    { path: 'bin/sh', mode: S_IFLNK | 0o777, data: Buffer.from('busybox') },
    { path: 'init', mode: S_IFREG | 0o755, data: Buffer.from(parts.init) },
    {
      path: 'modules/order',
      mode: S_IFREG | 0o644,
      data: Buffer.from(order.map((path) => `${basename(path)}\n`).join('')),
    },
  ];
  for (const path of order) {
    const file = join(kernel.modules, path);
    if (!existsSync(file))
      throw new SetupError(`${file} is absent. Remove the cache's kernel folder and run this again.`);
    entries.push({ path: `modules/${basename(path)}`, mode: S_IFREG | 0o644, data: readFileSync(file) });
  }
  return newcArchive(entries);
}
