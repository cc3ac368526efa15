/**
 * Puts VIPs on interfaces and takes them away: /32 and /128 by default, idempotent, and it remembers what was ours.
 *
 * An address that stood there before is left as it is and is not ours, so that it is not taken away either (design, law
 * 4). After a restart the journal tells what was ours: `claim`. IPv6 VIPs skip duplicate detection, which would keep
 * them off for a second or more, and are deprecated at once, so that nothing chooses them as a source: as keepalived does.
 *
 * It does not announce (gratuitous ARP and unsolicited NA are the announcer's work).
 */

import { NetlinkError } from '../netlink/netlink-error.js';
import type { Answer, RequestSocket } from '../netlink/request-socket.js';
import type { Scope } from '../netlink/rtnetlink.js';
import {
  encodeAddressAdd,
  encodeAddressDelete,
  IFA_F_NODAD,
  type WantedAddress,
} from '../netlink/rtnetlink-address.js';
import { familyOf, type IpAddress } from '../runtime/addresses.js';
import { LvsdError } from '../runtime/errors.js';
import { lookUpLink } from './link-lookup.js';

export interface Vip {
  readonly address: IpAddress;
  /** Interface name. */
  readonly device: string;
  /** Default 32 or 128. */
  readonly prefixLength?: number;
  /** A name or 0..255; default global. */
  readonly scope?: Scope | number;
  /** IPv4 only, at most 15 bytes. */
  readonly label?: string;
  /** IPv4 only. */
  readonly broadcast?: IpAddress;
  /** The other end of a point-to-point address; the prefix is the peer's. */
  readonly peer?: IpAddress;
  /** IFA_F_* bits; default none, of IPv6 IFA_F_NODAD. */
  readonly flags?: number;
  /** IPv6 only, seconds; default 0, which is deprecated. */
  readonly preferredLifetime?: number | 'forever';
}

export type AddResult =
  | { readonly kind: 'added' }
  /** It stood there already; `ours` says whether lvsd put it there. */
  | { readonly kind: 'present'; readonly ours: boolean }
  | { readonly kind: 'failed'; readonly error: LvsdError };

