/**
 * What a virtual router asks of a received advertisement before its election hears of it (RFC 9568 section 7.1,
 * RFC 3768 section 7.1, keepalived.md 12.6, in keepalived's order).
 *
 * Pure: a view, what is configured, and what is remembered between packets, in; a verdict and what to remember, out. A
 * packet is refused with a name (packet.ts) and keepalived's text; some faults are only told (`notes`): an address list
 * that differs, a version 3 interval that differs, an unsigned packet while signatures are being introduced. keepalived
 * 2.2.7 drops adverts for the address list; 2.4.3, whose rule this is, does not.
 */
import { timingSafeEqual } from 'node:crypto';
import { type AddressFamily, type IpAddress, readAddress } from '../runtime/addresses.js';
import { checkTrailer, type HmacState } from './auth-hmac.js';
import { type AhCounter, checkAh } from './authentication-header.js';
import { addWords, foldChecksum, ipv4PseudoHeader } from './checksum.js';
import { type AdvertView, AUTH_TYPE, type VrrpReject, type VrrpVersion } from './packet.js';
import type { Authentication, ChecksumForm } from './packet-encode.js';

/** Received TTLs that a unicast peer may have. */
export interface TtlRange {
  readonly min: number;
  readonly max: number;
}

export interface ReceivePolicy {
  readonly vrid: number;
  readonly family: AddressFamily;
  readonly version: VrrpVersion;
  /** Ours, in the packet's unit. */
  readonly interval: number;
  readonly authentication: Authentication;
  /** Empty: multicast. */
  readonly peers: ReadonlyMap<IpAddress, TtlRange>;
  readonly checkUnicastSource: boolean;
  readonly addressCount: number;
  /** In network order. */
  readonly addresses: Uint8Array;
  /** skip_check_adv_addr: no look at the list while the sender is the one from before. */
  readonly skipCheckOfSameSender: boolean;
  readonly multicastGroup: IpAddress;
  /** v3_checksum_as_v2. */
  readonly checksumWithoutPseudoHeader: boolean;
  /** old_unicast_checksum: `on`, `never`, or `adapt` where the word is absent. */
  readonly oldUnicastChecksum: 'on' | 'never' | 'adapt';
  /** owner_ignore_adverts, and we own the addresses. */
  readonly ownerIgnores: boolean;
}

/** What is remembered between packets. */
export interface ReceiveState {
  /** A peer was heard that speaks the old checksum. */
  readonly adapted: boolean;
  readonly ah: AhCounter;
  readonly hmac: HmacState;
  /** The sender of the last advertisement that was taken. */
  readonly lastSender: IpAddress | undefined;
}

export type ReceiveNote = 'addresses' | 'interval' | 'hmac-missing' | 'old-checksum' | 'clock-skew';

export type ReceiveVerdict =
  | { readonly ok: true; readonly state: ReceiveState; readonly notes: readonly { note: ReceiveNote; text: string }[] }
  | { readonly ok: false; readonly reject: VrrpReject; readonly detail: string };

/** The form that what we send has, given what we heard. */
export function checksumForm(policy: ReceivePolicy, state: Pick<ReceiveState, 'adapted'>): ChecksumForm {
  if (policy.checksumWithoutPseudoHeader) return 'message-only';
  return policy.oldUnicastChecksum === 'on' || state.adapted ? 'multicast-pseudo-header' : 'pseudo-header';
}

const refuse = (reject: VrrpReject, detail: string): ReceiveVerdict => ({ ok: false, reject, detail });

/**
 * Checks one advertisement whose VRID is ours.
 * @param wall milliseconds since 1970, for auth_hmac
 */
