/**
 * What others changed in the IPVS table, remembered for people: counts, the last findings, weights lowered by hand.
 *
 * drift.ts finds and proposes, the kernel table repairs; here is only what `lvsctl status` shows and the log says.
 */
import { type DriftFinding, type DriftPolicy, describeDrift } from '../../../ipvs-netlink/drift.js';
import { type Destination, destinationKeyText } from '../../../ipvs-netlink/model.js';
import type { HandWeight, HandWeights } from '../../../ipvs-netlink/reconcile.js';
import type { DriftFinding as ShownFinding } from '../../../observe/state.js';
import type { Log } from '../../../runtime/log.js';

/** Findings that are kept to be shown. */
const MOST_SHOWN = 100;
/** Lines of one look before the rest is only counted. */
const MOST_LINES = 10;

const weightText = (destination: Destination): string =>
  `${destination.forwarding.method}, weight ${destination.weight}`;

/** What was wanted and what was found, for one finding. */
function wantedAndFound(finding: DriftFinding): { readonly wanted: string; readonly found: string } {
  switch (finding.kind) {
    case 'service-missing':
      return { wanted: 'present', found: 'absent' };
    case 'service-changed':
      return { wanted: `scheduler ${finding.expected.scheduler}`, found: `scheduler ${finding.found.scheduler}` };
    case 'destination-missing':
      return { wanted: weightText(finding.destination), found: 'absent' };
    case 'destination-changed':
      return { wanted: weightText(finding.expected), found: weightText(finding.found) };
    case 'weight-lowered':
      return { wanted: `weight ${finding.expected}`, found: `weight ${finding.found}` };
    case 'weight-restored':
      return { wanted: `weight ${finding.found}`, found: `weight ${finding.found}` };
    case 'destination-returned':
    case 'destination-foreign':
      return { wanted: 'absent', found: 'present' };
  }
}

function serverOf(finding: DriftFinding): string | null {
  if (finding.kind === 'service-missing' || finding.kind === 'service-changed') return null;
  return destinationKeyText(finding.kind === 'destination-changed' ? finding.expected : finding.destination);
}

function treatmentOf(finding: DriftFinding, policy: DriftPolicy): ShownFinding['treatment'] {
  if (finding.kind === 'weight-lowered') return 'kept';
  if (finding.kind === 'destination-foreign' || finding.kind === 'weight-restored') return 'reported';
  return policy === 'repair' ? 'repaired' : 'reported';
}

export class DriftMemory {
  readonly #log: Log;
  readonly #weights = new Map<string, Map<string, HandWeight>>();
  /** Foreign destinations that were told of: once is enough. */
  readonly #told = new Set<string>();
  readonly #shown: ShownFinding[] = [];
  #lines = 0;
  found = 0;
  repaired = 0;
  /** Seconds since 1970 of the last look. */
  lastLook: number | null = null;

  constructor(log: Log) {
    this.#log = log;
  }

  get handWeights(): HandWeights {
    return this.#weights;
  }
  get shown(): readonly ShownFinding[] {
    return this.#shown;
  }

  handWeightsOf(serviceText: string): ReadonlyMap<string, HandWeight> {
    return this.#weights.get(serviceText) ?? new Map();
  }

  /** Begins one look at a part of the table. @param wall milliseconds since 1970 */
  look(wall: number): void {
    this.lastLook = wall / 1000;
    this.#lines = 0;
  }

  /** Ends it: says how many lines were held back. */
  looked(): void {
    if (this.#lines > MOST_LINES) this.#log.warning(`and ${this.#lines - MOST_LINES} more changes by others in IPVS`);
  }

  take(finding: DriftFinding, policy: DriftPolicy): void {
    const text = describeDrift(finding, policy);
    if (finding.kind === 'destination-foreign') {
      if (this.#told.has(text)) return;
      this.#told.add(text);
    }
    this.found++;
    if (finding.kind === 'weight-lowered') {
      const of = this.#weights.get(finding.serviceText) ?? new Map<string, HandWeight>();
      of.set(destinationKeyText(finding.destination), { expected: finding.expected, found: finding.found });
      this.#weights.set(finding.serviceText, of);
    } else if (finding.kind === 'weight-restored') {
      this.forgetWeight(finding.serviceText, destinationKeyText(finding.destination));
    }
    this.#shown.push({
      since: this.lastLook ?? 0,
      virtualServer: finding.serviceText,
      realServer: serverOf(finding),
      ...wantedAndFound(finding),
      treatment: treatmentOf(finding, policy),
    });
    if (this.#shown.length > MOST_SHOWN) this.#shown.shift();
    if (this.#lines++ < MOST_LINES) this.#log.warning(text);
  }

  /** A weight that lvsd set itself ends what a person did by hand. */
  forgetWeight(serviceText: string, destinationText: string): void {
    const of = this.#weights.get(serviceText);
    if (of === undefined) return;
    of.delete(destinationText);
    if (of.size === 0) this.#weights.delete(serviceText);
  }
}
