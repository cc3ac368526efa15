/**
 * global_defs: what virtual routers inherit, and what holds for the VRRP side as a whole (keepalived.md 7.4).
 *
 * Read and kept for the VRRP role; each use says that lvsd does not act on it yet. Ranges and corrections are what 2.2.7
 * does, seen word by word; booleans where 2.4.3 takes one and 2.2.7 has a bare word are 2.4.3's.
 */
import type { AdvertBuffers } from '../../config/global-vrrp.js';
import type { VrrpDefaults } from '../../config/vrrp-defaults.js';
import { type AddressFamily, familyOf, type IpAddress } from '../../runtime/addresses.js';
import { seconds } from '../../runtime/units.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { booleanWord, flagWord, keyword, numberWord, secondsWord, textWord, type Unbuilt } from './forms.js';
import { firewallWords } from './global-defs-firewall.js';
import type { GlobalDraft } from './global-draft.js';
import { bufferWords, change, into, invalidGlobal, secondsInto } from './global-fields.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_UNSIGNED } from './limits.js';

const newer = { since: 'after 2.2.7' };
const unbuilt: Unbuilt = { decides: 'none', vrrpSide: true, cure: 'lvsd runs no VRRP yet; the word waits for it.' };
/** keepalived counts microseconds in 32 bits. */
const LONGEST = 4294.967295;
const LONGEST_WHOLE = 4294;
const INT_MAX = 2147483647;
const DAY = 86400;

/** 224.0.0.0/4, ff00::/8. */
function isMulticast(address: IpAddress): boolean {
  return /^(22[4-9]|23\d)\./.test(address) || /^ff..:/.test(address);
}

type DefaultsFlag = {
  [F in keyof VrrpDefaults]-?: VrrpDefaults[F] extends boolean | undefined ? F : never;
}[keyof VrrpDefaults];

/** keepalived 2.2.7 does not look at the value. */
const lenient = { lenient: 'ignored' } as const;

function flagOf(name: string, field: DefaultsFlag, doc: string, more: object = {}): Keyword<GlobalDraft> {
  return booleanWord<GlobalDraft>(
    { name, default: 'off', doc, whenWrong: () => `Invalid value for ${name} specified`, unbuilt, ...more },
    (global, value) => change(global, 'vrrpDefaults', { [field]: value }),
  );
}

/** A count of frames of which there must be one: 0 is corrected, as keepalived does. */
function repeatWord(
  name: string,
  field: 'garpRepeat' | 'garpRefreshRepeat',
  normal: string,
  doc: string,
): Keyword<GlobalDraft> {
  return keyword<GlobalDraft>(
    { name, default: normal, doc, unbuilt },
    [argument.number('N', 1, MAX_UNSIGNED)],
    (global, statement, context) => {
      const value = context.number(statement, 1, 0, MAX_UNSIGNED);
      if (value === undefined) return;
      if (value === 0) {
        const message = `${name} must be greater than 0, setting to 1`;
        context.report('assumed', 'LVSD_CONFIG_BAD_NUMBER', message, statement, 1, { assumed: '1' });
      }
      change(global, 'vrrpDefaults', { [field]: Math.max(1, value) });
    },
  );
}

function wholeSeconds(
  name: string,
  field: 'garpDelay' | 'garpRefresh' | 'garpLowerPriorityDelay',
  max: number,
  texts: { readonly default: string; readonly doc: string },
): Keyword<GlobalDraft> {
  return numberWord<GlobalDraft>(
    { name, ...texts, unbuilt },
    argument.number('SECS', 0, max, 'seconds'),
    secondsInto('vrrpDefaults', field),
  );
}

function groupWord(family: AddressFamily, usual: string): Keyword<GlobalDraft> {
  const [name, field, title] =
    family === 'inet'
      ? (['vrrp_mcast_group4', 'multicastGroup4', 'IPv4'] as const)
      : (['vrrp_mcast_group6', 'multicastGroup6', 'IPv6'] as const);
  return keyword<GlobalDraft>(
    { name, default: usual, doc: `${title} group of adverts.`, unbuilt },
    [argument.address('ADDRESS')],
    (global, statement, context) => {
      const address = context.address(statement, 1, (text) => `Can't parse ${name} [${text}]. Skipping`);
      if (address === undefined) return;
      const wrong = familyOf(address) !== family ? `not ${title}` : isMulticast(address) ? undefined : 'not multicast';
      if (wrong !== undefined) {
        context.report(
          'assumed',
          'LVSD_CONFIG_BAD_ADDRESS',
          `${name} [${address}] is ${wrong}. Skipping`,
          statement,
          1,
          {
            expected: `a multicast address, for example ${usual}`,
            assumed: usual,
          },
        );
        return;
      }
      if (family === 'inet6' && !/^ff.2:/.test(address)) {
        const message = `${name} [${address}] should be link-local multicast.`;
        context.report('assumed', 'LVSD_CONFIG_BAD_ADDRESS', message, statement, 1, { assumed: address });
      }
      change(global, 'vrrpDefaults', { [field]: address });
    },
  );
}

