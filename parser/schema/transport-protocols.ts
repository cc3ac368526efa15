/**
 * The names that a rule's ipproto knows, with their numbers.
 *
 * keepalived asks /etc/protocols of the host; these are the names that Debian ships there, so that every process of lvsd
 * reads a file in the same way, whatever the host adds. Names are case-sensitive there, and each has one alias, mostly
 * itself in capitals. Numbers are IANA's ("Assigned Internet Protocol Numbers").
 */
import { bounded } from './route-reading.js';

/** Their aliases are their names in capitals. */
const capitals: readonly (readonly [string, number])[] = [
  ['ip', 0],
  ['hopopt', 0],
  ['icmp', 1],
  ['igmp', 2],
  ['ggp', 3],
  ['st', 5],
  ['tcp', 6],
  ['egp', 8],
  ['igp', 9],
  ['pup', 12],
  ['udp', 17],
  ['hmp', 20],
  ['xns-idp', 22],
  ['rdp', 27],
  ['iso-tp4', 29],
  ['dccp', 33],
  ['xtp', 36],
  ['ddp', 37],
  ['idpr-cmtp', 38],
  ['idrp', 45],
  ['rsvp', 46],
  ['gre', 47],
  ['skip', 57],
  ['rspf', 73],
  ['vmtp', 81],
  ['eigrp', 88],
  ['ax.25', 93],
  ['ipip', 94],
  ['etherip', 97],
  ['encap', 98],
  ['pim', 103],
  ['ipcomp', 108],
  ['vrrp', 112],
  ['l2tp', 115],
  ['isis', 124],
  ['sctp', 132],
  ['fc', 133],
  ['wesp', 141],
  ['rohc', 142],
];

const aliased: readonly (readonly [string, string | undefined, number])[] = [
  ['ipencap', 'IP-ENCAP', 4],
  ['ipv6', 'IPv6', 41],
  ['ipv6-route', 'IPv6-Route', 43],
  ['ipv6-frag', 'IPv6-Frag', 44],
  ['esp', 'IPSEC-ESP', 50],
  ['ah', 'IPSEC-AH', 51],
  ['ipv6-icmp', 'IPv6-ICMP', 58],
  ['ipv6-nonxt', 'IPv6-NoNxt', 59],
  ['ipv6-opts', 'IPv6-Opts', 60],
  ['ospf', 'OSPFIGP', 89],
  ['mobility-header', 'Mobility-Header', 135],
  ['udplite', 'UDPLite', 136],
  ['mpls-in-ip', 'MPLS-in-IP', 137],
  ['manet', undefined, 138],
  ['hip', 'HIP', 139],
  ['shim6', 'Shim6', 140],
  ['ethernet', 'Ethernet', 143],
];

const names: ReadonlyMap<string, number> = new Map([
  ...capitals.flatMap(([name, number]) => [[name, number] as const, [name.toUpperCase(), number] as const]),
  ...aliased.flatMap(([name, alias, number]) => [[name, number] as const, [alias ?? name, number] as const]),
]);

/**
 * The number of a transport protocol, 0..255, from its name or its decimal number; undefined if it is none.
 * keepalived 2.2.7 takes numbers up to 127 only (docs/differences.md).
 */
export const transportProtocol = (text: string): number | undefined =>
  names.get(text) ?? (text === '' ? undefined : bounded(text, 255));
