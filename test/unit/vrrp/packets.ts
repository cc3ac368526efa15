// Forms, moments, packets and policies for the tests of VRRP, with the defaults that most of them want.

import { type AddressFamily, type IpAddress, parseIpAddress } from '../../../runtime/addresses.js';
import { type HmacParameters, INITIAL_HMAC_STATE } from '../../../vrrp/auth-hmac.js';
import { INITIAL_AH_COUNTER } from '../../../vrrp/authentication-header.js';
import type { AdvertView, ReceivedPacket, VrrpVersion } from '../../../vrrp/packet.js';
import {
  type AdvertForm,
  type AdvertMoment,
  type Authentication,
  addressBytes,
  legacyKey,
} from '../../../vrrp/packet-encode.js';
import {
  checkAdvert,
  type ReceivePolicy,
  type ReceiveState,
  type ReceiveVerdict,
} from '../../../vrrp/receive-check.js';

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(`${text} is not an address`);
  return address;
}

export const addresses = (...texts: readonly string[]): readonly IpAddress[] => texts.map(ip);

export const hmacParameters: HmacParameters = {
  keys: new Map([[1, Uint8Array.from({ length: 32 }, (_, i) => i)]]),
  activeKey: 1,
  antiReplay: 'time',
  timeWindow: 5,
  mode: 'enforce',
};

export function authentication(kind: string): Authentication {
  switch (kind) {
    case 'pass':
      return { kind, key: legacyKey('s3cretpassword') };
    case 'ah':
      return { kind, key: legacyKey('s3cretpassword') };
    case 'hmac':
      return { kind, parameters: hmacParameters };
    default:
      return { kind: 'none' };
  }
}

interface FormGiven {
  readonly family?: AddressFamily;
  readonly version: VrrpVersion;
  readonly vrid?: number;
  readonly interval?: number;
  readonly addresses?: readonly IpAddress[];
  readonly addressBytes?: Uint8Array;
  readonly source?: string;
  readonly ttl?: number;
  readonly auth?: string;
}

export function form(given: FormGiven): AdvertForm {
  const family = given.family ?? 'inet';
  const bytes = given.addressBytes ?? addressBytes(given.addresses ?? addresses('10.0.0.1'), family);
  return {
    family,
    version: given.version,
    vrid: given.vrid ?? 51,
    addressCount: bytes.length / (family === 'inet' ? 4 : 16),
    addresses: bytes,
    interval: given.interval ?? (given.version === 2 ? 1 : 100),
    source: ip(given.source ?? (family === 'inet' ? '10.0.0.5' : 'fe80::5')),
    ttl: given.ttl ?? 255,
    multicastGroup: ip(family === 'inet' ? '224.0.0.18' : 'ff02::12'),
    authentication: authentication(given.auth ?? 'none'),
  };
}

export function moment(given: Partial<AdvertMoment>): AdvertMoment {
  return {
    priority: 100,
    destination: ip('224.0.0.18'),
    unicast: false,
    checksum: 'pseudo-header',
    identification: 1,
    ...given,
  };
}

export function packet(bytes: Uint8Array, given: Partial<ReceivedPacket> = {}): ReceivedPacket {
  return { family: 'inet', source: ip('fe80::5'), destination: ip('ff02::12'), ttl: 255, ...given, bytes };
}

export const freshState: ReceiveState = {
  adapted: false,
  ah: INITIAL_AH_COUNTER,
  hmac: INITIAL_HMAC_STATE,
  lastSender: undefined,
};

export function checked(
  view: AdvertView,
  policy: ReceivePolicy,
  state: ReceiveState = freshState,
  wall = 1_700_000_000_000,
): ReceiveVerdict {
  return checkAdvert(view, policy, state, wall);
}

/** The policy of a router whose configuration text is this one, for a packet that it should take. */
export function policyOf(view: AdvertView, configuration: string, auth?: string): ReceivePolicy {
  const has = (word: RegExp): boolean => word.test(configuration);
  const peers = has(/unicast_peer/) ? new Map([[view.source, { min: 0, max: 255 }]]) : new Map();
  const group = /vrrp_mcast_group4 (\S+)/.exec(configuration)?.[1] ?? '224.0.0.18';
  const kind = auth ?? /auth_type (\S+)/.exec(configuration)?.[1]?.toLowerCase() ?? 'none';
  return {
    vrid: view.vrid,
    family: view.family,
    version: view.version,
    interval: view.interval,
    authentication: authentication(kind),
    peers,
    checkUnicastSource: true,
    addressCount: view.addressCount,
    addresses: Uint8Array.from(view.addresses),
    skipCheckOfSameSender: false,
    multicastGroup: ip(view.family === 'inet' ? group : 'ff02::12'),
    checksumWithoutPseudoHeader: false,
    oldUnicastChecksum: has(/old_unicast_checksum$/m) ? 'on' : has(/old_unicast_checksum never/) ? 'never' : 'adapt',
    ownerIgnores: false,
  };
}
