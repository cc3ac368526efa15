/**
 * What the machine lacks: a scheduler's module, IPVS itself, permission, descriptors. One clear message with the cure,
 * the right exit code, and what can serve serves (keepalived.md 3, 17). The last cases take ip_vs out of the kernel.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, type CaseContext, shell } from './cases.js';
import { configuration, expected } from './configuration.js';
import { Daemon, until } from './daemon.js';
import { RealServers } from './servers.js';
import { DEAD, plainServices, serve, tableIs } from './serving.js';

/** Starts lvsd, waits for its end, and gives its status and its log. */
async function refusedStart(
  context: CaseContext,
  wrapper: readonly string[] = [],
): Promise<{ readonly status: number; readonly log: string }> {
  const file = join(context.folder, 'keepalived.conf');
  writeFileSync(file, configuration(plainServices(1)));
  const daemon = Daemon.start(context, file, { wrapper });
  const status = await daemon.ended;
  return { status, log: daemon.output };
}

/** Takes ip_vs out of the kernel; the namespace of the case before may hold it for a moment yet. */
async function unloadIpvs(): Promise<void> {
  await until('ip_vs can be unloaded', () => {
    spawnSync('sh', ['-c', "for m in $(lsmod | awk '/^ip_vs_/{print $1}'); do rmmod $m; done; rmmod ip_vs"]);
    return spawnSync('grep', ['-q', '^ip_vs ', '/proc/modules']).status === 1;
  });
}

const linesWith = (log: string, pattern: RegExp): number => log.split('\n').filter((line) => pattern.test(line)).length;

export const errorCases: readonly Case[] = [
  {
    name: 'a scheduler whose module is missing: its service is told with the cure and left out, all others serve',
    rung: 'core',
    async run(context) {
      const rule = '/etc/modprobe.d/lvsd-chaos.conf';
      context.atEnd(() => rmSync(rule, { force: true }));
      writeFileSync(rule, 'install ip_vs_mh /bin/false\n');
      await RealServers.open(context, 5, [DEAD]);
      const file = join(context.folder, 'keepalived.conf');
      const services = plainServices(2);
      writeFileSync(file, configuration(services).replace('lvs_sched rr', 'lvs_sched mh'));
      const daemon = Daemon.start(context, file);
      await daemon.started();
      await tableIs(expected(services.slice(1), [DEAD]), daemon);
      assert.match(daemon.output, /IP_VS_SO_SET_ADD\(1154\) error: .*modprobe ip_vs_mh/);
      context.note(`told ${linesWith(daemon.output, /IP_VS_SO_SET_ADD\(1154\)/)} times`);
      assert.equal(linesWith(daemon.output, /IP_VS_SO_SET_ADDDEST/), 0, 'its servers are not tried in vain');
      // The module comes: the watch for drift puts the service in without a reload.
      rmSync(rule, { force: true });
      await tableIs(expected(services, [DEAD]), daemon);
    },
  },
  {
    name: 'without CAP_NET_ADMIN: one message with the cure, exit status 4',
    rung: 'core',
    async run(context) {
      const { status, log } = await refusedStart(context, [
        'setpriv',
        '--inh-caps=-net_admin',
        '--bounding-set=-net_admin',
      ]);
      assert.equal(status, 4, log);
      assert.match(log, /CAP_NET_ADMIN|NET_ADMIN/);
      assert.match(log, /root/);
    },
  },
  {
    name: 'hard limit of 64 descriptors: 200 servers are checked all the same, none fails by it',
    rung: 'long',
    async run(context) {
      const services = Array.from({ length: 50 }, (_, i) => ({
        vip: `10.9.1.${i + 1}`,
        servers: [1, 2, 3, 4].map((n) => ({ address: `10.9.0.${n}` })),
      }));
      const { daemon } = await serve(context, services, '', {
        wrapper: ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'],
      });
      const end = Date.now() + 30_000;
      let checked = 0;
      while (checked < 200 && Date.now() < end) {
        const all = (await daemon.state()).virtualServers.flatMap((v) => v.realServers.flatMap((r) => r.checkers));
        checked = all.filter((one) => one.hasRun && one.up).length;
      }
      assert.equal(checked, 200, daemon.output);
      await tableIs(expected(services), daemon);
      const descriptors = shell(`ls /proc/${daemon.roles().get('checker')}/fd | wc -l`).trim();
      const limit = /Max open files\s+(\d+)/.exec(
        readFileSync(`/proc/${daemon.roles().get('checker')}/limits`, 'utf8'),
      );
      assert.equal(limit?.[1], '64');
      context.note(`the checker holds ${descriptors} descriptors of 64`);
    },
  },
  {
    name: 'ip_vs of another kernel (vermagic): one message with the cure, exit status 1',
    rung: 'long',
    async run(context) {
      const folder = `/lib/modules/${shell('uname -r').trim()}/kernel/net/netfilter/ipvs`;
      await unloadIpvs();
      context.atEnd(() => {
        shell(`umount ${folder} 2>/dev/null || true; modprobe ip_vs`);
      });
      const broken = join(context.folder, 'ipvs');
      const release = shell('uname -r').trim();
      const other = release.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
      shell(`mkdir ${broken}; sed 's/vermagic=${release}/vermagic=${other}/' ${folder}/ip_vs.ko > ${broken}/ip_vs.ko`);
      shell(`mount --bind ${broken} ${folder}`);
      const { status, log } = await refusedStart(context);
      assert.equal(status, 1, log);
      assert.match(log, /IPVS: Can't initialize ipvs: Protocol not available.*modprobe ip_vs.*dmesg/);
    },
  },
  {
    name: 'the modules of the running kernel are not installed: the message names the kernel and says reboot, exit status 1',
    rung: 'long',
    async run(context) {
      await unloadIpvs();
      const empty = join(context.folder, 'modules');
      shell(`mkdir ${empty}; mount --bind ${empty} /lib/modules`);
      context.atEnd(() => {
        shell('umount /lib/modules; modprobe ip_vs');
      });
      const { status, log } = await refusedStart(context);
      assert.equal(status, 1, log);
      assert.match(log, /its modules are not installed.*reboot into the installed kernel/);
    },
  },
];
