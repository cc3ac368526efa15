/**
 * What a verb of lvsctl is given: the terminal and the socket; and what it gives back: an exit code.
 */
import type { ExitCode } from './exit-code.js';

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

export interface VerbContext {
  readonly terminal: Terminal;
  /** The control socket's path. */
  readonly socket: string;
  /** Where relative file names start: lvsd has another working directory. */
  readonly directory: string;
}

export type Verb<Options> = (context: VerbContext, options: Options) => Promise<ExitCode>;
