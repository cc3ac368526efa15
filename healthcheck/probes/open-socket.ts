/**
 * The socket of a check, opened here: bound to an address, a device, a mark, not yet connected.
 *
 * The director role calls it on behalf of a checker that has no capability (SO_MARK needs CAP_NET_ADMIN, ports under
 * 1024 need CAP_NET_BIND_SERVICE) and passes the descriptor; a checker that needs neither calls it itself.
 *
 * Source: keepalived.md 15.1; node-io.md d-4 (why a bind must not choose the port).
 */
import { closeFd, type Fd } from '../../native/descriptor.js';
import {
  bind,
  bindToDevice,
  bindWithoutPort,
  openSocket,
  setMark,
  setOption,
  setOptionBytes,
} from '../../native/socket.js';
import { inetAddress } from '../../native/socket-address.js';
import { AF, SO, SOCK, SOL } from '../../native/socket-options.js';
import type { IpAddress } from '../../runtime/addresses.js';
import { describeError } from '../../runtime/errors.js';
import type { OpenSocket, SocketRequest } from './probe.js';

/**
 * Opens and prepares the socket.
 * @throws SystemCallError EMFILE, EPERM (mark without capability), ENODEV (no such device), EADDRNOTAVAIL, EADDRINUSE
 */
export function openCheckSocket(request: SocketRequest): Fd {
  const fd = openSocket(
    request.family === 'inet' ? AF.INET : AF.INET6,
    request.type === 'stream' ? SOCK.STREAM : SOCK.DGRAM,
    0,
  );
  try {
    if (request.fwmark !== 0) setMark(fd, request.fwmark);
    if (request.bindIf !== undefined) bindToDevice(fd, request.bindIf);
    if (request.bindTo !== undefined || request.bindPort !== undefined) {
      const any = (request.family === 'inet' ? '0.0.0.0' : '::') as IpAddress;
      if (request.bindPort === undefined) bindWithoutPort(fd);
      else keepPortFree(fd, request);
      bind(fd, inetAddress(request.bindTo ?? any, request.bindPort ?? 0));
    }
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/**
 * A fixed source port must be free again for the next run: without this the port would stand in TIME_WAIT towards its
 * server for a minute after each check, and every check in that minute could not be made. So the farewell is a reset
 * here, and only here (tcp.ts says why not elsewhere).
 */
function keepPortFree(fd: Fd, request: SocketRequest): void {
  setOption(fd, SOL.SOCKET, SO.REUSEADDR, 1);
  if (request.type === 'stream') setOptionBytes(fd, SOL.SOCKET, SO.LINGER, new Uint8Array(Int32Array.of(1, 0).buffer));
}

/** Whether an unprivileged process can open this socket by itself. */
export function needsPrivilege(request: SocketRequest): boolean {
  return request.fwmark !== 0 || (request.bindPort !== undefined && request.bindPort < 1024);
}

/** `OpenSocket` in this process; calls back before it returns. */
export const openSocketHere: OpenSocket = (request, callback) => {
  let fd: Fd;
  try {
    fd = openCheckSocket(request);
  } catch (error) {
    callback({ kind: 'refused', why: describeError(error) });
    return;
  }
  callback({ kind: 'opened', fd });
};