export function checkAdvert(
  advert: AdvertView,
  policy: ReceivePolicy,
  before: ReceiveState,
  wall: number,
): ReceiveVerdict {
  const { authentication, peers } = policy;
  const unicast = peers.size > 0;
  let state = before;
  const notes: { note: ReceiveNote; text: string }[] = [];
  if ((advert.ah !== undefined) !== (authentication.kind === 'ah')) {
    return refuse(
      'ah-presence',
      advert.ah !== undefined ? 'Received AH header but auth type not AH' : 'No AH header but auth type is AH',
    );
  }
  if (advert.trailer.length > 0 && authentication.kind !== 'hmac') {
    const expected = advert.bytes.length - advert.trailer.length;
    return refuse('length', `vrrp packet too long, length ${advert.bytes.length} and expect ${expected}`);
  }
  // RFC 9568 section 5.1.1.3 and 5.1.2.3: 255, which proves that no router forwarded it. Unicast may be routed.
  if (!unicast && advert.ttl !== -1 && advert.ttl !== 255) {
    return refuse('ttl', `invalid TTL/HL. Received ${advert.ttl} and expect 255`);
  }
  if (advert.version !== policy.version) {
    return refuse('version', `wrong version. Received ${advert.version} and expect ${policy.version}`);
  }
  if (policy.version === 2) {
    const refused = checkVersion2(advert, policy);
    if (refused !== undefined) return refused;
    if (authentication.kind === 'ah') {
      const result = checkAh(advert, before.ah, unicast, authentication.key);
      if (!result.ok) return refuse(result.reject, result.detail);
      state = { ...state, ah: result.counter };
    }
    // After authentication, and dropped, so that a stranger's packet does not start a second master.
    if (advert.interval !== policy.interval) {
      return refuse(
        'interval',
        `advertisement interval mismatch mine=${policy.interval} sec rcv'd=${advert.interval} sec`,
      );
    }
  } else if (advert.interval !== policy.interval) {
    const text = `advertisement interval mismatch: mine=${policy.interval * 10} milli-sec, rcv'd=${advert.interval * 10} milli-sec`;
    notes.push({ note: 'interval', text });
  }
  if (advert.family === 'inet') {
    const sum = checksumIsRight(advert, policy, before.adapted);
    if (sum === 'wrong') return refuse('checksum', `Invalid VRRPv${policy.version} checksum`);
    if (sum === 'old') {
      state = { ...state, adapted: true };
      notes.push({ note: 'old-checksum', text: 'Setting unicast VRRPv3 checksum to old version' });
    }
  }
  if (isMulticast(advert.destination) === unicast) {
    const [expected, received] = unicast ? ['un', 'mult'] : ['mult', 'un'];
    return refuse('cast', `Expected ${expected}icast packet but received ${received}icast packet`);
  }
  if (authentication.kind === 'hmac') {
    const { mode, timeWindow } = authentication.parameters;
    if (advert.trailer.length === 0) {
      if (mode === 'enforce') return refuse('hmac-missing', `no authentication trailer from ${advert.source}`);
      notes.push({ note: 'hmac-missing', text: `no authentication trailer from ${advert.source}, accepted (${mode})` });
    } else {
      const result = checkTrailer(advert, authentication.parameters, state.hmac, wall, peers.size);
      if (!result.ok) return refuse(result.reject, hmacDetail(result.reject, advert.source, result.skew));
      state = { ...state, hmac: result.state };
      if (authentication.parameters.antiReplay === 'time' && Math.abs(result.skew) > timeWindow / 2) {
        const text = `clock skew of ${result.skew} s to ${advert.source}, the window is ${timeWindow} s: set both clocks`;
        notes.push({ note: 'clock-skew', text });
      }
    }
  }
  if (policy.ownerIgnores) return refuse('owner', `advert from ${advert.source} ignored: we are address owner`);
  const sameSender = policy.skipCheckOfSameSender && before.lastSender === advert.source;
  if (!sameSender) {
    const text = addressFault(advert, policy);
    if (text !== undefined) notes.push({ note: 'addresses', text });
  }
  const peer = peers.get(advert.source);
  if (unicast && policy.checkUnicastSource && peer === undefined) {
    return refuse('peer', `unicast source address ${advert.source} not a unicast peer`);
  }
  if (peer !== undefined && advert.ttl !== -1 && (advert.ttl < peer.min || advert.ttl > peer.max)) {
    return refuse('ttl', `TTL/HL ${advert.ttl} not in range ${peer.min} - ${peer.max}`);
  }
  if (state.lastSender !== advert.source) state = { ...state, lastSender: advert.source };
  return { ok: true, state, notes };
}

