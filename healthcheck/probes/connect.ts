/**
 * The first half of every check over TCP: a socket, a non-blocking connect, and how it ended.
 *
 * What is our own trouble (no descriptor, the address to bind is not ours, no local port left) is told apart from what
 * the server or the way to it says (refused, unreachable, silent): only the second is an answer. The order of
 * magnitude that this is built for is 20,000 connects at once from one process: one epoll for all, one timer each.
 *
 * Source: connect(2); keepalived.md 15.1, 15.2; node-io.md d-4.
 */
import type { ConnectOptions } from '../../config/checker.js';
import { closeFd, type Fd } from '../../native/descriptor.js';
import { watch } from '../../native/readiness.js';
import { connect, socketError } from '../../native/socket.js';
import { inetAddress } from '../../native/socket-address.js';
import { errno, errnoName } from '../../native/system-call-error.js';
import { familyOf } from '../../runtime/addresses.js';
import type { Timer } from '../../runtime/clock.js';
import { describeError } from '../../runtime/errors.js';
import { toMilliseconds } from '../../runtime/units.js';
import type { CancelProbe, ProbeContext, SocketRequest } from './probe.js';

export type ConnectOutcome =
  /** The descriptor belongs to the receiver; nothing watches it. */
  | { readonly kind: 'connected'; readonly fd: Fd }
  | { readonly kind: 'timed-out' }
  /** The server or the network said no; `error` is the errno's name. */
  | { readonly kind: 'refused'; readonly error: string }
  /** We could not ask. */
  | { readonly kind: 'not-asked'; readonly why: string };

/** What the checker's connection options ask of a socket. */
export function socketRequestOf(options: ConnectOptions, type: SocketRequest['type']): SocketRequest {
  return {
    family: familyOf(options.address),
    type,
    bindTo: options.bindTo,
    bindPort: options.bindPort,
    bindIf: options.bindIf,
    fwmark: options.fwmark,
  };
}

/** Errors of connect that come from this host and not from the server: no local port, no memory, not permitted. */
const ourTrouble: ReadonlySet<number> = new Set([
  errno.EADDRNOTAVAIL,
  errno.EADDRINUSE,
  errno.EAGAIN,
  errno.ENOBUFS,
  errno.ENOMEM,
  errno.EPERM,
  errno.EACCES,
  errno.EINVAL,
  errno.ENODEV,
]);

function outcomeOfErrno(number: number): ConnectOutcome {
  const error = errnoName(number);
  if (!ourTrouble.has(number)) return { kind: 'refused', error };
  const cure =
    number === errno.EADDRNOTAVAIL || number === errno.EAGAIN
      ? 'no local port is free: widen net.ipv4.ip_local_port_range or check less often'
      : number === errno.EPERM || number === errno.EACCES
        ? 'the local packet filter forbids it'
        : 'see bindto, bind_if and the address';
  return { kind: 'not-asked', why: `connect: ${error} (${cure})` };
}

/**
 * Connects.
 * @param done called once, never before this returns, unless cancelled
 */
export function startConnect(
  options: ConnectOptions,
  context: Pick<ProbeContext, 'clock' | 'openSocket'>,
  done: (outcome: ConnectOutcome) => void,
): CancelProbe {
  let fd: Fd | undefined;
  let timer: Timer | undefined;
  let ended = false;

  const finish = (outcome: ConnectOutcome): void => {
    if (ended) return;
    ended = true;
    timer?.cancel();
    if (fd !== undefined && outcome.kind !== 'connected') closeFd(fd);
    done(outcome);
  };

  const onAnswer = (opened: Fd): void => {
    fd = opened;
    const result = connect(opened, inetAddress(options.address, options.port));
    if (result === 0) {
      finish({ kind: 'connected', fd: opened });
    } else if (result === -errno.EINPROGRESS) {
      const waiting = watch(opened, { writable: true }, () => {
        const error = socketError(opened);
        if (error !== 0) {
          finish(outcomeOfErrno(error));
          return;
        }
        waiting.stop();
        finish({ kind: 'connected', fd: opened });
      });
    } else {
      finish(outcomeOfErrno(-result));
    }
  };

  // The time runs from the asking: a director that does not hand out the socket is our trouble, and ends too.
  timer = context.clock.after(toMilliseconds(options.timeout), 'connect', () => {
    finish(fd === undefined ? { kind: 'not-asked', why: 'the socket did not come in time' } : { kind: 'timed-out' });
  });
  queueMicrotask(() => {
    if (ended) return;
    context.openSocket(socketRequestOf(options, 'stream'), (answer) => {
      if (answer.kind === 'refused') {
        finish({ kind: 'not-asked', why: answer.why });
      } else if (ended) {
        closeFd(answer.fd);
      } else {
        try {
          onAnswer(answer.fd);
        } catch (error) {
          finish({ kind: 'not-asked', why: describeError(error) });
        }
      }
    });
  });

  return () => {
    if (ended) return;
    ended = true;
    timer?.cancel();
    if (fd !== undefined) closeFd(fd);
  };
}