/** vrrp_min_garp lowers what still has keepalived's default when it is read, and nothing else. */
function applyMinGarp(global: GlobalDraft): void {
  const { garpRepeat, garpRefresh, garpRefreshRepeat, garpDelay } = global.vrrpDefaults;
  change(global, 'vrrp', { minGarp: true });
  change(global, 'vrrpDefaults', {
    garpRepeat: (garpRepeat ?? 5) === 5 ? 1 : garpRepeat,
    garpRefresh: (garpRefresh ?? 0) === 0 ? seconds(0) : garpRefresh,
    garpRefreshRepeat: (garpRefreshRepeat ?? 1) === 1 ? 0 : garpRefreshRepeat,
    garpDelay: (garpDelay ?? 5) === 5 ? seconds(0) : garpDelay,
  });
}

function readExtraInterfaces(global: GlobalDraft, statement: Statement, context: BindContext): void {
  const word = statement.words[0]?.text ?? '';
  let interval: number | undefined;
  let all = global.vrrpDefaults.garpExtraAll;
  for (let i = 1; i < statement.words.length; i++) {
    if (statement.words[i]?.text === 'all') all = true;
    else {
      interval = context.number(statement, i, 1, DAY);
      if (interval === undefined) return;
    }
  }
  if (interval !== undefined)
    change(global, 'vrrpDefaults', { garpExtraInterval: seconds(interval), garpExtraAll: all });
  else {
    const message = `${word} specified without time - ignoring`;
    context.report('assumed', 'LVSD_CONFIG_MISSING_VALUE', message, statement, 0, { expected: `${word} [all] SECS` });
  }
}

function garpWords(): readonly Keyword<GlobalDraft>[] {
  const interval = (name: string, field: 'garpInterval' | 'gnaInterval', doc: string): Keyword<GlobalDraft> =>
    secondsWord<GlobalDraft>(
      { name, default: '0', doc, unbuilt },
      argument.seconds('SECS', 0.000001, LONGEST),
      secondsInto('vrrp', field),
    );
  return [
    wholeSeconds('vrrp_garp_master_delay', 'garpDelay', LONGEST_WHOLE, {
      default: '5',
      doc: 'Delay before the second burst of gratuitous ARP.',
    }),
    repeatWord('vrrp_garp_master_repeat', 'garpRepeat', '5', 'Packets of a burst.'),
    wholeSeconds('vrrp_garp_master_refresh', 'garpRefresh', MAX_UNSIGNED, {
      default: '0 (never)',
      doc: 'Period of gratuitous ARP as master.',
    }),
    repeatWord('vrrp_garp_master_refresh_repeat', 'garpRefreshRepeat', '1', 'Packets of a refresh.'),
    wholeSeconds('vrrp_garp_lower_prio_delay', 'garpLowerPriorityDelay', LONGEST_WHOLE, {
      default: 'vrrp_garp_master_delay',
      doc: 'Delay of the second burst after an advert of lower priority.',
    }),
    numberWord<GlobalDraft>(
      {
        name: 'vrrp_garp_lower_prio_repeat',
        default: 'vrrp_garp_master_repeat',
        doc: 'Packets after an advert of lower priority.',
        unbuilt,
      },
      argument.number('N', 0, INT_MAX),
      into('vrrpDefaults', 'garpLowerPriorityRepeat'),
    ),
    interval('vrrp_garp_interval', 'garpInterval', 'Space between gratuitous ARP packets of one interface.'),
    interval('vrrp_gna_interval', 'gnaInterval', 'Space between unsolicited neighbour advertisements.'),
    booleanWord<GlobalDraft>(
      {
        name: 'vrrp_min_garp',
        default: 'off',
        doc: 'One gratuitous ARP and no more, where nothing else was said before.',
        whenWrong: () => 'Invalid value for vrrp_min_garp specified',
        unbuilt,
      },
      (global, value) => {
        if (value) applyMinGarp(global);
      },
    ),
    keyword<GlobalDraft>(
      {
        name: 'vrrp_garp_extra_if',
        aliases: [
          {
            name: 'vrrp_vmac_garp_intvl',
            deprecated: 'Keyword "vrrp_vmac_garp_intvl" is deprecated - please use "vrrp_garp_extra_if"',
            counts: true,
          },
        ],
        default: 'off',
        whenMissing: 'vrrp_garp_extra_if specified without time - ignoring',
        doc: "Gratuitous ARP on the VMAC's other interfaces.",
        unbuilt,
      },
      [argument.text('SECS', `[all] and 1 to ${DAY} seconds`), argument.optional(argument.text('SECS'))],
      readExtraInterfaces,
    ),
  ];
}

