/**
 * The applier: sends operations to the kernel, many in one sendmsg, and says what became of each.
 *
 * Slices are bounded (a slice blocks the event loop while the kernel works) and shrink when the kernel is slow, as with
 * the Maglev scheduler, whose table is built anew at each change. Errors are matched by sequence number; a refused
 * operation is reported with its service and does not stop the rest. What means "already so" is tolerated as keepalived
 * does: NEW of what exists becomes SET, SET of what is gone becomes NEW, DEL of what is gone is done. Additions and
 * removals never share a slice, so an addition that has to be sent again is still ahead of the removals.
 *
 * It decides nothing: the believed table learns of each success by `onDone`, and what was said of refusals is
 * remembered by the teller (refusal-teller.ts).
 *
 * Source: keepalived.md 17 (tolerances, log form); anchors.md 2 (what a batch saves).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errno } from '../native/system-call-error.js';
import type { NetlinkError } from '../netlink/netlink-error.js';
import type { Answer } from '../netlink/request-socket.js';
import type { Log } from '../runtime/log.js';
import type { IpvsFamily } from './ipvs-family.js';
import { addOperation, type Operation } from './operations.js';
import { refusalLine } from './refusal.js';
import { RefusalTeller } from './refusal-teller.js';

export interface RefusedOperation {
  readonly operation: Operation;
  readonly error: NetlinkError;
  /** keepalived's line with the explanation behind it. */
  readonly line: string;
}

export interface ApplyReport {
  /** Operations that are in effect, tolerated ones too. */
  readonly done: number;
  /** Of those, how many found the kernel otherwise than believed. */
  readonly tolerated: number;
  readonly refused: readonly RefusedOperation[];
  /** Operations on destinations that were not sent or had to fail because their service was refused. */
  readonly skipped: readonly Operation[];
  /** Netlink messages sent, and sendmsg calls made, for these operations. */
  readonly messages: number;
  readonly sends: number;
  /** The kernel did not answer for some: what is believed must be read again. */
  readonly uncertain: boolean;
}

export interface ApplierOptions {
  /** The most operations in one sendmsg, 1..1024; default 512. */
  readonly largestSlice?: number;
  /** Milliseconds that a slice should stay under; default 25. */
  readonly sliceMilliseconds?: number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** Lets the event loop turn between slices. */
  readonly turn?: () => Promise<unknown>;
}

const SMALLEST_SLICE = 16;

/** The state of one `apply`. */
class Run {
  done = 0;
  tolerated = 0;
  messages = 0;
  sends = 0;
  uncertain = false;
  readonly refused: RefusedOperation[] = [];
  readonly skipped: Operation[] = [];
  /** Services that could not be made. */
  readonly withoutService = new Set<string>();
}

const isRemoval = (operation: Operation): boolean => operation.kind === 'del-dest' || operation.kind === 'del-service';

