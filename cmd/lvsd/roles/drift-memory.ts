/**
 * What others changed in the IPVS table, remembered for people: counts and the last findings.
 *
 * ipvs-netlink finds, repairs and logs; here is only what `lvsctl status` shows.
 */
import type { DriftFinding, DriftPolicy } from '../../../ipvs-netlink/drift.js';
import { type Destination, destinationKeyText } from '../../../ipvs-netlink/model.js';
import type { DriftFinding as ShownFinding } from '../../../observe/state.js';

/** Findings that are kept to be shown. */
const MOST_SHOWN = 100;

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
  readonly #shown: ShownFinding[] = [];
  found = 0;
  repaired = 0;
  /** Seconds since 1970 of the last look. */
  lastLook: number | null = null;

  /** The last findings. */
  get shown(): readonly ShownFinding[] {
    return this.#shown;
  }

  /**
   * Takes what one look at a part of the table found.
   * @param repaired operations that put things right
   * @param wall milliseconds since 1970
   */
  take(findings: readonly DriftFinding[], policy: DriftPolicy, repaired: number, wall: number): void {
    this.lastLook = wall / 1000;
    this.found += findings.length;
    this.repaired += repaired;
    for (const finding of findings.slice(-MOST_SHOWN)) {
      this.#shown.push({
        since: wall / 1000,
        virtualServer: finding.serviceText,
        realServer: serverOf(finding),
        ...wantedAndFound(finding),
        treatment: treatmentOf(finding, policy),
      });
    }
    this.#shown.splice(0, this.#shown.length - MOST_SHOWN);
  }
}
