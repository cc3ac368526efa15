/**
 * What happens around a serving lvsd: a second writer to IPVS, interfaces that go and come, namespaces, scripts and
 * FIFOs, systemd, signals and dumps.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Case, type CaseContext, shell } from './cases.js';
import { configuration, expected } from './configuration.js';
import { Daemon, lives, until } from './daemon.js';
import { DatagramReader } from './datagrams.js';
import { RealServers } from './servers.js';
import { DEAD, plainServices, serve, tableIs } from './serving.js';
import { parseTable, readTable, tableText } from './table.js';

const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

function script(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A folder that every user may write into. */
function openFolder(context: CaseContext): string {
  const folder = join(context.folder, 'out');
  mkdirSync(folder);
  chmodSync(context.folder, 0o755);
  chmodSync(folder, 0o777);
  return folder;
}

export const surroundingsCases: readonly Case[] = [
  {
    name: 'SIGUSR1 writes the dumps, "Has run = no" until a check ran; USR2, 36, 63 and 64 end nothing; a second writer: what it takes away is back within 10 s, a weight it lowers is kept and shown',
    rung: 'core',
    async run(context) {
      const dump = '/tmp/keepalived_check.data';
      for (const name of [dump, '/tmp/keepalived_parent.data']) rmSync(name, { force: true });
      // A warm-up of 300 s keeps the last server's first check away for the length of this case.
      const warm = { address: '10.9.0.2', check: 'TCP_CHECK {\n        warmup 300\n        }' };
      const services = [...plainServices(2), { vip: '10.9.1.3', servers: [{ address: '10.9.0.1' }, warm] }];
      const { daemon } = await serve(context, services);
      await until('all but the last were checked', async () => {
        const all = (await daemon.state()).virtualServers.flatMap((virtual) => virtual.realServers);
        return all.every(({ checkers }, i) => checkers[0]?.hasRun === i < all.length - 1);
      });
      daemon.signal('SIGUSR1');
      await until('the dump is there', () => existsSync(dump));
      const ran = [...read(dump).matchAll(/Has run = (yes|no)/g)].map((match) => match[1]);
      assert.deepEqual(ran, [...Array.from({ length: 7 }, () => 'yes'), 'no']);
      assert.match(read('/tmp/keepalived_parent.data'), /Global definitions/);
      const roles = [...daemon.roles()];
      for (const signal of ['SIGUSR2', 36, 63, 64] as const) daemon.signal(signal);
      for (const [, pid] of roles) process.kill(pid, 'SIGUSR1');
      await pause(1500);
      assert.ok(lives(daemon.pid), daemon.output);
      assert.deepEqual([...daemon.roles()], roles);
      assert.equal((await daemon.state()).virtualServers.length, 3);
      await tableIs(expected(services, [DEAD]), daemon);
      const begun = Date.now();
      shell('ipvsadm -D -t 10.9.1.2:80; ipvsadm -d -t 10.9.1.1:80 -r 10.9.0.2:80');
      shell('ipvsadm -e -t 10.9.1.1:80 -r 10.9.0.1:80 -m -w 0');
      const wanted = expected(services, [DEAD]);
      wanted.get('TCP 10.9.1.1:80')?.set('10.9.0.1:80', 0);
      await tableIs(wanted, daemon);
      const seconds = (Date.now() - begun) / 1000;
      context.note(`repaired after ${seconds.toFixed(1)} s`);
      assert.ok(seconds < 11, `${seconds} s`);
      await daemon.said(/The weight of \[10\.9\.0\.1\]:80 .* was lowered by hand from 1 to 0; kept/, 12_000);
      const { drift } = (await daemon.state()).ipvs;
      assert.ok(drift.repaired >= 2, JSON.stringify(drift));
      assert.ok(
        drift.findings.some(({ treatment }) => treatment === 'kept'),
        JSON.stringify(drift),
      );
      const looked = (await daemon.state()).ipvs.drift.lastCheck ?? 0;
      await until('it is looked at again', async () => ((await daemon.state()).ipvs.drift.lastCheck ?? 0) > looked + 1);
      assert.equal(tableText(readTable()), tableText(wanted), 'the lowered weight stays');
    },
  },
  {
    name: 'lvs_drift report only tells',
    rung: 'long',
    async run(context) {
      const services = plainServices(2);
      const { daemon } = await serve(context, services, 'lvs_drift report');
      shell('ipvsadm -d -t 10.9.1.1:80 -r 10.9.0.2:80');
      await until('it is found', async () => (await daemon.state()).ipvs.drift.found > 0);
      await pause(10_000);
      const wanted = expected(services, [DEAD]);
      wanted.get('TCP 10.9.1.1:80')?.delete('10.9.0.2:80');
      assert.equal(tableText(readTable()), tableText(wanted));
      assert.equal((await daemon.state()).ipvs.drift.repaired, 0);
    },
  },
  {
    name: 'net_namespace_ipvs: the table is in the other namespace; -s: everything is',
    rung: 'long',
    async run(context) {
      shell('ip netns add lvs-chaos');
      context.atEnd(() => {
        shell('ip netns del lvs-chaos');
      });
      const inside = 'ip netns exec lvs-chaos';
      shell(`${inside} ip link set lo up; ${inside} ip link add d0 type dummy; ${inside} ip link set d0 up`);
      shell(`${inside} ip addr add 10.9.0.254/24 dev d0`);
      const other = (): string => tableText(parseTable(shell(`${inside} cat /proc/net/ip_vs`)));
      await RealServers.open(context, 5, [DEAD]);
      const services = plainServices(1);
      const file = join(context.folder, 'keepalived.conf');
      writeFileSync(file, `net_namespace_ipvs lvs-chaos\n${configuration(services)}`);
      const daemon = Daemon.start(context, file);
      await daemon.started();
      const wanted = tableText(expected(services, [DEAD]));
      await until('the table is there, checked from here', () => other() === wanted);
      assert.equal(tableText(readTable()), '');
      assert.equal(await daemon.stop(), 0);
      assert.equal(other(), '');
      // With -s the checks are made in there too, where nothing listens: the dead are all.
      writeFileSync(file, configuration(services));
      const moved = Daemon.start(context, file, {
        args: ['-s', 'lvs-chaos'],
        control: '/run/lvsd/control_lvs-chaos.sock',
      });
      await moved.started();
      await until('every server is found dead in there', () => other() === 'TCP 10.9.1.1:80');
      assert.equal(read('/run/keepalived/lvs-chaos/keepalived.pid').trim(), String(moved.pid));
      assert.equal((await moved.state()).daemon.networkNamespace, 'lvs-chaos');
      assert.equal(await moved.stop(), 0);
      assert.equal(other(), '');
    },
  },
  {
    name: 'the interface of a VIP deleted and made again under ha_suspend: checks stand still, no server fails by it, all goes on after; notify and quorum scripts run with their arguments as their user, FIFO lines are keepalived’s, startup and shutdown scripts run',
    rung: 'core',
    async run(context) {
      const out = openFolder(context);
      const said = join(out, 'said');
      const teller = script(join(context.folder, 'tell.sh'), `echo "$(id -un)|$*" >> ${said}; chmod 666 ${said}`);
      const fifo = join(out, 'fifo');
      const lines = join(out, 'lines');
      const reader = script(join(context.folder, 'read.sh'), `exec cat "$1" > ${lines}`);
      const edge = (name: string): string => script(join(context.folder, name), `echo ${name} >> ${join(out, name)}`);
      const global = [
        'script_user root',
        `lvs_notify_fifo ${fifo}`,
        `lvs_notify_fifo_script ${reader}`,
        `startup_script ${edge('startup')}`,
        `shutdown_script ${edge('shutdown')}`,
      ].join('\n    ');
      const services = [
        {
          vip: '10.9.1.1',
          words: `quorum 2\n    quorum_up "${teller} quorum up"\n    quorum_down "${teller} quorum down" nobody`,
          servers: [
            { address: '10.9.0.1' },
            {
              address: '10.9.0.2',
              words: `notify_up "${teller} server up 'two words'"\n    notify_down "${teller} server down" nobody`,
            },
          ],
        },
        { vip: '10.9.1.2', servers: [{ address: '10.9.0.3' }, { address: '10.9.0.4' }], words: 'ha_suspend' },
      ];
      shell('ip link add d1 type dummy; ip link set d1 up; ip addr add 10.9.1.2/32 dev d1');
      const { servers, daemon } = await serve(context, services, global);
      assert.equal(read(join(out, 'startup')), 'startup\n');
      await until('quorum_up ran at start', () => read(said).includes('root|quorum up\n'));
      await servers.down('10.9.0.2');
      await until('both down scripts ran', () => /server down/.test(read(said)) && /quorum down/.test(read(said)));
      assert.match(read(said), /^nobody\|server down$/m);
      assert.match(read(said), /^nobody\|quorum down$/m);
      await servers.up('10.9.0.2');
      await until('the up script ran', () => read(said).includes('root|server up two words\n'));
      const wanted = [
        'VS [10.9.1.1]:tcp:80 UP',
        'RS [10.9.0.2]:tcp:80 [10.9.1.1]:tcp:80 DOWN',
        'VS [10.9.1.1]:tcp:80 DOWN',
        'RS [10.9.0.2]:tcp:80 [10.9.1.1]:tcp:80 UP',
      ];
      await until('the FIFO said it all', () => wanted.every((line) => read(lines).includes(`${line}\n`)), 10_000);
      const suspended = async (): Promise<boolean> => (await daemon.state()).virtualServers[1]?.suspended === true;
      await until('it is checked', () => (servers.checks.get('10.9.0.3') ?? 0) > 0);
      shell('ip link del d1');
      await until('checks stand still', suspended);
      // A check that was under way when the word came still arrives.
      await pause(500);
      const seen = servers.checks.get('10.9.0.3');
      await servers.down('10.9.0.4');
      await pause(4000);
      assert.equal(servers.checks.get('10.9.0.3'), seen, 'no check while the VIP is away');
      await tableIs(expected(services), daemon);
      shell('ip link add d1 type dummy; ip link set d1 up; ip addr add 10.9.1.2/32 dev d1');
      await until('checks go on', async () => !(await suspended()));
      await tableIs(expected(services, ['10.9.0.4']), daemon);
      assert.equal(await daemon.stop(), 0);
      assert.equal(read(join(out, 'shutdown')), 'shutdown\n');
      assert.equal(existsSync(fifo), false, 'the FIFO that lvsd made is gone');
    },
  },
  {
    name: 'systemd: READY, RELOADING, STOPPING, and no WATCHDOG while a role is stopped',
    rung: 'long',
    async run(context) {
      const notify = DatagramReader.open(context);
      const { daemon } = await serve(context, plainServices(1), '', {
        env: { NOTIFY_SOCKET: notify.path, WATCHDOG_USEC: '1000000' },
      });
      await until('READY', () => notify.has(/^READY=1\nMAINPID=\d+\n/));
      assert.ok(notify.has(new RegExp(`MAINPID=${daemon.pid}\n`)), notify.all.join('|'));
      await until('WATCHDOG beats', () => notify.count(/^WATCHDOG=1/) > 2);
      notify.clear();
      await daemon.reload();
      await until('RELOADING, then READY', () =>
        /RELOADING=1[\s\S]*MONOTONIC_USEC=\d+[\s\S]*READY=1/.test(notify.all.join('')),
      );
      const checker = daemon.roles().get('checker') as number;
      process.kill(checker, 'SIGSTOP');
      await until(
        'the beat stops',
        async () => {
          notify.clear();
          await pause(2500);
          return notify.count(/^WATCHDOG=1/) === 0;
        },
        35_000,
      );
      process.kill(checker, 'SIGCONT');
      await until('it beats again', () => notify.count(/^WATCHDOG=1/) > 0);
      notify.clear();
      assert.equal(await daemon.stop(), 0);
      await until('STOPPING', () => notify.has(/^STOPPING=1/));
    },
  },
];
