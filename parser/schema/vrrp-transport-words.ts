/**
 * The words of a vrrp_instance that say where it stands and how adverts travel: interface, VRF, multicast, unicast
 * (keepalived.md 11).
 */
import type { IpAddress } from '../../runtime/addresses.js';
import { isIpv6 } from '../../runtime/addresses.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { flagWord, keyword, type Texts } from './forms.js';
import { argument, block, type Keyword } from './keyword.js';
import { MAX_INTERFACE_NAME } from './limits.js';
import type { VrrpInstanceDraft } from './vrrp-drafts.js';
import { agrees, looseAddress, namedBoolean, namedNumber, tell } from './vrrp-forms.js';

type Draft = VrrpInstanceDraft;

const NO_PEER = 'this peer is left out';

function bindPeer(draft: Draft, statement: Statement, context: BindContext): void {
  const text = context.text(statement, 0);
  const address = looseAddress(text);
  const error = 'Configuration error: VRRP instance';
  if (address === undefined) {
    const message = `${error}[${draft.name}] malformed unicast peer address[${text}]. Skipping...`;
    tell(context, statement, 0, 'LVSD_CONFIG_BAD_ADDRESS', message, NO_PEER, 'an IPv4 or IPv6 address');
    return;
  }
  if (!agrees(draft, address)) {
    const message = `${error}[${draft.name}] and unicast peer address[${text}] MUST be of the same family !!! Skipping...`;
    tell(context, statement, 0, 'LVSD_CONFIG_FAMILY', message, NO_PEER);
    return;
  }
  const ttl = readTtlBounds(draft, statement, context);
  draft.peers.push({ address, minTtl: ttl.min, maxTtl: ttl.max, at: context.position(statement) });
}

function readTtlBounds(
  draft: Draft,
  statement: Statement,
  context: BindContext,
): { readonly min: number | undefined; readonly max: number | undefined } {
  let min: number | undefined;
  let max: number | undefined;
  for (let i = 1; i < statement.words.length; i += 2) {
    const option = statement.words[i]?.text ?? '';
    if (statement.words[i + 1] === undefined) {
      tell(context, statement, i, 'LVSD_CONFIG_MISSING_VALUE', `(${draft.name}) ${option} is missing a value`);
      break;
    }
    const value = context.number(statement, i + 1, 0, 255);
    if (value === undefined) continue;
    if (option === 'min_ttl') min = value;
    else if (option === 'max_ttl') max = value;
    else {
      const message = `(${draft.name}) unknown unicast_peer option ${option}`;
      tell(
        context,
        statement,
        i,
        'LVSD_CONFIG_UNKNOWN_OPTION',
        message,
        'the option is left out',
        'min_ttl or max_ttl',
      );
      break;
    }
    draft.checkUnicastSource = true;
  }
  if ((min ?? 0) > (max ?? 255)) {
    const message = `(${draft.name}) min_ttl ${min} > max_ttl ${max} - all packets will be discarded`;
    tell(context, statement, 1, 'LVSD_CONFIG_CONFLICT', message, 'every advert of this peer is dropped');
  }
  return { min, max };
}

export const unicastPeerBlock = block<Draft>(
  'vrrp_instance.unicast_peer',
  'unicast_peer',
  'The other routers, where adverts go by unicast.',
  [],
  {
    form: 'ADDRESS [min_ttl N] [max_ttl N]',
    doc: 'Adverts with a TTL outside the bounds are dropped.',
    bind: bindPeer,
  },
);

function interfaceWord(): Keyword<Draft> {
  return keyword<Draft>(
    {
      name: 'interface',
      doc: 'Interface that the virtual router is on; only unicast with a source address of its own goes without.',
    },
    [argument.text('INTERFACE')],
    (draft, statement, context) => {
      const name = context.text(statement, 1);
      if (name.length > MAX_INTERFACE_NAME) {
        tell(context, statement, 1, 'LVSD_CONFIG_BAD_NAME', `Interface name '${name}' too long - ignoring`);
        return;
      }
      draft.side.interfaceUses.push({
        name,
        message: `WARNING - interface ${name} for vrrp_instance ${draft.name} doesn't exist`,
        at: context.position(statement, 1),
        mayComeLater: true,
      });
      if (name === 'lo') {
        const message = `(${draft.name}) cannot use a loopback interface (${name}) for vrrp - ignoring`;
        tell(context, statement, 1, 'LVSD_CONFIG_CONFLICT', message);
        draft.interface = undefined;
      } else draft.interface = name;
    },
  );
}

function vrfWord(): Keyword<Draft> {
  return keyword<Draft>(
    { name: 'vrf', doc: 'VRF of a unicast instance without interface.' },
    [argument.text('VRF')],
    (draft, statement, context) => {
      const name = context.text(statement, 1);
      const refuse = (message: string): void =>
        tell(context, statement, 1, 'LVSD_CONFIG_CONFLICT', `(${draft.name}) ${message} - ignoring`);
      if (name.length > MAX_INTERFACE_NAME) refuse(`VRF interface name '${name}' too long`);
      else if (draft.interface !== undefined) refuse('Cannot specify VRF interface and interface');
      else if (draft.vrf !== undefined) refuse(`VRF interface already specified as '${draft.vrf}'`);
      else {
        draft.side.interfaceUses.push({
          name,
          message: `(${draft.name}) WARNING - VRF interface ${name} doesn't exist`,
          at: context.position(statement, 1),
          mayComeLater: true,
        });
        draft.vrf = name;
      }
    },
  );
}

