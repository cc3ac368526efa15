/**
 * use_vmac, use_ipvlan and what belongs to them (keepalived.md 11): the virtual router on an interface of its own.
 *
 * The name of the interface is settled where it is made: here only what the file asks for.
 */

import { parseIpAddress } from '../../runtime/addresses.js';
import type { BindContext } from '../bind-context.js';
import { LineReader } from '../line-reader.js';
import type { Statement } from '../statement.js';
import { readPrefixed } from './address-line.js';
import { flagWord, keyword } from './forms.js';
import { groupNumber } from './iproute-names.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_INTERFACE_NAME } from './limits.js';
import type { IpvlanDraft, VmacDraft, VrrpInstanceDraft } from './vrrp-drafts.js';
import { agrees } from './vrrp-forms.js';

type Draft = VrrpInstanceDraft;

const LEFT_OUT = { assumed: 'the option is left out' };

/** What the kernel takes for the name of a device. */
function isDeviceName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_INTERFACE_NAME && name !== '.' && name !== '..' && !/[/:\s]/.test(name);
}

/** Whether another instance has this name for its interface; told if so. */
function isTaken(draft: Draft, name: string, reader: LineReader): boolean {
  for (const other of draft.side.instances.values()) {
    if (other === draft || (other.vmac?.name !== name && other.ipvlan?.name !== name)) continue;
    const message = `(${draft.name}) VRRP instance ${other.name} is already using ${name} - ignoring name`;
    reader.say('LVSD_CONFIG_DUPLICATE', message, { assumed: 'a name that is free' });
    return true;
  }
  return false;
}

/** `aa:bb:cc:dd:ee[:ff]`; five octets end in the VRID. */
function readMac(text: string, vrid: number | undefined): string | undefined {
  const octets = text.replace(/:$/, '').split(':');
  if (!octets.every((octet) => /^[0-9a-fA-F]{1,2}$/.test(octet))) return undefined;
  const whole = octets.map((octet) => octet.toLowerCase().padStart(2, '0'));
  if (whole.length === 5) return [...whole, vrid === undefined ? 'VRID' : hex(vrid)].join(':');
  return whole.length === 6 ? whole.join(':') : undefined;
}

const hex = (octet: number): string => octet.toString(16).padStart(2, '0');

/** The last octet of an address that was written with five. */
export function withVrid(mac: string | undefined, vrid: number): string | undefined {
  return mac?.replace(/VRID$/, hex(vrid));
}

function bindMac(vmac: VmacDraft, text: string, draft: Draft, reader: LineReader): void {
  const say = (message: string): void => reader.say('LVSD_CONFIG_BAD_VALUE', message, LEFT_OUT);
  if (vmac.mac !== undefined) {
    say('VMAC interface address already specified');
    return;
  }
  if (!/^[0-9A-Fa-f:]*$/.test(text)) {
    say(`VMAC invalid MAC address ${text}`);
    return;
  }
  const mac = readMac(text, draft.virtualRouterId);
  if (mac === undefined) say(`VMAC invalid MAC address ${text} - ignored`);
  else if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) say(`VMAC MAC address is multicast ${text} - ignoring`);
  else if (/^00:00:5e:00:0[12]:/.test(mac)) {
    say(`VMAC MAC address not allowed to be RFC5798 address (${text}) - ignoring`);
  } else vmac.mac = mac;
}

function readGroup(reader: LineReader, what: 'VMAC' | 'ipvlan'): string | undefined {
  const text = reader.take('GROUP');
  if (text === undefined || groupNumber(text) !== undefined) return text;
  reader.say('LVSD_CONFIG_UNKNOWN_NAME', `${what} group ${text} not found`, LEFT_OUT);
  return undefined;
}

function bindVmac(draft: Draft, statement: Statement, context: BindContext): void {
  draft.vmac ??= { name: undefined, mac: undefined, group: undefined, netlinkNotify: false };
  const { vmac } = draft;
  const reader = new LineReader(statement, context, 1);
  for (let word = reader.next(); word !== undefined; word = reader.next()) {
    if (word.includes(':')) bindMac(vmac, word, draft, reader);
    else if (word === 'netlink_notify_msg') vmac.netlinkNotify = true;
    else if (word === 'group') vmac.group = readGroup(reader, 'VMAC') ?? vmac.group;
    else {
      const name = word === 'name' ? reader.take('NAME') : word;
      if (name === undefined) return;
      if (vmac.name !== undefined) {
        reader.say('LVSD_CONFIG_DUPLICATE', 'VMAC interface name already specified', LEFT_OUT);
      } else if (!isDeviceName(name)) {
        const message = `VMAC interface name '${name}' too long or invalid characters - ignoring`;
        reader.say('LVSD_CONFIG_BAD_NAME', message, {
          expected: 'at most 15 characters',
          assumed: 'a name that is free',
        });
      } else if (!isTaken(draft, name, reader)) vmac.name = name;
    }
  }
}

