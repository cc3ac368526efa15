/**
 * A director's daemon in the test VM, lvsd or keepalived: start, reload, dump, stop, and its log with times.
 *
 * Each runs in a network namespace with a /tmp of its own, because both write their dumps there under the same names.
 * Both log to stderr in the foreground; a line's time is when it was read here. Exit of the daemon before `stop` is an
 * error of whoever waits for it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../../root.js';
import { until } from './shell.js';

export type DaemonKind = 'lvsd' | 'keepalived';

export interface LogLine {
  /** Milliseconds of the VM's uptime. */
  readonly at: number;
  readonly text: string;
}

/** A /tmp of its own; a checkout that lies in /tmp is put back into it. */
const ownTmp = repoRoot.startsWith('/tmp/')
  ? `mkdir -p /run/checkout && mount --bind ${repoRoot} /run/checkout && mount -t tmpfs -o mode=1777 tmp /tmp && mkdir -p ${repoRoot} && mount --bind /run/checkout ${repoRoot}; `
  : 'mount -t tmpfs -o mode=1777 tmp /tmp; ';

export class DirectorDaemon {
  readonly kind: DaemonKind;
  readonly namespace: string;
  readonly log: LogLine[] = [];
  readonly #process: ChildProcess;
  readonly #folder: string;
  #ended: string | undefined;

  private constructor(kind: DaemonKind, namespace: string, child: ChildProcess, folder: string) {
    this.kind = kind;
    this.namespace = namespace;
    this.#process = child;
    this.#folder = folder;
    let rest = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) this.log.push({ at: process.uptime() * 1000, text });
    });
    child.on('close', (code, signal) => {
      this.#ended = signal === null ? `ended with status ${code}` : `was ended by ${signal}`;
    });
  }

  /**
   * Starts a daemon; returns at once.
   * @param namespace an existing network namespace
   * @param configFile its keepalived.conf
   * @param options flags: further ones; alone: a /run/lvsd of its own, so that several lvsd run at once
   */
  static start(
    kind: DaemonKind,
    namespace: string,
    configFile: string,
    options: { readonly flags?: readonly string[]; readonly alone?: boolean } = {},
  ): DirectorDaemon {
    const folder = `/run/lab/${namespace}`;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const program = kind === 'lvsd' ? join(repoRoot, 'bin/lvsd') : 'keepalived';
    const own = kind === 'lvsd' ? [] : ['-r', `${folder}/vrrp.pid`];
    const words = [program, '-n', '-l', '-D', '-G', '-f', configFile, '-p', `${folder}/pid`, '-c', `${folder}/check`];
    const ownRun = options.alone === true ? 'mkdir -p /run/lvsd; mount -t tmpfs run /run/lvsd; ' : '';
    const script = `${ownTmp}${ownRun}exec "$@"`;
    const child = spawn(
      'ip',
      ['netns', 'exec', namespace, 'sh', '-c', script, 'sh', ...words, ...own, ...(options.flags ?? [])],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    return new DirectorDaemon(kind, namespace, child, folder);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The pid of the process that checks and holds the table; undefined while it is not up. */
  get checkerPid(): number | undefined {
    const file = `${this.#folder}/check`;
    const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    return text === '' ? undefined : Number(text);
  }

  /** The log as text, for messages; without what dumps and starts repeat. */
  get logText(): string {
    return this.log
      .filter(({ text }) => !/: (Printing \w+ data|Script user|Activating healthchecker)/.test(text))
      .map(({ at, text }) => `${(at / 1000).toFixed(2)} ${text}`)
      .join('\n');
  }

  /** Throws when the daemon is no longer there. */
  assertRunning(): void {
    if (this.#ended !== undefined) throw new Error(`${this.kind} ${this.#ended}; its log:\n${this.logText}`);
  }

  /** Waits for a log line. @param from the index in `log` to look from */
  async line(pattern: RegExp, seconds: number, from = 0): Promise<LogLine> {
    return until(
      () => {
        const found = this.log.slice(from).find(({ text }) => pattern.test(text));
        if (found === undefined) this.assertRunning();
        return found;
      },
      seconds,
      () => `the line ${pattern} of ${this.kind}; its log:\n${this.logText}`,
    );
  }

  /** Waits until the daemon says that its start is complete. */
  async started(seconds = 60): Promise<void> {
    await this.line(/: Startup complete$/, seconds);
  }

  /** SIGHUP, and waits until the daemon says that the new file is in force. */
  async reload(seconds = 60): Promise<void> {
    const from = this.log.length;
    this.assertRunning();
    process.kill(this.pid, 'SIGHUP');
    await this.line(/: Reload complete$/, seconds, from);
  }

  /** SIGUSR1, and the text of keepalived_check.data. */
  async dump(seconds = 30): Promise<string> {
    const pid = this.checkerPid;
    if (pid === undefined) throw new Error(`${this.kind} has no checker process; its log:\n${this.logText}`);
    const file = `/proc/${this.pid}/root/tmp/keepalived_check.data`;
    rmSync(file, { force: true });
    process.kill(this.kind === 'lvsd' ? this.pid : pid, 'SIGUSR1');
    let before = '';
    return until(
      () => {
        this.assertRunning();
        const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
        const whole = text !== '' && text === before;
        before = text;
        return whole ? text : undefined;
      },
      seconds,
      `the dump of ${this.kind}`,
    );
  }

  /** SIGTERM, and waits for the end. */
  async stop(seconds = 60): Promise<void> {
    if (this.#ended === undefined) {
      process.kill(this.pid, 'SIGTERM');
      await until(
        () => this.#ended,
        seconds,
        () => `${this.kind} to stop; its log:\n${this.logText}`,
      );
    }
  }
}
