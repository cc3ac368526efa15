/**
 * One case of the differential table tests: keepalived and lvsd on the same file, each in a namespace of its own, side
 * by side through the case's steps; after each step the two tables are compared.
 *
 * A step is settled when the daemon has said that the start or reload is complete and no enabled checker of its dump
 * "has run = no"; then the tables must become equal and stay so for a second reading. Time decides nothing but how long
 * a difference is waited for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type DaemonKind, DirectorDaemon } from '../lab/director-daemon.js';
import { until } from '../lab/shell.js';
import type { Step, TableCase } from './annotated.js';
import { Ground } from './ground.js';
import { differencesOf, readSnapshot, type Snapshot, sameSnapshot, unexpected } from './snapshot.js';

/**
 * Both tables as they should be, or how they differ; `refused` when lvsd said that it does not start with this file;
 * `cannot` when a daemon did not run with it for another reason.
 */
export interface CaseResult {
  readonly name: string;
  readonly about: string;
  readonly outcome: 'same' | 'different' | 'refused' | 'cannot';
  readonly steps: number;
  /** Lines in keepalived's last table: a case that compares two empty tables proves nothing. */
  readonly rules: number;
  readonly seconds: number;
  readonly detail: string;
}

const START_S = 90;
const SETTLE_S = 60;
const EQUAL_S = 20;
const READ_AGAIN_MS = 1200;
/** lvsd's last word before it ends for a bad file. */
const REFUSED = /lvsd does not start with this configuration/;

/** How many enabled checkers of a dump have not run yet. */
function checkersToCome(dump: string): number {
  return dump.split(/^ *Enabled = /m).filter((part) => part.startsWith('yes') && /^ *Has run = no$/m.test(part)).length;
}

class Side {
  readonly daemon: DirectorDaemon;
  readonly ground: Ground;

  constructor(kind: DaemonKind, ground: Ground, flags: readonly string[]) {
    this.ground = ground;
    this.daemon = DirectorDaemon.start(kind, ground.namespace, ground.configFile, { flags, alone: true });
  }

  async settled(): Promise<void> {
    await until(
      async () => checkersToCome(await this.daemon.dump()) === 0,
      SETTLE_S,
      () => `every check of ${this.daemon.kind} to run once; its log:\n${this.daemon.logText}`,
      500,
    );
  }
}

/**
 * Waits until the tables differ only as expected, in two readings; else says how they differ. On a busy machine a reading
 * takes seconds, so a difference counts only when two readings, one after the other, have it.
 */
async function compare(sides: readonly [Side, Side], step: Step): Promise<{ problems: string[]; table: Snapshot }> {
  const began = process.uptime();
  let good = 0;
  let last = '';
  for (;;) {
    const late = process.uptime() - began;
    const read = await Promise.allSettled(sides.map(({ ground }) => readSnapshot(ground.namespace)));
    const [keepalived, lvsd] = read.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
    if (keepalived !== undefined && lvsd !== undefined) {
      const problems = unexpected(differencesOf(keepalived, lvsd), step.differences);
      good = problems.length === 0 ? good + 1 : 0;
      const now = problems.join('\n');
      const stands = (late > EQUAL_S && good === 0 && now === last) || late > 3 * EQUAL_S;
      if (good === 2 || stands) return { problems, table: keepalived };
      last = now;
    } else if (late > 3 * EQUAL_S) throw new Error(read.map((each) => String(Object(each).reason)).join('; '));
    await pause(READ_AGAIN_MS);
  }
}

/**
 * Runs a case.
 * @param number makes the names of its namespaces its own
 * @param flags for both daemons
 */
export async function runCase(wanted: TableCase, number: number, flags: readonly string[]): Promise<CaseResult> {
  const began = process.uptime();
  const grounds = [new Ground(`k${number}`), new Ground(`l${number}`)] as const;
  let sides: readonly [Side, Side] | undefined;
  let rules = 0;
  const result = (outcome: CaseResult['outcome'], detail: string): CaseResult => {
    const { name, about, steps } = wanted;
    return { name, about, outcome, steps: steps.length, rules, seconds: Math.round(process.uptime() - began), detail };
  };
  try {
    let before: Snapshot | undefined;
    const different: string[] = [];
    for (const [index, step] of wanted.steps.entries()) {
      const where = `step ${index} (${step.about})`;
      for (const ground of grounds) ground.writeConfig(step.config);
      await Promise.all(grounds.map((ground) => ground.listen(step.listen)));
      try {
        if (sides === undefined) {
          const started = [new Side('keepalived', grounds[0], flags), new Side('lvsd', grounds[1], flags)] as const;
          sides = started;
          await Promise.all(started.map((side) => side.daemon.started(START_S)));
        } else if (step.death) {
          const [{ ground }] = sides;
          const was = before;
          await until(
            async () => was === undefined || !sameSnapshot(was, await readSnapshot(ground.namespace)),
            SETTLE_S,
            `keepalived to see in ${where} who answers no more`,
          );
        } else await Promise.all(sides.map((side) => side.daemon.reload()));
        await Promise.all(sides.map((side) => side.settled()));
      } catch (error) {
        const detail = `${where}: ${error instanceof Error ? error.message : String(error)}`;
        return result(REFUSED.test(sides?.[1].daemon.logText ?? '') ? 'refused' : 'cannot', detail);
      }
      const { problems, table } = await compare(sides, step);
      before = table;
      rules = table.rules.length;
      if (problems.length > 0) different.push(`${where}:\n  ${problems.join('\n  ')}`);
      // Later steps build on this one: a second difference is told, more would say nothing new.
      if (different.length === 2) break;
    }
    if (different.length === 0) return result('same', '');
    const logs = (sides ?? []).map(({ daemon }) => `--- ${daemon.kind} ---\n${daemon.logText}`);
    return result('different', [...different, ...logs].join('\n'));
  } finally {
    for (const side of sides ?? []) {
      try {
        await side.daemon.stop();
      } catch (error) {
        process.stderr.write(`${String(error)}\n`);
        process.kill(side.daemon.pid, 'SIGKILL');
      }
    }
    for (const ground of grounds) ground.close();
  }
}
