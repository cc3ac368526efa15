/**
 * One role's process as the supervisor sees it: started, welcomed, heard, replaced.
 *
 * How it is started is in role-spawn.ts. A role that dies is started again
 * with keepalived's back-off; one whose heartbeat stops is killed, which is the same thing. What the role does with its
 * configuration is not known here: `onUp` is called when it is ready, and the supervisor shows it what it needs.
 */
import type { ChildProcess } from 'node:child_process';
import { closeFd, type Fd } from '../../native/descriptor.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import { describeError, isLvsdError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { milliseconds } from '../../runtime/units.js';
import { Channel } from './channel.js';
import type { RoleMessage, RoleName, SupervisorMessage, Welcome } from './messages.js';
import { afterDeath, exitCode, firstRestart, isPermanent, type RestartState } from './restart-policy.js';
import { type OtherNamespace, type RolesAhead, type SpawnedRole, spawnRole } from './role-spawn.js';

/**
 * Silent for so long, a role is taken for stuck. Parsing 37,000 servers on a slow machine takes several seconds. Tests
 * that stop a role cannot wait that long: LVSD_HEARTBEAT_LIMIT in the environment is another limit, in seconds (1..3600).
 */
const SILENCE_MS = silenceLimit(process.env.LVSD_HEARTBEAT_LIMIT);

function silenceLimit(text: string | undefined): number {
  const seconds = text !== undefined && /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  return seconds >= 1 && seconds <= 3600 ? seconds * 1000 : 30_000;
}

/** At stop a role that is at work, by its heartbeat, is given more than child_wait_time: this long at most. */
const LONGEST_STOP_MS = 300_000;
/** Silent for so long at stop, it is not at work. */
const STOP_SILENCE_MS = 5000;

/** How log lines call a role's process: keepalived's name where it has one (keepalived.md 1). */
export const roleTitle: Readonly<Record<RoleName, string>> = {
  director: 'Director',
  checker: 'Healthcheck',
  runner: 'Runner',
};

export interface RoleEvents {
  onMessage(role: RoleName, message: RoleMessage, descriptors: readonly Fd[]): void;
  /** The process is there and was welcomed; called for every new process. */
  onUp(role: RoleName): void;
  /** The process is gone; it comes back by itself unless it was stopped. */
  onDown(role: RoleName): void;
  /** It ended with a code that starting it again cannot mend, or must not be started again. */
  onPermanentDeath(role: RoleName, why: string, status?: number): void;
}

export interface RoleSettings {
  readonly clock: Clock;
  readonly log: Log;
  readonly welcome: Welcome;
  /** -R: a death is never answered by a new process. */
  readonly respawn: boolean;
  /** Where a process of this role may stand ready already. */
  readonly ahead?: RolesAhead | undefined;
  /** Set when the table is in another namespace than the process. */
  readonly otherNamespace?: OtherNamespace | undefined;
}

export class RoleProcess {
  readonly role: RoleName;
  readonly #settings: RoleSettings;
  readonly #events: RoleEvents;
  #child: ChildProcess | undefined;
  #channel: Channel<RoleMessage, SupervisorMessage> | undefined;
  #restart: RestartState = firstRestart;
  #pending: Timer | undefined;
  #startedAt = 0;
  #heardAt = 0;
  #lag = 0;
  #restarts = 0;
  #stopping = false;

