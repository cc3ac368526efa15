/**
 * TCP_CHECK: the server is there when it accepts a connection (keepalived.md 15.2).
 *
 * The connection is closed as keepalived closes it, by close() with the system's own farewell (FIN), and not by a
 * reset (SO_LINGER 0). A reset would be cheaper on the director, no TIME_WAIT and an end at once in conntrack, but the
 * server behind would see it: sshd, MySQL and many proxies log a reset connection as an error or count it against the
 * client's address, and an operator who changes from keepalived to lvsd must not find a new line per check in every
 * server's log. TIME_WAIT costs about 170 bytes for 60 s and takes a port only towards that one server; at
 * net.ipv4.tcp_max_tw_buckets the kernel drops the oldest by itself. conntrack forgets a connection that both sides
 * closed after 120 s: directors that check thousands of servers do well with a NOTRACK rule for their own checks.
 */
import type { TcpCheck } from '../../config/checker.js';
import { closeFd } from '../../native/descriptor.js';
import { unreachable } from '../../runtime/errors.js';
import { startConnect } from './connect.js';
import type { StartProbe } from './probe.js';

export const startTcpProbe: StartProbe<TcpCheck> = (checker, target, context, done) =>
  startConnect(checker.connect, context, (outcome) => {
    switch (outcome.kind) {
      case 'connected':
        closeFd(outcome.fd);
        return done({ ok: true, detail: 'connection established' });
      case 'timed-out':
        return done({ ok: false, reason: 'timeout', detail: `TCP connection to ${target.checked} timeout.` });
      case 'refused':
        return done({ ok: false, reason: 'connection', detail: `TCP connection to ${target.checked} failed.` });
      case 'not-asked':
        return done({ ok: null, detail: `TCP_CHECK of ${target.checked} could not ask: ${outcome.why}` });
      default:
        return unreachable(outcome);
    }
  });
