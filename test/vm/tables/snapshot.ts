/**
 * What ipvsadm shows of a namespace's table, in an order that does not depend on who filled it.
 *
 * Views: `rules` (`-Sn`), `thresholds` (`-Ln --thresholds`, a destination's line led by its service's), `timeouts`
 * (`-L --timeout`) and `daemons` (`-L --daemon`). Counts of connections are left out: they are traffic's, not the
 * configuration's.
 */
import { outputLater } from '../lab/shell.js';
import type { ExpectedDifference } from './annotated.js';

export const VIEWS = ['rules', 'thresholds', 'timeouts', 'daemons'] as const;
export type Snapshot = Readonly<Record<(typeof VIEWS)[number], readonly string[]>>;

const BETWEEN = '=====';
const ASK = ['-Sn', '-Ln --thresholds', '-L --timeout', '-L --daemon']
  .map((view) => `ipvsadm ${view}`)
  .join(` && echo ${BETWEEN} && `);

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '');

/** Reads a namespace's table; rejects when a view could not be read, because half a table looks like a difference. */
export async function readSnapshot(namespace: string): Promise<Snapshot> {
  const [rules = '', thresholds = '', timeouts = '', daemons = ''] = (
    await outputLater(namespace, ['sh', '-c', ASK])
  ).split(BETWEEN);
  return {
    rules: linesOf(rules).sort(),
    thresholds: thresholdLines(linesOf(thresholds)),
    timeouts: linesOf(timeouts).sort(),
    daemons: linesOf(daemons).sort(),
  };
}

function thresholdLines(lines: readonly string[]): string[] {
  const found: string[] = [];
  let service = '';
  for (const line of lines) {
    const destination = /^-> (\S+) (\d+) (\d+) \d+ \d+$/.exec(line);
    if (destination !== null) found.push(`${service} -> ${destination.slice(1).join(' ')}`);
    else if (/^(TCP|UDP|SCTP|FWM) /.test(line)) {
      service = line;
      found.push(line);
    }
  }
  return found.sort();
}

/** The lines in which two tables differ. */
export function differencesOf(keepalived: Snapshot, lvsd: Snapshot): ExpectedDifference[] {
  return VIEWS.flatMap((view) => [
    ...without(keepalived[view], lvsd[view]).map((line) => ({ only: 'keepalived' as const, view, line })),
    ...without(lvsd[view], keepalived[view]).map((line) => ({ only: 'lvsd' as const, view, line })),
  ]);
}

/** Lines of `some` that `others` lacks, each as often as it is missing. */
function without(some: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return some.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const text = ({ only, view, line }: ExpectedDifference): string => `only ${only}, ${view}: ${line}`;

/**
 * How the differences found differ from the expected ones; empty when they are the same.
 * @returns one line each, as a person reads it
 */
export function unexpected(found: readonly ExpectedDifference[], expected: readonly ExpectedDifference[]): string[] {
  const some = found.map(text);
  const others = expected.map(text);
  return [
    ...without(some, others),
    ...without(others, some).map((line) => `expected, but not there any more: ${line}`),
  ];
}

export const sameSnapshot = (a: Snapshot, b: Snapshot): boolean => differencesOf(a, b).length === 0;
