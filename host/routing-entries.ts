/**
 * Puts routes and routing rules into the kernel and takes them away, and remembers which were ours.
 *
 * What stands there before, or has the place of ours, is left as it is and is not ours (design, law 4). What an earlier
 * process left is taken away by `removeStale`, which asks the kernel for an entry that is the same in all that the
 * configuration names, its protocol (keepalived's own, 18) included. An entry whose interface does not exist yet cannot be
 * added; the caller tries again when interfaces come. Nothing is read back: `host-monitor.ts` tells of what others do.
 */
import type { Route } from '../config/route.js';
import type { Rule } from '../config/rule.js';
import { NetlinkError } from '../netlink/netlink-error.js';
import type { Answer, RequestSocket } from '../netlink/request-socket.js';
import {
  encodeConfiguredRouteAdd,
  encodeConfiguredRouteDelete,
  type IndexOf,
} from '../netlink/rtnetlink-configured-route.js';
import { encodeRuleAdd, encodeRuleDelete } from '../netlink/rtnetlink-rule.js';
import { LvsdError } from '../runtime/errors.js';
import { lookUpLink } from './link-lookup.js';

/** What routes and rules have of their own. */
export interface EntryKind<T> {
  readonly encodeAdd: (entry: T, indexOf: IndexOf) => Buffer;
  readonly encodeDelete: (entry: T, indexOf: IndexOf) => Buffer;
  /** The interfaces whose index stands in the messages. */
  readonly devices: (entry: T) => readonly string[];
  /** For messages: `route 10.0.0.0/8 in table 254`. */
  readonly describe: (entry: T) => string;
}

export const routeKind: EntryKind<Route> = {
  encodeAdd: encodeConfiguredRouteAdd,
  encodeDelete: encodeConfiguredRouteDelete,
  devices: ({ device, nextHops }) => [device, ...nextHops.map((hop) => hop.device)].flatMap((name) => name ?? []),
  describe: ({ destination, table }) => `route ${destination.address}/${destination.length} in table ${table}`,
};

export const ruleKind: EntryKind<Rule> = {
  encodeAdd: encodeRuleAdd,
  encodeDelete: encodeRuleDelete,
  devices: () => [],
  describe: ({ family, priority }) => `IPv${family === 'inet' ? 4 : 6} rule of priority ${priority}`,
};

export type EntryResult =
  | { readonly kind: 'done' }
  /** Added: it stood there already, or another one has its place. Removed: it had gone without us. */
  | { readonly kind: 'nothing'; readonly ours: boolean }
  | { readonly kind: 'failed'; readonly error: LvsdError };

const ENOENT = 2;
const ESRCH = 3;
const EEXIST = 17;
const ENODEV = 19;

export class RoutingEntries<T extends Route | Rule> {
  readonly #socket: Pick<RequestSocket, 'exchange' | 'request'>;
  readonly #kind: EntryKind<T>;
  readonly #ours = new Map<string, T>();
  readonly #keys = new WeakMap<T, string>();

  /** @param socket a request socket of protocol route */
  constructor(socket: Pick<RequestSocket, 'exchange' | 'request'>, kind: EntryKind<T>) {
    this.#socket = socket;
    this.#kind = kind;
  }

  /** What lvsd put there (for the journal). */
  ours(): readonly T[] {
    return [...this.#ours.values()];
  }

  isOurs(entry: T): boolean {
    return this.#ours.has(this.key(entry));
  }

  /** Two entries with the same key are the same to the kernel, wherever they stand in the file. */
  key(entry: T): string {
    let key = this.#keys.get(entry);
    if (key === undefined) {
      key = JSON.stringify({ ...entry, at: undefined, track: undefined, trackGroup: undefined });
      this.#keys.set(entry, key);
    }
    return key;
  }

  /** Adds entries, all by one batch. @returns one result for each, in order */
  add(entries: readonly T[]): EntryResult[] {
    return this.#each(entries, this.#kind.encodeAdd, (entry, answer) => {
      if (answer.ok) {
        this.#ours.set(this.key(entry), entry);
        return { kind: 'done' };
      }
      if (answer.error.errno === EEXIST) return { kind: 'nothing', ours: this.isOurs(entry) };
      return { kind: 'failed', error: this.#failure('Adding', entry, answer.error) };
    });
  }

  /** Removes those entries that are ours, the last one first. @returns one result for each, in that order */
  remove(entries: readonly T[]): EntryResult[] {
    return this.#delete(entries.filter((entry) => this.isOurs(entry)));
  }

  /** Removes entries whether or not we have added them: what an earlier process left. */
  removeStale(entries: readonly T[]): EntryResult[] {
    return this.#delete(entries);
  }

  #delete(entries: readonly T[]): EntryResult[] {
    return this.#each([...entries].reverse(), this.#kind.encodeDelete, (entry, answer) => {
      const gone = !answer.ok && [ENOENT, ESRCH, ENODEV].includes(answer.error.errno);
      if (!answer.ok && !gone) return { kind: 'failed', error: this.#failure('Removing', entry, answer.error) };
      this.#ours.delete(this.key(entry));
      return answer.ok ? { kind: 'done' } : { kind: 'nothing', ours: false };
    });
  }

  #each(
    entries: readonly T[],
    encode: (entry: T, indexOf: IndexOf) => Buffer,
    answered: (entry: T, answer: Answer) => EntryResult,
  ): EntryResult[] {
    const indices = new Map<string, number | NetlinkError>();
    for (const name of entries.flatMap((entry) => this.#kind.devices(entry))) {
      if (indices.has(name)) continue;
      const link = lookUpLink(this.#socket, name);
      indices.set(name, link instanceof NetlinkError ? link : link.index);
    }
    const missing = (entry: T): NetlinkError | undefined => {
      for (const name of this.#kind.devices(entry)) {
        const found = indices.get(name);
        if (found instanceof NetlinkError) return found;
      }
      return undefined;
    };
    const known = entries.filter((entry) => missing(entry) === undefined);
    const indexOf: IndexOf = (name) => indices.get(name) as number;
    const answers = new Map<T, Answer>();
    this.#socket.exchange(known.map((entry) => encode(entry, indexOf))).forEach((answer, i) => {
      answers.set(known[i] as T, answer);
    });
    return entries.map((entry) => {
      const error = missing(entry);
      return answered(entry, error === undefined ? (answers.get(entry) as Answer) : { ok: false, error });
    });
  }

  #failure(what: 'Adding' | 'Removing', entry: T, cause: NetlinkError): LvsdError {
    const device = this.#kind.devices(entry).join(', ');
    const cure =
      cause.errno === ENODEV
        ? `: there is no interface ${device}; make it, or correct the name in the configuration`
        : cause.errno === 1
          ? ': not permitted; lvsd needs CAP_NET_ADMIN'
          : `: ${cause.message}`;
    return new LvsdError('LVSD_ROUTING', `${what} the ${this.#kind.describe(entry)} failed${cure}`, {
      cause,
      fields: { errno: cause.errno },
      retriable: cause.retriable,
    });
  }
}
