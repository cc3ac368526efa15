/**
 * The counters of one instance, under the names that keepalived's statistics file and JSON have (anchors.md 5a), and those
 * that only lvsd counts.
 */
import type { VrrpReject } from './packet.js';

export interface VrrpStatistics {
  advert_rcvd: number;
  advert_sent: number;
  become_master: number;
  release_master: number;
  packet_len_err: number;
  advert_interval_err: number;
  ip_ttl_err: number;
  invalid_type_rcvd: number;
  addr_list_err: number;
  invalid_authtype: number;
  authtype_mismatch: number;
  auth_failure: number;
  pri_zero_rcvd: number;
  pri_zero_sent: number;
  vers_err: number;
  chk_err: number;
  auth_ext_missing: number;
  auth_ext_malformed: number;
  auth_ext_unknown_key: number;
  auth_ext_invalid_hmac: number;
  auth_ext_stale: number;
  auth_ext_replay: number;
  /** Packets that were no VRRP packets at all, by lvsd's count. */
  malformed: number;
  /** Sent by somebody who is not a peer, or to an owner that does not listen. */
  unwanted: number;
  /** Timers that fired late, and those after which we listened first. */
  late: number;
  listened: number;
}

export function emptyStatistics(): VrrpStatistics {
  return {
    advert_rcvd: 0,
    advert_sent: 0,
    become_master: 0,
    release_master: 0,
    packet_len_err: 0,
    advert_interval_err: 0,
    ip_ttl_err: 0,
    invalid_type_rcvd: 0,
    addr_list_err: 0,
    invalid_authtype: 0,
    authtype_mismatch: 0,
    auth_failure: 0,
    pri_zero_rcvd: 0,
    pri_zero_sent: 0,
    vers_err: 0,
    chk_err: 0,
    auth_ext_missing: 0,
    auth_ext_malformed: 0,
    auth_ext_unknown_key: 0,
    auth_ext_invalid_hmac: 0,
    auth_ext_stale: 0,
    auth_ext_replay: 0,
    malformed: 0,
    unwanted: 0,
    late: 0,
    listened: 0,
  };
}

/** Which counter a reject goes to. */
export const REJECT_COUNTER: Readonly<Record<VrrpReject, keyof VrrpStatistics>> = {
  short: 'packet_len_err',
  'ip-header': 'malformed',
  'ip-length': 'packet_len_err',
  fragment: 'malformed',
  protocol: 'malformed',
  length: 'packet_len_err',
  version: 'vers_err',
  type: 'invalid_type_rcvd',
  'ah-presence': 'authtype_mismatch',
  'ah-format': 'malformed',
  'ah-digest': 'auth_failure',
  'ah-spi': 'auth_failure',
  'ah-replay': 'auth_failure',
  ttl: 'ip_ttl_err',
  'auth-type': 'invalid_authtype',
  'auth-mismatch': 'authtype_mismatch',
  'auth-password': 'auth_failure',
  interval: 'advert_interval_err',
  checksum: 'chk_err',
  cast: 'addr_list_err',
  owner: 'unwanted',
  peer: 'unwanted',
  'hmac-missing': 'auth_ext_missing',
  'hmac-malformed': 'auth_ext_malformed',
  'hmac-unknown-key': 'auth_ext_unknown_key',
  'hmac-invalid': 'auth_ext_invalid_hmac',
  'hmac-stale': 'auth_ext_stale',
  'hmac-replay': 'auth_ext_replay',
};
