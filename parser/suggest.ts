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

/** The blocks that a block opens or is opened in, by title: where a word is misplaced, it mostly belongs there. */
export type Neighbours = ReadonlyMap<string, ReadonlySet<string>>;

/** Words that keepalived once knew (keepalived.md 23), and what to do about them. */
const BYGONE: ReadonlyMap<string, string> = new Map([
  ['lvs_id', 'keepalived gave lvs_id up before 1.1.8: router_id names a director'],
  ['nat_mask', 'keepalived gave nat_mask up: NAT needs no mask, take the line out'],
  ['nb_get_retry', "its name is 'retry' now"],
]);

/** How many blocks are named that a word belongs in. */
const MOST_HOMES = 3;
/** A block of so many words is told whole. */
const FEW = 12;

/**
 * What to tell about a word that its block does not know: where it belongs, else what was probably meant.
 *
 * @param block where it stands
 * @param words all blocks with their words
 */
export function suggestForWord(
  word: string,
  block: string,
  words: WordTable,
  neighbours: Neighbours = new Map(),
): string | undefined {
  if (/^(?:\/\/|;|--|%)/.test(word)) return 'a comment begins with # or !';
  const here = new Set(words.get(block) ?? []);
  const stuck = suggestBlank(word, here);
  if (stuck !== undefined) return stuck;
  const homes = homesOf(word, block, words, neighbours);
  const near = nearestWord(word, here);
  const bygone = BYGONE.get(word);
  if (homes.length === 0) {
    if (bygone !== undefined) return bygone;
    if (near !== undefined) return `did you mean '${near}'?`;
    return suggestElsewhere(word, block, words, neighbours) ?? allOf(block, here);
  }
  const belongs = `'${word}' belongs in ${listed(homes)}`;
  if (bygone !== undefined) return `${belongs}; ${bygone}`;
  return near === undefined ? belongs : `${belongs}; did you mean '${near}'?`;
}

/** The blocks that know a word, neighbours of `block` first. */
function homesOf(word: string, block: string, words: WordTable, neighbours: Neighbours): string[] {
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
  const near = neighbours.get(block);
  if (near === undefined) return homes;
  return [...homes.filter((home) => near.has(home)), ...homes.filter((home) => !near.has(home))];
}

/** `a, b or c`; of many the first ones. */
function listed(homes: readonly string[]): string {
  const named = homes.slice(0, MOST_HOMES).map((home) => (home === 'top level' ? 'the top level' : home));
  if (homes.length > MOST_HOMES) return `${named.join(', ')} and ${homes.length - MOST_HOMES} more`;
  return named.length === 1 ? named[0]! : `${named.slice(0, -1).join(', ')} or ${named.at(-1)!}`;
}

/** All words of a block, where they are few. */
function allOf(block: string, known: ReadonlySet<string>): string | undefined {
  if (known.size === 0 || known.size > FEW) return undefined;
  return `${block} knows ${[...known].join(', ')}`;
}

/** A known word whose value sticks to it: `connect_timeout=10`, `virtual_server192.0.2.1`. */
function suggestBlank(word: string, known: ReadonlySet<string>): string | undefined {
  const equals = /^([A-Za-z_][\w-]*)[=:](.*)$/.exec(word);
  if (equals !== null && known.has(equals[1]!)) {
    const [, name = '', value = ''] = equals;
    return `write '${value === '' ? name : `${name} ${value}`}': a blank stands between a word and its value`;
  }
  const glued = /^([A-Za-z_]+?)(\d.*)$/.exec(word);
  if (glued !== null && known.has(glued[1]!)) return `write '${glued[1]} ${glued[2]}': a blank is missing`;
  return undefined;
}

/** A misspelt word that also stands in the wrong block: only where it is nearly right and long enough to be sure. */
function suggestElsewhere(word: string, block: string, words: WordTable, neighbours: Neighbours): string | undefined {
  if (word.length < 6) return undefined;
  const near = neighbours.get(block) ?? new Set<string>();
  const blocks = [...words].filter(([home]) => home !== block);
  for (const some of [blocks.filter(([home]) => near.has(home)), blocks.filter(([home]) => !near.has(home))]) {
    for (const [home, known] of some) {
      const found = nearestWord(word, known);
      if (found === undefined || editDistance(word, found, 1) > 1) continue;
      return `did you mean '${found}'? It belongs in ${listed(homesOf(found, block, words, neighbours).slice(0, 1)) || home}`;
    }
  }
  return undefined;
}
