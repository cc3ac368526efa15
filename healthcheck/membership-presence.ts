/**
 * Whether a virtual server's VIP is on this host, for ha_suspend (keepalived.md 14.2).
 *
 * For a group, any address of any entry counts. keepalived never finds a group's addresses (24.9), so its checks are
 * never suspended there; an operator who writes ha_suspend wants them to be. A fwmark has no address: not suspended.
 */
import type { VirtualServer, VirtualServerGroup } from '../config/virtual-server.js';
import { addressToBigInt, type IpAddress, isIpv6 } from '../runtime/addresses.js';

/**
 * @param present the addresses of this host, canonical text, whatever interface they are on
 * @returns true also where the question makes no sense (a fwmark, a group without addresses): checks then run
 */
export function vipIsPresent(
  server: Pick<VirtualServer, 'target'>,
  groups: ReadonlyMap<string, VirtualServerGroup>,
  present: ReadonlySet<IpAddress>,
): boolean {
  const { target } = server;
  switch (target.kind) {
    case 'address':
      return present.has(target.address);
    case 'fwmark':
      return true;
    case 'group': {
      const entries = groups.get(target.group)?.entries ?? [];
      let addresses = false;
      for (const entry of entries) {
        if (entry.kind !== 'range') continue;
        addresses = true;
        if (present.has(entry.first) || rangeHolds(entry.first, entry.last, present)) return true;
      }
      return !addresses;
    }
  }
}

function rangeHolds(first: IpAddress, last: IpAddress, present: ReadonlySet<IpAddress>): boolean {
  if (first === last) return false;
  const low = addressToBigInt(first);
  const high = addressToBigInt(last);
  for (const address of present) {
    if (isIpv6(address) !== isIpv6(first)) continue;
    const value = addressToBigInt(address);
    if (low <= value && value <= high) return true;
  }
  return false;
}
