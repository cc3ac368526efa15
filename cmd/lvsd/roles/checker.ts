/**
 * The checker role: runs the health checks and says what they found.
 *
 * It parses what real servers answer, so it has no capability at all: a socket with a mark comes from the director, a
 * script runs in the runner. Verdicts go to the director in batches; a batch is what came within one turn, so a rack
 * that dies is one message and not a thousand. When this process dies, the table keeps the last verdicts, and the next
 * checker begins with them (`restore`).
 */
import type { Checker } from '../../../config/checker.js';
import { CheckLoop } from '../../../healthcheck/check-loop.js';
import { needsPrivilege, openSocketHere } from '../../../healthcheck/probes/open-socket.js';
import type {
  OpenSocket,
  ProbeContext,
  RunScript,
  ScriptEnd,
  SocketAnswer,
  SocketRequest,
} from '../../../healthcheck/probes/probe.js';
import { WorkerRegexEngine } from '../../../healthcheck/probes/regex.js';
import { startProbe } from '../../../healthcheck/probes/start.js';
import { loadTlsMaterial, type TlsMaterial } from '../../../healthcheck/probes/tls-material.js';
import type { RestoredVerdict } from '../../../healthcheck/schedule.js';
import type { ProbeTarget, VerdictChange } from '../../../healthcheck/verdict.js';
import { closeFd, type Fd } from '../../../native/descriptor.js';
import { raiseDescriptorLimit } from '../../../native/process.js';
import { HEAP_REST_MS, shrinkHeap } from '../../../runtime/heap.js';
import { milliseconds } from '../../../runtime/units.js';
import type { SupervisorMessage } from '../messages.js';
import { type Agreement, agreeTo } from './agreement.js';
import { HeldConfiguration } from './held-configuration.js';
import type { Role, RoleContext } from './role.js';

/** Descriptors that are wanted: a probe holds one, sometimes two. */
const WANTED_DESCRIPTORS = 65_536;
/** Descriptors that are not for probes: channel, log, epoll, libuv. */
const SPARE_DESCRIPTORS = 256;
const BATCH_MS = 20;
const LARGEST_BATCH = 2000;

type Answered = (answer: SocketAnswer) => void;

export class CheckerRole implements Role {
  readonly #context: RoleContext;
  readonly #held = new HeldConfiguration();
  readonly #agreement: Agreement;
  readonly #loop: CheckLoop;
  readonly #regex: WorkerRegexEngine;
  /** Sockets that the director was asked for. */
  readonly #sockets = new Map<number, { readonly request: SocketRequest; readonly answer: Answered }>();
  readonly #scripts = new Map<number, (end: ScriptEnd) => void>();
  readonly #restored = new Map<string, RestoredVerdict>();
  /** Virtual servers whose checks stand still from the beginning: the director tells us before we commit. */
  readonly #suspendedAtStart = new Set<number>();
  #tls: TlsMaterial = loadTlsMaterial(undefined);
  #batch: VerdictChange[] = [];
  #batchGeneration = 0;
  #flushing = false;
  #lastId = 0;