  constructor(role: RoleName, settings: RoleSettings, events: RoleEvents) {
    this.role = role;
    this.#settings = settings;
    this.#events = events;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }
  get up(): boolean {
    return this.#channel !== undefined;
  }
  get restarts(): number {
    return this.#restarts;
  }
  /** Milliseconds since the last word from it. */
  get silence(): number {
    return this.#settings.clock.now() - this.#heardAt;
  }
  /** How late its own timers were at its last heartbeat, milliseconds. */
  get lag(): number {
    return this.#lag;
  }
  /** Milliseconds that the present process has lived. */
  get age(): number {
    return this.#settings.clock.now() - this.#startedAt;
  }

  start(): void {
    if (this.#child !== undefined || this.#stopping) return;
    let spawned: SpawnedRole;
    try {
      spawned = this.#settings.ahead?.take(this.role) ?? spawnRole(this.role, this.#settings.otherNamespace);
    } catch (error) {
      const lacking = isLvsdError(error) && error.code === 'LVSD_CAPABILITY_LACKING';
      const status = lacking ? exitCode.missingPermission : exitCode.fatal;
      this.#events.onPermanentDeath(this.role, describeError(error), status);
      return;
    }
    const { child, channel } = spawned;
    this.#child = child;
    this.#startedAt = this.#settings.clock.now();
    this.hear();
    child.once('error', (error) => {
      this.#settings.log.error(`Cannot run the ${this.role} process: ${describeError(error)}`);
      // Where there never was a process no exit follows: too many processes or no memory now, better luck later.
      if (child.pid === undefined) this.#died(child, exitCode.outOfMemory, null);
    });
    child.once('exit', (status, signal) => this.#died(child, status, signal));
    this.#channel = new Channel<RoleMessage, SupervisorMessage>(channel, {
      onMessage: (message, descriptors) => {
        this.hear();
        if ('type' in message && message.type === 'heartbeat') this.#lag = message.lag;
        else this.#events.onMessage(this.role, message, descriptors);
      },
      // The exit event follows; a process that closed its end but lives on is stuck, and the heartbeat finds it.
      onEnd: () => {},
    });
    this.#channel.send(this.#settings.welcome);
    this.#settings.log.info(`Starting ${roleTitle[this.role]} child process, pid=${child.pid}`);
    this.#events.onUp(this.role);
  }

  /** Sends to the role; false if it is not there to take it. */
  send(message: SupervisorMessage, descriptors: readonly Fd[] = []): boolean {
    if (this.#channel === undefined) {
      for (const fd of descriptors) closeFd(fd);
      return false;
    }
    return this.#channel.send(message, descriptors);
  }

  /** Counts as a sign of life: after a pause of the supervisor itself nobody is to blame for silence. */
  hear(): void {
    this.#heardAt = this.#settings.clock.now();
  }

  /** Kills the process if it has been silent for too long; its death does the rest. */
  checkHeartbeat(): void {
    if (this.#child === undefined || this.silence < SILENCE_MS) return;
    this.#settings.log.error(
      `${roleTitle[this.role]} child process(${this.#child.pid}) has been silent for ${Math.round(this.silence / 1000)} seconds: replacing it. The table goes on serving meanwhile.`,
    );
    this.hear();
    this.#child.kill('SIGKILL');
  }

  /**
   * Ends the process for good: asks, and kills it after `patience` milliseconds unless its heartbeat shows that it is
   * still at work: taking 65,000 services out of the table needs longer than child_wait_time. Resolves when it is gone.
   */
  async stop(patience: number): Promise<void> {
    this.#stopping = true;
    this.#pending?.cancel();
    const child = this.#child;
    if (child === undefined || child.pid === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#channel?.send({ type: 'stop' });
    const { clock, log } = this.#settings;
    const latest = clock.now() + LONGEST_STOP_MS;
    let timer: Timer;
    const look = (): void => {
      if (this.silence < STOP_SILENCE_MS && clock.now() < latest) {
        timer = clock.after(milliseconds(1000), `stop ${this.role}`, look);
        return;
      }
      log.warning(`${roleTitle[this.role]} child process(${child.pid}) failed to die - forcing termination`);
      child.kill('SIGKILL');
    };
    timer = clock.after(milliseconds(patience), `stop ${this.role}`, look);
    await gone;
    timer.cancel();
  }

  #died(child: ChildProcess, status: number | null, signal: NodeJS.Signals | null): void {
    if (child !== this.#child) return;
    const lived = this.age;
    this.#child = undefined;
    this.#channel?.close();
    this.#channel = undefined;
    this.#events.onDown(this.role);
    if (this.#stopping) return;
    const how = signal === null ? `exited with status ${status}` : `was ended by ${signal}`;
    if (isPermanent(status)) {
      this.#events.onPermanentDeath(
        this.role,
        `${roleTitle[this.role]} child process ${how}, which starting it again cannot mend. Terminating`,
      );
      return;
    }
    if (!this.#settings.respawn) {
      this.#events.onPermanentDeath(
        this.role,
        `${roleTitle[this.role]} child process(${child.pid}) died (${how}): Exiting, as -R asks`,
      );
      return;
    }
    const next = afterDeath(this.#restart, lived);
    this.#restart = next.state;
    this.#restarts++;
    this.#settings.log.error(
      `${roleTitle[this.role]} child process(${child.pid}) died: Respawning (it ${how}${next.delay > 0 ? `; next start in ${next.delay / 1000} s` : ''})`,
    );
    this.#pending = this.#settings.clock.after(next.delay, `restart ${this.role}`, () => this.start());
  }
}
