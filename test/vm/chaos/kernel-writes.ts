/**
 * How many netlink messages changed IPVS, as the kernel itself counts them: a kprobe on the function that all of them
 * go through (ip_vs_genl_set_cmd of net/netfilter/ipvs/ip_vs_ctl.c).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type CaseContext, shell } from './cases.js';

const TRACING = '/sys/kernel/debug/tracing';

/** Begins to count. @returns the number of writes since then */
export function countKernelWrites(context: CaseContext): () => number {
  shell(`[ -d ${TRACING} ] || mount -t debugfs debugfs /sys/kernel/debug`);
  writeFileSync(`${TRACING}/kprobe_events`, 'p:lvsd/writes ip_vs_genl_set_cmd\n', { flag: 'a' });
  writeFileSync(`${TRACING}/events/lvsd/writes/enable`, '1\n');
  context.atEnd(() => {
    writeFileSync(`${TRACING}/events/lvsd/writes/enable`, '0\n');
    writeFileSync(`${TRACING}/kprobe_events`, '-:lvsd/writes\n', { flag: 'a' });
  });
  return () => Number(/writes\s+(\d+)/.exec(readFileSync(`${TRACING}/kprobe_profile`, 'utf8'))?.[1]);
}
