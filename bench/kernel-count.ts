/**
 * Counts what reaches IPVS, in the kernel itself, so that no program is asked how often it wrote.
 *
 * Two kprobes: genl_rcv (one sendmsg to generic netlink) and ip_vs_genl_set_cmd (one message that changes the table). A
 * sendmsg counts if at least one of its messages did. Needs the VM's kernel: user-mode Linux has no kprobes. The probes are
 * set once in a boot and stay: taking them away waits for grace periods of RCU.
 * Source: linux/Documentation/trace/kprobetrace.rst, net/netlink/genetlink.c, net/netfilter/ipvs/ip_vs_ctl.c.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Writes } from './measurement.js';

const TRACING = '/sys/kernel/debug/tracing';

/**
 * Begins to count.
 * @returns what came since the last call
 * @throws Error if this kernel cannot be probed; the module ip_vs has to be there
 */
export function countWrites(): () => Writes {
  if (!readFileSync(`${TRACING}/kprobe_events`, 'utf8').includes('ip_vs_genl_set_cmd')) {
    writeFileSync(`${TRACING}/buffer_size_kb`, '16384');
    writeFileSync(`${TRACING}/kprobe_events`, 'p:lvsd/send genl_rcv\np:lvsd/write ip_vs_genl_set_cmd\n');
    writeFileSync(`${TRACING}/events/lvsd/enable`, '1');
  }
  writeFileSync(`${TRACING}/trace`, '');
  return take;
}

function take(): Writes {
  const lines = readFileSync(`${TRACING}/trace`, 'utf8').split('\n');
  writeFileSync(`${TRACING}/trace`, '');
  let messages = 0;
  let sends = 0;
  /** By thread: whether its present sendmsg has been counted. */
  const counted = new Map<string, boolean>();
  for (const line of lines) {
    const found = /^ *\S.*-(\d+) +\[\d+\].*?: (send|write): /.exec(line);
    const thread = found?.[1];
    if (found === null || thread === undefined) {
      if (line.includes('LOST')) throw new Error("the kernel's trace buffer was too small to count");
      continue;
    }
    if (found[2] === 'send') counted.set(thread, false);
    else {
      messages++;
      if (counted.get(thread) === false) sends++;
      counted.set(thread, true);
    }
  }
  return { messages, sends };
}
