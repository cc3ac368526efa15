/**
 * Runs the checkers of a Config on one clock: starts probes when they are due, feeds their answers to the schedule,
 * and hands verdicts on.
 *
 * One timer serves any number of checkers (schedule-queue.ts). How a probe is made is handed in; what a verdict does
 * to a table is not known here. `reconfigure` takes a new Config and keeps the state, phase and running probe of
 * every checker that is still the same one (keepalived.md 18.1; unlike keepalived, timers are kept too).
 *
 * Never all at once (architecture, law 8): when this process was not run for a while (SIGSTOP, a stopped VM, a machine
 * that swaps), every probe in flight looks like a timeout, and none of that is the servers' doing. The loop always has
 * a timer armed while a probe is in flight, so a timer that is overdue, or a wall clock that moved without the
 * monotonic one, tells of the pause. Probes in flight are then cancelled and repeated, spread, and not counted, up to
 * five times in a row each; overdue runs are spread as well.
 */
import { virtualServerName } from '../config/names.js';
import type { VirtualServer } from '../config/virtual-server.js';
import type { Clock, Timer } from '../runtime/clock.js';
import { describeError } from '../runtime/errors.js';
import { milliseconds } from '../runtime/units.js';
import { type Entry, isAsleep, type KnownVirtual, verdictOf } from './check-loop-entry.js';
import type { CheckLoopOptions, CheckLoopStatistics, CheckView, ReconfigureOptions } from './check-loop-options.js';
import { PauseWatch } from './check-loop-pause.js';
import {
  type CheckedConfig,
  checkerKey,
  hungResult,
  type RegisteredChecker,
  registerServers,
  runLimit,
} from './check-loop-register.js';
import { reloadCheck, type ScheduleEvent, startCheck, stepCheck } from './schedule.js';
import { ScheduleQueue } from './schedule-queue.js';
import { type ProbeResult, presumedUp, type VerdictChange } from './verdict.js';

/** Starts in one turn of the event loop, so that answers are read in between. */
const BATCH = 256;
const HEARTBEAT = 250;
const LATE = 1000;
const MAX_REPEATS = 5;
const QUIET_SPAN = 10_000;

export class CheckLoop {
  readonly #options: CheckLoopOptions;
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  readonly #watch: PauseWatch;
  readonly #waiting = new ScheduleQueue<Entry>();
  /** By the instant at which a run has taken too long. */
  readonly #running = new ScheduleQueue<Entry>();
  /** In file order. */
  #entries: readonly Entry[] = [];
  /** The same, by virtual server and real server. */
  #known: ReadonlyMap<string, KnownVirtual> = new Map();
  #logAll = false;
  #generation = 0;
  #epoch = 0;
  #timer: Timer | undefined;
  #nextRunNumber = 1;
  #pauseToldAt = Number.NEGATIVE_INFINITY;
  #troubleToldAt = Number.NEGATIVE_INFINITY;
  #troubles = 0;
  #runs = 0;
  #lateRuns = 0;
  #worstLateness = 0;
  #pauses = 0;
  #repeated = 0;
  #hung = 0;
  #inconclusive = 0;

  constructor(options: CheckLoopOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#maxInFlight = options.maxInFlight ?? 8192;
    this.#watch = new PauseWatch(options.pauseAfter ?? 500, options.clock.now(), options.clock.wall());
  }

