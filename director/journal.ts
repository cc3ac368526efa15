/**
 * The journal: what lvsd owns in the kernel, the last verdicts, and what has to be put back at stop.
 *
 * It answers three questions after a crash (architecture, section 3): which services and destinations are ours and may
 * be removed when the file no longer has them; which servers were dead, so that nobody puts them back before their
 * first check; which timeouts and sysctls had another value before us. It lives in /run, so a reboot empties it, and
 * it carries the boot id and the network namespace, so a journal of another boot or another table is never believed.
 *
 * Form: one JSON value a line, later lines replace earlier ones of the same subject, a torn last line is dropped.
 * What is owned by a virtual server is everything that the configuration could make it put into the table, dead or
 * alive, so the journal is written at a reload and not at a verdict. Before the kernel is changed it holds old and new
 * together; after that, the new alone. A line for a verdict is appended before the kernel hears of it; a server that is
 * as a fresh start would presume it has none, so thousands of healthy servers cost nothing.
 *
 * This file is the format, pure; `journal-file.ts` writes it.
 */
import { isJournalledMembership, type JournalledMembership } from '../healthcheck/membership.js';
import type { HandWeight, HandWeights } from '../ipvs-netlink/reconcile.js';
import { LvsdError } from '../runtime/errors.js';
import { clampWeight } from '../runtime/units.js';

/** Identifies the kernel table that a journal speaks of. */
export interface TableIdentity {
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string;
  /** Device and inode of the network namespace that holds the table, as `4:4026531840`. */
  readonly namespace: string;
}

/** What one virtual server may have put into the table; keys as in ipvs-netlink's model. */
export interface OwnedByVirtualServer {
  readonly services: readonly string[];
  readonly destinations: readonly string[];
}

/** What lvsd changed beside services, with the value that was there before. */
export interface Restorable {
  readonly timeouts: { readonly tcp: number; readonly tcpFin: number; readonly udp: number } | undefined;
  readonly sysctls: Readonly<Record<string, string>>;
  /** Sync daemons that we started, as `master` or `backup`. */
  readonly daemons: readonly ('master' | 'backup')[];
}

export interface Journal {
  readonly owned: ReadonlyMap<string, OwnedByVirtualServer>;
  /** What was known of each virtual server, by name. */
  readonly memberships: ReadonlyMap<string, JournalledMembership>;
  readonly restore: Restorable;
  /** Weights that a person lowered and that stay. */
  readonly handWeights: HandWeights;
}

export const nothingToRestore: Restorable = { timeouts: undefined, sysctls: {}, daemons: [] };
export const emptyJournal: Journal = {
  owned: new Map(),
  memberships: new Map(),
  restore: nothingToRestore,
  handWeights: new Map(),
};

export type JournalLine =
  | { readonly lvsd: 1; readonly boot: string; readonly netns: string }
  | { readonly own: string; readonly s: readonly string[]; readonly d: readonly string[] }
  | { readonly gone: string }
  | { readonly is: JournalledMembership }
  | { readonly restore: Restorable }
  /** Service, destination, the weight that lvsd wants, the weight that a person set; all of them. */
  | { readonly weights: readonly (readonly [string, string, number, number])[] };

export function headerLine(identity: TableIdentity): JournalLine {
  return { lvsd: 1, boot: identity.bootId, netns: identity.namespace };
}

/** The line that replaces all weights that were lowered by hand. */
export function weightsLine(handWeights: HandWeights): JournalLine {
  return {
    weights: [...handWeights].flatMap(([service, weights]) =>
      [...weights].map(([destination, { expected, found }]) => [service, destination, expected, found] as const),
    ),
  };
}

/** Lines as the bytes of a file. */
export function formatLines(lines: Iterable<JournalLine>): string {
  let text = '';
  for (const line of lines) text += `${JSON.stringify(line)}\n`;
  return text;
}

/** All lines of a journal: what a fresh file holds. */
export function* journalLines(identity: TableIdentity, journal: Journal): Iterable<JournalLine> {
  yield headerLine(identity);
  yield { restore: journal.restore };
  yield weightsLine(journal.handWeights);
  for (const [name, owned] of journal.owned) yield { own: name, s: owned.services, d: owned.destinations };
  for (const membership of journal.memberships.values()) yield { is: membership };
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((v) => typeof v === 'string');

/** A line of the file, or undefined if it is not one of ours (torn by a crash, or written by a later version). */
function readLine(text: string): JournalLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const line = value as Record<string, unknown>;
  if (line.lvsd === 1 && typeof line.boot === 'string' && typeof line.netns === 'string')
    return line as unknown as JournalLine;
  if (typeof line.own === 'string' && isTexts(line.s) && isTexts(line.d)) return line as unknown as JournalLine;
  if (typeof line.gone === 'string') return line as unknown as JournalLine;
  if (isJournalledMembership(line.is)) return { is: line.is };
  if (Array.isArray(line.weights) && line.weights.every(isWeight)) return { weights: line.weights };
  if (typeof line.restore === 'object' && line.restore !== null) return { restore: readRestorable(line.restore) };
  return undefined;
}

