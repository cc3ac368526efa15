/**
 * The scheduling words of global_defs, given to the processes of roles (keepalived.md 7.2): nice value, CPUs, real-time
 * priority and its limit.
 *
 * The supervisor does it from outside, because a role has no right to. What was given is remembered for each process, so
 * that a reload that takes a word out gives back what the supervisor itself has. keepalived's checker process is two
 * roles here. What cannot be given is told once and does not keep anybody from serving.
 *
 * checker_rlimit_rttime is not keepalived's: a process that runs JavaScript works for longer than 10 ms now and then. It
 * is set only where the file says it, and beyond it the role says so. It is not killed for that: one that computes
 * without end is silent, and its heartbeat finds it.
 */
import { getPriority } from 'node:os';
import { noScheduling, type ProcessScheduling } from '../../config/global-process.js';
import { setProcessName } from '../../native/process.js';
import {
  allowLockingOf,
  limitRealtimeOf,
  ownAffinity,
  setAffinityOf,
  setNiceOf,
  setRealtimeOf,
} from '../../native/scheduling.js';
import { describeError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import type { RoleName } from './messages.js';

/** What is done to processes; tests hand in their own. */
export interface SchedulingSystem {
  readonly nice: (pid: number, nice: number) => void;
  readonly affinity: (pid: number, cpus: readonly number[]) => void;
  readonly realtime: (pid: number, priority: number | undefined) => void;
  readonly limit: (pid: number, soft: number | undefined) => void;
  readonly allowLocking: (pid: number) => void;
  /** What this process has: where a role comes back to. */
  readonly own: { readonly nice: number; readonly cpus: readonly number[] };
}

export function schedulingSystem(): SchedulingSystem {
  return {
    nice: setNiceOf,
    affinity: setAffinityOf,
    realtime: setRealtimeOf,
    limit: limitRealtimeOf,
    allowLocking: allowLockingOf,
    own: { nice: getPriority(), cpus: ownAffinity() },
  };
}

const SUPERVISOR_NAME = 'lvsd';
let supervisorName = SUPERVISOR_NAME;

/** `process_name`: this process in ps and top. */
export function nameSupervisor(name = SUPERVISOR_NAME): void {
  if (name !== supervisorName) setProcessName(name);
  supervisorName = name;
}

/** The roles that are keepalived's checker process. */
export const checkerRoles: readonly RoleName[] = ['director', 'checker'];

export class RoleScheduling {
  readonly #log: Log;
  readonly #open: () => SchedulingSystem;
  #system: SchedulingSystem | undefined;
  /** What each process has been given. */
  readonly #given = new Map<number, ProcessScheduling>();
  /** What has been told. */
  readonly #told = new Set<string>();

  constructor(log: Log, open: () => SchedulingSystem = schedulingSystem) {
    this.#log = log;
    this.#open = open;
  }

  /**
   * Gives processes what the file says.
   * @param prefix of the words: `checker`
   * @param pids of the roles that live; others are forgotten
   */
  apply(prefix: string, wanted: ProcessScheduling, pids: readonly number[]): void {
    for (const pid of this.#given.keys()) if (!pids.includes(pid)) this.#given.delete(pid);
    for (const pid of pids) {
      const given = this.#given.get(pid) ?? noScheduling;
      if (same(given, wanted)) continue;
      this.#given.set(pid, wanted);
      this.#system ??= this.#open();
      this.#give(prefix, pid, given, wanted, this.#system);
    }
  }

  #give(
    prefix: string,
    pid: number,
    given: ProcessScheduling,
    wanted: ProcessScheduling,
    system: SchedulingSystem,
  ): void {
    const attempt = (word: string, value: string | number | undefined, act: () => void): void => {
      try {
        act();
      } catch (error) {
        const line = `${prefix}_${word}${value === undefined ? '' : ` ${value}`} could not be given to its process: ${describeError(error)}`;
        if (this.#told.has(line)) return;
        this.#told.add(line);
        this.#log.warning(line);
      }
    };
    if (wanted.noSwap && !given.noSwap) attempt('no_swap', undefined, () => system.allowLocking(pid));
    if (text(wanted.cpuAffinity) !== text(given.cpuAffinity))
      attempt('cpu_affinity', text(wanted.cpuAffinity), () =>
        system.affinity(pid, wanted.cpuAffinity ?? system.own.cpus),
      );
    if (wanted.priority !== given.priority)
      attempt('priority', wanted.priority, () => system.nice(pid, wanted.priority ?? system.own.nice));
    // The limit counts only under real-time priority, and must be there when that begins.
    const soft = wanted.rtPriority === undefined ? undefined : wanted.rlimitRttime;
    const softBefore = given.rtPriority === undefined ? undefined : given.rlimitRttime;
    if (soft !== softBefore) attempt('rlimit_rttime', soft, () => system.limit(pid, soft));
    if (wanted.rtPriority !== given.rtPriority)
      attempt('rt_priority', wanted.rtPriority, () => system.realtime(pid, wanted.rtPriority));
  }
}

const text = (cpus: readonly number[] | undefined): string | undefined => cpus?.join(' ');

function same(a: ProcessScheduling, b: ProcessScheduling): boolean {
  return (
    a === b ||
    (a.priority === b.priority &&
      a.noSwap === b.noSwap &&
      a.rtPriority === b.rtPriority &&
      a.rlimitRttime === b.rlimitRttime &&
      text(a.cpuAffinity) === text(b.cpuAffinity))
  );
}
