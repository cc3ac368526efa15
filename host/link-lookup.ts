/**
 * Which interface has a name now: asked of the kernel by the socket through which it will be changed.
 *
 * So the answer is of the same network namespace and not older than the question, unlike that of a monitor's table, which
 * learns of an interface that was made a moment ago only at the next turn of the event loop.
 */
import { NetlinkError } from '../netlink/netlink-error.js';
import type { RequestSocket } from '../netlink/request-socket.js';
import { decodeLink, encodeLinkByName, type Link } from '../netlink/rtnetlink-link.js';

/** @returns the link, or why the kernel does not name one (errno 19, ENODEV: there is none) */
export function lookUpLink(socket: Pick<RequestSocket, 'request'>, name: string): Link | NetlinkError {
  try {
    for (const reply of socket.request(encodeLinkByName(name))) {
      const link = decodeLink(reply.payload);
      if (link !== undefined) return link;
    }
    return new NetlinkError('LVSD_NETLINK_UNANSWERED', `The kernel said nothing about interface ${name}`, 0);
  } catch (error) {
    if (error instanceof NetlinkError) return error;
    throw error;
  }
}
