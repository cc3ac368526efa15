/**
 * What every role's process does first and last, whatever its work.
 *
 * It takes its end of the channel from descriptor 3, dies with the supervisor even while it is stopped, waits for the
 * welcome that says how it logs and what it may do, beats its heart once a second, and leaves when the channel ends.
 * An exception that nobody caught is logged and ends the process with keepalived's "program error": the supervisor
 * starts a fresh one, and the kernel's table serves meanwhile.
 *
 * Signals: a terminal sends INT, HUP and QUIT to the whole group; what they mean is the supervisor's to say, so a role
 * ignores them. TERM to a role alone ends that role, as with keepalived (keepalived.md 4).
 */
import { adoptFd, closeFd, type Fd } from '../../../native/descriptor.js';
import { dieWithParent, setProcessName } from '../../../native/process.js';
import { type Clock, systemClock } from '../../../runtime/clock.js';
import { describeError } from '../../../runtime/errors.js';
import { type Log, SinkLog } from '../../../runtime/log.js';
import { milliseconds } from '../../../runtime/units.js';
import { Channel } from '../channel.js';
import { openLog } from '../logging.js';
import type { RoleMessage, RoleName, SupervisorMessage, Welcome } from '../messages.js';
import { exitCode } from '../restart-policy.js';
import { whenInForce } from './held-configuration.js';
import { OwnProcess } from './own-process.js';

const CHANNEL_FD = 3;
const HEARTBEAT_MS = 1000;

export interface RoleContext {
  readonly welcome: Welcome;
  readonly log: Log;
  readonly clock: Clock;
  /** Descriptors are closed here once sent. */
  send(message: RoleMessage, descriptors?: readonly Fd[]): void;
  /** Ends the process with one of `exitCode`. */
  leave(status: number): never;
}

export interface Role {
  /** Owns the descriptors. */
  onMessage(message: SupervisorMessage, descriptors: readonly Fd[]): void;
}

/** Runs a role in this process until it is told to stop. */
export function runRole(name: RoleName, make: (context: RoleContext) => Role): void {
  dieWithParent('SIGKILL');
  setProcessName(`lvsd-${name}`);
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {});
  process.on('SIGTERM', () => process.exit(exitCode.ok));

  let role: Role | undefined;
  let log: Log = new SinkLog([]);
  const channel: Channel<SupervisorMessage, RoleMessage> = new Channel(adoptFd(CHANNEL_FD), {
    onMessage(message, descriptors) {
      if (role !== undefined) {
        role.onMessage(message, descriptors);
        return;
      }
      for (const fd of descriptors) closeFd(fd);
      if (!('type' in message) || message.type !== 'welcome') return;
      log = openLog(message.log, name);
      const own = new OwnProcess(name, { log, clock: systemClock });
      whenInForce(({ global }) => own.apply(global));
      role = make({
        welcome: message,
        log,
        clock: systemClock,
        send: (outgoing, fds) => {
          channel.send(outgoing, fds);
        },
        leave: (status) => process.exit(status),
      });
      channel.send({ type: 'ready' });
    },
    onEnd: () => process.exit(exitCode.ok),
  });
  process.on('uncaughtException', (error) => {
    log.error(
      `The ${name} process met an error that it cannot go on from: ${describeError(error)}${error instanceof Error ? `\n${error.stack}` : ''}`,
    );
    process.exit(exitCode.programError);
  });

  let due = systemClock.now() + HEARTBEAT_MS;
  const beat = (): void => {
    const now = systemClock.now();
    channel.send({ type: 'heartbeat', lag: Math.max(0, now - due) });
    due = now + HEARTBEAT_MS;
    systemClock.after(milliseconds(HEARTBEAT_MS), 'heartbeat', beat);
  };
  systemClock.after(milliseconds(HEARTBEAT_MS), 'heartbeat', beat);
}
