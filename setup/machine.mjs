// One run of a test machine, from the program that is the machine (QEMU, user-mode Linux) to the script's exit status.
//
// The program gets three channels as open descriptors (FD): the script's stdout and stderr, which become ours, and the
// control channel, on which the machine's first process says "ready" and "exit N" (test/vm/harness/init.sh). A machine
// that ends without "exit" has failed; the end of its kernel's log then says why. The machine never outlives us: it is
// killed when we end, are signalled, lose our parent, or are killed ourselves (PR_SET_PDEATHSIG).

import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError, say } from './cache.mjs';
import { EXIT, numberFromEnvironment, ScriptError, writeJob } from './job.mjs';

/** Descriptors of the machine's program: 0 to 2 are its own, then the channels. */
export const FD = { out: 3, err: 4, control: 5 };

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const PARENT_WATCH_MS = 500;

/** What the caller of vm.mjs or uml.mjs asks for by LVSD_VM_* variables, and its own stdout and stderr. */
export function requestFromEnvironment() {
  const out = process.env.LVSD_VM_OUT ? resolve(process.env.LVSD_VM_OUT) : undefined;
  if (out !== undefined) mkdirSync(out, { recursive: true });
  return {
    out,
    stdout: process.stdout,
    stderr: process.stderr,
    limit: numberFromEnvironment('LVSD_VM_TIMEOUT', 600),
    keepConsole: process.env.LVSD_VM_CONSOLE,
  };
}

/** The words that make the kernel end `command` when this process dies, however it dies. */
function endingWithUs(command) {
  const there = spawnSync('setpriv', ['--version'], { stdio: 'ignore' });
  return there.error ? command : ['setpriv', '--pdeathsig', 'KILL', ...command];
}

/**
 * Starts a machine for one job and waits for its end.
 * @param {{
 *   command: readonly string[], path: string, boot: Record<string, string>, channels: string,
 *   machine: (job: { folder: string, console: string }) => { command: string[], env: Record<string, string | undefined> },
 *   kind: string, limit: number, bootLimit: number, keepConsole?: string,
 *   stdout?: import('node:stream').Writable, stderr?: import('node:stream').Writable,
 * }} request `limit` and `bootLimit` in seconds; without stdout or stderr the script's is dropped
 * @returns {Promise<{ status?: number, bootMs?: number, failure?: string, timedOut?: boolean, log?: string, complaint?: string }>}
 *   `status` is the script's; without one `failure` says why there is none
 */
export async function superviseMachine(request) {
  const job = writeJob(request);
  const { command, env } = request.machine(job);
  const [program, ...args] = endingWithUs(command);
  const log = openSync(job.log, 'w');
  const started = process.hrtime.bigint();
  // A group of its own: user-mode Linux is many processes, and all of them have to go.
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', log, log, 'pipe', 'pipe', 'pipe'] });
  closeSync(log);
  const kill = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  const leave = (signal) => {
    if (child.pid !== undefined) kill();
    job.remove();
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.on(signal, leave);
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && leave('SIGHUP'), PARENT_WATCH_MS);
  // Whoever read our output has gone: there is nobody left to run the script for.
  const deaf = () => leave('SIGPIPE');
  for (const [fd, sink] of [
    [FD.out, request.stdout],
    [FD.err, request.stderr],
  ]) {
    child.stdio[fd].on('error', () => {});
    if (sink === undefined) child.stdio[fd].resume();
    else child.stdio[fd].pipe(sink, { end: false });
    sink?.on('error', deaf);
  }
  try {
    const result = await ended(child, kill, request, started);
    return { ...result, ...whatTheKernelSaid(job, result, request.keepConsole) };
  } finally {
    clearInterval(watch);
    for (const signal of SIGNALS) process.off(signal, leave);
    for (const sink of [request.stdout, request.stderr]) sink?.off('error', deaf);
    job.remove();
  }
}