function readAdvertBuffers(global: GlobalDraft, statement: Statement, context: BindContext): void {
  const { policy, bytes } = { policy: new Set<'mtu' | 'advert'>(), bytes: [] as number[] };
  for (let i = 1; i < statement.words.length; i++) {
    const text = statement.words[i]?.text.toLowerCase() ?? '';
    if (text === 'mtu' || text === 'advert') policy.add(text);
    else {
      const value = context.number(statement, i, 0, MAX_UNSIGNED);
      if (value !== undefined) bytes.push(value);
      // What follows a number that comes first is not looked at.
      if (value !== undefined && i === 1) break;
    }
  }
  const size = bytes.at(-1);
  const both = (message: string, assumed: string): void =>
    context.report('assumed', 'LVSD_CONFIG_CONFLICT', message, statement, 0, { assumed });
  let chosen: AdvertBuffers | undefined;
  if (size !== undefined) {
    if (policy.size > 0) both('Cannot set vrrp_rx_bufs_policy size and policy, ignoring policy', `${size} bytes`);
    chosen = { kind: 'bytes', bytes: size };
  } else if (policy.has('mtu')) {
    if (policy.size > 1) both('Cannot set both vrrp_rx_bufs_policy MTU and ADVERT, ignoring ADVERT', 'MTU');
    chosen = { kind: 'mtu' };
  } else if (policy.has('advert')) chosen = { kind: 'advert' };
  if (chosen !== undefined) change(global, 'vrrp', { advertBuffers: chosen });
}

function prefixWord(name: string, field: 'vmacPrefix' | 'vmacAddressPrefix', doc: string): Keyword<GlobalDraft> {
  return keyword<GlobalDraft>(
    { name, default: 'vrrp', doc, unbuilt },
    [argument.text('PREFIX')],
    (global, statement, context) => {
      const value = context.text(statement, 1);
      const before = global.vrrp[field];
      if (before === undefined) change(global, 'vrrp', { [field]: value });
      else {
        const message = `${name.replace('_prefix', ' prefix')} has already been specified - ignoring ${value}`;
        context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 1, { assumed: before });
      }
    },
  );
}

function roleWords(): readonly Keyword<GlobalDraft>[] {
  return [
    flagWord<GlobalDraft>({ name: 'disable_local_igmp', doc: 'No IGMP for the VRRP groups.', unbuilt }, (global) =>
      change(global, 'vrrp', { disableLocalIgmp: true }),
    ),
    keyword<GlobalDraft>(
      {
        name: 'vrrp_rx_bufs_policy',
        whenMissing: 'vrrp_rx_bufs_policy missing',
        doc: 'Size of the receive buffers of adverts.',
        unbuilt,
      },
      [argument.repeated(argument.text('POLICY', 'MTU, ADVERT or a number of bytes'))],
      readAdvertBuffers,
    ),
    keyword<GlobalDraft>(
      {
        name: 'vrrp_rx_bufs_multiplier',
        default: '3',
        whenMissing: 'Invalid vrrp_rx_bufs_multiplier',
        doc: 'How many adverts their receive buffers hold.',
        unbuilt,
      },
      [argument.number('N', 1, MAX_UNSIGNED)],
      (global, statement, context) => {
        if (statement.words.length > 2) {
          const message = 'Invalid vrrp_rx_bufs_multiplier';
          context.report('assumed', 'LVSD_CONFIG_SURPLUS_WORD', message, statement, 2, { expected: 'one number' });
          return;
        }
        const value = context.number(statement, 1, 1, MAX_UNSIGNED);
        if (value !== undefined) change(global, 'vrrp', { advertBuffersMultiplier: value });
      },
    ),
    secondsWord<GlobalDraft>(
      { name: 'vrrp_startup_delay', default: '0', doc: 'Wait before VRRP starts.', unbuilt },
      argument.seconds('SECS', 0.001, LONGEST),
      secondsInto('vrrp', 'startupDelay'),
    ),
    secondsWord<GlobalDraft>(
      { name: 'vrrp_delay_after_boot', ...newer, default: '0', doc: 'Wait after boot before VRRP starts.', unbuilt },
      argument.seconds('SECS', 0, LONGEST),
      secondsInto('vrrp', 'delayAfterBoot'),
    ),
    flagWord<GlobalDraft>({ name: 'log_unknown_vrids', doc: 'Logs each unknown VRID.', unbuilt }, (global) =>
      change(global, 'vrrp', { logUnknownVrids: true }),
    ),
    prefixWord('vmac_prefix', 'vmacPrefix', 'Prefix of the names of VMAC interfaces.'),
    prefixWord('vmac_addr_prefix', 'vmacAddressPrefix', 'Prefix of the names of VMAC interfaces of addresses.'),
    ...bufferWords('vrrp_netlink_cmd_rcv_bufs', "VRRP's request socket", unbuilt, (global, fields) =>
      change(global, 'vrrp', { commandBuffer: { ...global.vrrp.commandBuffer, ...fields } }),
    ),
    ...bufferWords('vrrp_netlink_monitor_rcv_bufs', "VRRP's monitor socket", unbuilt, (global, fields) =>
      change(global, 'vrrp', { monitorBuffer: { ...global.vrrp.monitorBuffer, ...fields } }),
    ),
    ...bufferWords('process_monitor_rcv_bufs', 'the process monitor', unbuilt, (global, fields) =>
      change(global, 'vrrp', { processMonitorBuffer: { ...global.vrrp.processMonitorBuffer, ...fields } }),
    ),
    booleanWord<GlobalDraft>(
      {
        name: 'fifo_write_vrrp_states_on_reload',
        default: 'off',
        doc: 'Writes the states to the FIFOs again after a reload.',
        whenWrong: invalidGlobal('fifo_write_vrrp_states_on_reload'),
        lenient: 'ignored',
        unbuilt,
      },
      into('vrrp', 'fifoStatesOnReload'),
    ),
  ];
}

