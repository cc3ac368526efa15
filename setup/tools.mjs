// What the tests and benches need beside Node: an emulator, a kernel that has IPVS, and the peers lvsd is compared with.
//
// Each `ensure…` answers with paths, having fetched and unpacked what was absent (apt.mjs) into the cache (cache.mjs).
// Nothing is installed on the host. Which kernel it is, is asked of Debian's lists when the cache has none, and kept:
// `node setup/tools.mjs --refresh` asks again, for when Debian has moved on. Run without arguments it fetches everything.

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { candidateVersion, dependencyOf, unpackPackages, updateLists } from './apt.mjs';
import { cachedFolder, cachePath, isThere, readCacheFile, SetupError, say, writeCacheFile } from './cache.mjs';

/** The peers and the tools that tests use inside the VM; found there in /usr/sbin and /usr/bin as if installed. */
const PEERS = [
  'keepalived',
  'ipvsadm',
  'nginx',
  'kmod',
  'iproute2',
  'ethtool',
  'ipset',
  'iptables',
  'nftables',
  'conntrack',
  'tcpdump',
  'xz-utils',
];

const QEMU_PACKAGE = 'qemu-system-x86';
const UML_PACKAGE = 'user-mode-linux';
const KERNEL_META = 'linux-image-amd64';

/** Refuses a machine that these packages are not for, with the reason. */
function needAmd64() {
  if (process.arch === 'x64' && process.platform === 'linux') return;
  throw new SetupError(`The test VM needs Linux on x86-64; this is ${process.platform} on ${process.arch}.`);
}

/** A package's tree in the cache, keyed by the version that the mirror served when it was fetched. */
async function packageTree(kind, names, how, finish = () => {}) {
  needAmd64();
  const key = `${kind}/current`;
  const known = readCacheFile(key)?.trim();
  const wanted = names.join(' ');
  if (known !== undefined) {
    const [folder, packages] = known.split('\n');
    if (packages === wanted && isThere(cachePath(folder))) return cachePath(folder);
  }
  const version = candidateVersion(names[0]).replace(/[^\w.+~-]/g, '_');
  // Another list of packages of the same version is another tree.
  const folder = `${kind}/${names[0]}-${version}-${names.length}`;
  const tree = await cachedFolder(folder, (dir) => {
    unpackPackages(names, dir, how);
    finish(dir);
  });
  writeCacheFile(key, `${folder}\n${wanted}\n`);
  return tree;
}

/** The environment in which a program unpacked into `tree` finds its libraries. */
export function treeEnvironment(tree) {
  const libraries = ['usr/lib/x86_64-linux-gnu', 'usr/lib'].map((sub) => join(tree, sub));
  return { ...process.env, LD_LIBRARY_PATH: libraries.join(':') };
}

/** Peers and in-VM tools. Returns the tree, which lies over the root inside the VM. */
export function ensurePeers() {
  return packageTree('peers', PEERS, {}, (dir) => {
    // dpkg's maintainer scripts would have chosen these alternatives.
    const chosen = {
      iptables: 'xtables-nft-multi',
      ip6tables: 'xtables-nft-multi',
      'iptables-save': 'xtables-nft-multi',
    };
    for (const [name, target] of Object.entries(chosen)) {
      const link = join(dir, 'usr/sbin', name);
      if (!existsSync(link)) symlinkSync(target, link);
    }
  });
}

/** A static busybox: the whole user space of the first seconds. */
export async function ensureBusybox() {
  const tree = await packageTree('busybox', ['busybox-static'], { alone: true });
  return join(tree, 'usr/bin/busybox');
}

/**
 * The emulator.
 * @returns {Promise<{ program: string, env: Record<string, string | undefined> }>}
 */
export async function ensureQemu() {
  const tree = await packageTree('qemu', [QEMU_PACKAGE], {});
  // QEMU looks for its firmware and its modules beside its own place, so the unpacked tree is complete.
  return { program: join(tree, 'usr/bin/qemu-system-x86_64'), env: treeEnvironment(tree) };
}

/**
 * Debian's stock kernel, unpacked, with its modules indexed.
 * @returns {Promise<{ version: string, image: string, modules: string, tree: string }>}
 *   `modules` is the folder that belongs at /lib/modules/VERSION
 */
