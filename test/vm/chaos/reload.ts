/**
 * Reload (keepalived.md 18): refused whole or done whole, its cost is its difference, and checks go on through it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Case } from './cases.js';
import { configuration, expected, type TestService } from './configuration.js';
import { lvsctlProgram, until } from './daemon.js';
import { countKernelWrites } from './kernel-writes.js';
import { DEAD, plainServices, serve, tableIs } from './serving.js';
import { readTable, tableText } from './table.js';

function lvsctl(...words: readonly string[]): { readonly status: number | null; readonly text: string } {
  const done = spawnSync(process.execPath, [lvsctlProgram, ...words], { encoding: 'utf8', timeout: 60_000 });
  return { status: done.status, text: `${done.stdout}${done.stderr}${done.error ?? ''}` };
}

const withWeight = (services: readonly TestService[], weight: number): readonly TestService[] =>
  services.map((service, i) =>
    i > 0 ? service : { ...service, servers: service.servers.map((s, j) => (j > 0 ? s : { ...s, weight })) },
  );

/** Bad files and a word that each refusal must tell. */
const badFiles: readonly { readonly what: string; readonly text: string; readonly tells: readonly RegExp[] }[] = [
  {
    what: 'a missing parameter, twice',
    text: configuration(plainServices(2)).replaceAll('lvs_sched rr', 'lvs_sched'),
    tells: [/lvs_sched/],
  },
  {
    what: 'unbalanced braces',
    text: configuration(plainServices(2)).replace(/\}\s*$/, ''),
    tells: [/brace|\}/i],
  },
  {
    what: 'another net_namespace',
    text: `net_namespace other\n${configuration(plainServices(2))}`,
    tells: [/Cannot change net_namespace at a reload/],
  },
  {
    what: 'an unbuilt word that decides who gets traffic',
    text: `${configuration(plainServices(1))}\nvrrp_instance V {\n  interface d0\n  virtual_router_id 5\n  virtual_ipaddress { 10.9.3.3 }\n}\n`,
    tells: [/vrrp_instance/],
  },
];

export const reloadCases: readonly Case[] = [
  {
    name: 'a bad file changes nothing and tells its errors, lvsctl reload ends with 1 and shows them, and the old checks go on; an unchanged reload sends 0 netlink messages, one changed weight 1; checks keep their verdicts, counts and phases; HUPs during a reload are one more reload; lvsctl plan tells and does nothing',
    rung: 'core',
    async run(context) {
      const services = plainServices(2);
      const { file, servers, daemon } = await serve(context, services);
      const table = tableText(readTable());
      for (const { what, text, tells } of badFiles) {
        const report = await daemon.reloadWith(file, text);
        const said = report.diagnostics.map((one) => one.message).join('\n');
        assert.equal(report.result, 'refused', `${what}: ${JSON.stringify(report)}`);
        for (const pattern of tells) assert.match(said, pattern, what);
        assert.equal(report.generation, 1, what);
        assert.equal(tableText(readTable()), table, what);
      }
      renameSync(file, `${file}.away`);
      const absent = await daemon.reload();
      assert.equal(absent.result, 'refused', `no file: ${JSON.stringify(absent)}`);
      mkdirSync(file);
      const unreadable = await daemon.reload();
      assert.equal(unreadable.result, 'refused', `a folder: ${JSON.stringify(unreadable)}`);
      renameSync(file, `${file}.folder`);
      writeFileSync(file, (badFiles[0] as { text: string }).text);
      const shown = lvsctl('reload');
      assert.equal(shown.status, 1, shown.text);
      assert.match(shown.text, /lvs_sched[\s\S]*lvs_sched[\s\S]*Reload REFUSED/, 'both lines are told');
      await servers.down('10.9.0.2');
      await tableIs(expected(services, [DEAD, '10.9.0.2']), daemon);
      assert.equal((await daemon.state()).daemon.reloads.applied, 0);
      await servers.up('10.9.0.2');
      await tableIs(expected(services, [DEAD]), daemon);
      const slow = (text: string): string => text.replaceAll('delay_loop 1', 'delay_loop 3');
      const report = await daemon.reloadWith(file, slow(configuration(services)));
      assert.equal(report.messages, 0, 'a delay_loop is not in the table');
      const [begun, seen] = [Date.now(), servers.checks.get('10.9.0.1') ?? 0];
      const before = await daemon.state();
      const writes = countKernelWrites();
      for (let round = 0; round < 6; round++) {
        const again = await daemon.reload();
        assert.deepEqual([again.result, again.messages], ['unchanged', 0], JSON.stringify(again));
        await pause(700);
      }
      const after = await daemon.state();
      assert.equal(writes(), 0, 'the kernel saw no write');
      for (const [v, virtual] of after.virtualServers.entries()) {
        for (const [r, real] of virtual.realServers.entries()) {
          const old = before.virtualServers[v]?.realServers[r];
          assert.deepEqual([real.alive, real.since], [old?.alive, old?.since]);
          assert.ok(real.checkers[0]?.hasRun);
          assert.ok((real.checkers[0]?.runs ?? 0) >= (old?.checkers[0]?.runs ?? 1), 'counts go on');
        }
      }
      // Two virtual servers check it, each every 3 s, however many reloads came in between.
      const arrivals = (servers.checks.get('10.9.0.1') ?? 0) - seen;
      const seconds = (Date.now() - begun) / 1000;
      assert.ok(arrivals >= 2 && arrivals <= 2 * (seconds / 3 + 1), `checks came ${arrivals} times in ${seconds} s`);
      const changed = withWeight(services, 5);
      writeFileSync(`${file}.next`, slow(configuration(changed)));
      const planned = await daemon.plan(`${file}.next`);
      assert.deepEqual([planned.refused, planned.messages], [false, 1]);
      assert.deepEqual(
        planned.changes.map(({ action, object, details }) => ({ action, object, details })),
        [{ action: 'change', object: 'real server', details: [{ what: 'weight', from: '1', to: '5' }] }],
      );
      const told = lvsctl('plan', `${file}.next`);
      assert.equal(told.status, 0, told.text);
      assert.match(told.text, /weight 1 -> 5[\s\S]*Nothing was done/);
      assert.equal(tableText(readTable()), tableText(expected(services, [DEAD])), 'a plan changes nothing');
      const one = await daemon.reloadWith(file, slow(configuration(changed)));
      assert.deepEqual([one.result, one.messages, writes()], ['applied', 1, 1]);
      await tableIs(expected(changed, [DEAD]), daemon);
      // The director is held, so that the reload cannot end before the others are asked for.
      const applied = (await daemon.state()).daemon.reloads.applied;
      const director = daemon.roles().get('director') as number;
      process.kill(director, 'SIGSTOP');
      daemon.clear();
      daemon.signal('SIGHUP');
      await until('the reload begins', () => /Reloading/.test(daemon.output));
      for (let i = 0; i < 3; i++) {
        daemon.signal('SIGHUP');
        await pause(100);
      }
      process.kill(director, 'SIGCONT');
      await until('both reloads are over', () => daemon.output.split('Reload complete').length === 3);
      await pause(1000);
      assert.equal((await daemon.state()).daemon.reloads.applied, applied + 2);
    },
  },
];