export type RemoveResult =
  | { readonly kind: 'removed' }
  /** It was ours and had gone without us (by hand, or with its interface). */
  | { readonly kind: 'absent' }
  /** Not ours: left alone. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'failed'; readonly error: LvsdError };

const EEXIST = 17;
const ENODEV = 19;
const EADDRNOTAVAIL = 99;

export class VipAddresses {
  readonly #socket: Pick<RequestSocket, 'exchange' | 'request'>;
  readonly #ours = new Map<string, Vip>();

  /** @param socket a request socket of protocol route, in the namespace of the interfaces */
  constructor(socket: Pick<RequestSocket, 'exchange' | 'request'>) {
    this.#socket = socket;
  }

  /** What lvsd put there (for the journal). */
  ours(): readonly Vip[] {
    return [...this.#ours.values()];
  }

  /** Takes over what an earlier lvsd put there, by its journal. */
  claim(vips: readonly Vip[]): void {
    for (const vip of vips) this.#ours.set(keyOf(vip), vip);
  }

  /**
   * Adds VIPs, all by one batch.
   * @returns one result for each, in order
   */
  add(vips: readonly Vip[]): AddResult[] {
    return this.#each(
      vips,
      (vip, index) => encodeAddressAdd(wantedOf(vip, index)),
      (vip, answer): AddResult => {
        if (answer.ok) {
          this.#ours.set(keyOf(vip), vip);
          return { kind: 'added' };
        }
        if (answer.error.errno === EEXIST) return { kind: 'present', ours: this.#ours.has(keyOf(vip)) };
        return { kind: 'failed', error: failure('Adding', vip, answer.error) };
      },
      (vip, error): AddResult => ({ kind: 'failed', error: failure('Adding', vip, error) }),
    );
  }

  /**
   * Removes VIPs that are ours, all by one batch.
   * @returns one result for each, in order
   */
  remove(vips: readonly Vip[]): RemoveResult[] {
    const mine = vips.filter((vip) => this.#ours.has(keyOf(vip)));
    const results = this.#each(
      mine,
      (vip, index) => encodeAddressDelete(wantedOf(vip, index)),
      (vip, answer): RemoveResult => {
        const gone = !answer.ok && (answer.error.errno === EADDRNOTAVAIL || answer.error.errno === ENODEV);
        if (answer.ok || gone) {
          this.#ours.delete(keyOf(vip));
          return { kind: answer.ok ? 'removed' : 'absent' };
        }
        return { kind: 'failed', error: failure('Removing', vip, answer.error) };
      },
      (vip, error): RemoveResult => {
        if (error.errno !== ENODEV) return { kind: 'failed', error: failure('Removing', vip, error) };
        this.#ours.delete(keyOf(vip));
        return { kind: 'absent' };
      },
    );
    const byKey = new Map(mine.map((vip, i) => [keyOf(vip), results[i] as RemoveResult]));
    return vips.map((vip) => byKey.get(keyOf(vip)) ?? { kind: 'foreign' });
  }

  #each<R>(
    vips: readonly Vip[],
    encode: (vip: Vip, index: number) => Buffer,
    answered: (vip: Vip, answer: Answer) => R,
    withoutDevice: (vip: Vip, error: NetlinkError) => R,
  ): R[] {
    const indices = new Map<string, number | NetlinkError>();
    for (const { device } of vips) if (!indices.has(device)) indices.set(device, indexOf(this.#socket, device));
    const sent: Vip[] = [];
    const requests: Buffer[] = [];
    for (const vip of vips) {
      const index = indices.get(vip.device);
      if (typeof index !== 'number') continue;
      sent.push(vip);
      requests.push(encode(vip, index));
    }
    const answers = new Map<Vip, Answer>();
    this.#socket.exchange(requests).forEach((answer, i) => void answers.set(sent[i] as Vip, answer));
    return vips.map((vip) => {
      const answer = answers.get(vip);
      return answer === undefined ? withoutDevice(vip, indices.get(vip.device) as NetlinkError) : answered(vip, answer);
    });
  }
}

function indexOf(socket: Pick<RequestSocket, 'request'>, device: string): number | NetlinkError {
  const link = lookUpLink(socket, device);
  return link instanceof NetlinkError ? link : link.index;
}

const prefixOf = (vip: Vip): number => vip.prefixLength ?? (familyOf(vip.address) === 'inet' ? 32 : 128);

/** What makes it the same one to the kernel. */
export function keyOf(vip: Vip): string {
  return `${vip.address}/${prefixOf(vip)} ${vip.device} ${vip.peer ?? ''}`;
}

function wantedOf(vip: Vip, index: number): WantedAddress {
  const { address, label, broadcast, peer } = vip;
  const inet6 = familyOf(address) === 'inet6';
  const flags = vip.flags ?? (inet6 ? IFA_F_NODAD : 0);
  const lifetime = inet6 ? (vip.preferredLifetime ?? 0) : 'forever';
  return {
    index,
    address,
    prefixLength: prefixOf(vip),
    scope: vip.scope ?? 'global',
    ...(flags === 0 ? {} : { flags }),
    ...(lifetime === 'forever' ? {} : { preferredLifetime: lifetime }),
    ...(label === undefined || inet6 ? {} : { label }),
    ...(broadcast === undefined ? {} : { broadcast }),
    ...(peer === undefined ? {} : { peer }),
  };
}

function failure(what: 'Adding' | 'Removing', vip: Vip, cause: NetlinkError): LvsdError {
  const cure =
    cause.errno === ENODEV
      ? `: there is no interface ${vip.device}; make it, or correct the name in the configuration`
      : cause.errno === 1
        ? ': not permitted; lvsd needs CAP_NET_ADMIN'
        : `: ${cause.message}`;
  return new LvsdError('LVSD_VIP', `${what} ${vip.address}/${prefixOf(vip)} on ${vip.device} failed${cure}`, {
    cause,
    fields: { address: vip.address, device: vip.device, errno: cause.errno },
    retriable: cause.retriable,
  });
}
