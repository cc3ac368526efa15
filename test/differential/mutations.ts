// Systematic faults: every keyword in every block with arguments missing, odd, out of range, too many, twice, with and
// without braces; every line of a good configuration left out or doubled; braces too many and too few; and seeded
// combinations of lines, for what keepalived checks between keywords.
//
// Deterministic: the same words and the same seed give the same list.

import { documentOf, type Place, places } from './documents.js';

export interface Mutation {
  /** What was done, for a report: `virtual_server: delay_loop -1`. */
  readonly name: string;
  readonly text: string;
}

/** Arguments that some keyword somewhere takes, and that most do not. */
const ODD: readonly string[] = [
  '',
  '0',
  '1',
  '2',
  '3',
  '10',
  '100',
  '254',
  '255',
  '256',
  '1000',
  '65535',
  '65536',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '-1',
  '-20',
  '-254',
  '+1',
  '0.5',
  '1.5',
  '1.1234567',
  '0x10',
  '1a',
  'abc',
  'true',
  'off',
  'yes',
  '"a b"',
  '""',
  '192.0.2.7',
  '192.0.2.7/24',
  '192.0.2.300',
  '192.0.2.7-9',
  '2001:db8::7',
  'fe80::7',
  'ff02::12',
  '224.0.0.18',
  'eth0',
  'nosuch0',
  'lo',
  '/bin/true',
  '"/bin/true x"',
  '/nonexistent',
  '"/bin/true',
  '1 2',
  '1 reverse',
  '1 weight 5',
  'all',
  'all 5',
  'inet6',
  'MASTER',
  'BACKUP',
  'NAT',
  'TUN type gue',
  'TUN type gue port 1000 csum',
  'DR x',
  'rr',
  'sh',
  'TCP',
  'UDP',
  'PASS',
  'AH',
  'root',
  'root root',
  'nosuchuser',
  'eth0 inst VI_1',
  'eth0 VI_1 5',
  '{',
  '1 {',
];

/** Words that follow an address, a route or a rule. */
const LINE_WORDS: Readonly<Record<string, readonly string[]>> = {
  virtual_ipaddress: [
    'dev',
    'brd',
    'broadcast',
    'scope',
    'label',
    'peer',
    'home',
    '-nodad',
    'nodad',
    'mngtmpaddr',
    'noprefixroute',
    'autojoin',
    'no_track',
    'preferred_lft',
    'use_vmac',
    'track_group',
  ],
  routes: [
    'src',
    'as',
    'via',
    'gw',
    'from',
    'tos',
    'dsfield',
    'table',
    'protocol',
    'scope',
    'metric',
    'priority',
    'preference',
    'dev',
    'oif',
    'onlink',
    'encap',
    'expires',
    'mtu',
    'advmss',
    'rtt',
    'rttvar',
    'reordering',
    'cwnd',
    'ssthresh',
    'hoplimit',
    'rto_min',
    'window',
    'realms',
    'initcwnd',
    'initrwnd',
    'features',
    'quickack',
    'congctl',
    'pref',
    'ttl-propagate',
    'fastopen_no_cookie',
    'add',
    'prepend',
    'append',
    'vrf',
    'nexthop',
    'or',
    'no_track',
    'track_group',
    'inet6',
    'blackhole',
    'unicast',
    'to',
  ],
  rules: [
    'inet',
    'inet6',
    'not',
    'from',
    'to',
    'table',
    'lookup',
    'fwmark',
    'tos',
    'iif',
    'dev',
    'oif',
    'preference',
    'order',
    'priority',
    'realms',
    'suppress_prefixlength',
    'sup_pl',
    'suppress_ifgroup',
    'sup_group',
    'goto',
    'nop',
    'tunnel-id',
    'uidrange',
    'l3mdev',
    'protocol',
    'ipproto',
    'ip_proto',
    'sport',
    'dport',
    'no_track',
    'track_group',
    'blackhole',
    'unreachable',
  ],
  track: ['weight', 'reverse', 'noreverse'],
  peer: ['min_ttl', 'max_ttl'],
  group: ['fwmark'],
};

