/**
 * What lvsd owns and knew, over crashes and stops: the journal, -I, lvs_flush, and settings that are put back
 * (architecture, section 3; keepalived.md 19).
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Case, shell } from './cases.js';
import { configuration, expected, inBoth } from './configuration.js';
import { Daemon, until } from './daemon.js';
import { countKernelWrites } from './kernel-writes.js';
import { DEAD, foreignCommands, foreignTable, merge, plainServices, serve, tableIs } from './serving.js';
import { type Table, TableWatch } from './table.js';

const JOURNAL = '/run/lvsd/journal';
const nothing: Table = new Map();

const timeouts = (): string => shell('ipvsadm -L --timeout').trim();
const reuse = (): string => readFileSync('/proc/sys/net/ipv4/vs/conn_reuse_mode', 'utf8').trim();

export const journalCases: readonly Case[] = [
  {
    name: 'a service that leaves the file while lvsd is down is gone after the next start; a dead server is not put back before its first check; a foreign service stays through start, crash, reload and stop; lvs_timeouts and ipvs_sysctl are put back at stop, also when a crash came between and a reload brought them',
    rung: 'core',
    async run(context) {
      shell(foreignCommands);
      const words = 'lvs_timeouts tcp 7 tcpfin 8 udp 9\n    ipvs_sysctl conn_reuse_mode 0';
      const before = [timeouts(), reuse()];
      const changed = ['Timeout (tcp tcpfin udp): 7 8 9', '0'];
      const two = plainServices(2);
      const { file, daemon } = await serve(context, two, '', {}, foreignTable);
      const brought = await daemon.reloadWith(file, configuration(two, words));
      assert.equal(brought.result === 'refused', false, JSON.stringify(brought));
      assert.deepEqual([timeouts(), reuse()], changed);
      await daemon.killAll();
      assert.deepEqual([timeouts(), reuse()], changed);
      await tableIs(merge(expected(two, [DEAD]), foreignTable));
      const one = plainServices(1);
      writeFileSync(file, configuration(one, words));
      const watch = new TableWatch();
      context.atEnd(() => watch.end());
      const all = inBoth(expected(two), expected(one));
      await watch.order(
        inBoth(expected(two, [DEAD]), expected(one, [DEAD])),
        all.filter((place) => place.includes(DEAD)),
      );
      const next = Daemon.start(context, file);
      await next.started();
      await tableIs(merge(expected(one, [DEAD]), foreignTable), next);
      const status = await next.state();
      assert.match(status.virtualServers[0]?.realServers[2]?.reason ?? '', /./, 'why it is dead is remembered');
      await pause(3000);
      assert.deepEqual(watch.take(), []);
      const three = plainServices(3);
      const report = await next.reloadWith(file, configuration(three, words));
      assert.equal(report.result, 'applied');
      await tableIs(merge(expected(three, [DEAD]), foreignTable), next);
      assert.equal(await next.stop(), 0);
      await tableIs(foreignTable, next);
      assert.equal(existsSync(JOURNAL), false, 'nothing is owned after a stop');
      assert.deepEqual([timeouts(), reuse()], before);
    },
  },
  {
    name: 'stop with -I leaves the table, the next start adopts it without a write; its lvs_flush takes a foreign service away and none of ours for an instant; a director that dies later flushes nothing; lvs_flush_on_stop empties the whole table, also when the director dies just before',
    rung: 'core',
    async run(context) {
      const services = plainServices(3);
      const writes = countKernelWrites();
      const { file, daemon } = await serve(context, services, '', { args: ['-I'] });
      const built = writes();
      assert.ok(built >= 3 * 4);
      assert.equal(await daemon.stop(), 0);
      await tableIs(expected(services, [DEAD]), daemon);
      writeFileSync(file, configuration(services, 'lvs_flush\n    lvs_flush_on_stop'));
      shell(foreignCommands);
      const watch = new TableWatch();
      context.atEnd(() => watch.end());
      await watch.order(inBoth(expected(services, [DEAD]), expected(services, [DEAD])));
      const foreign = writes();
      const next = Daemon.start(context, file);
      await next.started();
      context.note(`the kernel saw ${built} writes to build the table, ${writes() - foreign} to adopt it and to flush`);
      assert.equal(writes() - foreign, 1, 'only the foreign service is removed');
      await tableIs(expected(services, [DEAD]), next);
      shell(foreignCommands);
      const director = next.roles().get('director') as number;
      next.clear();
      process.kill(director, 'SIGKILL');
      await until('another director came', () => (next.roles().get('director') ?? director) !== director);
      await next.said(/Adopted|Starting Director/);
      await until('it answers', async () => (await next.state()).virtualServers.length === 3);
      await tableIs(merge(expected(services, [DEAD]), foreignTable), next);
      assert.deepEqual(watch.take(), []);
      await watch.order([]);
      process.kill(next.roles().get('director') as number, 'SIGKILL');
      assert.equal(await next.stop(), 0);
      await tableIs(nothing, next);
    },
  },
  {
    name: 'lvs_flush_on_stop VS takes our services away and leaves a foreign one',
    rung: 'long',
    async run(context) {
      shell(foreignCommands);
      const { daemon } = await serve(context, plainServices(2), 'lvs_flush_on_stop VS', {}, foreignTable);
      assert.equal(await daemon.stop(), 0);
      await tableIs(foreignTable, daemon);
    },
  },
  {
    name: 'settings that left the file while lvsd was down after a crash are put back by the next start',
    rung: 'long',
    async run(context) {
      const before = [timeouts(), reuse()];
      const services = plainServices(1);
      const words = 'lvs_timeouts tcp 7\n    ipvs_sysctl conn_reuse_mode 0';
      const { file, daemon } = await serve(context, services, words);
      await daemon.killAll();
      writeFileSync(file, configuration(services));
      const next = Daemon.start(context, file);
      await next.started();
      assert.deepEqual([timeouts(), reuse()], before);
      await next.killAll();
      const third = Daemon.start(context, join(context.folder, 'keepalived.conf'));
      await third.started();
      assert.equal(await third.stop(), 0);
      assert.deepEqual([timeouts(), reuse()], before);
    },
  },
];
