/**
 * lvs_method and its tunnel options, as keepalived reads them (keepalived.md 14.2), and the methods of the FULLNAT
 * dialects (fullnat-grammar.md 2, 6.1).
 *
 * Equal methods are one object: a configuration of 40,000 servers has a handful.
 */
import type { Forwarding, Tunnel, TunnelChecksum } from '../../config/virtual-server.js';
import { port } from '../../runtime/units.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { type Argument, argument } from './keyword.js';

export const NAT: Forwarding = { method: 'NAT' };
const DR: Forwarding = { method: 'DR' };
const FNAT: Forwarding = { method: 'FNAT' };
const SNAT: Forwarding = { method: 'SNAT' };
const IPIP: Tunnel = { type: 'ipip' };

const known: Forwarding[] = [{ method: 'TUN', tunnel: IPIP }];

/** A file has a handful of tunnels; more than this are not shared. */
const MOST_KNOWN = 64;

export const methodArguments: readonly Argument[] = [
  argument.choice('METHOD', ['NAT', 'DR', 'TUN', 'FNAT', 'SNAT']),
  argument.optional(argument.repeated(argument.text('TUNNEL', '[type ipip|gue|gre] [port N] [nocsum|csum|remcsum]'))),
];

function tunnelled(tunnel: Tunnel): Forwarding {
  const same = (each: Forwarding): boolean => {
    if (each.method !== 'TUN' || each.tunnel.type !== tunnel.type) return false;
    switch (each.tunnel.type) {
      case 'ipip':
        return true;
      case 'gue':
        return tunnel.type === 'gue' && each.tunnel.port === tunnel.port && each.tunnel.checksum === tunnel.checksum;
      case 'gre':
        return tunnel.type === 'gre' && each.tunnel.checksum === tunnel.checksum;
    }
  };
  const found = known.find(same);
  if (found !== undefined) return found;
  const made: Forwarding = { method: 'TUN', tunnel };
  if (known.length < MOST_KNOWN) known.push(made);
  return made;
}

/**
 * Reads the method of a `virtual`, `real` or `sorry` server.
 *
 * @param before what held until here: wrong tunnel options leave its tunnel, with the method TUN
 * @returns the method that holds from here; undefined if none was ever set
 */
export function readForwarding(
  statement: Statement,
  context: BindContext,
  who: 'virtual' | 'real' | 'sorry',
  before: Forwarding | undefined,
): Forwarding | undefined {
  const method = statement.words[1]?.text ?? '';
  switch (method) {
    case 'NAT':
    case 'DR':
      // Tunnel options are read behind any method, and complained about.
      if (statement.words.length > 2) readTunnel(statement, context, who);
      return method === 'NAT' ? NAT : DR;
    case 'TUN':
    case 'TUNNEL':
      return readTunnel(statement, context, who) ?? (before?.method === 'TUN' ? before : tunnelled(IPIP));
    case 'FNAT':
    case 'SNAT':
      context.useUnbuilt(
        {
          word: method,
          block: `${who}_server`,
          decides: 'traffic',
          vrrpSide: false,
          cure: `${method} needs the patched ip_vs module, which lvsd cannot drive yet: use NAT, DR or TUN here, or start with --ignore-unbuilt, which leaves these services out.`,
        },
        statement,
        1,
      );
      return method === 'FNAT' ? FNAT : SNAT;
    default:
      context.report(
        'assumed',
        'LVSD_CONFIG_BAD_CHOICE',
        `PARSER : unknown [${method}] routing method for ${who} server.`,
        statement,
        1,
        { expected: 'NAT, DR, TUN, FNAT or SNAT', assumed: before?.method ?? 'no method, so NAT' },
      );
      return before;
  }
}

function readTunnel(statement: Statement, context: BindContext, who: string): Forwarding | undefined {
  let type: Tunnel['type'] = 'ipip';
  let tunnelPort: number | undefined;
  let checksum: TunnelChecksum = 'nocsum';
  const wrong = (message: string, index: number, expected: string): undefined => {
    context.report('assumed', 'LVSD_CONFIG_BAD_TUNNEL', message, statement, index, {
      expected,
      assumed: 'TUN without these options',
    });
    return undefined;
  };
  for (let i = 2; i < statement.words.length; i++) {
    const option = statement.words[i]?.text ?? '';
    const value = statement.words[i + 1]?.text;
    if (option === 'type') {
      if (value === undefined) return wrong(`Missing tunnel type for ${who} server.`, i, 'ipip, gue or gre');
      if (value !== 'ipip' && value !== 'gue' && value !== 'gre') {
        return wrong(`Unknown tunnel type ${value} for ${who} server.`, i + 1, 'ipip, gue or gre');
      }
      type = value;
      i++;
    } else if (option === 'port') {
      if (value === undefined) return wrong(`Missing port for ${who} server gue tunnel.`, i, 'port 1 to 65535');
      tunnelPort = context.number(statement, i + 1, 1, 65535, 'TUN without these options');
      if (tunnelPort === undefined) return undefined;
      i++;
    } else if (option === 'nocsum' || option === 'csum' || option === 'remcsum') checksum = option;
    else return wrong(`Invalid tunnel option ${option} for ${who} server.`, i, 'type, port, nocsum, csum or remcsum');
  }
  if ((type === 'gue') !== (tunnelPort !== undefined)) {
    return wrong('gue tunnels require port, otherwise cannot have port.', 1, 'type gue port N, or no port');
  }
  switch (type) {
    case 'ipip':
      if (checksum !== 'nocsum') return wrong('ipip tunnels do not support checksum option.', 1, 'no checksum option');
      return tunnelled(IPIP);
    case 'gre':
      if (checksum === 'remcsum') {
        return wrong('gre tunnels do not support remote checksum option.', 1, 'nocsum or csum');
      }
      return tunnelled({ type, checksum });
    case 'gue':
      return tunnelled({ type, port: port(tunnelPort ?? 0), checksum });
  }
}
