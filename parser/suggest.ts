/**
 * "Did you mean": for a word that is not known where it stands.
 *
 * Two faults are the commonest in real files: a misspelt word, and a right word in the wrong block. Both answers come
 * from tables that are handed in; nothing here knows a keyword.
 */

/**
 * The smallest number of insertions, deletions, replacements and swaps of neighbours that make one word of the other
 * (optimal string alignment).
 *
 * @param limit stops early and returns limit + 1 when the distance is larger
 */
export function editDistance(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let twoBack: number[] = [];
  let before = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, twoBack[j - 2]! + 1);
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    twoBack = before;
    before = row;
  }
  return before[b.length]!;
}

/** The word that was probably meant; undefined if none is near. Words longer than 64 characters are not compared. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  if (word.length < 2 || word.length > 64) return undefined;
  const plain = word.toLowerCase().replaceAll('-', '_');
  let limit = word.length < 4 ? 1 : word.length < 9 ? 2 : 3;
  let best: string | undefined;
  for (const candidate of known) {
    if (candidate === word) continue;
    const distance = editDistance(plain, candidate.toLowerCase(), limit);
    if (distance < limit || (distance === limit && best === undefined)) {
      best = candidate;
      limit = distance;
      if (distance === 0) break;
    }
  }
  return best;
}

/** `did you mean 'lb_algo'?`, or undefined. */
export function suggestWord(word: string, known: Iterable<string>): string | undefined {
  const nearest = nearestWord(word, known);
  return nearest === undefined ? undefined : `did you mean '${nearest}'?`;
}

/** Which words each block knows; the top level's block is `top level`. */
export type WordTable = ReadonlyMap<string, Iterable<string>>;

/**
 * What to tell about a word that its block does not know: where it belongs, else what was probably meant.
 *
 * @param block where it stands
 * @param words all blocks with their words
 */
export function suggestForWord(word: string, block: string, words: WordTable): string | undefined {
  const homes: string[] = [];
  for (const [home, known] of words) {
    if (home === block) continue;
    for (const candidate of known) {
      if (candidate === word) {
        homes.push(home);
        break;
      }
    }
  }
  const near = nearestWord(word, words.get(block) ?? []);
  if (homes.length === 0) return near === undefined ? undefined : `did you mean '${near}'?`;
  const quoted = homes.slice(0, 3).map((home) => (home === 'top level' ? 'the top level' : home));
  const place = quoted.length === 1 ? quoted[0]! : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)!}`;
  const belongs = `'${word}' belongs in ${place}`;
  return near === undefined ? belongs : `${belongs}; did you mean '${near}'?`;
}
