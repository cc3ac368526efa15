/**
 * The first moments of a daemon, before the rest of its program is loaded: name, umask, systemd's variables, and the
 * process of the director, which then starts on another processor meanwhile.
 *
 * What is inherited is put right first: umask, and an environment without what systemd meant for the supervisor alone.
 * Whether the director's process is used, and with what configuration, is decided later (daemon.ts, role-spawn.ts); on
 * a slow processor the table is complete by half a second sooner for it.
 */
import { setProcessName } from '../../native/process.js';
import { type SystemdEnvironment, takeSystemdEnvironment } from '../../observe/systemd.js';
import type { CommandLine } from './command-line.js';
import { RolesAhead } from './role-spawn.js';

/** keepalived's (keepalived.md 7.1) but for the owner's execute bit: the folders that lvsd makes need it. */
const DEFAULT_UMASK = 0o077;
const OWNER_EXECUTE = 0o100;

/** In the environment of the process that goes on without a terminal. */
export const IN_BACKGROUND = 'LVSD_IN_BACKGROUND';

export interface BegunDaemon {
  readonly environment: SystemdEnvironment;
  /** Whoever takes this over has to `end` it. */
  readonly ahead: RolesAhead;
}

/** The umask that holds with what the command line and `umask` in global_defs say. */
export function daemonUmask(commandLine: CommandLine, configured?: number): number {
  return (commandLine.umask ?? configured ?? DEFAULT_UMASK) & ~OWNER_EXECUTE;
}

/** @returns undefined for a process that only starts the daemon in the background */
export function beginDaemon(commandLine: CommandLine): BegunDaemon | undefined {
  if (!commandLine.foreground && process.env[IN_BACKGROUND] === undefined) return undefined;
  delete process.env[IN_BACKGROUND];
  setProcessName('lvsd');
  process.umask(daemonUmask(commandLine));
  const environment = takeSystemdEnvironment(process.env, process.pid);
  const ahead = new RolesAhead();
  if (commandLine.namespace === undefined) ahead.spawn(['director']);
  return { environment, ahead };
}