export async function ensureKernel() {
  needAmd64();
  let name = readCacheFile('kernel/current')?.trim();
  if (name === undefined || !isThere(cachePath('kernel', name))) {
    const image = dependencyOf(KERNEL_META, /^linux-image-\d/);
    const packageVersion = candidateVersion(image).replace(/[^\w.+~-]/g, '_');
    name = `${image}_${packageVersion}`;
    const version = image.replace('linux-image-', '');
    await cachedFolder(`kernel/${name}`, async (dir) => {
      unpackPackages([image], dir, { alone: true });
      await indexModules(dir, version);
      await uncompressKernel(join(dir, 'boot', `vmlinuz-${version}`), join(dir, 'boot', `vmlinux-${version}`));
    });
    writeCacheFile('kernel/current', `${name}\n`);
  }
  const tree = cachePath('kernel', name);
  const version = readdirSync(join(tree, 'usr/lib/modules'))[0];
  if (version === undefined) throw new SetupError(`${tree} has no modules. Remove that folder and run this again.`);
  const uncompressed = join(tree, 'boot', `vmlinux-${version}`);
  return {
    version,
    image: isThere(uncompressed) ? uncompressed : join(tree, 'boot', `vmlinuz-${version}`),
    modules: join(tree, 'usr/lib/modules', version),
    tree,
  };
}

/** Writes modules.dep and its kin: the kernel package leaves that to its installation. */
async function indexModules(tree, version) {
  const peers = await ensurePeers();
  // In the tree, depmod is a link to /bin/kmod, which need not be on the host: the program goes by the name it is called.
  const done = spawnSync(join(peers, 'usr/bin/kmod'), ['-b', tree, version], {
    argv0: 'depmod',
    env: treeEnvironment(peers),
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new SetupError(`depmod failed for kernel ${version}: ${done.stderr || done.error}`);
}

/**
 * Takes the kernel proper out of its compressed image (kernel: Documentation/x86/boot.rst, payload_offset): the emulated
 * processor needs 2.5 s to uncompress itself, and QEMU can start the bare kernel by its PVH note.
 * What is not compressed by xz is left as it is; the image then boots, only slower.
 */
async function uncompressKernel(image, target) {
  const bytes = readFileSync(image);
  const setupSectors = bytes[0x1f1] || 4;
  const start = (setupSectors + 1) * 512 + bytes.readUInt32LE(0x248);
  const payload = bytes.subarray(start, start + bytes.readUInt32LE(0x24c));
  const XZ = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
  if (!payload.subarray(0, XZ.length).equals(XZ)) return;
  const peers = await ensurePeers();
  const file = openSync(target, 'w');
  const done = spawnSync(join(peers, 'usr/bin/xz'), ['-dc', '--single-stream'], {
    env: treeEnvironment(peers),
    // The payload ends with its uncompressed size, after the stream.
    input: payload,
    stdio: ['pipe', file, 'pipe'],
  });
  closeSync(file);
  if (done.status !== 0) rmSync(target, { force: true });
}

/**
 * User-mode Linux as Debian ships it.
 * @returns {Promise<{ version: string, program: string, modules: string, tree: string }>}
 */
export async function ensureUml() {
  const tree = await packageTree('uml', [UML_PACKAGE], { alone: true });
  const version = readdirSync(join(tree, 'usr/lib/uml/modules'))[0];
  if (version === undefined) throw new SetupError(`${tree} has no modules. Remove that folder and run this again.`);
  return {
    version,
    program: join(tree, 'usr/bin/linux.uml'),
    modules: join(tree, 'usr/lib/uml/modules', version),
    tree,
  };
}

/** Forgets which versions are current, so that the next `ensure…` asks Debian's lists again. */
export function refresh() {
  updateLists(true);
  for (const kind of ['peers', 'busybox', 'qemu', 'kernel', 'uml']) rmSync(cachePath(kind, 'current'), { force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    if (process.argv.includes('--refresh')) refresh();
    for (const ensure of [ensurePeers, ensureBusybox, ensureQemu, ensureKernel, ensureUml]) await ensure();
    say(`lvsd setup: all tools are in ${cachePath()}`);
  } catch (error) {
    say(error instanceof SetupError ? `lvsd setup: ${error.message}` : String(error?.stack ?? error));
    process.exitCode = 1;
  }
}
