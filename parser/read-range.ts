/**
 * Address ranges as keepalived writes them: `IP`, `A.B.C.D-E`, `X::Y-Z` (last 16 bits, hexadecimal), `IP-IP`,
 * `IP/MASK` with empty host bits (keepalived.md 14.1).
 *
 * Used by virtual_server_group and by the local address groups, with keepalived's messages.
 */
import {
  addressToBigInt,
  type IpAddress,
  ipv4FromNumber,
  ipv6FromBigInt,
  isIpv6,
  parseIpAddress,
} from '../runtime/addresses.js';
import type { BindContext } from './bind-context.js';
import type { Statement } from './statement.js';

export interface AddressRange {
  readonly first: IpAddress;
  readonly last: IpAddress;
}

const LEFT_OUT = 'this entry is left out';

/**
 * Reads the range in a statement's first word.
 *
 * @param what how a message calls the entry, for example `virtual server group`
 * @param portText what was written as port, for the message only
 * @returns undefined after it was reported
 */
export function readRange(
  statement: Statement,
  context: BindContext,
  what: string,
  portText?: string,
): AddressRange | undefined {
  const text = statement.words[0]?.text ?? '';
  const wrong = (message: string): undefined => {
    context.report('assumed', 'LVSD_CONFIG_BAD_ADDRESS', message, statement, 0, {
      expected: 'IP, IP-END, IP-IP or IP/MASK',
      assumed: LEFT_OUT,
    });
    return undefined;
  };
  const slash = text.indexOf('/');
  const dash = text.indexOf('-');
  const end = slash >= 0 ? slash : dash >= 0 ? dash : text.length;
  const address = parseIpAddress(text.slice(0, end));
  if (address === undefined) {
    const port = portText === undefined ? '' : `/port/${portText}`;
    return wrong(`Invalid ${what} IP address ${text} ${port} - skipping`);
  }
  const first = context.shared(address) as IpAddress;
  if (slash >= 0) return readPrefix(first, text, wrong);
  if (dash < 0) return { first, last: first };
  const tail = text.slice(dash + 1);
  if (tail.includes('.') || tail.includes(':')) {
    const last = parseIpAddress(tail);
    if (last === undefined) return wrong(`Invalid range end ${text} - skipping`);
    if (isIpv6(last) !== isIpv6(first)) return wrong(`Range address families do not match ${text} - skipping`);
    if (addressToBigInt(last) < addressToBigInt(first)) {
      return wrong(`Address range end is less than address range start - ${text} - skipping`);
    }
    return { first, last: context.shared(last) as IpAddress };
  }
  return readShortEnd(first, tail, text, what, wrong);
}

function readPrefix(first: IpAddress, text: string, wrong: (message: string) => undefined): AddressRange | undefined {
  const bits = isIpv6(first) ? 128 : 32;
  const maskText = text.slice(text.indexOf('/') + 1);
  const mask = /^\d{1,3}$/.test(maskText) ? Number(maskText) : 0;
  if (mask < 1 || mask > bits) return wrong(`Invalid netmask - ${text} - skipping`);
  const host = (1n << BigInt(bits - mask)) - 1n;
  const start = addressToBigInt(first);
  if ((start & host) !== 0n) return wrong(`Address mask bits not empty - ${text} - skipping`);
  const last = start | host;
  return { first, last: isIpv6(first) ? ipv6FromBigInt(last) : ipv4FromNumber(Number(last)) };
}

function readShortEnd(
  first: IpAddress,
  tail: string,
  text: string,
  what: string,
  wrong: (message: string) => undefined,
): AddressRange | undefined {
  const six = isIpv6(first);
  const known = six ? /^[0-9a-fA-F]+/.exec(tail) : /^\d+/.exec(tail);
  const digits = known?.[0] ?? '';
  const name = what.charAt(0).toUpperCase() + what.slice(1);
  if (digits.length !== tail.length || digits === '') {
    return wrong(`${name} range '${text}' has extra characters at end '${tail.slice(digits.length)}'`);
  }
  const end = Number.parseInt(digits, six ? 16 : 10);
  const most = six ? 0xffff : 255;
  if (end > most) return wrong(`${name} range '${text}' end '${tail}' exceeds ${six ? 'ffff' : '255'}`);
  const start = addressToBigInt(first);
  const mask = BigInt(most);
  if (Number(start & mask) >= end) {
    return wrong(`Address range end is not greater than address range start - ${text} - skipping`);
  }
  const last = (start & ~mask) | BigInt(end);
  return { first, last: six ? ipv6FromBigInt(last) : ipv4FromNumber(Number(last)) };
}
