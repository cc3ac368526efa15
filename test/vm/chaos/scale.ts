/**
 * 65,000 services in one process: a group of address ranges, start, one changed weight, stop, with figures.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from './cases.js';
import { Daemon, until } from './daemon.js';
import { countKernelWrites } from './kernel-writes.js';
import { RealServers } from './servers.js';

const LINES = 255;
const PER_LINE = 255;
const SERVICES = LINES * PER_LINE;

function group(weight: number): string {
  const lines = Array.from({ length: LINES }, (_, i) => `  10.64.${i}.1-255 80`);
  return `virtual_server_group g {
${lines.join('\n')}
}
virtual_server group g {
  delay_loop 5
  lvs_sched rr
  lvs_method NAT
  protocol TCP
  real_server 10.9.0.1 80 {
    weight ${weight}
    TCP_CHECK {
    }
  }
}
`;
}

const megabytes = (pid: number | undefined): number =>
  Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);

/** Services in the table, and those whose one destination has this weight. */
function count(weight: number): { readonly services: number; readonly weighted: number } {
  const text = readFileSync('/proc/thread-self/net/ip_vs', 'latin1');
  return {
    services: text.match(/^TCP /gm)?.length ?? 0,
    weighted: text.match(new RegExp(`^  -> 0A090001:0050 +Masq +${weight} `, 'gm'))?.length ?? 0,
  };
}

export const scaleCases: readonly Case[] = [
  {
    name: '65,025 services of one group: start, one changed weight, an unchanged reload, stop',
    rung: 'long',
    async run(context) {
      await RealServers.open(context, 1);
      const file = join(context.folder, 'keepalived.conf');
      writeFileSync(file, group(1));
      const writes = countKernelWrites();
      let begun = Date.now();
      const took = (): string => {
        const seconds = ((Date.now() - begun) / 1000).toFixed(1);
        begun = Date.now();
        return `${seconds} s`;
      };
      const daemon = Daemon.start(context, file);
      await daemon.started(300_000);
      context.note(`start: ${took()}, ${writes()} netlink messages`);
      assert.deepEqual(count(1), { services: SERVICES, weighted: SERVICES });
      const memory = [...daemon.roles()].map(([role, pid]) => `${role} ${megabytes(pid)} MB`);
      context.note(`peak resident memory: supervisor ${megabytes(daemon.pid)} MB, ${memory.join(', ')}`);
      took();
      let before = writes();
      const unchanged = await daemon.reload();
      assert.deepEqual([unchanged.result, unchanged.messages, writes() - before], ['unchanged', 0, 0]);
      context.note(`unchanged reload: ${took()}`);
      before = writes();
      const changed = await daemon.reloadWith(file, group(3));
      assert.deepEqual([changed.result, changed.messages, writes() - before], ['applied', SERVICES, SERVICES]);
      context.note(`one changed weight in ${SERVICES} services: ${took()}`);
      assert.deepEqual(count(3), { services: SERVICES, weighted: SERVICES });
      took();
      assert.equal(await daemon.stop(310_000), 0, daemon.output);
      context.note(`stop: ${took()}`);
      assert.doesNotMatch(daemon.output, /failed to die/);
      await until('the table is empty', () => count(3).services === 0, 1000);
    },
  },
];
