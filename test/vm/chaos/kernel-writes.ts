/**
 * How many netlink messages changed IPVS, as the kernel itself counts them: a kprobe on the function that all of them
 * go through (ip_vs_genl_set_cmd of net/netfilter/ipvs/ip_vs_ctl.c).
 *
 * The probe is set once in a boot and stays: taking it away waits for grace periods of RCU in the kernel, in which a
 * test stands still (0.2 s on an idle emulated machine, 3 s on a busy one, measured), and patches running code once more.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { shell } from './cases.js';

const DEBUG = '/sys/kernel/debug';
const FUNCTION = 'ip_vs_genl_set_cmd';

/** A module that was unloaded takes its probes along: they are listed as gone, and count nothing. */
function armed(): boolean {
  const line = readFileSync(`${DEBUG}/kprobes/list`, 'utf8')
    .split('\n')
    .find((one) => one.includes(FUNCTION));
  return line !== undefined && !line.includes('GONE');
}

function arm(): void {
  if (!existsSync(`${DEBUG}/tracing`)) shell(`mount -t debugfs debugfs ${DEBUG}`);
  if (armed()) return;
  writeFileSync(`${DEBUG}/tracing/kprobe_events`, `p:lvsd/writes ${FUNCTION}\n`);
  writeFileSync(`${DEBUG}/tracing/events/lvsd/writes/enable`, '1\n');
  if (!armed()) throw new Error(`the kernel does not count calls of ${FUNCTION}`);
}

const total = (): number => Number(/writes\s+(\d+)/.exec(readFileSync(`${DEBUG}/tracing/kprobe_profile`, 'utf8'))?.[1]);

/** Begins to count. @returns the number of writes since then */
export function countKernelWrites(): () => number {
  arm();
  const before = total();
  return () => total() - before;
}
