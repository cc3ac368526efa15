/**
 * A program that the operator wants run: a notify script, a quorum script, a MISC_CHECK.
 *
 * Only what the file says. Who the user is on this host, whether the file exists and is safe to run as root, is found
 * out where scripts are run and by `-t`, not here.
 */
import type { Position } from './position.js';

export interface Script {
  /** The command as written, for log lines and dumps. */
  readonly command: string;
  /** The program and its arguments after quotes and escapes were read (keepalived.md 5.1, 13.1). Never empty. */
  readonly argv: readonly string[];
  /** User and group as written behind the command, or in the block; undefined means `script_user`. */
  readonly user: ScriptUser | undefined;
  readonly at: Position;
}

export interface ScriptUser {
  /** Where a word of its own (user, script_user) names it; absent behind a script. */
  readonly at?: Position;
  readonly name: string;
  readonly group: string | undefined;
}
