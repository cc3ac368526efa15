/**
 * What global_defs says about lvsd's processes: their names, how they are scheduled, where their files are
 * (keepalived.md 7.1 to 7.3).
 *
 * Undefined means "not written". keepalived's processes are a parent, a checker, a VRRP and a BFD process; which of
 * lvsd's roles take whose settings is said where they are applied.
 */

/** Names for ps and top, at most 15 bytes each. */
export interface ProcessNames {
  readonly parent: string | undefined;
  readonly checker: string | undefined;
  readonly vrrp: string | undefined;
  readonly bfd: string | undefined;
}

/** Scheduling of one of keepalived's processes. */
export interface ProcessScheduling {
  /** Nice value, -20..19. */
  readonly priority: number | undefined;
  readonly noSwap: boolean;
  /** SCHED_RR priority, 1..99. */
  readonly rtPriority: number | undefined;
  /** CPU numbers, from 0; undefined is all of them. */
  readonly cpuAffinity: readonly number[] | undefined;
  /** RLIMIT_RTTIME, microseconds, 2..4294967295. */
  readonly rlimitRttime: number | undefined;
}

/** max_auto_priority: raises the real-time priority of a process that runs late. */
export interface AutoPriority {
  /** -1 is off without a word, 0..99. */
  readonly max: number | undefined;
  /** How late is late, microseconds, 1..10000000. */
  readonly minDelay: number | undefined;
}

/** Reloads that come from elsewhere than a signal (keepalived.md 7.3). */
export interface ReloadControl {
  /** reload_time_file. */
  readonly timeFile: string | undefined;
  /** reload_repeat. */
  readonly repeat: boolean;
  /** reload_file; `true` is the word without a name: keepalived's own place. */
  readonly holdFile: string | true | undefined;
  /** config_save_dir. */
  readonly saveDirectory: string | undefined;
  /** tmp_config_directory. */
  readonly snapshotDirectory: string | undefined;
}

/** Where dumps go and how they look (keepalived.md 4). */
export interface DumpSettings {
  readonly stateFile: string | undefined;
  readonly statsFile: string | undefined;
  readonly jsonFile: string | undefined;
  readonly jsonVersion: 1 | 2 | undefined;
  /** data_use_instance: namespace and instance stand in the names. */
  readonly useInstance: boolean;
}

/** A netlink socket's receive buffer; `force` goes beyond net.core.rmem_max. */
export interface ReceiveBuffer {
  /** Bytes; undefined is the kernel's. */
  readonly bytes: number | undefined;
  readonly force: boolean;
}

/** One process with nothing said about it. */
export const noScheduling: ProcessScheduling = {
  priority: undefined,
  noSwap: false,
  rtPriority: undefined,
  cpuAffinity: undefined,
  rlimitRttime: undefined,
};

export const noReceiveBuffer: ReceiveBuffer = { bytes: undefined, force: false };
