/**
 * Links that are made and deleted: macvlan (use_vmac) and ipvlan (use_ipvlan), and what is set on them.
 *
 * Pure codec, writing only; `rtnetlink-link.ts` reads. Source: Linux include/uapi/linux/if_link.h, drivers/net/macvlan.c,
 * drivers/net/ipvlan/ipvlan_main.c; RFC 5798 section 7.3 (the virtual router's MAC address).
 */
import { NLM_F_CREATE, NLM_F_EXCL } from './message.js';
import { encodeRouteMessage, FAMILY_INET6, RTM_DELLINK, RTM_NEWLINK } from './rtnetlink.js';

const HEADER = 16;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_LINK = 5;
const IFLA_LINKINFO = 18;
const IFLA_AF_SPEC = 26;
const IFLA_GROUP = 27;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_MACVLAN_MODE = 1;
/** Frames of the own address are received, as from another router with the same VRID. */
const MACVLAN_MODE_PRIVATE = 1;
const IFLA_IPVLAN_MODE = 1;
const IFLA_IPVLAN_FLAGS = 2;
const IPVLAN_MODE_L2 = 0;
const IPVLAN_FLAG = { bridge: 0, private: 1, vepa: 2 } as const;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const ADDR_GEN_MODE_NONE = 1;

/** A link over another one. */
export type WantedLink =
  | {
      readonly kind: 'macvlan';
      readonly name: string;
      /** Index of the link under it. */
      readonly lower: number;
      /** Six octets. */
      readonly mac: Uint8Array;
      readonly group: number | undefined;
    }
  | {
      readonly kind: 'ipvlan';
      readonly name: string;
      readonly lower: number;
      readonly mode: keyof typeof IPVLAN_FLAG;
      readonly group: number | undefined;
    };

function header(index: number): Buffer {
  const bytes = Buffer.alloc(HEADER);
  bytes.writeInt32LE(index, 4);
  return bytes;
}

/** Makes a link; it is down. The kernel says EEXIST where the name is taken. */
export function encodeLinkMake(wanted: WantedLink): Buffer {
  return encodeRouteMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, header(0), (into) => {
    const info = into.beginNest(IFLA_LINKINFO);
    into.string(IFLA_INFO_KIND, wanted.kind);
    const data = into.beginNest(IFLA_INFO_DATA);
    if (wanted.kind === 'macvlan') into.u32(IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
    else into.u16(IFLA_IPVLAN_MODE, IPVLAN_MODE_L2).u16(IFLA_IPVLAN_FLAGS, IPVLAN_FLAG[wanted.mode]);
    into.endNest(data).endNest(info);
    into.u32(IFLA_LINK, wanted.lower).string(IFLA_IFNAME, wanted.name);
    if (wanted.kind === 'macvlan') into.bytes(IFLA_ADDRESS, wanted.mac);
    if (wanted.group !== undefined) into.u32(IFLA_GROUP, wanted.group);
  });
}

/** Keeps the kernel from giving the link an IPv6 link-local address of its own (RFC 5798 section 7.4). */
export function encodeWithoutLinkLocal(index: number): Buffer {
  return encodeRouteMessage(RTM_NEWLINK, 0, header(index), (into) => {
    const families = into.beginNest(IFLA_AF_SPEC);
    const inet6 = into.beginNest(FAMILY_INET6);
    into.u8(IFLA_INET6_ADDR_GEN_MODE, ADDR_GEN_MODE_NONE);
    into.endNest(inet6).endNest(families);
  });
}

/** Deletes a link, and with it what stands on it. */
export function encodeLinkDelete(index: number): Buffer {
  return encodeRouteMessage(RTM_DELLINK, 0, header(index));
}
