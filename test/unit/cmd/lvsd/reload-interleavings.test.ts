/**
 * SIGHUP, deaths and answers in every order: a reload always ends, and at the end every role has the configuration in
 * force. LVSD_RUNS is another number of seeded runs than 200, LVSD_SEED the first seed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from './played-roles.js';

const runs = Number(process.env.LVSD_RUNS ?? 200);
const firstSeed = Number(process.env.LVSD_SEED ?? 1);
const text = `global_defs {\nnotify_fifo /tmp/x\n}\nvirtual_server 10.0.0.1 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\nreal_server 10.0.0.2 80 {\nTCP_CHECK {\n}\n}\n}\n`;

async function play(seed: number, steps: number): Promise<void> {
  const run = new Run(text, seed);
  try {
    await run.rig.supervisor.start();
    // A start that dies three times over is given up; here it succeeds, and then the deaths begin.
    await run.calm();
    for (let i = 0; i < steps; i++) await run.step(true);
    await run.calm();
    const disorder = run.disorder(['director', 'checker', 'runner']);
    assert.deepEqual(disorder, [], `seed ${seed}:\n${run.trace.join('\n')}\n${run.rig.log.lines.join('\n')}`);
  } finally {
    run.close();
  }
}

test(`whatever order of SIGHUP, deaths and answers (${runs} runs), every reload ends and every role has what is in force`, async () => {
  const failed: string[] = [];
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    try {
      await play(seed, 20 + (seed % 60));
    } catch (error) {
      failed.push(error instanceof Error ? error.message : String(error));
    }
  }
  assert.equal(failed.length, 0, `${failed.length} of ${runs} runs; the first:\n${failed[0]}`);
});
