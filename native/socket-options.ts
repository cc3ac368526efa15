/**
 * Numbers of families, types, protocols, levels and options, by the names of the man pages (socket(7), ip(7), ipv6(7),
 * netlink(7), packet(7); asm-generic values: x86, arm64, riscv).
 */

export const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16, PACKET: 17 } as const;

export const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3, SEQPACKET: 5 } as const;

export const IPPROTO = {
  IP: 0,
  ICMP: 1,
  IGMP: 2,
  TCP: 6,
  UDP: 17,
  IPV6: 41,
  AH: 51,
  ICMPV6: 58,
  OSPF: 89,
  VRRP: 112,
  SCTP: 132,
  RAW: 255,
} as const;

export const NETLINK = { ROUTE: 0, SOCK_DIAG: 4, NETFILTER: 12, GENERIC: 16 } as const;

export const SOL = { SOCKET: 1, PACKET: 263, NETLINK: 270 } as const;

export const SO = {
  REUSEADDR: 2,
  ERROR: 4,
  BROADCAST: 6,
  SNDBUF: 7,
  RCVBUF: 8,
  KEEPALIVE: 9,
  PRIORITY: 12,
  LINGER: 13,
  PEERCRED: 17,
  BINDTODEVICE: 25,
  ATTACH_FILTER: 26,
  TIMESTAMP: 29,
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  TIMESTAMPNS: 35,
  MARK: 36,
  RXQ_OVFL: 40,
} as const;

export const IP = {
  TOS: 1,
  TTL: 2,
  HDRINCL: 3,
  PKTINFO: 8,
  MTU_DISCOVER: 10,
  RECVTTL: 12,
  FREEBIND: 15,
  MINTTL: 21,
  BIND_ADDRESS_NO_PORT: 24,
  MULTICAST_IF: 32,
  MULTICAST_TTL: 33,
  MULTICAST_LOOP: 34,
  ADD_MEMBERSHIP: 35,
  DROP_MEMBERSHIP: 36,
  MULTICAST_ALL: 49,
} as const;

export const IPV6 = {
  CHECKSUM: 7,
  UNICAST_HOPS: 16,
  MULTICAST_IF: 17,
  MULTICAST_HOPS: 18,
  MULTICAST_LOOP: 19,
  JOIN_GROUP: 20,
  LEAVE_GROUP: 21,
  V6ONLY: 26,
  MULTICAST_ALL: 29,
  RECVPKTINFO: 49,
  PKTINFO: 50,
  RECVHOPLIMIT: 51,
  HOPLIMIT: 52,
  TCLASS: 67,
  MINHOPCOUNT: 73,
  FREEBIND: 78,
} as const;

export const TCP_OPTION = { NODELAY: 1, KEEPIDLE: 4, SYNCNT: 7, USER_TIMEOUT: 18 } as const;

export const NETLINK_OPTION = {
  ADD_MEMBERSHIP: 1,
  DROP_MEMBERSHIP: 2,
  NO_ENOBUFS: 5,
  CAP_ACK: 10,
  EXT_ACK: 11,
  GET_STRICT_CHK: 12,
} as const;

export const MSG = { PEEK: 0x2, TRUNC: 0x20, CTRUNC: 0x8, DONTWAIT: 0x40 } as const;
