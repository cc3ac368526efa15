/**
 * rtnetlink: numbers and the few things that links, addresses and routes share.
 *
 * The codecs stand in `rtnetlink-link.ts`, `rtnetlink-address.ts` and `rtnetlink-route.ts`: pure, total, and only as far
 * as a director needs them (interfaces, VIPs, the routes of VIPs). The sockets are `request-socket.ts`, `dump-socket.ts`
 * and `monitor-socket.ts` with protocol `route`.
 *
 * Source: Linux include/uapi/linux/rtnetlink.h, if_addr.h, if_link.h; rtnetlink(7).
 */
import { AttributeWriter } from './attribute.js';
import { encodeMessage, NLM_F_REQUEST } from './message.js';

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;

/** Multicast groups, by number (for a monitor socket). */
export const RTNLGRP = {
  link: 1,
  ipv4Address: 5,
  ipv4Route: 7,
  ipv4Rule: 8,
  ipv6Address: 9,
  ipv6Route: 11,
  ipv6Rule: 19,
} as const;

export const FAMILY_UNSPECIFIED = 0;
export const FAMILY_INET = 2;
export const FAMILY_INET6 = 10;

/** How far an address or route reaches (RT_SCOPE_*). */
export const SCOPE = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
export type Scope = keyof typeof SCOPE;

/**
 * A whole rtnetlink message, without a sequence number: the socket gives it one.
 * @param type RTM_*
 * @param flags NLM_F_* beside NLM_F_REQUEST
 * @param header the family's fixed struct: whole words, in the host's order
 * @param write the attributes
 */
export function encodeRouteMessage(
  type: number,
  flags: number,
  header: Uint8Array,
  write?: (into: AttributeWriter) => void,
): Buffer {
  const writer = new AttributeWriter(128).append(new Uint32Array(Uint8Array.from(header).buffer));
  write?.(writer);
  return encodeMessage({ type, flags: flags | NLM_F_REQUEST, sequence: 0, payload: writer.take() });
}
