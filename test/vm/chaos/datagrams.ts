/**
 * A NOTIFY_SOCKET: a unix datagram socket whose messages are kept, as systemd's would be read.
 */
import { join } from 'node:path';
import { closeFd, type Fd } from '../../../native/descriptor.js';
import { watch } from '../../../native/readiness.js';
import { bind, openSocket, receive } from '../../../native/socket.js';
import { unixAddress } from '../../../native/socket-address.js';
import { AF, SOCK } from '../../../native/socket-options.js';

export class DatagramReader {
  readonly path: string;
  #all: string[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens one in a folder.
   * @param atEnd what has to be done at the end is handed in here
   */
  static open(context: { readonly folder: string; atEnd(action: () => void): void }): DatagramReader {
    const reader = new DatagramReader(join(context.folder, 'notify'));
    const fd: Fd = openSocket(AF.UNIX, SOCK.DGRAM, 0);
    bind(fd, unixAddress(reader.path));
    const room = Buffer.alloc(65_536);
    const watching = watch(fd, { readable: true }, () => {
      for (let got = receive(fd, room); got.bytes > 0; got = receive(fd, room))
        reader.#all.push(room.toString('utf8', 0, got.bytes));
    });
    context.atEnd(() => {
      watching.stop();
      closeFd(fd);
    });
    return reader;
  }

  /** Everything since the beginning or the last `clear`. */
  get all(): readonly string[] {
    return this.#all;
  }

  has(pattern: RegExp): boolean {
    return this.#all.some((text) => pattern.test(text));
  }

  count(pattern: RegExp): number {
    return this.#all.filter((text) => pattern.test(text)).length;
  }

  clear(): void {
    this.#all = [];
  }
}