const isWeight = (value: unknown): value is [string, string, number, number] =>
  Array.isArray(value) &&
  isTexts(value.slice(0, 2)) &&
  value.length === 4 &&
  Number.isSafeInteger(value[2]) &&
  Number.isSafeInteger(value[3]);

function readRestorable(value: object): Restorable {
  const given = value as { timeouts?: unknown; sysctls?: unknown; daemons?: unknown };
  const t = given.timeouts as { tcp?: unknown; tcpFin?: unknown; udp?: unknown } | undefined;
  const timeouts =
    typeof t?.tcp === 'number' && typeof t.tcpFin === 'number' && typeof t.udp === 'number'
      ? { tcp: t.tcp, tcpFin: t.tcpFin, udp: t.udp }
      : undefined;
  const sysctls: Record<string, string> = {};
  if (typeof given.sysctls === 'object' && given.sysctls !== null) {
    for (const [name, old] of Object.entries(given.sysctls)) if (typeof old === 'string') sysctls[name] = old;
  }
  const daemons = isTexts(given.daemons) ? given.daemons.filter((d) => d === 'master' || d === 'backup') : [];
  return { timeouts, sysctls, daemons };
}

export type ReadJournal =
  | { readonly kind: 'journal'; readonly journal: Journal }
  /** It speaks of another boot or another network namespace: nothing in it is ours here. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'damaged'; readonly error: LvsdError };

/**
 * Reads the text of a journal file. Total: any text gives one of three answers.
 * @param identity the table that the caller is about to change
 */
export function readJournal(text: string, identity: TableIdentity): ReadJournal {
  const lines = text.split('\n');
  const first = readLine(lines[0] ?? '');
  if (first === undefined || !('lvsd' in first)) {
    return {
      kind: 'damaged',
      error: new LvsdError(
        'LVSD_JOURNAL_DAMAGED',
        'The journal does not begin with its header, so lvsd cannot know which services it left in the kernel. ' +
          'It starts as if for the first time: services that are no longer in the file stay; look with ipvsadm -Ln.',
      ),
    };
  }
  if (first.boot !== identity.bootId || first.netns !== identity.namespace) return { kind: 'foreign' };
  const owned = new Map<string, OwnedByVirtualServer>();
  const memberships = new Map<string, JournalledMembership>();
  let restore = nothingToRestore;
  let handWeights = new Map<string, Map<string, HandWeight>>();
  for (let i = 1; i < lines.length; i++) {
    const line = readLine(lines[i] ?? '');
    if (line === undefined) continue;
    if ('own' in line) owned.set(line.own, { services: line.s, destinations: line.d });
    else if ('gone' in line) {
      owned.delete(line.gone);
      memberships.delete(line.gone);
    } else if ('is' in line) memberships.set(line.is.name, line.is);
    else if ('restore' in line) restore = line.restore;
    else if ('weights' in line) handWeights = readWeights(line.weights);
  }
  return { kind: 'journal', journal: { owned, memberships, restore, handWeights } };
}

function readWeights(
  rows: readonly (readonly [string, string, number, number])[],
): Map<string, Map<string, HandWeight>> {
  const weights = new Map<string, Map<string, HandWeight>>();
  for (const [service, destination, expected, found] of rows) {
    const of = weights.get(service) ?? new Map<string, HandWeight>();
    of.set(destination, { expected: clampWeight(expected), found: clampWeight(found) });
    weights.set(service, of);
  }
  return weights;
}

/** What is owned by either: the state of the journal while the kernel is being changed from one to the other. */
export function ownedByEither(
  before: ReadonlyMap<string, OwnedByVirtualServer>,
  after: ReadonlyMap<string, OwnedByVirtualServer>,
): ReadonlyMap<string, OwnedByVirtualServer> {
  const both = new Map(after);
  for (const [name, old] of before) {
    const now = both.get(name);
    if (now === old) continue;
    both.set(
      name,
      now === undefined
        ? old
        : {
            services: [...new Set([...old.services, ...now.services])],
            destinations: [...new Set([...old.destinations, ...now.destinations])],
          },
    );
  }
  return both;
}