export class Applier {
  readonly #ipvs: IpvsFamily;
  readonly #log: Log;
  readonly #teller: RefusalTeller;
  readonly #largest: number;
  readonly #target: number;
  readonly #now: () => number;
  readonly #turn: () => Promise<unknown>;
  #size: number;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(ipvs: IpvsFamily, log: Log, options: ApplierOptions = {}) {
    this.#ipvs = ipvs;
    this.#log = log;
    this.#teller = new RefusalTeller(log);
    this.#largest = options.largestSlice ?? 512;
    this.#target = options.sliceMilliseconds ?? 25;
    this.#now = options.now ?? (() => performance.now());
    this.#turn = options.turn ?? (() => nextTurn());
    this.#size = this.#largest;
  }

  /**
   * Applies operations in their order. Calls queue up: the next begins when the one before has ended.
   * @param onDone told of each operation that is in effect (for a tolerated one: the operation that took effect)
   * @returns never rejects for what the kernel refuses; rejects with SystemCallError when sending itself fails
   */
  apply(operations: readonly Operation[], onDone: (operation: Operation) => void): Promise<ApplyReport> {
    const run = this.#tail.then(() => this.#apply(operations, onDone));
    this.#tail = run.catch(() => undefined);
    return run;
  }

  /** What is refused from now on is told as if for the first time: the operator asks again. */
  tellAnew(): void {
    this.#teller.tellAnew();
  }

  async #apply(operations: readonly Operation[], onDone: (operation: Operation) => void): Promise<ApplyReport> {
    const run = new Run();
    for (let at = 0; at < operations.length; ) {
      if (at > 0) await this.#turn();
      const slice = this.#cut(operations, at, run);
      at = slice.end;
      const again = this.#send(slice.operations, run, onDone, false);
      if (again.length > 0) this.#send(again, run, onDone, true);
    }
    this.#teller.summarise();
    const { done, tolerated, refused, skipped, messages, sends, uncertain } = run;
    return { done, tolerated, refused, skipped, messages, sends, uncertain };
  }

  /** The next slice: of one direction, and without the destinations of services that could not be made. */
  #cut(operations: readonly Operation[], from: number, run: Run): { operations: Operation[]; end: number } {
    const slice: Operation[] = [];
    let end = from;
    let removing: boolean | undefined;
    for (; end < operations.length && slice.length < this.#size; end++) {
      const operation = operations[end] as Operation;
      if (run.withoutService.has(operation.serviceText) && operation.kind !== 'del-service') {
        run.skipped.push(operation);
        continue;
      }
      removing ??= isRemoval(operation);
      if (isRemoval(operation) !== removing) break;
      slice.push(operation);
    }
    return { operations: slice, end };
  }

  /** Sends one slice; returns what is to be sent again in another form. */
  #send(slice: readonly Operation[], run: Run, onDone: (operation: Operation) => void, second: boolean): Operation[] {
    if (slice.length === 0) return [];
    const { channel, requests } = this.#ipvs;
    const batch = requests.begin();
    for (const operation of slice) addOperation(batch, operation);
    const sendsBefore = channel.stats.sends;
    const began = this.#now();
    const answers = channel.exchange(batch.batch, { acknowledge: 'last' });
    this.#adapt(this.#now() - began, slice.length);
    run.messages += slice.length;
    run.sends += channel.stats.sends - sendsBefore;

    const again: Operation[] = [];
    const remade = new Set<string>();
    for (let i = 0; i < slice.length; i++) {
      const operation = slice[i] as Operation;
      const answer = answers[i] as Answer;
      if (answer.ok) {
        run.done++;
        this.#teller.accepted(operation);
        onDone(operation);
        continue;
      }
      const otherwise = second ? undefined : this.#tolerate(operation, answer.error, remade);
      if (otherwise === 'done') {
        run.done++;
        run.tolerated++;
        this.#log.info(refusalLine(operation.kind, answer.error.errno, `${operation.serviceText}: was gone already`));
        onDone(operation);
      } else if (otherwise !== undefined) {
        run.tolerated++;
        this.#log.info(refusalLine(operation.kind, answer.error.errno, explainOther(operation, otherwise)));
        again.push(otherwise);
      } else this.#refuse(operation, answer.error, run);
    }
    return again;
  }

  /** What an expected refusal turns into: nothing to do, another operation, or undefined for a true refusal. */
  #tolerate(operation: Operation, error: NetlinkError, remade: Set<string>): Operation | 'done' | undefined {
    const number = error.errno;
    switch (operation.kind) {
      case 'new-service':
        return number === errno.EEXIST ? { ...operation, kind: 'set-service' } : undefined;
      case 'set-service':
        if (number !== errno.ESRCH) return undefined;
        remade.add(operation.serviceText);
        return { ...operation, kind: 'new-service' };
      case 'new-dest':
        if (number === errno.EEXIST) return { ...operation, kind: 'set-dest' };
        return number === errno.ESRCH && remade.has(operation.serviceText) ? operation : undefined;
      case 'set-dest':
        if (number === errno.ENOENT || (number === errno.ESRCH && remade.has(operation.serviceText)))
          return { ...operation, kind: 'new-dest' };
        return undefined;
      case 'del-service':
      case 'del-dest':
        return number === errno.ENOENT || number === errno.ESRCH ? 'done' : undefined;
    }
  }

  #refuse(operation: Operation, error: NetlinkError, run: Run): void {
    const { kind, serviceText } = operation;
    if (error.errno === errno.ESRCH && run.withoutService.has(serviceText)) {
      run.skipped.push(operation);
      return;
    }
    if (kind === 'new-service') run.withoutService.add(serviceText);
    if (error.errno === 0) run.uncertain = true;
    run.refused.push({ operation, error, line: this.#teller.refused(operation, error) });
  }

  #adapt(took: number, count: number): void {
    if (took > this.#target) this.#size = Math.max(SMALLEST_SLICE, Math.floor(this.#size / 2));
    else if (took * 4 < this.#target && count === this.#size) this.#size = Math.min(this.#largest, this.#size * 2);
  }
}

function explainOther(operation: Operation, otherwise: Operation): string {
  const where = operation.serviceText;
  return otherwise.kind.startsWith('set-')
    ? `${where}: it is edited in place`
    : `${where}: it was gone, and is put back`;
}
