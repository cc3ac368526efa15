/**
 * Values of OSPF as they are written: identifiers of routers and areas, prefixes (RFC 2328, appendix C).
 */
import { type IpAddress, ipv4FromNumber, isIpv6, parseIpAddress, parseIpv4 } from '../../runtime/addresses.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { MAX_UNSIGNED } from './limits.js';

/** An area as a dotted quad or a number; answers the dotted quad, undefined after it was reported. */
export function readAreaId(statement: Statement, index: number, context: BindContext): string | undefined {
  const text = statement.words[index]?.text ?? '';
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  const area = number <= MAX_UNSIGNED ? ipv4FromNumber(number) : parseIpv4(text);
  if (area !== undefined) return context.shared(area);
  context.report('assumed', 'LVSD_CONFIG_BAD_VALUE', `Invalid OSPF area '${text}' - ignoring`, statement, index, {
    expected: 'a dotted quad as 0.0.0.11, or a number',
  });
  return undefined;
}

/** A router id: a dotted quad that is not 0.0.0.0; undefined after it was reported. */
export function readRouterId(statement: Statement, index: number, context: BindContext): string | undefined {
  const text = statement.words[index]?.text ?? '';
  const id = parseIpv4(text);
  if (id !== undefined && id !== '0.0.0.0') return context.shared(id);
  context.report('assumed', 'LVSD_CONFIG_BAD_VALUE', `Invalid router_id '${text}' - ignoring`, statement, index, {
    expected: 'a dotted quad other than 0.0.0.0, for example 10.0.0.1',
    assumed: 'the highest IPv4 address of this host',
  });
  return undefined;
}

/** ADDRESS[/LENGTH]; undefined after it was reported. */
export function readPrefix(
  statement: Statement,
  index: number,
  context: BindContext,
): { readonly address: IpAddress; readonly prefix: number } | undefined {
  const text = statement.words[index]?.text ?? '';
  const [addressText = '', lengthText] = text.split('/', 2);
  const address = parseIpAddress(addressText);
  const bits = address !== undefined && isIpv6(address) ? 128 : 32;
  const prefix = lengthText === undefined ? bits : /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : Number.NaN;
  if (address !== undefined && prefix <= bits) return { address, prefix };
  context.report('assumed', 'LVSD_CONFIG_BAD_ADDRESS', `Invalid prefix '${text}' - ignoring`, statement, index, {
    expected: 'ADDRESS/LENGTH, for example 10.0.0.0/30',
  });
  return undefined;
}
