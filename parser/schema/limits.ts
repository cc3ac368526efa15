/**
 * Bounds that several keywords share, with where they come from.
 */

/** keepalived reads these as an unsigned 32-bit number. */
export const MAX_UNSIGNED = 4294967295;
export const MAX_CHECK_RETRY = MAX_UNSIGNED;
/** A firewall mark is 32 bits. */
export const MAX_MARK = MAX_UNSIGNED;
/** Longest IPVS timeout, seconds: 31 days (the kernel multiplies by HZ in a signed 32-bit number). */
export const MAX_IPVS_TIMEOUT = 2678400;
/** Persistence when no time is written, seconds (the kernel's IP_VS default). */
export const DEFAULT_PERSISTENCE = 360;
/** Length of a name in the kernel's IPVS structs, without the closing zero. */
export const MAX_KERNEL_NAME = 15;
/** Interface names are at most this long (IFNAMSIZ - 1). */
export const MAX_INTERFACE_NAME = 15;
/** MD5 as text. */
export const DIGEST_LENGTH = 32;
/** Names of nftables tables, in bytes, without the closing zero (NFT_NAME_MAXLEN). */
export const MAX_TABLE_NAME = 255;
/** OSPF's metric is 24 bits, and all ones is unreachable (RFC 2328, appendix B: LSInfinity). */
export const MAX_OSPF_METRIC = 16777214;