function bindSource(draft: Draft, statement: Statement, context: BindContext): void {
  const text = statement.words[1]?.text ?? '';
  const address = looseAddress(text);
  const error = 'Configuration error: VRRP instance';
  if (address === undefined) {
    const message = `${error}[${draft.name}] malformed src address[${text}]. Skipping...`;
    tell(context, statement, 1, 'LVSD_CONFIG_BAD_ADDRESS', message, undefined, 'an IPv4 or IPv6 address');
  } else if (!agrees(draft, address)) {
    const message = `${error}[${draft.name}] and src address[${text}] MUST be of the same family !!! Skipping...`;
    tell(context, statement, 1, 'LVSD_CONFIG_FAMILY', message);
    draft.sourceAddress = undefined;
  } else draft.sourceAddress = address;
}

/** 224.0.0.0/4; for IPv6 multicast of the link only, ff02::/16. */
function isMulticast(address: IpAddress): boolean {
  return isIpv6(address) ? /^ff[0-9a-f]2:/.test(address) : /^(22[4-9]|23\d)\./.test(address);
}

function bindMulticastGroup(draft: Draft, statement: Statement, context: BindContext): void {
  const text = statement.words[1]?.text ?? '';
  const address = looseAddress(text);
  const refuse = (code: `LVSD_CONFIG_${string}`, message: string): void =>
    tell(context, statement, 1, code, `(${draft.name}) ${message}. Skipping...`);
  if (address === undefined) refuse('LVSD_CONFIG_BAD_ADDRESS', `malformed mcast dest address ${text}`);
  else if (!agrees(draft, address)) {
    refuse('LVSD_CONFIG_FAMILY', `mcast dest address ${text} MUST match VRRP instance family`);
  } else if (!isMulticast(address)) {
    const link = isIpv6(address) ? ' link-local' : '';
    refuse('LVSD_CONFIG_BAD_ADDRESS', `mcast_dst_ip ${text} not${link} multicast`);
  } else draft.multicastGroup = address;
}

/** A word of unicast: that it stands there asks for peers. */
function unicast(of: Keyword<Draft>): Keyword<Draft> {
  const { bind } = of.effect;
  return {
    ...of,
    effect: {
      acts: true,
      bind: (draft, statement, context) => {
        draft.unicastWord = true;
        bind?.(draft, statement, context);
      },
    },
  };
}

function unicastWords(): Keyword<Draft>[] {
  const flag = (texts: Texts, set: (draft: Draft) => void): Keyword<Draft> => flagWord<Draft>(texts, set);
  return [
    unicast(
      keyword<Draft>(
        { name: 'unicast_peer', opens: unicastPeerBlock.name, doc: 'Adverts go to these addresses, not to a group.' },
        [],
        (draft, statement, context) => bindBody(unicastPeerBlock, draft, statement.body ?? [], context),
      ),
    ),
    unicast(
      keyword<Draft>(
        {
          name: 'unicast_src_ip',
          default: "the interface's address",
          doc: 'Source address of unicast adverts.',
        },
        [argument.address('ADDRESS')],
        bindSource,
      ),
    ),
    unicast(
      flag(
        {
          name: 'unicast_fault_no_peer',
          doc: 'FAULT, not multicast, when no peer is left.',
        },
        (draft) => {
          draft.faultWithoutPeers = true;
        },
      ),
    ),
    unicast(
      namedBoolean<Draft>(
        {
          name: 'check_unicast_src',
          default: 'vrrp_check_unicast_src',
          doc: 'Adverts of senders that are no peers are dropped.',
        },
        (draft, value) => {
          draft.checkUnicastSource = value;
        },
      ),
    ),
    namedNumber<Draft>(
      {
        name: 'unicast_ttl',
        default: "255 for IPv4, the kernel's for IPv6",
        doc: 'TTL or hop limit of unicast adverts; 0 is the default.',
      },
      argument.number('TTL', 0, 255),
      { message: (draft, text) => `(${draft.name}): TTL '${text}' not valid - must be between 0 & 255` },
      (draft, value) => {
        draft.unicastTtl = value;
      },
    ),
    unicast(
      keyword<Draft>(
        {
          name: 'old_unicast_checksum',
          default: 'found out',
          doc: 'The checksum of keepalived before 1.3.6; never: not even when the other side has it.',
        },
        [argument.optional(argument.choice('MODE', ['never']))],
        (draft, statement, context) => {
          const mode = statement.words[1]?.text;
          if (mode === undefined) draft.oldChecksum = 'always';
          else if (mode === 'never') draft.oldChecksum = 'never';
          else {
            const message = `(${draft.name}) Unknown old_unicast_chksum mode ${mode} - ignoring`;
            tell(context, statement, 1, 'LVSD_CONFIG_BAD_CHOICE', message, undefined, 'never, or nothing');
          }
        },
      ),
    ),
  ];
}

export function transportWords(): Keyword<Draft>[] {
  return [
    interfaceWord(),
    vrfWord(),
    keyword<Draft>(
      { name: 'mcast_src_ip', default: "the interface's address", doc: 'Source address of multicast adverts.' },
      [argument.address('ADDRESS')],
      bindSource,
    ),
    keyword<Draft>(
      {
        name: 'mcast_dst_ip',
        default: 'vrrp_mcast_group4 or vrrp_mcast_group6',
        doc: 'Group that adverts go to.',
      },
      [argument.address('ADDRESS')],
      bindMulticastGroup,
    ),
    flagWord<Draft>({ name: 'track_src_ip', doc: 'FAULT when the source address is gone.' }, (draft) => {
      draft.trackSource = true;
    }),
    ...unicastWords(),
  ];
}
