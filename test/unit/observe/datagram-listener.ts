/** A Unix datagram socket that listens, for tests of syslog and systemd: what syslogd and systemd have. */
import { closeFd } from '../../../native/descriptor.js';
import { bind, openSocket, receive } from '../../../native/socket.js';
import { unixAddress } from '../../../native/socket-address.js';
import { AF, SOCK } from '../../../native/socket-options.js';

export interface DatagramListener {
  /** Everything that has arrived and was not taken yet. */
  take(): string[];
  close(): void;
}

/** @param path a file's path, or an abstract name that begins with @ */
export function listenForDatagrams(path: string): DatagramListener {
  const fd = openSocket(AF.UNIX, SOCK.DGRAM, 0);
  bind(fd, unixAddress(path.replace(/^@/, '\0')));
  const room = new Uint8Array(65536);
  return {
    take() {
      const taken: string[] = [];
      for (;;) {
        const { bytes } = receive(fd, room);
        if (bytes < 0) return taken;
        taken.push(Buffer.from(room.subarray(0, bytes)).toString('utf8'));
      }
    },
    close: () => closeFd(fd),
  };
}