const modes = ['bridge', 'private', 'vepa'] as const;

function bindIpvlan(draft: Draft, statement: Statement, context: BindContext): void {
  const reader = new LineReader(statement, context, 1);
  if (draft.ipvlan !== undefined) {
    reader.say('LVSD_CONFIG_DUPLICATE', `(${draft.name}) use_ipvlan already specified`, { assumed: 'the first one' });
    return;
  }
  const ipvlan: IpvlanDraft = { name: undefined, mode: undefined, address: undefined, group: undefined };
  draft.ipvlan = ipvlan;
  for (let word = reader.next(); word !== undefined; word = reader.next()) {
    const mode = modes.find((each) => each === word);
    if (mode !== undefined) {
      if (ipvlan.mode === undefined) ipvlan.mode = mode;
      else {
        const message = `(${draft.name}) ipvlan type already specified - ignoring '${word}'`;
        reader.say('LVSD_CONFIG_DUPLICATE', message, LEFT_OUT);
      }
    } else if (word === 'group') ipvlan.group = readGroup(reader, 'ipvlan') ?? ipvlan.group;
    else if (parseIpAddress(word.split('/')[0] ?? '') !== undefined) bindIpvlanAddress(ipvlan, word, draft, reader);
    else {
      const name = word === 'name' ? reader.take('NAME') : word;
      if (name === undefined) return;
      bindIpvlanName(ipvlan, name, draft, reader);
    }
  }
}

function bindIpvlanAddress(ipvlan: IpvlanDraft, text: string, draft: Draft, reader: LineReader): void {
  const parsed = readPrefixed(reader, text, { withPrefix: true });
  if (parsed === undefined) return;
  if (ipvlan.address !== undefined) {
    const message = `(${draft.name}) ipvlan address already specified - ignoring '${text}'`;
    reader.say('LVSD_CONFIG_DUPLICATE', message, LEFT_OUT);
  } else if (!agrees(draft, parsed.address)) {
    const message = `(${draft.name}) ipvlan address[${text}] MUST match vrrp instance family !!! Skipping...`;
    reader.say('LVSD_CONFIG_FAMILY', message, LEFT_OUT);
  } else {
    ipvlan.address = parsed;
    draft.sourceAddress ??= parsed.address;
  }
}

function bindIpvlanName(ipvlan: IpvlanDraft, name: string, draft: Draft, reader: LineReader): void {
  if (ipvlan.name !== undefined) {
    const message = `(${draft.name}) IPVLAN interface already specified - ignoring '${name}'`;
    reader.say('LVSD_CONFIG_DUPLICATE', message, LEFT_OUT);
  } else if (name.length > MAX_INTERFACE_NAME) {
    const message = `(${draft.name}) IPVLAN interface name '${name}' too long - ignoring`;
    reader.say('LVSD_CONFIG_BAD_NAME', message, { expected: 'at most 15 characters', assumed: 'a name that is free' });
  } else if (!isTaken(draft, name, reader)) ipvlan.name = name;
}

export function vmacWords(): Keyword<Draft>[] {
  return [
    keyword<Draft>(
      {
        name: 'use_vmac',
        doc: 'The virtual router has a macvlan interface with the MAC address of RFC 5798, or one of its own.',
      },
      [
        argument.optional(
          argument.repeated(argument.text('OPTION', '[name] NAME, MAC address, netlink_notify_msg, group GROUP')),
        ),
      ],
      bindVmac,
    ),
    flagWord<Draft>(
      { name: 'use_vmac_addr', doc: 'A VMAC too for each address on another interface or of the other family.' },
      (draft) => {
        draft.vmacForAddresses = true;
      },
    ),
    flagWord<Draft>({ name: 'vmac_xmit_base', doc: 'Adverts leave by the interface below the VMAC.' }, (draft) => {
      draft.transmitOnBase = true;
    }),
    keyword<Draft>(
      { name: 'use_ipvlan', doc: 'The virtual router has an ipvlan interface; IPv4 needs an address for it.' },
      [
        argument.optional(
          argument.repeated(
            argument.text('OPTION', '[name] NAME, ADDRESS[/PREFIX], bridge, private, vepa, group GROUP'),
          ),
        ),
      ],
      bindIpvlan,
    ),
  ];
}
