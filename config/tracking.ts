/**
 * What a virtual router's priority and state depend on: scripts, files, processes, interfaces, BFD sessions, and the
 * references to them (keepalived.md 8, 9).
 *
 * A weight of 0 means FAULT as long as the tracker is bad; any other weight changes the priority.
 */
import type { Seconds } from '../runtime/units.js';
import type { Position } from './position.js';
import type { Script } from './script.js';

/** vrrp_script. */
export interface VrrpScript {
  readonly name: string;
  /** Its user is the block's where the line says none. */
  readonly script: Script;
  readonly interval: Seconds;
  readonly timeout: Seconds;
  /** -253..253. */
  readonly weight: number;
  readonly reverse: boolean;
  /** Successes needed to go up, at least 1. */
  readonly rise: number;
  /** Failures needed to go down, at least 1. */
  readonly fall: number;
  /** Taken for failed until the first result. */
  readonly initFail: boolean;
  readonly at: Position;
}

/** track_file: a file that holds a number. FILE_CHECK uses the same. */
export interface TrackFile {
  readonly name: string;
  readonly path: string;
  /** -254..254; 1 is the default. */
  readonly weight: number;
  readonly reverse: boolean;
  /** init_file: written at start, over an existing file only if so said; undefined leaves the file alone. */
  readonly initialize: { readonly value: number; readonly overwrite: boolean } | undefined;
  readonly at: Position;
}

/** vrrp_track_process. */
export interface TrackProcess {
  readonly name: string;
  /** Path or name of the program. */
  readonly process: string;
  readonly parameters: readonly string[];
  /** How the parameters are compared; undefined: they are not. */
  readonly match: 'exact' | 'initial' | 'partial' | undefined;
  /** The whole command line is looked at, not the kernel's 15 characters. */
  readonly fullCommand: boolean;
  /** -254..254. */
  readonly weight: number;
  readonly reverse: boolean;
  /** Least number of processes, 0..65535. */
  readonly quorum: number;
  /** Largest number of processes; undefined is unlimited. */
  readonly quorumMax: number | undefined;
  readonly forkDelay: Seconds | undefined;
  readonly terminateDelay: Seconds | undefined;
  readonly at: Position;
}

/** One line of track_interface. */
export interface TrackedInterface {
  readonly interface: string;
  /** -253..253. */
  readonly weight: number;
  readonly reverse: boolean;
  readonly at: Position;
}

/** One line of track_script, track_file, track_process or track_bfd: the named thing was declared above it. */
export interface TrackedReference {
  readonly name: string;
  /** Effective: of this line, else of the named thing. */
  readonly weight: number;
  readonly reverse: boolean;
  readonly at: Position;
}

/** What an instance or a sync group tracks. */
export interface Tracking {
  readonly interfaces: readonly TrackedInterface[];
  readonly scripts: readonly TrackedReference[];
  readonly files: readonly TrackedReference[];
  readonly processes: readonly TrackedReference[];
  readonly bfd: readonly TrackedReference[];
}

/** track_group: the instances that follow static addresses, routes and rules. */
export interface TrackGroup {
  readonly name: string;
  /** Names of instances. */
  readonly members: readonly string[];
  readonly at: Position;
}
