/**
 * What a checker type must offer, and what it is given to work with.
 *
 * A probe asks one real server one question once. It knows nothing of retries, delays or verdicts (the schedule does),
 * and it opens nothing by itself that needs a privilege: sockets, scripts and regular expressions are handed in, so the
 * checker role runs without capabilities. The role gets a marked socket from the director and asks the runner for a
 * script; a test hands in whatever it likes.
 *
 * To add a checker type: one file beside this one that exports a `Start…` of this shape, and one case in `start.ts`.
 */
import type { Checker } from '../../config/checker.js';
import type { Fd } from '../../native/descriptor.js';
import type { ScriptEnd } from '../../observe/script-runner.js';
import type { AddressFamily, IpAddress } from '../../runtime/addresses.js';
import type { Clock } from '../../runtime/clock.js';
import type { Fwmark, Milliseconds, Port } from '../../runtime/units.js';
import type { CheckerAddress, ProbeResult, ProbeTarget } from '../verdict.js';
import type { RegexEngine } from './regex.js';
import type { TlsMaterial } from './tls-material.js';

export type { ScriptEnd } from '../../observe/script-runner.js';

/** A socket as a probe needs it: open, bound and marked, not connected. Plain JSON: it crosses a pipe. */
export interface SocketRequest {
  readonly family: AddressFamily;
  readonly type: 'stream' | 'datagram';
  readonly bindTo: IpAddress | undefined;
  readonly bindPort: Port | undefined;
  readonly bindIf: string | undefined;
  /** 0 sets no mark. */
  readonly fwmark: Fwmark;
}

/** `refused` is our own trouble (no descriptor left, no such device, address not ours): it says nothing about the server. */
export type SocketAnswer =
  | { readonly kind: 'opened'; readonly fd: Fd }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Opens a socket and calls back once, possibly before it returns. The receiver of the answer owns the descriptor.
 * `openSocketHere` (open-socket.ts) does it in this process.
 */
export type OpenSocket = (request: SocketRequest, callback: (answer: SocketAnswer) => void) => void;

/**
 * Runs the script of the MISC_CHECK at `address` in the generation of Config that both sides know, as its user; ends
 * it after `timeout`. Never a command line: an index.
 * @returns a function that ends the script (its group) and forgets the callback
 */
export type RunScript = (
  address: CheckerAddress,
  timeout: Milliseconds,
  callback: (end: ScriptEnd) => void,
) => () => void;

export interface ProbeContext {
  readonly clock: Clock;
  readonly openSocket: OpenSocket;
  readonly runScript: RunScript;
  readonly regex: RegexEngine;
  /** Our side of TLS checks: the top-level SSL block, read (tls-material.ts). */
  readonly tls: TlsMaterial;
}

/** Ends a probe early: what it holds is released, and `done` is not called any more. Harmless when it has ended. */
export type CancelProbe = () => void;

/**
 * Starts one run of one checker.
 * @param done called exactly once, never before this returns, unless the run is cancelled
 */
export type StartProbe<C extends Checker = Checker> = (
  checker: C,
  target: ProbeTarget,
  context: ProbeContext,
  done: (result: ProbeResult) => void,
) => CancelProbe;