/** Follows the control channel until the machine's program has ended and all its output has been read. */
function ended(child, kill, request, started) {
  const result = {};
  return new Promise((done, failed) => {
    const giveUp = (failure, timedOut) => {
      result.failure ??= failure;
      result.timedOut ??= timedOut;
      kill();
    };
    let limit = setTimeout(() => giveUp(`it did not boot within ${request.bootLimit} s`), request.bootLimit * 1000);
    let said = '';
    child.stdio[FD.control].on('error', () => {});
    child.stdio[FD.control].on('data', (chunk) => {
      said += chunk;
      if (result.bootMs === undefined && /^ready\r?$/m.test(said)) {
        result.bootMs = Number(process.hrtime.bigint() - started) / 1e6;
        if (process.env.LVSD_VM_VERBOSE) say(`lvsd vm: ${Math.round(result.bootMs)} ms to the script, ${request.kind}`);
        clearTimeout(limit);
        const late = `the script ran longer than ${request.limit} s (LVSD_VM_TIMEOUT) and was ended`;
        limit = setTimeout(() => giveUp(late, true), request.limit * 1000);
      }
      const exit = /^exit (\d+)\r?$/m.exec(said)?.[1];
      if (exit === undefined) return;
      result.status = Number(exit);
      kill();
    });
    child.once('error', failed);
    child.once('close', (code) => {
      clearTimeout(limit);
      if (result.status === undefined && result.failure === undefined) {
        result.failure = result.bootMs === undefined ? 'it did not boot' : 'it went down under the script';
        if (code)
          result.failure += ` (exit status ${code} of ${child.spawnargs.includes('-accel') ? 'QEMU' : 'the kernel'})`;
      }
      done(result);
    });
  });
}

/** What is worth telling from the kernel's log: all of its end after a failure, else only a complaint. */
function whatTheKernelSaid(job, result, keepConsole) {
  // User-mode Linux has its console among what its program says; QEMU writes it to a file of its own.
  const [program, console] = [plainLog(job.log), plainLog(job.console)];
  const log = console === '' ? program : console;
  const found = {};
  if (result.status === undefined) {
    found.log = lastLines(program, console === '' ? 60 : 20) + lastLines(console, 60);
    const panic = /Kernel panic - not syncing: .*/.exec(log)?.[0];
    const refused = /LVSD-BOOT-FAILED: (.*)/.exec(log)?.[1];
    if (!result.timedOut) found.failure = panic ?? refused ?? result.failure;
  }
  const complaint = /^.*(WARNING: CPU|BUG: |Oops:).*$/m.exec(log)?.[0];
  if (complaint !== undefined) found.complaint = complaint.trim();
  if (keepConsole) writeFileSync(keepConsole, log);
  return found;
}

/** A log without what firmware and serial lines put between: escape sequences and carriage returns. */
function plainLog(file) {
  let text = '';
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return '';
  }
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]|\x1bc|\r/g, '').trimEnd();
}

function lastLines(text, count) {
  return text === '' ? '' : `${text.split('\n').slice(-count).join('\n')}\n`;
}

/** Tells a person how a run ended when it did not end with the script's status. Returns our exit status. */
export function reportOf(result, kernelVersion) {
  if (result.status !== undefined) {
    if (result.complaint !== undefined) say(`lvsd vm: the kernel complained: ${result.complaint}`);
    return result.status;
  }
  say(`lvsd vm: ${result.failure}`);
  if (result.log) say(`lvsd vm: the end of the kernel's log (kernel ${kernelVersion}):\n${result.log}`);
  return result.timedOut ? EXIT.timedOut : EXIT.machineFailed;
}

/** Runs the main function of vm.mjs or uml.mjs when it is the program. */
export async function mainOfMachine(url, main) {
  if (process.argv[1] !== fileURLToPath(url)) return;
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`lvsd vm: ${error.message}`);
    process.exitCode = error instanceof ScriptError ? error.status : EXIT.machineFailed;
  }
}
