// `node setup/uml.mjs SCRIPT [ARG...]`: runs SCRIPT as root in user-mode Linux, with the contract of vm.mjs.
//
// Debian's user-mode-linux package: kernel code at native speed, one processor, a system call costs 15 to 20 us. For
// benches; the truth of the stock kernel is in vm.mjs. The variables and exit statuses are vm.mjs's, without
// LVSD_VM_CPUS, LVSD_VM_KERNEL and LVSD_VM_ACCEL. LVSD_UML_KERNEL=FILE and LVSD_UML_MODULES=DIR name another kernel.

import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { isThere, repoRoot, SetupError, say } from './cache.mjs';
import { ensureInitramfs } from './initramfs.mjs';
import { commandFor, EXIT, searchedFolders } from './job.mjs';
import { FD, mainOfMachine, reportOf, requestFromEnvironment, superviseMachine } from './machine.mjs';
import { ensureBusybox, ensurePeers, ensureUml } from './tools.mjs';

const HARNESS = join(repoRoot, 'test/vm/harness');
const BOOT_LIMIT_S = 30;
/**
 * Each process inside is one on the host, traced by the kernel's. In a pid namespace they all end with the first of them,
 * however it ends; making one needs root. The first is a shell, because a first process cannot abort, as a panic does.
 */
const OWN_PROCESSES =
  process.getuid() === 0 ? ['unshare', '--pid', '--fork', '--kill-child=KILL', 'sh', '-c', '"$@"; exit $?', 'sh'] : [];

/** Debian's user-mode kernel, or the one that LVSD_UML_KERNEL and LVSD_UML_MODULES name. */
async function chosenKernel() {
  const program = process.env.LVSD_UML_KERNEL;
  if (!program) return ensureUml();
  if (!isThere(program)) throw new SetupError(`LVSD_UML_KERNEL names ${program}, which is not there.`);
  const modules = process.env.LVSD_UML_MODULES;
  if (!modules || !isThere(join(modules, 'modules.dep'))) {
    throw new SetupError('LVSD_UML_KERNEL needs LVSD_UML_MODULES: its folder of modules, with modules.dep.');
  }
  return { version: basename(resolve(modules)), program: resolve(program), modules: resolve(modules) };
}

/**
 * Runs `command` in user-mode Linux with our output as its output.
 * @param {readonly string[]} command program and arguments
 * @returns {Promise<number>} the exit status for this process
 */
export async function runUml(command) {
  const [kernel, peers, busybox] = [await chosenKernel(), await ensurePeers(), await ensureBusybox()];
  const initramfs = await ensureInitramfs(kernel, {
    busybox,
    load: ['overlay'],
    init: readFileSync(join(HARNESS, 'initramfs-init.sh'), 'utf8'),
    flavour: 'uml',
  });
  const request = requestFromEnvironment();
  const channels = [
    'out_channel=/dev/ttyS0 err_channel=/dev/ttyS1 control=/dev/ttyS2',
    // Serial lines here are channels for bytes: nothing may be turned into \r\n.
    'for line in 0 1 2; do stty raw -echo -opost </dev/ttyS$line; done',
  ];
  const result = await superviseMachine({
    ...request,
    command,
    path: searchedFolders(peers).onMachine,
    bootLimit: BOOT_LIMIT_S,
    kind: 'uml',
    boot: { modules: kernel.modules, peers, harness: join(HARNESS, 'init.sh'), out: request.out ?? '' },
    channels: `${channels.join('\n')}\n`,
    machine: (job) => ({
      command: [
        ...OWN_PROCESSES,
        kernel.program,
        `mem=${process.env.LVSD_VM_MEM || '2G'}`,
        `initrd=${initramfs}`,
        ...['lvsd.share=hostfs', `lvsd.job=${job.folder}`],
        // Its pid file and management socket would else stay in the home folder.
        `uml_dir=${job.folder}`,
        ...['loglevel=5', 'quiet', 'panic=-1', 'oops=panic'],
        // The kernel's own console goes to the machine's log; no line but these three leads out.
        ...['con0=null,fd:1', 'con=null', 'ssl=null'],
        ...[`ssl0=null,fd:${FD.out}`, `ssl1=null,fd:${FD.err}`, `ssl2=null,fd:${FD.control}`],
      ],
      env: process.env,
    }),
  });
  return reportOf(result, kernel.version);
}

await mainOfMachine(import.meta.url, async ([script, ...args]) => {
  if (script === undefined) {
    say('usage: node setup/uml.mjs SCRIPT [ARG...]');
    return EXIT.notFound;
  }
  const { onHost } = searchedFolders(await ensurePeers());
  return runUml([...commandFor(script, onHost), ...args]);
});
