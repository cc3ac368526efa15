/**
 * A netlink socket as lvsd wants it: bound, with large buffers, short acknowledgements and the kernel's sentences.
 *
 * Opened here for the request, the dump and the monitor socket, which differ in how they read. The buffers are set past
 * the system's maximum where lvsd may (CAP_NET_ADMIN), else as far as it goes. Source: netlink(7), socket(7).
 */
import { closeFd, type Fd } from '../native/descriptor.js';
import { bind, getOption, openSocket, setOption } from '../native/socket.js';
import { netlinkAddress } from '../native/socket-address.js';
import { AF, NETLINK, NETLINK_OPTION, SO, SOCK, SOL } from '../native/socket-options.js';
import { SystemCallError } from '../native/system-call-error.js';

/** NETLINK_ROUTE (links, addresses, routes), NETLINK_GENERIC (IPVS and other families), NETLINK_NETFILTER (nf_tables). */
export const NETLINK_PROTOCOL = {
  route: NETLINK.ROUTE,
  generic: NETLINK.GENERIC,
  netfilter: NETLINK.NETFILTER,
} as const;
export type NetlinkProtocol = keyof typeof NETLINK_PROTOCOL;

/** Whether the call succeeded; an option that an old kernel lacks, or that needs a capability, is not an error here. */
function tried(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof SystemCallError) return false;
    throw error;
  }
}

function setBuffer(fd: Fd, force: number, plain: number, bytes: number): void {
  if (!tried(() => setOption(fd, SOL.SOCKET, force, bytes))) tried(() => setOption(fd, SOL.SOCKET, plain, bytes));
}

export interface KernelSocket {
  readonly fd: Fd;
  /** What the kernel really gave, as it counts (each queued message weighs its memory, not its length). */
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
}

/**
 * @param protocol route, generic or netfilter
 * @param receiveBufferBytes wanted; the kernel doubles it
 * @throws SystemCallError when the kernel has no netlink of this kind, or refuses
 */
export function openKernelSocket(protocol: NetlinkProtocol, receiveBufferBytes: number): KernelSocket {
  const fd = openSocket(AF.NETLINK, SOCK.RAW, NETLINK_PROTOCOL[protocol]);
  try {
    setBuffer(fd, SO.RCVBUFFORCE, SO.RCVBUF, receiveBufferBytes);
    setBuffer(fd, SO.SNDBUFFORCE, SO.SNDBUF, 1 << 20);
    tried(() => setOption(fd, SOL.NETLINK, NETLINK_OPTION.CAP_ACK, 1));
    tried(() => setOption(fd, SOL.NETLINK, NETLINK_OPTION.EXT_ACK, 1));
    bind(fd, netlinkAddress());
    return {
      fd,
      receiveBufferBytes: getOption(fd, SOL.SOCKET, SO.RCVBUF),
      sendBufferBytes: getOption(fd, SOL.SOCKET, SO.SNDBUF),
    };
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}
