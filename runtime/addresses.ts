/**
 * IP addresses as canonical text.
 *
 * An address is a branded string in one canonical form (dotted quad; RFC 5952 for IPv6), so that equality is `===`, a
 * map key is the address itself, and a log line needs no conversion. Bytes exist only at the codecs' edge. There is no
 * DNS here and no interface scope: a link-local address carries its device beside it.
 *
 * Source of the forms: RFC 791, RFC 4291 section 2.2 (text), RFC 5952 (canonical text).
 */

declare const family: unique symbol;
export type Ipv4 = string & { readonly [family]: 4 };
export type Ipv6 = string & { readonly [family]: 6 };
export type IpAddress = Ipv4 | Ipv6;
export type AddressFamily = 'inet' | 'inet6';

export function isIpv6(address: IpAddress): address is Ipv6 {
  return address.includes(':');
}

export function familyOf(address: IpAddress): AddressFamily {
  return isIpv6(address) ? 'inet6' : 'inet';
}

/** Reads a dotted quad without leading zeros or spaces; undefined if it is not one. */
export function parseIpv4(text: string): Ipv4 | undefined {
  let value = -1;
  let dots = 0;
  if (text.length < 7 || text.length > 15) return undefined;
  for (let i = 0; i <= text.length; i++) {
    const c = i === text.length ? 46 : text.charCodeAt(i);
    if (c === 46) {
      if (value < 0) return undefined;
      if (i < text.length) dots++;
      value = -1;
    } else if (c >= 48 && c <= 57) {
      if (value === 0) return undefined;
      value = (value < 0 ? 0 : value * 10) + (c - 48);
      if (value > 255) return undefined;
    } else return undefined;
  }
  return dots === 3 ? (text as Ipv4) : undefined;
}

/** The eight 16-bit groups of an IPv6 text form (RFC 4291 2.2, all three forms), or undefined. */
function parseGroups(text: string): number[] | undefined {
  if (text.length < 2 || text.length > 45) return undefined;
  const gap = text.indexOf('::');
  if (gap >= 0 && text.indexOf('::', gap + 1) >= 0) return undefined;
  const half = (part: string, last: boolean): number[] | undefined => {
    if (part === '') return [];
    const groups: number[] = [];
    const pieces = part.split(':');
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as string;
      if (last && i === pieces.length - 1 && piece.includes('.')) {
        const v4 = parseIpv4(piece);
        if (v4 === undefined) return undefined;
        const n = ipv4ToNumber(v4);
        groups.push(n >>> 16, n & 0xffff);
      } else {
        if (!/^[0-9a-fA-F]{1,4}$/.test(piece)) return undefined;
        groups.push(Number.parseInt(piece, 16));
      }
    }
    return groups;
  };
  if (gap < 0) {
    const all = half(text, true);
    return all?.length === 8 ? all : undefined;
  }
  const head = half(text.slice(0, gap), false);
  const tail = half(text.slice(gap + 2), true);
  if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** Canonical text of eight groups (RFC 5952 section 4; IPv4-mapped addresses in mixed form, section 5). */
function formatGroups(groups: readonly number[]): Ipv6 {
  const mapped = groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff;
  if (mapped) return `::ffff:${ipv4FromNumber((((groups[6] ?? 0) << 16) | (groups[7] ?? 0)) >>> 0)}` as Ipv6;
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; ) {
    if (groups[i] !== 0) {
      i++;
      continue;
    }
    let j = i;
    while (j < 8 && groups[j] === 0) j++;
    if (j - i > bestLength) {
      best = i;
      bestLength = j - i;
    }
    i = j;
  }
  const hex = groups.map((g) => g.toString(16));
  if (best < 0) return hex.join(':') as Ipv6;
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}` as Ipv6;
}

/** Reads any text form of an IPv6 address and returns the canonical one; undefined if it is not one. */
export function parseIpv6(text: string): Ipv6 | undefined {
  if (!text.includes(':')) return undefined;
  const groups = parseGroups(text);
  return groups === undefined ? undefined : formatGroups(groups);
}

/** Reads an address of either family; undefined if it is neither. */
export function parseIpAddress(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** The 32-bit value of an address, host order (10.0.0.1 is 0x0a000001). */
export function ipv4ToNumber(address: Ipv4): number {
  let value = 0;
  let octet = 0;
  for (let i = 0; i < address.length; i++) {
    const c = address.charCodeAt(i);
    if (c === 46) {
      value = (value << 8) | octet;
      octet = 0;
    } else octet = octet * 10 + (c - 48);
  }
  return ((value << 8) | octet) >>> 0;
}

export function ipv4FromNumber(value: number): Ipv4 {
  return `${(value >>> 24) & 255}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ipv4;
}

/** The 128-bit value of an IPv6 address, or the 32-bit value of an IPv4 one. */
export function addressToBigInt(address: IpAddress): bigint {
  if (!isIpv6(address)) return BigInt(ipv4ToNumber(address));
  let value = 0n;
  for (const group of parseGroups(address) ?? []) value = (value << 16n) | BigInt(group);
  return value;
}

export function ipv6FromBigInt(value: bigint): Ipv6 {
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn));
  return formatGroups(groups);
}

/** Writes the address in network order at `offset`: 4 bytes for IPv4, 16 for IPv6. Returns how many. */
export function writeAddress(address: IpAddress, into: Uint8Array, offset: number): 4 | 16 {
  if (!isIpv6(address)) {
    const n = ipv4ToNumber(address);
    into[offset] = n >>> 24;
    into[offset + 1] = n >>> 16;
    into[offset + 2] = n >>> 8;
    into[offset + 3] = n;
    return 4;
  }
  const groups = parseGroups(address) ?? [];
  for (let i = 0; i < 8; i++) {
    const group = groups[i] ?? 0;
    into[offset + 2 * i] = group >>> 8;
    into[offset + 2 * i + 1] = group & 255;
  }
  return 16;
}

/** Reads an address in network order: 4 bytes for inet, 16 for inet6, from `offset`. */
export function readAddress(of: AddressFamily, bytes: Uint8Array, offset = 0): IpAddress {
  const at = (i: number): number => bytes[offset + i] ?? 0;
  if (of === 'inet') return `${at(0)}.${at(1)}.${at(2)}.${at(3)}` as Ipv4;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((at(i) << 8) | at(i + 1));
  return formatGroups(groups);
}
