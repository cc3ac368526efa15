/**
 * The network that a program is measured in: a fresh namespace in which every real server of generate-config.ts is alive.
 *
 * All their addresses are local, and one socket listens on them. Nobody takes connections from its queue, so a check costs
 * the kernel a handshake and no process anything; the queue is long enough for all checks of a measurement.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { closeFd, type Fd } from '../native/descriptor.js';
import { enterNewNamespace } from '../native/process.js';
import { bind, listen, openSocket } from '../native/socket.js';
import { inetAddress } from '../native/socket-address.js';
import { AF, SOCK } from '../native/socket-options.js';
import { parseIpAddress } from '../runtime/addresses.js';
import { port } from '../runtime/units.js';

const LONGEST_QUEUE = 65_535;

export interface LivingServers {
  close(): void;
}

/** Enters the namespace, for good. */
export function enterNetwork(): LivingServers {
  enterNewNamespace('network');
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  execFileSync('ip', ['route', 'add', 'local', '10.128.0.0/9', 'dev', 'lo']);
  writeFileSync('/proc/sys/net/core/somaxconn', String(LONGEST_QUEUE));
  const any = parseIpAddress('0.0.0.0');
  if (any === undefined) throw new Error('0.0.0.0 is no address');
  const fd: Fd = openSocket(AF.INET, SOCK.STREAM, 0);
  bind(fd, inetAddress(any, port(80)));
  listen(fd, LONGEST_QUEUE);
  return { close: () => closeFd(fd) };
}