  constructor(context: RoleContext) {
    this.#context = context;
    this.#agreement = {
      held: this.#held,
      send: context.send,
      // Reading it before would only make the table wait.
      parse: 'when-committed',
      commit: (generation) => this.#commit(generation),
    };
    this.#regex = new WorkerRegexEngine(context.clock);
    const limit = raiseDescriptorLimit(WANTED_DESCRIPTORS);
    const probes: Omit<ProbeContext, 'tls'> = {
      clock: context.clock,
      openSocket: this.#openSocket,
      runScript: this.#runScript,
      regex: this.#regex,
    };
    this.#loop = new CheckLoop({
      clock: context.clock,
      log: context.log,
      random: Math.random,
      maxInFlight: Math.max(8, Math.min(8192, limit - Math.min(SPARE_DESCRIPTORS, Math.ceil(limit / 2)))),
      startRun: (checker: Checker, target: ProbeTarget, done) =>
        startProbe(checker, target, { ...probes, tls: this.#tls }, done),
      onVerdict: (change, generation) => this.#say(change, generation),
    });
  }

  onMessage(message: SupervisorMessage, descriptors: readonly Fd[]): void {
    if (agreeTo(message, descriptors, this.#agreement)) return;
    switch (message.type) {
      case 'restore':
        // Only a checker that begins needs it: one that runs knows better than the journal of a director that came back.
        if (this.#held.current === undefined)
          for (const { key, verdict } of message.checkers) this.#restored.set(key, verdict);
        return;
      case 'suspend':
        // An index of another generation means another virtual server; the director says all again when it commits.
        if (this.#held.current !== undefined) {
          if (message.generation === this.#held.current.generation)
            this.#loop.setSuspended(message.virtualServer, message.suspended);
        } else if (message.suspended) this.#suspendedAtStart.add(message.virtualServer);
        else this.#suspendedAtStart.delete(message.virtualServer);
        return;
      case 'tell-all':
        this.#flush();
        this.#context.send({
          to: 'director',
          type: 'verdicts',
          generation: this.#held.current?.generation ?? 0,
          all: true,
          changes: this.#loop.verdicts(),
        });
        this.#askForSocketsAnew();
        return;
      case 'socket': {
        const waiting = this.#sockets.get(message.id);
        this.#sockets.delete(message.id);
        const [fd] = descriptors;
        if (waiting === undefined) for (const one of descriptors) closeFd(one);
        else if (fd === undefined)
          waiting.answer({ kind: 'refused', why: message.error ?? 'the director sent no socket' });
        else waiting.answer({ kind: 'opened', fd });
        return;
      }
      case 'ran': {
        const waiting = this.#scripts.get(message.id);
        this.#scripts.delete(message.id);
        waiting?.(message.end);
        return;
      }
      case 'status':
        this.#context.send({
          type: 'answer',
          id: message.id,
          value: checkerStatus(this.#loop, this.#held.current?.generation ?? 0),
        });
        return;
      case 'stop':
        this.#loop.stop();
        this.#context.leave(0);
        return;
      default:
        for (const fd of descriptors) closeFd(fd);
    }
  }

  #commit(generation: number): void {
    // What was said of the old generation goes out first: its indices mean the old one. After that nothing of it can
    // come any more, for the rest is done in this same turn; so the table need not wait for the rest.
    this.#flush();
    this.#context.send({ type: 'committed', generation, report: undefined });
    const first = this.#held.current === undefined;
    const held = this.#held.commit(generation);
    if (held === undefined) return;
    const { config } = held.parsed;
    this.#tls = loadTlsMaterial(config.ssl);
    this.#loop.reconfigure(config, generation, {
      restored: (key) => this.#restored.get(key),
      ...(first ? { suspended: this.#suspendedAtStart } : {}),
    });
    this.#restored.clear();
    this.#suspendedAtStart.clear();
    if (first) this.#context.clock.after(milliseconds(HEAP_REST_MS), 'heap', shrinkHeap);
  }

  #say(change: VerdictChange, generation: number): void {
    if (generation !== this.#batchGeneration) this.#flush();
    this.#batchGeneration = generation;
    this.#batch.push(change);
    if (this.#batch.length >= LARGEST_BATCH) this.#flush();
    else if (!this.#flushing) {
      this.#flushing = true;
      this.#context.clock.after(milliseconds(BATCH_MS), 'verdict batch', () => {
        this.#flushing = false;
        this.#flush();
      });
    }
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    const changes = this.#batch;
    this.#batch = [];
    this.#context.send({ to: 'director', type: 'verdicts', generation: this.#batchGeneration, all: false, changes });
  }

  readonly #openSocket: OpenSocket = (request, callback) => {
    if (!needsPrivilege(request)) {
      openSocketHere(request, callback);
      return;
    }
    const id = ++this.#lastId;
    this.#sockets.set(id, { request, answer: callback });
    this.#context.send({ to: 'director', type: 'open-socket', id, request });
  };

  /**
   * What a director was asked for that died meanwhile is asked of the next: its check may still be in time, and if not,
   * the answer ends what is remembered of it here. One that comes twice is closed.
   */
  #askForSocketsAnew(): void {
    for (const [id, { request }] of this.#sockets)
      this.#context.send({ to: 'director', type: 'open-socket', id, request });
  }

  readonly #runScript: RunScript = (address, timeout, callback) => {
    const id = ++this.#lastId;
    this.#scripts.set(id, callback);
    this.#context.send({
      to: 'runner',
      type: 'run',
      id,
      generation: this.#held.current?.generation ?? 0,
      script: { kind: 'misc', ...address },
      timeout,
    });
    return () => {
      if (this.#scripts.delete(id)) this.#context.send({ to: 'runner', type: 'cancel', id });
    };
  };
}

/** What the checker knows beyond the verdicts: for `lvsctl status`, with the address of each checker. */
export interface CheckerStatus {
  readonly generation: number;
  readonly statistics: ReturnType<CheckLoop['statistics']>;
  readonly checkers: readonly {
    readonly at: readonly [number, number, number];
    readonly up: boolean;
    readonly run: boolean;
    readonly since: number;
    readonly lastRun: number | undefined;
    readonly lastResult: string | undefined;
    readonly retriesUsed: number;
    readonly runs: number;
    readonly failures: number;
    readonly late: number;
  }[];
}

function checkerStatus(loop: CheckLoop, generation: number): CheckerStatus {
  return {
    generation,
    statistics: loop.statistics(),
    checkers: loop.checkers().map(({ registered: { address }, state: { checker }, runs, failures, late }) => ({
      at: [address.virtualServer, address.realServer, address.checker],
      up: checker.up,
      run: checker.hasRun,
      since: checker.since,
      lastRun: checker.lastRun,
      lastResult: checker.lastResult,
      retriesUsed: checker.retriesUsed,
      runs,
      failures,
      late,
    })),
  };
}
