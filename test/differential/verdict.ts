// What keepalived and lvsd say about one text, made comparable: the exit code of -t, and the lines complained about.

import { hostSurroundings } from '../../cmd/lvsd/host-surroundings.js';
import { validatePattern } from '../../healthcheck/probes/pcre2.js';
import { parseSnapshot } from '../../parser/parse.js';
import { exitCodeOf, keepalivedLine, sortDiagnostics } from '../../parser/render-diagnostic.js';
import { readSnapshot } from '../../parser/snapshot.js';
import type { Surroundings } from '../../parser/validate-surroundings.js';
import type { JobResult } from './world.js';

export interface Verdict {
  readonly exit: string;
  /** Lines of the main file that are complained about. */
  readonly lines: ReadonlySet<number>;
  readonly told: readonly string[];
}

/** keepalived's, from its output. */
export function verdictOfOutput({ exit, output }: JobResult): Verdict {
  const lines = new Set<number>();
  for (const found of output.matchAll(/^\((?:[^\n]*?: )?Line (\d+)\) /gm)) lines.add(Number(found[1]));
  for (const line of namedLines(output)) lines.add(line);
  return { exit, lines, told: output.split('\n').filter((line) => line !== '') };
}

/** The lines of a block that was passed over as a whole: `lines 5 to 9`. */
function* namedLines(text: string): Iterable<number> {
  for (const [, from, to] of text.matchAll(/ are ignored, lines (\d+) to (\d+)/g)) {
    for (let line = Number(from); line <= Number(to); line++) yield line;
  }
}

export interface Reading {
  readonly configId?: string;
  readonly surroundings: Surroundings;
  /** Absent: the file of that name is read. */
  readonly text?: string;
}

/** Ours, made in this process as `lvsd -t` makes it. Lines are those of every diagnostic, notes included. */
export function ourVerdict(name: string, { configId, surroundings, text }: Reading): Verdict {
  const snapshot = readSnapshot(name, {
    configId: configId ?? 'lb1',
    randomSeed: 1,
    ...(text === undefined ? {} : { readFile: () => Buffer.from(text) }),
  });
  const parsed = parseSnapshot(snapshot, undefined, { validateRegex: validatePattern, surroundings });
  const diagnostics = sortDiagnostics([...snapshot.diagnostics, ...parsed.diagnostics], snapshot.files);
  const lines = new Set(
    diagnostics.flatMap(({ at, assumed }) => [...(at === undefined ? [] : [at.line]), ...namedLines(assumed ?? '')]),
  );
  return {
    exit: String(exitCodeOf(diagnostics)),
    lines,
    told: diagnostics.map((each) => `${each.class}: ${keepalivedLine(each, false)}`),
  };
}

/** This host with only these interfaces. */
export function hostWith(interfaces: readonly string[]): Surroundings {
  const names = new Set(['lo', ...interfaces]);
  return { ...hostSurroundings(undefined), interfaceExists: (name) => names.has(name) };
}

/** Lines of keepalived's that are not among ours. */
export const missedLines = (theirs: Verdict, ours: Verdict): readonly number[] =>
  [...theirs.lines].filter((line) => !ours.lines.has(line));
