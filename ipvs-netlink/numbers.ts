/**
 * The numbers of the IPVS generic-netlink family, version 1.
 *
 * Mainline's only. Old FULLNAT kernels number some attributes otherwise (service attribute 11 is PE_NAME here and a
 * timeout there) and add commands 18 to 20: none of those is ever sent.
 *
 * Source: Linux include/uapi/linux/ip_vs.h.
 */

export const IPVS_FAMILY_NAME = 'IPVS';
export const IPVS_FAMILY_VERSION = 1;

/** IPVS_CMD_* */
export const Command = {
  NEW_SERVICE: 1,
  SET_SERVICE: 2,
  DEL_SERVICE: 3,
  GET_SERVICE: 4,
  NEW_DEST: 5,
  SET_DEST: 6,
  DEL_DEST: 7,
  GET_DEST: 8,
  NEW_DAEMON: 9,
  DEL_DAEMON: 10,
  GET_DAEMON: 11,
  SET_CONFIG: 12,
  GET_CONFIG: 13,
  SET_INFO: 14,
  GET_INFO: 15,
  ZERO: 16,
  FLUSH: 17,
} as const;

/** IPVS_CMD_ATTR_* */
export const CommandAttribute = {
  SERVICE: 1,
  DEST: 2,
  DAEMON: 3,
  TIMEOUT_TCP: 4,
  TIMEOUT_TCP_FIN: 5,
  TIMEOUT_UDP: 6,
} as const;

/** IPVS_SVC_ATTR_* */
export const ServiceAttribute = {
  AF: 1,
  PROTOCOL: 2,
  ADDR: 3,
  PORT: 4,
  FWMARK: 5,
  SCHED_NAME: 6,
  FLAGS: 7,
  TIMEOUT: 8,
  NETMASK: 9,
  STATS: 10,
  PE_NAME: 11,
  STATS64: 12,
} as const;

/** IPVS_DEST_ATTR_* */
export const DestinationAttribute = {
  ADDR: 1,
  PORT: 2,
  FWD_METHOD: 3,
  WEIGHT: 4,
  U_THRESH: 5,
  L_THRESH: 6,
  ACTIVE_CONNS: 7,
  INACT_CONNS: 8,
  PERSIST_CONNS: 9,
  STATS: 10,
  ADDR_FAMILY: 11,
  STATS64: 12,
  TUN_TYPE: 13,
  TUN_PORT: 14,
  TUN_FLAGS: 15,
} as const;

/** IPVS_DAEMON_ATTR_* */
export const DaemonAttribute = {
  STATE: 1,
  MCAST_IFN: 2,
  SYNC_ID: 3,
  SYNC_MAXLEN: 4,
  MCAST_GROUP: 5,
  MCAST_GROUP6: 6,
  MCAST_PORT: 7,
  MCAST_TTL: 8,
} as const;

/** IPVS_STATS_ATTR_*, the same in the 32-bit and the 64-bit nest. */
export const StatisticsAttribute = {
  CONNS: 1,
  INPKTS: 2,
  OUTPKTS: 3,
  INBYTES: 4,
  OUTBYTES: 5,
  CPS: 6,
  INPPS: 7,
  OUTPPS: 8,
  INBPS: 9,
  OUTBPS: 10,
  PAD: 11,
} as const;

/** IPVS_INFO_ATTR_* */
export const InfoAttribute = { VERSION: 1, CONN_TAB_SIZE: 2 } as const;

export const AF_INET = 2;
export const AF_INET6 = 10;

/** IP_VS_SVC_F_* that are not a person's to set. */
export const SERVICE_PERSISTENT = 0x0001;
export const SERVICE_HASHED = 0x0002;

/** IP_VS_CONN_F_*: the forwarding methods. */
export const ForwardingNumber = { masq: 0, local: 1, tunnel: 2, droute: 3, bypass: 4 } as const;
export const FORWARDING_MASK = 0x0007;

/** IP_VS_CONN_F_TUNNEL_TYPE_* */
export const TunnelNumber = { ipip: 0, gue: 1, gre: 2 } as const;
/** IP_VS_TUNNEL_ENCAP_FLAG_* */
export const TunnelFlag = { nocsum: 0, csum: 1, remcsum: 2 } as const;

export const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132 } as const;

/** IP_VS_STATE_* */
export const DaemonState = { master: 1, backup: 2 } as const;
