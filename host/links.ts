/**
 * The links (interfaces) of this host, by name and by index, as a table that turns messages into events.
 *
 * Pure: `host-monitor.ts` feeds it with dumps and changes. A link that is deleted and made again has another index: that
 * is a disappearance and an appearance, never a change, because what stood on the old one (addresses, sockets bound to the
 * device) is gone. Source of the notions up and running: RFC 2863, netdevice(7).
 */
import type { Link } from '../netlink/rtnetlink-link.js';

export type LinkEvent =
  | { readonly kind: 'appeared'; readonly link: Link }
  | { readonly kind: 'disappeared'; readonly link: Link }
  /** Anything about it: `before` tells what (flags, name, MTU, address). */
  | { readonly kind: 'changed'; readonly before: Link; readonly link: Link };

export class LinkTable {
  readonly #byIndex = new Map<number, Link>();
  readonly #byName = new Map<string, Link>();

  byIndex(index: number): Link | undefined {
    return this.#byIndex.get(index);
  }

  byName(name: string): Link | undefined {
    return this.#byName.get(name);
  }

  all(): readonly Link[] {
    return [...this.#byIndex.values()];
  }

  /** A link that is there now, new or changed. An unchanged one gives no event. */
  set(link: Link): readonly LinkEvent[] {
    const before = this.#byIndex.get(link.index);
    if (before !== undefined && sameLink(before, link)) return [];
    if (before !== undefined && this.#byName.get(before.name) === before) this.#byName.delete(before.name);
    this.#byIndex.set(link.index, link);
    this.#byName.set(link.name, link);
    return [before === undefined ? { kind: 'appeared', link } : { kind: 'changed', before, link }];
  }

  /** The link with this index is gone. */
  delete(index: number): readonly LinkEvent[] {
    const link = this.#byIndex.get(index);
    if (link === undefined) return [];
    this.#byIndex.delete(index);
    if (this.#byName.get(link.name) === link) this.#byName.delete(link.name);
    return [{ kind: 'disappeared', link }];
  }

  /** The whole truth, from a dump. Disappearances come first. */
  replace(links: readonly Link[]): readonly LinkEvent[] {
    const there = new Set(links.map((link) => link.index));
    const gone = [...this.#byIndex.keys()].filter((index) => !there.has(index));
    return [...gone.flatMap((index) => this.delete(index)), ...links.flatMap((link) => this.set(link))];
  }
}

function sameLink(a: Link, b: Link): boolean {
  return (Object.keys(a) as (keyof Link)[]).every((field) => a[field] === b[field]);
}
