/** What lvsctl is answered, with roles that the test plays. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Control } from '../../../../cmd/lvsd/control.js';
import type { PlanSummary } from '../../../../cmd/lvsd/roles/plan-summary.js';
import { SupervisorRig } from './fake-roles.js';

const virtual =
  'virtual_server 10.0.0.1 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\nreal_server 10.0.0.2 80 {\nTCP_CHECK {\n}\n}\n}\n';

async function withControl(text: string, play: (rig: SupervisorRig, control: Control) => Promise<void>): Promise<void> {
  const rig = new SupervisorRig(text);
  try {
    await rig.supervisor.start();
    if (rig.life('director') !== undefined) {
      await rig.agree(1, 'director');
      await rig.commit(1, 'director');
      await rig.logged(/^Startup complete$/);
    }
    await play(rig, new Control(rig.supervisor, rig.commandLine));
  } finally {
    rig.close();
  }
}

async function planned(rig: SupervisorRig, control: Control, text: string, summary: Partial<PlanSummary> = {}) {
  const file = join(rig.folder, 'new.conf');
  writeFileSync(file, text);
  const report = control.plan({ file });
  const { id } = await rig.role('director').hears('plan');
  const change = { action: 'add', object: 'real server', name: 'a', server: 'b', details: [] } as const;
  const value: PlanSummary = { refusals: [], diagnostics: [], changes: [change], messages: 1, ...summary };
  rig.role('director').say({ type: 'answer', id, value });
  return report;
}

test('a plan is what the director says', () =>
  withControl(virtual, async (rig, control) => {
    const report = await planned(rig, control, virtual);
    assert.deepEqual([report.refused, report.changes.length, report.messages], [false, 1, 1]);
  }));

test('a plan refuses what a reload would refuse: a word that may not change', () =>
  withControl(virtual, async (rig, control) => {
    const report = await planned(rig, control, `instance blue\n${virtual}`);
    assert.deepEqual([report.refused, report.changes, report.messages], [true, [], null]);
    assert.deepEqual(
      report.diagnostics.map(({ code }) => code),
      ['LVSD_RELOAD_FORBIDDEN'],
    );
  }));

test('a refusal that a diagnostic says already is told once', () =>
  withControl(virtual, async (rig, control) => {
    const diagnostic = {
      class: 'missing',
      code: 'LVSD_CONFIG_MISSING_PARAMETER',
      message: 'a parameter is missing',
      at: undefined,
      span: 1,
      expected: undefined,
      suggestion: undefined,
      assumed: undefined,
    } as const;
    const refusals = [{ code: diagnostic.code, message: '(k.conf: Line 1) a parameter is missing' }];
    const report = await planned(rig, control, virtual, { refusals, diagnostics: [diagnostic], changes: [] });
    assert.equal(report.diagnostics.length, 1);
    assert.equal(report.refused, true);
  }));

test('without a director there is nothing to compare with, and the answer says what to do', () =>
  withControl('global_defs {\nrouter_id a\n}\n', async (rig, control) => {
    await assert.rejects(control.plan({ file: rig.path }), {
      code: 'LVSD_PLAN_NO_DIRECTOR',
      message: /lvsd -t -f FILE/,
    });
    await assert.rejects(control.plan({ file: 'k.conf' }), { code: 'LVSD_PLAN_FILE' });
  }));

test('a role that does not answer leaves its part of the status empty', () =>
  withControl('global_defs {\nrouter_id a\n}\n', async (_rig, control) => {
    const state = await control.status();
    assert.deepEqual(state.virtualServers, []);
    assert.deepEqual(state.roles, []);
    assert.equal(state.daemon.generation, 1);
    assert.match(state.ipvs.unavailable ?? '', /needs none/);
  }));
