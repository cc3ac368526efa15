/**
 * One-way datagrams to a Unix socket that somebody else listens on: syslog's /dev/log, systemd's notify socket.
 *
 * Node has no AF_UNIX datagrams; `native/` has. A send never waits: it tells at once whether the datagram was taken,
 * whether the listener's queue is full, or whether the listener is gone. What to do then is the caller's business.
 *
 * Source: unix(7), sendmsg(2).
 */
import { closeFd, type Fd } from '../native/descriptor.js';
import { connect, openSocket, send } from '../native/socket.js';
import { unixAddress } from '../native/socket-address.js';
import { AF, SOCK } from '../native/socket-options.js';
import { errno } from '../native/system-call-error.js';

/** `gone`: nobody listens on that opening any more; close it and open anew. */
export type SendOutcome = 'sent' | 'full' | 'gone' | 'too long';

export interface DatagramSender {
  /** Sends one datagram, whole or not at all, without waiting. Never throws. */
  send(bytes: Uint8Array): SendOutcome;
  close(): void;
}

/**
 * Opens a way to the listener at `path` (a first character `@` or NUL: an abstract name). Undefined when nobody listens
 * there now, or this process may not write to it.
 */
export type OpenDatagram = (path: string) => DatagramSender | undefined;

function outcomeOf(result: number): SendOutcome {
  if (result >= 0) return 'sent';
  switch (-result) {
    case errno.EAGAIN:
    case errno.ENOBUFS:
    case errno.ENOMEM:
      return 'full';
    case errno.EMSGSIZE:
      return 'too long';
    default:
      return 'gone';
  }
}

class NativeDatagramSender implements DatagramSender {
  #fd: Fd | undefined;

  constructor(fd: Fd) {
    this.#fd = fd;
  }

  send(bytes: Uint8Array): SendOutcome {
    return this.#fd === undefined ? 'gone' : outcomeOf(send(this.#fd, bytes));
  }

  close(): void {
    if (this.#fd !== undefined) closeFd(this.#fd);
    this.#fd = undefined;
  }
}

/** The real one, on native sockets. */
export const openDatagram: OpenDatagram = (path) => {
  let fd: Fd | undefined;
  try {
    const address = unixAddress(path.startsWith('@') ? `\0${path.slice(1)}` : path);
    fd = openSocket(AF.UNIX, SOCK.DGRAM, 0);
    if (connect(fd, address) >= 0) return new NativeDatagramSender(fd);
  } catch {
    // No descriptor left, or a path that cannot be one: for the caller the same as nobody listening.
  }
  if (fd !== undefined) closeFd(fd);
  return undefined;
};
