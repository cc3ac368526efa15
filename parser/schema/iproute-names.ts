/**
 * The names that iproute2 gives to numbers: tables, protocols, scopes, type-of-service fields, kinds of routes.
 *
 * These are the names that are always known (iproute2's built-in ones and its shipped files). Names that a host adds in
 * /etc/iproute2 are not looked up: each process of lvsd must read the same file in the same way, whatever it may read.
 * Source: linux/rtnetlink.h (RT_TABLE_*, RTPROT_*, RT_SCOPE_*).
 */
import { anyBase } from '../line-reader.js';

type Names = ReadonlyMap<string, number>;

const tables: Names = new Map([
  ['unspec', 0],
  ['default', 253],
  ['main', 254],
  ['local', 255],
]);

const protocols: Names = new Map([
  ['unspec', 0],
  ['redirect', 1],
  ['kernel', 2],
  ['boot', 3],
  ['static', 4],
  ['gated', 8],
  ['ra', 9],
  ['mrt', 10],
  ['zebra', 11],
  ['bird', 12],
  ['dnrouted', 13],
  ['xorp', 14],
  ['ntk', 15],
  ['dhcp', 16],
  ['mrouted', 17],
  ['keepalived', 18],
  ['babel', 42],
  ['openr', 99],
  ['bgp', 186],
  ['isis', 187],
  ['ospf', 188],
  ['rip', 189],
  ['eigrp', 192],
]);

const scopes: Names = new Map([
  ['global', 0],
  ['universe', 0],
  ['site', 200],
  ['link', 253],
  ['host', 254],
  ['nowhere', 255],
]);

const serviceFields: Names = new Map([
  ['default', 0x00],
  ['lowdelay', 0x10],
  ['throughput', 0x08],
  ['reliability', 0x04],
  ['CS0', 0x00],
  ['CS1', 0x20],
  ['CS2', 0x40],
  ['CS3', 0x60],
  ['CS4', 0x80],
  ['CS5', 0xa0],
  ['CS6', 0xc0],
  ['CS7', 0xe0],
  ['AF11', 0x28],
  ['AF12', 0x30],
  ['AF13', 0x38],
  ['AF21', 0x48],
  ['AF22', 0x50],
  ['AF23', 0x58],
  ['AF31', 0x68],
  ['AF32', 0x70],
  ['AF33', 0x78],
  ['AF41', 0x88],
  ['AF42', 0x90],
  ['AF43', 0x98],
  ['EF', 0xb8],
]);

const groups: Names = new Map([['default', 0]]);

function numberOf(text: string, names: Names, max: number): number | undefined {
  const number = names.get(text) ?? anyBase(text);
  return number === undefined || number > max ? undefined : number;
}

/** The keepalived protocol of a route, RTPROT_KEEPALIVED. */
export const KEEPALIVED_PROTOCOL = 18;
/** RT_TABLE_MAIN. */
export const MAIN_TABLE = 254;

/** A routing table, 0..4294967295. */
export const tableNumber = (text: string): number | undefined => numberOf(text, tables, 0xffffffff);
/** Who made a route, 0..255. */
export const protocolNumber = (text: string): number | undefined => numberOf(text, protocols, 255);
/** How far an address or a route reaches, 0..255. */
export const scopeNumber = (text: string): number | undefined => numberOf(text, scopes, 255);
/** A group of interfaces, 0..2147483647: those above are negative to keepalived, which refuses them. */
export const groupNumber = (text: string): number | undefined => numberOf(text, groups, 0x7fffffff);

/** The byte that was called type of service, 0..255; a number is decimal unless it says otherwise (seen with 2.2.7). */
export const serviceNumber = (text: string): number | undefined => numberOf(text, serviceFields, 255);

/** `[FROM/]TO`, 0..255 each, as one number of two 16-bit halves; undefined if it is none. */
export function realmsNumber(text: string): number | undefined {
  const [first = '', second, ...more] = text.split('/');
  const realm = (part: string): number | undefined => numberOf(part, new Map([['cosmos', 0]]), 255);
  if (more.length > 0) return undefined;
  const to = realm(second ?? first);
  const from = second === undefined ? 0 : realm(first);
  return from === undefined || to === undefined ? undefined : from * 0x10000 + to;
}
