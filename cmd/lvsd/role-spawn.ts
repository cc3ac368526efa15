/**
 * Starts the process of a role: this same program with `--role NAME` and one end of a socket pair as descriptor 3, with
 * exactly the capabilities that its work needs (architecture, section 4), none through uid 0.
 *
 * A process does nothing until it is welcomed over its channel, and leaves when the channel ends. So the roles that
 * nearly every configuration needs are started before the file is read (`RolesAhead`): their programs load meanwhile.
 * Whether they are used, and with what, is decided by whoever takes them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Capability, spawnWithCapabilities } from '../../native/capabilities.js';
import { closeFd, type Fd } from '../../native/descriptor.js';
import { socketPair } from '../../native/descriptor-passing.js';
import { startFlags } from '../../runtime/heap.js';
import type { RoleName } from './messages.js';

/** What a role may do. The runner has what lvsd has: root's scripts need it. */
const roleCapabilities: Readonly<Record<RoleName, readonly Capability[] | 'all'>> = {
  director: ['NET_ADMIN'],
  checker: [],
  runner: 'all',
};

export interface SpawnedRole {
  readonly child: ChildProcess;
  /** Our end of the channel. */
  readonly channel: Fd;
}

/** What node is told besides what it was told for us: the runner reads the file, and keeps little of it. */
function flagsOf(role: RoleName): readonly string[] {
  const own = process.execArgv.filter((flag) => !startFlags.includes(flag));
  return role === 'runner' ? own : [...own, ...startFlags];
}

/** What a role needs to work on a table in another network namespace than its own (`net_namespace_ipvs`). */
export interface OtherNamespace {
  /** The namespace that lvsd began in, open; becomes descriptor HOME_NAMESPACE_FD of the role. */
  readonly home: number | undefined;
}

/** Where a role finds the namespace that lvsd began in. */
export const HOME_NAMESPACE_FD = 4;

/**
 * @param other entering a namespace needs SYS_ADMIN: the director has it with this, and only with this
 * @throws LvsdError when the process cannot be started, or not with these capabilities
 */
export function spawnRole(role: RoleName, other?: OtherNamespace): SpawnedRole {
  const [ours, theirs] = socketPair();
  const run = (): ChildProcess =>
    spawn(process.execPath, [...flagsOf(role), process.argv[1] ?? '', '--role', role], {
      stdio: ['ignore', 'inherit', 'inherit', theirs, ...(other?.home === undefined ? [] : [other.home])],
    });
  try {
    const own = roleCapabilities[role];
    const entering: readonly Capability[] = role === 'director' && other !== undefined ? ['SYS_ADMIN'] : [];
    const capabilities = own === 'all' ? own : [...own, ...entering];
    const child = capabilities === 'all' ? run() : spawnWithCapabilities(capabilities, run);
    return { child, channel: ours };
  } catch (error) {
    closeFd(ours);
    throw error;
  } finally {
    closeFd(theirs);
  }
}

/** Processes of roles that were started before it was known whether they are needed. */
export class RolesAhead {
  readonly #spawned = new Map<RoleName, SpawnedRole>();

  /** What cannot be started ahead is left for its time, when somebody can be told. */
  spawn(roles: readonly RoleName[]): void {
    for (const role of roles) {
      try {
        const spawned = spawnRole(role);
        // Of a program that cannot be run only this event tells.
        spawned.child.once('error', () => {});
        this.#spawned.set(role, spawned);
      } catch {
        return;
      }
    }
  }

  /** Hands over the process of a role, if one was started and lives. */
  take(role: RoleName): SpawnedRole | undefined {
    const spawned = this.#spawned.get(role);
    this.#spawned.delete(role);
    if (spawned === undefined) return undefined;
    const { pid, exitCode, signalCode } = spawned.child;
    if (pid !== undefined && exitCode === null && signalCode === null) return spawned;
    closeFd(spawned.channel);
    return undefined;
  }

  /** Ends the processes that nobody took. */
  end(): void {
    for (const { child, channel } of this.#spawned.values()) {
      closeFd(channel);
      child.kill('SIGKILL');
      child.unref();
    }
    this.#spawned.clear();
  }
}
