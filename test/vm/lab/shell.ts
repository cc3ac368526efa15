/**
 * Commands inside the test VM: run one, run it in a network namespace, wait for something to become true.
 *
 * For the programs under test/vm that run as root in the VM (demo, tables, traffic); never for the host.
 */
import { execFile, spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** What a command that ended left behind. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program and waits for it; any exit status is an answer. */
export function attempt(program: string, args: readonly string[], input?: string): Ended {
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...(input === undefined ? {} : { input }),
  });
  if (done.error !== undefined) throw done.error;
  return { status: done.status ?? 128, stdout: done.stdout, stderr: done.stderr };
}

/** Runs shell text with `set -e`; returns what it printed. @throws Error with its stderr when it fails */
export function shell(text: string): string {
  const done = attempt('sh', ['-e'], text);
  if (done.status !== 0) throw new Error(`this failed with status ${done.status}:\n${text}\n${done.stderr}`);
  return done.stdout;
}

/** The words that run a program in a network namespace. */
export function inNamespace(namespace: string, words: readonly string[]): string[] {
  return ['ip', 'netns', 'exec', namespace, ...words];
}

/** Runs a program in a network namespace and returns its output. @throws Error when it fails */
export function output(namespace: string, words: readonly string[]): string {
  const [program = 'ip', ...args] = inNamespace(namespace, words);
  const done = attempt(program, args);
  if (done.status !== 0) throw new Error(`${words.join(' ')} in ${namespace}: status ${done.status}: ${done.stderr}`);
  return done.stdout;
}

/** As `output`, without stopping this process meanwhile. */
export function outputLater(namespace: string, words: readonly string[]): Promise<string> {
  const [program = 'ip', ...args] = inNamespace(namespace, words);
  return new Promise((resolve, reject) => {
    execFile(program, args, { encoding: 'utf8', maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${words.join(' ')} in ${namespace}: ${error.message}: ${stderr}`));
    });
  });
}

/**
 * Asks again and again until `ask` answers something other than undefined and false.
 * @param seconds how long it may take; generous, since the machine is emulated
 * @param every milliseconds between two questions
 * @param what for the message, as the rest of "waited N s for ..."; a function is asked at the end
 */
export async function until<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  seconds: number,
  what: string | (() => string),
  every = 100,
): Promise<T> {
  const end = process.uptime() + seconds;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (process.uptime() > end) throw new Error(`waited ${seconds} s for ${typeof what === 'string' ? what : what()}`);
    await pause(every);
  }
}
