// `npm run vm -- SCRIPT [ARG...]`: runs SCRIPT as root in the test VM, which has IPVS and this checkout at the same path.
//
// SCRIPT's stdout, stderr and exit status are this program's. The VM is QEMU with Debian's stock kernel; its root is the
// host's, read-only, with a tmpfs over it (test/vm/harness has the two scripts that arrange that inside). Nothing of the
// host changes, and nothing is left running: the VM ends with this process, even when that is killed.
//
// LVSD_VM_OUT=DIR       a host folder that is writable in the VM at the same path: the way to bring files out
// LVSD_VM_TIMEOUT=600   seconds after which the VM is ended
// LVSD_VM_MEM=2G        memory
// LVSD_VM_CPUS=2        processors
// LVSD_VM_CONSOLE=FILE  keeps the kernel's log
// LVSD_VM_VERBOSE=1     tells on stderr how long the boot took
// LVSD_VM_KERNEL=FILE, LVSD_VM_MODULES=DIR   another kernel, and the folder for its /lib/modules/VERSION
// LVSD_VM_ACCEL=tcg     tcg or kvm instead of what the probe found
// All variables LVSD_* are SCRIPT's too.
//
// Exit status: SCRIPT's; or 124 it ran too long, 125 the VM did not boot or its kernel panicked, 126 SCRIPT cannot be
// executed, 127 there is no SCRIPT, 128+N ended by signal N.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { isThere, readCacheFile, repoRoot, SetupError, say, writeCacheFile } from './cache.mjs';
import { ensureInitramfs } from './initramfs.mjs';
import { commandFor, EXIT, numberFromEnvironment, searchedFolders } from './job.mjs';
import { FD, mainOfMachine, reportOf, requestFromEnvironment, superviseMachine } from './machine.mjs';
import { ensureBusybox, ensureKernel, ensurePeers, ensureQemu } from './tools.mjs';

const HARNESS = join(repoRoot, 'test/vm/harness');
const BOOT_MODULES = ['virtio_pci', 'virtio_console', '9p', '9pnet_virtio', 'overlay'];
const BOOT_LIMIT_S = 90;
const KVM_PROBE_LIMIT_S = 8;

/** What a boot needs, fetched when absent. */
async function machineParts() {
  const [qemu, peers, busybox] = [await ensureQemu(), await ensurePeers(), await ensureBusybox()];
  const kernel = await chosenKernel();
  const initramfs = await ensureInitramfs(kernel, {
    busybox,
    load: BOOT_MODULES,
    init: readFileSync(join(HARNESS, 'initramfs-init.sh'), 'utf8'),
    flavour: 'qemu',
  });
  return { qemu, peers, kernel, initramfs };
}

/** Debian's kernel, or the one that LVSD_VM_KERNEL and LVSD_VM_MODULES name. */
async function chosenKernel() {
  const image = process.env.LVSD_VM_KERNEL;
  if (!image) return ensureKernel();
  if (!isThere(image)) throw new SetupError(`LVSD_VM_KERNEL names ${image}, which is not there.`);
  const modules = process.env.LVSD_VM_MODULES;
  if (!modules) return { ...(await ensureKernel()), image: resolve(image) };
  if (!isThere(join(modules, 'modules.dep'))) {
    throw new SetupError(`LVSD_VM_MODULES names ${modules}, which has no modules.dep. Run depmod on it.`);
  }
  return { version: basename(resolve(modules)), image: resolve(image), modules: resolve(modules) };
}