/** The VRRP words of global_defs but for its scheduling and its FIFO. */
export function vrrpWords(): readonly Keyword<GlobalDraft>[] {
  return [
    textWord<GlobalDraft>(
      {
        name: 'default_interface',
        default: 'eth0',
        whenMissing: 'default_interface requires interface name',
        doc: 'Interface of static addresses.',
        unbuilt,
      },
      'INTERFACE',
      into('vrrpDefaults', 'defaultInterface'),
    ),
    keyword<GlobalDraft>(
      { name: 'dynamic_interfaces', default: 'off', doc: 'Interfaces may come and go.', unbuilt },
      [argument.optional(argument.choice('OPTION', ['allow_if_changes']))],
      (global, statement, context) => {
        const text = statement.words[1]?.text;
        const changes = text === 'allow_if_changes';
        change(global, 'vrrpDefaults', { dynamicInterfaces: changes ? 'allow_if_changes' : true });
        if (text === undefined || changes) return;
        const message = `Unknown dynamic_interfaces option '${text}'`;
        context.report('assumed', 'LVSD_CONFIG_BAD_CHOICE', message, statement, 1, {
          expected: 'allow_if_changes, or nothing',
          assumed: 'dynamic_interfaces without it',
        });
      },
    ),
    groupWord('inet', '224.0.0.18'),
    groupWord('inet6', 'ff02::12'),
    numberWord<GlobalDraft>(
      { name: 'vrrp_version', default: '2', doc: 'VRRP version.', unbuilt },
      argument.number('VERSION', 2, 3),
      (global, value) => change(global, 'vrrpDefaults', { version: value === 3 ? 3 : 2 }),
    ),
    numberWord<GlobalDraft>(
      { name: 'vrrp_down_timer_adverts', default: '3', doc: 'Missed adverts before taking over.', unbuilt },
      argument.number('N', 1, 100),
      into('vrrpDefaults', 'downTimerAdverts'),
    ),
    ...garpWords(),
    flagOf('vrrp_lower_prio_no_advert', 'lowerPriorityNoAdvert', 'No answer to an advert of lower priority.'),
    flagOf('vrrp_higher_prio_send_advert', 'higherPrioritySendAdvert', 'One advert before going to backup.'),
    flagOf('vrrp_owner_ignore_adverts', 'ownerIgnoreAdverts', "The owner ignores others' adverts.", newer),
    flagOf('vrrp_check_unicast_src', 'checkUnicastSource', 'Drops unicast adverts of unknown peers.', lenient),
    flagOf(
      'vrrp_skip_check_adv_addr',
      'skipCheckAdvertAddresses',
      'Checks the addresses only for a new sender.',
      lenient,
    ),
    flagOf('vrrp_strict', 'strict', 'Strict VRRP.', lenient),
    flagOf('vrrp_notify_priority_changes', 'notifyPriorityChanges', 'Notifies of priority changes.', {
      whenWrong: invalidGlobal('vrrp_notify_priority_changes'),
    }),
    flagOf('v3_checksum_as_v2', 'checksumV3AsV2', 'VRRPv3 checksum without pseudo header.', newer),
    ...firewallWords(unbuilt),
    ...roleWords(),
  ];
}
