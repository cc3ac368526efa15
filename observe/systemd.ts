/**
 * systemd's service notification: READY, RELOADING, STOPPING, STATUS, ERRNO and the watchdog's beat.
 *
 * Only the supervisor speaks to systemd. It takes NOTIFY_SOCKET and the watchdog's variables out of the environment at
 * start, so that roles and scripts cannot speak in its name. Without NOTIFY_SOCKET everything here does nothing.
 * States that systemd waits for (READY, RELOADING, STOPPING) are sent again until its queue takes them; beats and status
 * lines are simply skipped when it is full.
 *
 * Source: sd_notify(3), sd_watchdog_enabled(3); keepalived.md 1 for when keepalived sends which.
 */
import type { Clock, Timer } from '../runtime/clock.js';
import { milliseconds } from '../runtime/units.js';
import type { DatagramSender, OpenDatagram } from './datagram.js';

export interface SystemdEnvironment {
  /** A path, or an abstract name that begins with @. */
  readonly notifySocket: string | undefined;
  /** Microseconds between beats that systemd allows at most; undefined: no watchdog for this process. */
  readonly watchdogMicroseconds: number | undefined;
}

/**
 * Reads what systemd put into the environment, and removes it there.
 * @param pid this process's pid: WATCHDOG_PID may name another one
 */
export function takeSystemdEnvironment(environment: NodeJS.ProcessEnv, pid: number): SystemdEnvironment {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: period, WATCHDOG_PID: owner } = environment;
  delete environment.NOTIFY_SOCKET;
  delete environment.WATCHDOG_USEC;
  delete environment.WATCHDOG_PID;
  const speakable = path?.startsWith('/') || path?.startsWith('@');
  const microseconds = period !== undefined && /^[0-9]{1,15}$/.test(period) ? Number(period) : 0;
  const ours = owner === undefined || owner === '' || owner === String(pid);
  return {
    notifySocket: speakable ? path : undefined,
    watchdogMicroseconds: speakable && ours && microseconds > 0 ? microseconds : undefined,
  };
}

const retryAfter = milliseconds(50);
/** After this many tries (5 s) systemd is taken for dead. */
const mostTries = 100;

export interface SystemdOptions {
  readonly environment: SystemdEnvironment;
  readonly open: OpenDatagram;
  readonly clock: Clock;
  /** CLOCK_MONOTONIC in microseconds, for RELOADING. Default: the process's own. */
  readonly monotonicMicroseconds?: () => bigint;
}

export class Systemd {
  readonly #options: SystemdOptions;
  readonly #monotonic: () => bigint;
  #sender: DatagramSender | undefined;
  readonly #waiting: Buffer[] = [];
  #tries = 0;
  #retry: Timer | undefined;
  #beat: Timer | undefined;

  constructor(options: SystemdOptions) {
    this.#options = options;
    this.#monotonic = options.monotonicMicroseconds ?? (() => process.hrtime.bigint() / 1000n);
  }

  /** Start-up or a reload is complete. @param mainPid the supervisor's pid */
  ready(mainPid: number, status: string): void {
    this.#must(['READY=1', `MAINPID=${mainPid}`, statusLine(status)]);
  }

  /** A reload begins; `ready` must follow, also when it was refused. */
  reloading(status: string): void {
    this.#must(['RELOADING=1', `MONOTONIC_USEC=${this.#monotonic()}`, statusLine(status)]);
  }

  stopping(status: string): void {
    this.#must(['STOPPING=1', statusLine(status)]);
  }

  /** The line that `systemctl status` shows. */
  status(text: string): void {
    this.#may([statusLine(text)]);
  }

  /** The start failed. @param errno positive errno */
  failed(errno: number, status: string): void {
    this.#must([`ERRNO=${errno}`, statusLine(status)]);
  }

  /** systemd shall wait this much longer for READY or for the end. */
  extendTimeout(microseconds: number): void {
    this.#must([`EXTEND_TIMEOUT_USEC=${microseconds}`]);
  }

  /**
   * Sends WATCHDOG=1 at half of the period that systemd allows, as long as `healthy` says so. When it does not, the beat
   * stays out and systemd acts: that is what the watchdog is for.
   */
  startWatchdog(healthy: () => boolean): void {
    const period = this.#options.environment.watchdogMicroseconds;
    if (period === undefined || this.#beat !== undefined) return;
    const interval = milliseconds(period / 2000);
    const beat = (): void => {
      if (healthy()) this.#may(['WATCHDOG=1']);
      this.#beat = this.#options.clock.after(interval, 'systemd watchdog', beat);
    };
    beat();
  }

  close(): void {
    this.#beat?.cancel();
    this.#retry?.cancel();
    this.#sender?.close();
    this.#beat = undefined;
    this.#retry = undefined;
    this.#sender = undefined;
    this.#waiting.length = 0;
  }

  #may(lines: readonly string[]): void {
    // Nothing overtakes a state that still waits.
    if (this.#waiting.length === 0) this.#send(Buffer.from(`${lines.join('\n')}\n`));
  }

  #must(lines: readonly string[]): void {
    if (this.#options.environment.notifySocket === undefined) return;
    this.#waiting.push(Buffer.from(`${lines.join('\n')}\n`));
    if (this.#waiting.length === 1) this.#drain();
  }

  #drain(): void {
    this.#retry = undefined;
    while (this.#waiting.length > 0) {
      if (!this.#send(this.#waiting[0] as Buffer)) {
        if (++this.#tries < mostTries) {
          this.#retry = this.#options.clock.after(retryAfter, 'systemd notify', () => this.#drain());
          return;
        }
      }
      this.#tries = 0;
      this.#waiting.shift();
    }
  }

  #send(bytes: Buffer): boolean {
    const path = this.#options.environment.notifySocket;
    if (path === undefined) return true;
    for (let attempt = 0; attempt < 2; attempt++) {
      this.#sender ??= this.#options.open(path);
      if (this.#sender === undefined) return false;
      const outcome = this.#sender.send(bytes);
      if (outcome === 'sent' || outcome === 'too long') return true;
      if (outcome === 'full') return false;
      this.#sender.close();
      this.#sender = undefined;
    }
    return false;
  }
}

/** One line: a newline inside would begin another assignment. */
function statusLine(text: string): string {
  return `STATUS=${text.replace(/[\x00-\x1f\x7f]+/g, ' ')}`;
}
