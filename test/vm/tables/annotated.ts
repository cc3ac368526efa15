/**
 * A keepalived.conf with steps: what the differential table tests read from fixtures/tables/.
 *
 * The file is keepalived's language; comments that begin with `#@` say when a line stands in it. Step 0 is the start,
 * each further step a reload of the file as it stands then.
 *
 *     #@ about WORDS                   what the case is about
 *     #@ step N WORDS                  what changes in step N; the highest N is the last step
 *     #@ listen RANGE HOST:PORT ...    what answers in these steps; everything else refuses
 *     #@ death N                       step N changes only who answers: no reload, and the table must change
 *     #@ because RANGE WORDS           why the two tables may differ in these steps, and then exactly by:
 *     #@ keepalived RANGE VIEW LINE    a line that only keepalived has; VIEW as in snapshot.ts
 *     #@ lvsd RANGE VIEW LINE          a line that only lvsd has
 *     any line    #@ RANGE             stands only in these steps
 *
 * RANGE is `2`, `2-4`, `2-` or a list of them with commas. Pure.
 */

/** Which of the daemons has a line that the other lacks. */
export interface ExpectedDifference {
  readonly only: 'keepalived' | 'lvsd';
  readonly view: string;
  readonly line: string;
}

export interface Step {
  readonly about: string;
  readonly config: string;
  readonly listen: readonly string[];
  /** Only what answers changes; no reload. */
  readonly death: boolean;
  readonly differences: readonly ExpectedDifference[];
}

export interface TableCase {
  readonly name: string;
  readonly about: string;
  readonly steps: readonly Step[];
}

type Range = (step: number) => boolean;

function parseRange(text: string, where: string): Range {
  const parts = text.split(',').map((part) => {
    const match = /^(\d+)(-(\d*))?$/.exec(part);
    if (match === null) throw new Error(`${where}: "${text}" is no range of steps; write 2, 2-4, 2- or 0,3`);
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
    return [from, to] as const;
  });
  return (step) => parts.some(([from, to]) => step >= from && step <= to);
}

interface Marked<T> {
  readonly when: Range;
  readonly what: T;
}

/**
 * Reads an annotated configuration.
 * @param name the case's name, for messages
 * @param text the file
 * @throws Error with the line of a mark that is not understood
 */
export function readAnnotated(name: string, text: string): TableCase {
  const lines: Marked<string>[] = [];
  const steps = new Map<number, string>([[0, 'start']]);
  const listen: Marked<string[]>[] = [];
  const reasons: Range[] = [];
  const deaths = new Set<number>();
  const differences: Marked<ExpectedDifference>[] = [];
  let about = name;
  for (const [index, line] of text.split('\n').entries()) {
    const where = `${name}:${index + 1}`;
    const mark = /^(.*?)\s*#@ (.*)$/.exec(line);
    if (mark === null) {
      lines.push({ when: () => true, what: line });
      continue;
    }
    const [, before = '', rest = ''] = mark;
    if (before.trim() !== '') {
      lines.push({ when: parseRange(rest.trim(), where), what: before });
      continue;
    }
    const [word = '', first = '', ...others] = rest.trim().split(/\s+/);
    const tail = others.join(' ');
    if (word === 'about') about = `${first} ${tail}`.trim();
    else if (word === 'step') steps.set(Number(first), tail);
    else if (word === 'listen') listen.push({ when: parseRange(first, where), what: others });
    else if (word === 'death') deaths.add(Number(first));
    else if (word === 'because' && tail !== '') reasons.push(parseRange(first, where));
    else if (word === 'keepalived' || word === 'lvsd') {
      const [view = '', ...words] = others;
      differences.push({ when: parseRange(first, where), what: { only: word, view, line: words.join(' ') } });
    } else throw new Error(`${where}: the mark "#@ ${rest}" is not known`);
  }
  const count = Math.max(...steps.keys()) + 1;
  return {
    name,
    about,
    steps: Array.from({ length: count }, (_, number) => {
      const about = steps.get(number);
      if (about === undefined) throw new Error(`${name}: step ${number} has no "#@ step ${number}" line`);
      const expected = at(differences, number);
      if (expected.length > 0 && !reasons.some((when) => when(number))) {
        throw new Error(`${name}: step ${number} expects a difference without saying why ("#@ because")`);
      }
      return {
        about,
        config: at(lines, number).join('\n'),
        listen: at(listen, number).flat(),
        death: deaths.has(number),
        differences: expected,
      };
    }),
  };
}

function at<T>(marked: readonly Marked<T>[], step: number): T[] {
  return marked.filter(({ when }) => when(step)).map(({ what }) => what);
}
