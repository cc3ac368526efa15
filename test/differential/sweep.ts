// Runs a list of mutations through keepalived and through us, and counts how often both say the same.

import { excuseFor } from './excuses.js';
import type { Mutation } from './mutations.js';
import type { Oracle } from './oracle.js';
import { hostWith, missedLines, ourVerdict, verdictOfOutput } from './verdict.js';
import { World } from './world.js';

/** The interfaces of the world in which mutations run. */
const INTERFACES = ['eth0', 'eth1'];
const AT_ONCE = 500;

export interface Outcome {
  readonly compared: number;
  /** Same exit code. */
  readonly same: number;
  /** Another one, for a reason that is known, by reason. */
  readonly excused: ReadonlyMap<string, number>;
  /** Of those with the same exit code: every line that keepalived complains about is among ours. */
  readonly sameLines: number;
  readonly different: readonly string[];
}

/** @param until milliseconds since the epoch after which no more are begun */
export async function compareMutations(
  oracle: Oracle,
  mutations: Iterable<Mutation>,
  until = Number.POSITIVE_INFINITY,
): Promise<Outcome> {
  const world = await World.create({ interfaces: INTERFACES, namespaces: [], files: [], full: undefined });
  const surroundings = hostWith(INTERFACES);
  const excused = new Map<string, number>();
  const different: string[] = [];
  const count = { compared: 0, same: 0, sameLines: 0 };
  const runBatch = async (batch: readonly Mutation[]): Promise<void> => {
    const texts = batch.map(({ text }) => text);
    const results = await world.sweep({ argv: [oracle.program, '-t', '-f'], env: oracle.env, texts });
    for (const [i, { name, text }] of batch.entries()) {
      const theirs = verdictOfOutput(results[i] ?? { exit: 'not run', output: '' });
      const ours = ourVerdict('0', { text, surroundings });
      count.compared++;
      if (theirs.exit === ours.exit) {
        count.same++;
        if (missedLines(theirs, ours).length === 0) count.sameLines++;
        continue;
      }
      const reason = excuseFor(name, theirs, ours);
      if (reason !== undefined) excused.set(reason, (excused.get(reason) ?? 0) + 1);
      else
        different.push(
          `${name} [keepalived ${theirs.exit}: ${theirs.told[0] ?? ''} | lvsd ${ours.exit}: ${ours.told[0] ?? ''}]`,
        );
    }
  };
  try {
    let batch: Mutation[] = [];
    for (const mutation of mutations) {
      batch.push(mutation);
      if (batch.length < AT_ONCE) continue;
      await runBatch(batch);
      batch = [];
      if (Date.now() > until) break;
    }
    if (batch.length > 0) await runBatch(batch);
  } finally {
    world.close();
  }
  return { ...count, excused, different };
}

/** Same or excused, of a hundred. */
export const agreement = ({ compared, different }: Outcome): number => 100 * (1 - different.length / compared);

/** What a test prints of an outcome. */
export function summaryOf(outcome: Outcome): readonly string[] {
  const { compared, same, sameLines, excused, different } = outcome;
  return [
    `${compared} compared: ${same} with the same exit code, ${different.length} differ without a reason (${agreement(outcome).toFixed(2)} % agree)`,
    `of the same, ${sameLines} (${((100 * sameLines) / Math.max(1, same)).toFixed(2)} %) with every line of keepalived's among ours`,
    ...[...excused].map(([reason, times]) => `${times} times: ${reason}`),
  ];
}
