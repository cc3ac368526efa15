// Real servers that answer, refuse, are silent or break the probe, on a clock of the test: what check-loop probes.

import type { Checker } from '../../../config/checker.js';
import { CheckLoop } from '../../../healthcheck/check-loop.js';
import type { CheckLoopOptions } from '../../../healthcheck/check-loop-options.js';
import type { ProbeResult, ProbeTarget, VerdictChange } from '../../../healthcheck/verdict.js';
import { MemoryLog } from '../../../runtime/log.js';
import { milliseconds } from '../../../runtime/units.js';
import { FreezableClock } from './freezable-clock.js';

export type Behaviour = 'answers' | 'refuses' | 'silent' | 'hangs' | 'trouble' | 'throws';

/** A small generator (mulberry32), so that each run of a test is the same. */
export function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface HeardVerdict {
  readonly at: number;
  readonly change: VerdictChange;
  readonly generation: number;
}

export class FakeServers {
  readonly clock = new FreezableClock();
  readonly log = new MemoryLog();
  readonly heard: HeardVerdict[] = [];
  /** By real server name; those not named answer. */
  readonly behaviour = new Map<string, Behaviour>();
  /** Every start of a probe: who, when. */
  readonly starts: { readonly name: string; readonly at: number; readonly url: number }[] = [];
  /** Called once, in the middle of the loop's turn, when it starts the next probe. */
  atNextStart: (() => void) | undefined;
  cancelled = 0;
  inFlight = 0;
  mostInFlight = 0;
  readonly loop: CheckLoop;
  #roundTrip = 2;
  readonly #answers = new Set<() => void>();
  readonly #failures = new Set<() => void>();

  constructor(options: Partial<CheckLoopOptions> & { readonly roundTrip?: number } = {}) {
    const random = seeded(7);
    this.#roundTrip = options.roundTrip ?? 2;
    this.loop = new CheckLoop({
      clock: this.clock,
      log: this.log,
      random,
      startRun: (checker, target, done) => this.#start(checker, target, done),
      onVerdict: (change, generation) => this.heard.push({ at: this.clock.now(), change, generation }),
      ...options,
    });
  }

  /** SIGSTOP for `span`: whatever the servers answered meanwhile is lost, only the probes' own timeouts are left. */
  freeze(span: number): void {
    for (const lose of this.#answers) lose();
    this.#answers.clear();
    this.clock.freeze(span);
  }

  /** Every probe in flight fails now, before any timer: the kernel's timeouts are read first after a pause. */
  failAll(): void {
    for (const fail of [...this.#failures]) fail();
  }

  /** Verdicts that turned down since start. */
  downs(): readonly HeardVerdict[] {
    return this.heard.filter(({ change }) => !change.up);
  }

  #start(checker: Checker, target: ProbeTarget, done: (result: ProbeResult) => void): () => void {
    const hook = this.atNextStart;
    this.atNextStart = undefined;
    hook?.();
    const behaviour = this.behaviour.get(target.realServer) ?? 'answers';
    this.starts.push({ name: target.realServer, at: this.clock.now(), url: target.url });
    if (behaviour === 'throws') throw new Error('no such thing');
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    const timeout = checker.kind === 'TCP_CHECK' ? checker.connect.timeout * 1000 : 1000;
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      this.inFlight--;
      answer?.cancel();
      limit?.cancel();
      this.#answers.delete(lose);
      this.#failures.delete(fail);
    };
    const finish = (result: ProbeResult) => () => {
      end();
      done(result);
    };
    const after = (delay: number, action: () => void) => this.clock.after(milliseconds(delay), 'fake server', action);
    const answer =
      behaviour === 'answers'
        ? after(this.#roundTrip, finish({ ok: true, detail: 'fine' }))
        : behaviour === 'refuses'
          ? after(this.#roundTrip, finish({ ok: false, reason: 'connection', detail: 'refused' }))
          : behaviour === 'trouble'
            ? after(0, finish({ ok: null, detail: 'no descriptor left' }))
            : undefined;
    const limit =
      behaviour === 'hangs' ? undefined : after(timeout, finish({ ok: false, reason: 'timeout', detail: 'timeout' }));
    const lose = () => answer?.cancel();
    this.#answers.add(lose);
    const fail = finish({ ok: false, reason: 'timeout', detail: 'timeout' });
    this.#failures.add(fail);
    return () => {
      if (!over) this.cancelled++;
      end();
    };
  }
}