/** RFC 3768 section 7.1, RFC 2338 section 7.1. */
function checkVersion2(advert: AdvertView, policy: ReceivePolicy): ReceiveVerdict | undefined {
  const { authentication } = policy;
  if (advert.authType > AUTH_TYPE.ah) return refuse('auth-type', `Invalid auth type: ${advert.authType}`);
  const ours = authentication.kind === 'hmac' ? AUTH_TYPE.none : AUTH_TYPE[authentication.kind];
  if (advert.authType !== ours) {
    return refuse('auth-mismatch', `received a ${advert.authType} auth, expecting ${ours}!`);
  }
  if (authentication.kind !== 'pass' || advert.family !== 'inet') return undefined;
  return timingSafeEqual(advert.authData, authentication.key)
    ? undefined
    : refuse('auth-password', 'received an invalid passwd!');
}

function checksumIsRight(advert: AdvertView, policy: ReceivePolicy, adapted: boolean): 'right' | 'old' | 'wrong' {
  const end = advert.bytes.length - advert.trailer.length;
  const right = (pseudo: number): boolean => foldChecksum(addWords(pseudo, advert.bytes, advert.start, end)) === 0;
  if (advert.version === 2) return right(0) ? 'right' : 'wrong';
  const length = end - advert.start;
  const group = (): number => ipv4PseudoHeader(advert.source, policy.multicastGroup, length);
  switch (checksumForm(policy, { adapted })) {
    case 'message-only':
      return right(0) ? 'right' : 'wrong';
    case 'multicast-pseudo-header':
      return right(group()) ? 'right' : 'wrong';
    case 'pseudo-header':
      if (right(ipv4PseudoHeader(advert.source, advert.destination, length))) return 'right';
      return policy.oldUnicastChecksum === 'adapt' && policy.peers.size > 0 && right(group()) ? 'old' : 'wrong';
  }
}

/** What is wrong with the list of addresses, in the order of our list; undefined: nothing. */
function addressFault(advert: AdvertView, policy: ReceivePolicy): string | undefined {
  if (advert.addressCount !== policy.addressCount) {
    return `received an unexpected ip number count ${advert.addressCount}, expected ${policy.addressCount}!`;
  }
  const theirs = advert.addresses;
  const ours = policy.addresses;
  if (Buffer.compare(theirs, ours) === 0) return undefined;
  const size = advert.family === 'inet' ? 4 : 16;
  for (let at = 0; at < ours.length; at += size) {
    const address = ours.subarray(at, at + size);
    let found = false;
    for (let other = 0; other < theirs.length && !found; other += size) {
      found = Buffer.compare(address, theirs.subarray(other, other + size)) === 0;
    }
    if (!found) {
      const name = readAddress(advert.family, address);
      return `ip address associated with VRID ${policy.vrid} not present in MASTER advert : ${name}`;
    }
  }
  return undefined;
}

function hmacDetail(reject: VrrpReject, source: IpAddress, skew: number | undefined): string {
  switch (reject) {
    case 'hmac-malformed':
      return `malformed authentication trailer from ${source}`;
    case 'hmac-unknown-key':
      return `authentication trailer from ${source} names a key id that is not configured`;
    case 'hmac-stale':
      return `stale authentication trailer from ${source}: its clock is ${Math.abs(skew ?? 0)} s ${(skew ?? 0) > 0 ? 'behind' : 'ahead of'} ours`;
    case 'hmac-replay':
      return `replayed authentication trailer from ${source}`;
    default:
      return `invalid HMAC from ${source}: another key, or a forgery`;
  }
}

/** 224.0.0.0/4 (RFC 1112), ff00::/8 (RFC 4291 section 2.7). */
function isMulticast(address: IpAddress): boolean {
  if (address.includes(':')) return address.startsWith('ff') && address.indexOf(':') === 4;
  const first = Number.parseInt(address, 10);
  return first >= 224 && first < 240;
}
