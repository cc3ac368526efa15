/**
 * The addresses of one virtual router: how many an advert has room for, and what each stands on (keepalived.md 11;
 * vrrp.c, vrrp_complete_instance).
 */
import type { VirtualAddress } from '../config/virtual-address.js';
import type { VrrpAuthentication, VrrpInstance, VrrpVersion } from '../config/vrrp.js';
import { type AddressFamily, isIpv6 } from '../runtime/addresses.js';
import type { VrrpInstanceDraft } from './schema/vrrp-drafts.js';
import type { InstanceVoice } from './validate-vrrp-voice.js';

/** How many addresses an advert has room for: Ethernet's MTU less the headers, and one byte counts them. */
const MTU = 1500;
const MAX_ADDRESSES = 255;

/** The first IPv6 address is what adverts are sent from (RFC 5798, 5.2.9). */
export function tellFirstAddress(
  draft: VrrpInstanceDraft,
  family: AddressFamily,
  strict: boolean,
  voice: InstanceVoice,
): void {
  const first = draft.addresses[0];
  if (family !== 'inet6' || draft.peers.length > 0 || first === undefined || /^fe[89ab]/.test(first.address)) return;
  if (strict) {
    const message = 'the first IPv6 VIP address must be link local';
    voice.say('LVSD_CONFIG_CONFLICT', message, 'it is used as it is', 'an address of fe80::/10 first');
  } else voice.note('the first IPv6 VIP address should be link local');
}

function roomFor(version: VrrpVersion, family: AddressFamily, authentication: VrrpAuthentication): number {
  const ethernet = 14;
  const header = 8;
  if (family === 'inet6') return Math.min(MAX_ADDRESSES, Math.floor((MTU - ethernet - 40 - header) / 16));
  const secret = version === 2 ? 8 + (authentication.kind === 'AH' ? 24 : 0) : 0;
  return Math.min(MAX_ADDRESSES, Math.floor((MTU - ethernet - 20 - header - secret) / 4));
}

/**
 * @param held the addresses that instances before it hold, each with its device; filled on
 */
export function addressesOf(
  draft: VrrpInstanceDraft,
  version: VrrpVersion,
  family: AddressFamily,
  authentication: VrrpAuthentication,
  held: Set<string>,
  voice: InstanceVoice,
): Pick<VrrpInstance, 'addresses' | 'excludedAddresses'> {
  const room = roomFor(version, family, authentication);
  let advertised: readonly VirtualAddress[] = draft.addresses;
  let excluded: readonly VirtualAddress[] = draft.excludedAddresses;
  if (advertised.length > room) {
    const message = `Number of VIPs (${advertised.length}) exceeds maximum/space available in packet (max ${room} addresses) - excess moved to eVIPs`;
    voice.say('LVSD_CONFIG_TOO_MANY', message, `the addresses from number ${room + 1} on are not advertised`);
    excluded = [...excluded, ...advertised.slice(room)];
    advertised = advertised.slice(0, room);
  }
  const settle = (list: readonly VirtualAddress[], kind: '' | 'e'): readonly VirtualAddress[] =>
    list.flatMap((address) => settleAddress(address, kind, draft, held, voice));
  return { addresses: settle(advertised, ''), excludedAddresses: settle(excluded, 'e') };
}

/** An address without a device to stand on goes. */
function settleAddress(
  address: VirtualAddress,
  kind: '' | 'e',
  draft: VrrpInstanceDraft,
  held: Set<string>,
  voice: InstanceVoice,
): readonly VirtualAddress[] {
  const device = address.device ?? draft.interface;
  if (device === undefined) {
    const message = `: no interface for ${kind}vip ${address.address}/${address.prefix} - removing`;
    voice.say('LVSD_CONFIG_NO_INTERFACE', message, 'it is left out', 'dev INTERFACE behind the address');
    return [];
  }
  const key = `${address.address} ${device}`;
  if (held.has(key)) {
    voice.note(
      `${address.address} is on ${device} by another line too: it goes when the last virtual router gives it up`,
    );
  }
  held.add(key);
  if (!address.vmac) return [address];
  const own = address.device === undefined || address.device === draft.interface;
  const sameFamily = isIpv6(address.address) === (draft.family === 'inet6');
  const where = `VIP/eVIP ${address.address}/${address.prefix}`;
  if (own && sameFamily && draft.vmac !== undefined) {
    voice.say('LVSD_CONFIG_CONFLICT', `use_vmac specified for ${where} and vrrp instance`, 'it is on the VMAC anyway');
  } else if ((!own || !sameFamily) && draft.vmacForAddresses) {
    voice.say(
      'LVSD_CONFIG_CONFLICT',
      `use_vmac_addr specified and use_vmac specified for ${where}`,
      'it has a VMAC anyway',
    );
  } else return [address];
  return [{ ...address, vmac: false }];
}
