/**
 * Says what the kernel refused, each thing once until it changes: a service whose scheduler is missing is wanted again
 * at every verdict and at every retry, and would fill the log with the same line. It is told anew when the kernel says
 * something else, when it was taken in between, and when the operator asks again by a reload (`tellAnew`).
 *
 * A flood is told in part: some lines of a kind, then how many more there are. It decides nothing; what was refused
 * stands in the applier's report whether it is told or not.
 */
import { errno } from '../native/system-call-error.js';
import type { NetlinkError } from '../netlink/netlink-error.js';
import type { Log } from '../runtime/log.js';
import { destinationKeyText } from './model.js';
import type { Operation } from './operations.js';
import { explainRefusal, refusalLine } from './refusal.js';

/** Lines of one kind of refusal that are logged one by one before the rest is only counted. */
const MOST_LINES = 20;

type Tally = { lines: number; more: number };

/** What an operation is about, within its service. */
const subjectOf = (operation: Operation): string =>
  'destination' in operation ? destinationKeyText(operation.destination) : '';

export class RefusalTeller {
  readonly #log: Log;
  /** By service, then by what in it: the line that was told, or only counted, and holds still. */
  readonly #told = new Map<string, Map<string, string>>();
  readonly #tallies = new Map<string, Tally>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Says that an operation was refused, unless that was said. @returns keepalived's line with the explanation */
  refused(operation: Operation, error: NetlinkError): string {
    const { kind, serviceText } = operation;
    const line = refusalLine(kind, error.errno, explainRefusal(operation, error));
    const known = this.#told.get(serviceText) ?? new Map<string, string>();
    if (known.get(subjectOf(operation)) === line) return line;
    known.set(subjectOf(operation), line);
    this.#told.set(serviceText, known);
    const scheduler =
      'settings' in operation && error.errno === errno.ENOENT ? operation.settings.scheduler : undefined;
    const group = scheduler === undefined ? `${kind} ${error.errnoName}` : `Scheduler ${scheduler} not found`;
    const tally = this.#tallies.get(group) ?? { lines: 0, more: 0 };
    this.#tallies.set(group, tally);
    if (tally.lines < (scheduler === undefined ? MOST_LINES : 1)) {
      tally.lines++;
      this.#log.error(line);
    } else tally.more++;
    return line;
  }

  /** An operation is in effect: if the same is refused again, that is news. */
  accepted(operation: Operation): void {
    if (this.#told.size === 0) return;
    const { serviceText, kind } = operation;
    const known = this.#told.get(serviceText);
    if (known?.delete(subjectOf(operation)) === true) {
      if (kind === 'new-service' || kind === 'set-service')
        this.#log.info(`${serviceText}: IPVS takes now what it refused before`);
    }
    if (kind === 'del-service' || known?.size === 0) this.#told.delete(serviceText);
  }

  /** The end of one run of operations: says how many refusals were only counted. */
  summarise(): void {
    for (const [line, { more }] of this.#tallies) if (more > 0) this.#log.error(`${line}: and ${more} more like this`);
    this.#tallies.clear();
  }

  /** What is refused from now on is told as if for the first time. */
  tellAnew(): void {
    this.#told.clear();
  }
}