/** The emulator's command line for one job. */
function emulatorCommand(parts, accel, job, out) {
  const words = [
    'console=ttyS0 loglevel=5 quiet panic=-1 oops=panic nowatchdog rcupdate.rcu_cpu_stall_suppress=1',
    'random.trust_cpu=on mitigations=off nokaslr tsc=reliable no_timer_check 8250.nr_uarts=1 i8042.noaux',
    `lvsd.share=9p lvsd.job=${job.folder}`,
  ];
  const port = (name, number) => [
    '-device',
    `virtserialport,bus=ports.0,nr=${number},chardev=${name},name=lvsd.${name}`,
  ];
  const channel = (name) => ['-chardev', `socket,id=${name},fd=${FD[name]}`];
  return [
    parts.qemu.program,
    ...['-nodefaults', '-no-user-config', '-nographic', '-no-reboot', '-net', 'none'],
    ...['-M', 'q35,usb=off,vmport=off', '-cpu', 'max'],
    ...['-accel', accel === 'kvm' ? 'kvm' : 'tcg,thread=multi,tb-size=512'],
    ...['-smp', String(numberFromEnvironment('LVSD_VM_CPUS', 2)), '-m', process.env.LVSD_VM_MEM || '2G'],
    ...['-kernel', parts.kernel.image, '-initrd', parts.initramfs, '-append', words.join(' ')],
    ...['-chardev', `file,id=console,path=${job.console}`, '-serial', 'chardev:console'],
    ...['-device', 'virtio-serial-pci,id=ports,max_ports=4'],
    ...channel('control'),
    ...channel('out'),
    ...channel('err'),
    ...port('control', 1),
    ...port('out', 2),
    ...port('err', 3),
    ...share('root', '/', 'readonly=on,multidevs=remap'),
    ...share('peers', parts.peers, 'readonly=on'),
    ...(out === undefined ? [] : share('out', out, 'multidevs=remap')),
  ];
}

function share(tag, path, options) {
  return [
    ...['-fsdev', `local,id=${tag},path=${path.replaceAll(',', ',,')},security_model=none,${options}`],
    ...['-device', `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`],
  ];
}

/** Boots once and runs a job. */
function boot(parts, accel, request) {
  const channels = [
    'control=/dev/vport0p1 out_channel=/dev/vport0p2 err_channel=/dev/vport0p3',
    'while [ ! -c "$control" ] || [ ! -c "$out_channel" ] || [ ! -c "$err_channel" ]; do sleep 0.02; done',
  ];
  return superviseMachine({
    ...request,
    boot: { modules: parts.kernel.modules, harness: join(HARNESS, 'init.sh'), out: request.out ?? '' },
    channels: `${channels.join('\n')}\n`,
    machine: (job) => ({
      command: emulatorCommand(parts, accel, job, request.out),
      env: parts.qemu.env,
    }),
    kind: accel,
  });
}

/** Whether KVM carries this kernel here: found out once by booting it, with a time limit. */
async function chosenAccelerator(parts, path) {
  const wanted = process.env.LVSD_VM_ACCEL;
  if (wanted === 'tcg' || wanted === 'kvm') return wanted;
  if (wanted) throw new SetupError(`LVSD_VM_ACCEL is "${wanted}"; it must be tcg or kvm.`);
  if (!isThere('/dev/kvm')) return 'tcg';
  const processor = cpus()[0]?.model ?? 'unknown';
  const host = `${readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()} ${processor}`;
  const key = `accel/${`${host} ${parts.kernel.version}`.replace(/[^\w.-]/g, '_')}`;
  const known = readCacheFile(key)?.trim();
  if (known === 'kvm' || known === 'tcg') return known;
  const probe = await boot(parts, 'kvm', {
    command: ['true'],
    path,
    limit: KVM_PROBE_LIMIT_S,
    bootLimit: KVM_PROBE_LIMIT_S,
  });
  const answer = probe.status === 0 ? 'kvm' : 'tcg';
  say(
    answer === 'kvm'
      ? 'lvsd vm: KVM works here'
      : `lvsd vm: KVM does not carry this kernel here (${probe.failure}); the VM's processor is emulated`,
  );
  writeCacheFile(key, `${answer}\n`);
  return answer;
}

/** Fetches what the VM needs and finds out how it runs here, so that the first run says nothing of its own. */
export async function prepareMachine() {
  const parts = await machineParts();
  await chosenAccelerator(parts, searchedFolders(parts.peers).onMachine);
}

/**
 * Runs `command` in a fresh VM with our output as its output.
 * @param {readonly string[]} command program and arguments
 * @returns {Promise<number>} the exit status for this process
 */
export async function runMachine(command) {
  const parts = await machineParts();
  const { onMachine } = searchedFolders(parts.peers);
  const accel = await chosenAccelerator(parts, onMachine);
  return reportOf(
    await boot(parts, accel, { command, path: onMachine, bootLimit: BOOT_LIMIT_S, ...requestFromEnvironment() }),
    parts.kernel.version,
  );
}

await mainOfMachine(import.meta.url, async ([script, ...args]) => {
  if (script === undefined) {
    say('usage: npm run vm -- SCRIPT [ARG...]');
    return EXIT.notFound;
  }
  const { onHost } = searchedFolders(await ensurePeers());
  return runMachine([...commandFor(script, onHost), ...args]);
});