  /**
   * Takes a new Config: the first one starts everything. Afterwards the role sends `verdicts()` with this generation,
   * because the indices of a checker may have changed.
   */
  reconfigure(config: CheckedConfig, generation: number, options: ReconfigureOptions = {}): void {
    const now = this.#clock.now();
    const epoch = ++this.#epoch;
    const logAll = config.global.checkerLogAllFailures;
    const before = this.#entries;
    const next: Entry[] = [];
    const known = new Map<string, KnownVirtual>();
    config.virtualServers.forEach((virtual, index) => {
      const name = virtualServerName(virtual);
      const old = this.#known.get(name);
      // A block that the parser did not bind anew is the same object: nothing about it changed.
      const same = old !== undefined && old.virtual === virtual && old.index === index && logAll === this.#logAll;
      const suspended = options.suspended?.has(index) ?? isAsleep(old);
      const one = same
        ? old
        : { virtual, index, servers: this.#match(virtual, index, logAll, old, now, options, suspended) };
      known.set(name, one);
      for (const entries of one.servers.values()) {
        for (const entry of entries) {
          entry.epoch = epoch;
          this.#suspend(entry, suspended);
          next.push(entry);
        }
      }
    });
    for (const entry of before) if (entry.epoch !== epoch) this.#drop(entry);
    this.#entries = next;
    this.#known = known;
    this.#logAll = logAll;
    this.#generation = generation;
    this.#arm();
  }

  /** ha_suspend: stops or goes on with the checks of one virtual server; what is known of them is kept. */
  setSuspended(virtualServer: number, suspended: boolean): void {
    for (const entry of this.#entries) {
      if (entry.registered.address.virtualServer === virtualServer) this.#suspend(entry, suspended);
    }
    this.#arm();
  }

  /** The verdict of every checker that has one: the snapshot behind which the changes follow. */
  verdicts(): readonly VerdictChange[] {
    const all: VerdictChange[] = [];
    for (const entry of this.#entries) if (entry.state.checker.hasRun) all.push(verdictOf(entry));
    return all;
  }

  /** Every checker with its state, in file order. */
  checkers(): readonly CheckView[] {
    return this.#entries.map(({ registered, state, runs, failures, late }) => ({
      registered,
      state,
      runs,
      failures,
      late,
    }));
  }

  statistics(): CheckLoopStatistics {
    return {
      checkers: this.#entries.length,
      inFlight: this.#running.size,
      runs: this.#runs,
      lateRuns: this.#lateRuns,
      worstLateness: this.#worstLateness,
      pauses: this.#pauses,
      repeated: this.#repeated,
      hung: this.#hung,
      inconclusive: this.#inconclusive,
    };
  }

  /** Ends every probe and the timer. The loop can be started again by `reconfigure`, from nothing. */
  stop(): void {
    for (const entry of this.#entries) this.#drop(entry);
    this.#entries = [];
    this.#known = new Map();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#watch.armedFor = Number.POSITIVE_INFINITY;
  }

  /** The checkers of one virtual server's block, those that were there before with all that is known of them. */
  #match(
    virtual: VirtualServer,
    index: number,
    logAll: boolean,
    before: KnownVirtual | undefined,
    now: number,
    options: ReconfigureOptions,
    suspended: boolean,
  ): ReadonlyMap<string, readonly Entry[]> {
    const servers = new Map<string, readonly Entry[]>();
    for (const server of registerServers(virtual, index, logAll)) {
      const old = before?.servers.get(server.realServer);
      // A new alpha checker starts down unless its server was up before the reload (keepalived.md 18.1).
      const wasUp = old?.every((entry) => entry.state.checker.up) === true;
      const entries = server.checkers.map((registered): Entry => {
        const kept = old?.find((one) => one.epoch !== this.#epoch && one.registered.identity === registered.identity);
        if (kept === undefined) return this.#begin(registered, wasUp, now, options, suspended);
        kept.registered = registered;
        kept.epoch = this.#epoch;
        const state = reloadCheck(kept.state, registered.subject.checker, now);
        if (state !== kept.state) {
          kept.state = state;
          this.#place(kept);
        }
        return kept;
      });
      servers.set(server.realServer, entries);
    }
    return servers;
  }

  /** A checker that was not there before. */
  #begin(
    registered: RegisteredChecker,
    serverWasUp: boolean,
    now: number,
    options: ReconfigureOptions,
    suspended: boolean,
  ): Entry {
    const { checker, virtualServer, realServer } = registered.subject;
    const restored = options.restored?.(checkerKey(virtualServer, realServer, registered));
    const up = serverWasUp || presumedUp(checker);
    const state = startCheck(checker, now, this.#clock.wall(), this.#options.random(), restored, up);
    const entry: Entry = {
      registered,
      state,
      run: 0,
      cancel: undefined,
      repeats: 0,
      runs: 0,
      failures: 0,
      late: 0,
      epoch: this.#epoch,
      dueAt: 0,
      place: -1,
    };
    this.#place(entry);
    if (!suspended) this.#tellSuspended(entry, false);
    return entry;
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    this.#watchForPause(now);
    for (let entry = this.#running.first(); entry !== undefined && entry.dueAt <= now; entry = this.#running.first()) {
      this.#hung++;
      this.#end(entry, hungResult(entry.registered), now);
    }
    for (let started = 0; started < BATCH && this.#running.size < this.#maxInFlight; started++) {
      const entry = this.#waiting.first();
      if (entry === undefined || entry.dueAt > now) break;
      this.#start(entry, now);
    }
    this.#arm();
  }

  #start(entry: Entry, now: number): void {
    const late = now - entry.dueAt;
    if (late > LATE) {
      this.#lateRuns++;
      entry.late++;
      this.#worstLateness = Math.max(this.#worstLateness, late);
    }
    this.#runs++;
    entry.runs++;
    const run = this.#nextRunNumber++;
    const { subject, target } = entry.registered;
    const { url } = entry.state;
    entry.run = run;
    this.#waiting.remove(entry);
    this.#step(entry, { kind: 'due' }, now);
    this.#running.set(entry, now + runLimit(subject.checker));
    const done = (result: ProbeResult): void => this.#answer(entry, run, result);
    try {
      const cancel = this.#options.startRun(subject.checker, url === 0 ? target : { ...target, url }, done);
      if (entry.run === run) entry.cancel = cancel;
    } catch (error) {
      done({ ok: null, detail: `The check of ${subject.checked} could not be started: ${describeError(error)}` });
    }
  }

  #answer(entry: Entry, run: number, result: ProbeResult): void {
    if (entry.run !== run) return;
    const now = this.#clock.now();
    // A server that answered has answered, whenever we read it; only a failure may be our own pause.
    if (result.ok === false) this.#watchForPause(now);
    if (entry.run !== run) return;
    entry.cancel = undefined;
    this.#end(entry, result, now);
    this.#arm();
  }

  /** A run is over, by its answer or by the safety net. */
  #end(entry: Entry, result: ProbeResult, now: number): void {
    this.#abandon(entry);
    entry.repeats = 0;
    if (result.ok === null) this.#tellTrouble(result.detail, now);
    else if (!result.ok) entry.failures++;
    this.#step(entry, { kind: 'result', result, wall: this.#clock.wall() }, now);
  }

  #step(entry: Entry, event: ScheduleEvent, now: number): void {
    const step = stepCheck(entry.state, entry.registered.subject, event, now);
    entry.state = step.state;
    for (const line of step.lines) this.#options.log.info(line);
    if (event.kind !== 'due') this.#place(entry);
    if (step.changed) this.#options.onVerdict(verdictOf(entry), this.#generation);
  }

  /** Puts an entry into the queue that its phase says. A running one stays where it is. */
  #place(entry: Entry): void {
    const { phase } = entry.state;
    if (phase.kind === 'waiting') this.#waiting.set(entry, phase.nextRun);
    else if (phase.kind === 'suspended') this.#waiting.remove(entry);
  }

  /** Forgets the run in flight, if one is, and ends its probe. */
  #abandon(entry: Entry): void {
    if (entry.run === 0) return;
    this.#running.remove(entry);
    entry.run = 0;
    const { cancel } = entry;
    entry.cancel = undefined;
    cancel?.();
  }

  #drop(entry: Entry): void {
    if (entry.run === 0) this.#waiting.remove(entry);
    else this.#abandon(entry);
  }

  #suspend(entry: Entry, suspended: boolean): void {
    if ((entry.state.phase.kind === 'suspended') === suspended) return;
    this.#drop(entry);
    const now = this.#clock.now();
    this.#step(entry, suspended ? { kind: 'suspend' } : { kind: 'resume', random: this.#options.random() }, now);
    this.#tellSuspended(entry, suspended);
  }

  /** Notices that this process was not run for a while (check-loop-pause.ts) and repeats what was in flight. */
  #watchForPause(now: number): void {
    const pause = this.#watch.look(now, this.#clock.wall());
    if (pause === undefined) return;
    this.#pauses++;
    const overdue = this.#waiting.entries().filter((entry) => entry.dueAt <= now);
    let repeated = 0;
    for (const entry of [...this.#running.entries()]) {
      if (entry.repeats >= MAX_REPEATS) continue;
      this.#abandon(entry);
      entry.repeats++;
      repeated++;
      this.#step(entry, { kind: 'repeat', after: this.#spread(entry, pause.length) }, now);
    }
    for (const entry of overdue) {
      this.#step(entry, { kind: 'repeat', after: this.#spread(entry, pause.length) }, now);
    }
    this.#repeated += repeated;
    if (repeated > 0 && now - this.#pauseToldAt >= QUIET_SPAN) {
      this.#pauseToldAt = now;
      const span = `${(pause.length / 1000).toFixed(1)} s`;
      const what = pause.jumped ? `The clock jumped by ${span}` : `The checker was not run for ${span}`;
      this.#options.log.warning(`${what}: ${repeated} checks in flight are repeated and not counted as failures`);
    }
  }

  /** Where in the time after a pause a run goes: as wide as the pause, within the checker's own interval. */
  #spread(entry: Entry, length: number): number {
    return this.#options.random() * Math.min(length, entry.registered.subject.checker.schedule.delayLoop * 1000);
  }

  /** The end of every turn: sets the timer for what comes next. */
  #arm(): void {
    const now = this.#clock.now();
    this.#watchForPause(now);
    let next = this.#running.first()?.dueAt ?? Number.POSITIVE_INFINITY;
    if (this.#running.size > 0) next = Math.min(next, now + HEARTBEAT);
    if (this.#running.size < this.#maxInFlight) next = Math.min(next, this.#waiting.first()?.dueAt ?? next);
    if (this.#timer !== undefined && this.#watch.armedFor <= next) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#watch.armedFor = Math.max(now, next);
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.after(milliseconds(this.#watch.armedFor - now), 'check-loop', () => this.#tick());
  }

  #tellSuspended(entry: Entry, suspended: boolean): void {
    const { checked, virtualServer } = entry.registered.subject;
    const word = suspended ? 'Suspending' : 'Activating';
    this.#options.log.info(`${word} healthchecker for service ${checked} for VS ${virtualServer}`);
  }

  /** Our own trouble may hit thousands of checks at once: one line in ten seconds, with the count. */
  #tellTrouble(detail: string, now: number): void {
    this.#inconclusive++;
    this.#troubles++;
    if (now - this.#troubleToldAt < QUIET_SPAN) return;
    const others = this.#troubles - 1;
    this.#options.log.warning(others > 0 ? `${detail} (and ${others} more checks that could not be made)` : detail);
    this.#troubleToldAt = now;
    this.#troubles = 0;
  }
}