const wordsOfLine = (block: string): readonly string[] => {
  if (block.includes('ipaddress')) return LINE_WORDS.virtual_ipaddress ?? [];
  if (block.includes('routes')) return LINE_WORDS.routes ?? [];
  if (block.includes('rules')) return LINE_WORDS.rules ?? [];
  if (block.includes('track_') && !block.includes('top')) return LINE_WORDS.track ?? [];
  if (block === 'unicast_peer') return LINE_WORDS.peer ?? [];
  return [];
};

/** The keyword of a line. */
const keywordOf = (line: string): string => line.split(/\s/)[0] ?? '';

/** A line that opens a block is closed again. */
const whole = (line: string): readonly string[] => (line.endsWith('{') ? [line, '}'] : [line]);

function* faultsOfWord(place: Place, word: string): Iterable<Mutation> {
  const at = place.lines.findIndex((line) => keywordOf(line) === word);
  for (const odd of ODD) {
    const line = odd === '' ? word : `${word} ${odd}`;
    const name = `${place.block}: ${line}`;
    yield { name, text: documentOf(place, [...place.lines, ...whole(line)]) };
    if (at >= 0)
      yield { name: `${name} (instead)`, text: documentOf(place, place.lines.with(at, whole(line).join('\n'))) };
  }
}

function* faultsOfLines(place: Place): Iterable<Mutation> {
  const { block, lines } = place;
  const make = (what: string, changed: readonly string[]): Mutation => ({
    name: `${block}: ${what}`,
    text: documentOf(place, changed),
  });
  for (const [i, line] of lines.entries()) {
    yield make(`without ${line}`, lines.toSpliced(i, 1));
    yield make(`${line} twice`, lines.toSpliced(i, 0, line));
    yield make(`${line} and more`, lines.with(i, `${line} surplus`));
    for (const word of wordsOfLine(block)) {
      for (const odd of ODD) {
        const more = odd === '' ? word : `${word} ${odd}`;
        yield make(`${line} ${more}`, lines.with(i, whole(`${line} ${more}`).join('\n')));
      }
    }
  }
  yield make('nothing', []);
  yield make('extra }', [...lines, '}']);
  yield make('extra {', [...lines, '{']);
  yield make('a block that nobody knows', [...lines, 'nonsense x {', 'inner 1', '}']);
  yield make('a word that nobody knows', [...lines, 'nonsense']);
  for (const odd of ODD) if (odd !== '') yield make(`a line ${odd}`, [...lines, ...whole(odd)]);
  const text = documentOf(place, lines);
  yield { name: `${block}: last } missing`, text: text.slice(0, text.lastIndexOf('}')) };
}

/**
 * Every fault of one keyword or line.
 * @param words which words each place knows; the other words of the table are tried there once
 */
export function* singleFaults(words: ReadonlyMap<string, readonly string[]>): Iterable<Mutation> {
  const everyWord = [...new Set([...words.values()].flat())].sort();
  for (const place of places) {
    yield* faultsOfLines(place);
    const own = words.get(place.block) ?? [];
    for (const word of own) yield* faultsOfWord(place, word);
    for (const word of everyWord) {
      if (own.includes(word)) continue;
      yield { name: `${place.block}: ${word} 1 (elsewhere)`, text: documentOf(place, [...place.lines, `${word} 1`]) };
    }
  }
}

/** mulberry32: small, seeded, good enough to choose lines. */
export function chooser(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * Good configurations with two to five further lines from `lines`, for what is checked between keywords.
 * @param lines for each place the lines to choose from
 */
export function* combinations(lines: ReadonlyMap<string, readonly string[]>, seed: number): Iterable<Mutation> {
  const choose = chooser(seed);
  const usable = places.filter((place) => (lines.get(place.block)?.length ?? 0) > 1);
  while (usable.length > 0) {
    const place = usable[choose(usable.length)] as Place;
    const from = lines.get(place.block) ?? [];
    const more = Array.from({ length: 1 + choose(5) }, () => from[choose(from.length)] ?? '');
    const kept = place.lines.filter(() => choose(6) !== 0);
    const all = choose(2) === 0 ? [...kept, ...more] : [...more, ...kept];
    yield { name: `${place.block}: ${more.join(' / ')}`, text: documentOf(place, all.flatMap(whole)) };
  }
}
