/**
 * Drift: what somebody else changed in the kernel's table while lvsd runs, and what to do about it (`lvs_drift`).
 *
 * Pure. Compared are what lvsd last told the kernel (the believed table) and what the kernel says now. With `repair`,
 * what is missing is put back and what was changed is set back, except a weight that was lowered: an operator drains a
 * server that way, so it is kept and reported. With `report` nothing is done. A foreign destination inside our service
 * is told of, never touched. Each finding is a value: the caller logs and counts it.
 *
 * A weight raised by hand is set back: it would send traffic that checks or the file do not want.
 */
import { unreachable } from '../runtime/errors.js';
import { clampWeight, type Weight } from '../runtime/units.js';
import {
  type DesiredService,
  type Destination,
  type DestinationKey,
  destinationKeyText,
  type ServiceKey,
  type ServiceSettings,
  sameDestinationButWeight,
  sameSettings,
} from './model.js';
import type { Operation } from './operations.js';
import { type HandWeight, operationsForNewService } from './reconcile.js';

export type DriftPolicy = 'repair' | 'report';

interface About {
  readonly serviceText: string;
  readonly service: ServiceKey;
}

export type DriftFinding =
  | (About & { readonly kind: 'service-missing'; readonly destinations: number })
  | (About & {
      readonly kind: 'service-changed';
      readonly expected: ServiceSettings;
      readonly found: ServiceSettings;
    })
  | (About & { readonly kind: 'destination-missing'; readonly destination: Destination })
  | (About & { readonly kind: 'destination-changed'; readonly expected: Destination; readonly found: Destination })
  /** Kept under both policies. What else of the destination differs is a finding of its own. */
  | (About & {
      readonly kind: 'weight-lowered';
      readonly destination: DestinationKey;
      readonly expected: Weight;
      readonly found: Weight;
    })
  /** A weight lowered by hand is what it should be again. */
  | (About & { readonly kind: 'weight-restored'; readonly destination: DestinationKey; readonly found: Weight })
  /** Owned, not wanted, and there again. */
  | (About & { readonly kind: 'destination-returned'; readonly destination: DestinationKey })
  /** Not ours; left alone under both policies. */
  | (About & { readonly kind: 'destination-foreign'; readonly destination: DestinationKey });

export type DriftKind = DriftFinding['kind'];

export interface Drift {
  readonly findings: readonly DriftFinding[];
  /** Empty under `report`. */
  readonly repairs: readonly Operation[];
}

/**
 * Compares one service.
 *
 * @param believed what lvsd last told the kernel, with the weights in it that were lowered by hand since
 * @param handWeights those weights, with what they should be
 * @param found what the kernel says now; undefined if the service is gone
 * @param owned texts of the destinations of this service that are lvsd's to remove
 */
export function findDrift(
  serviceText: string,
  believed: DesiredService,
  found: DesiredService | undefined,
  owned: ReadonlySet<string>,
  handWeights: ReadonlyMap<string, HandWeight>,
  policy: DriftPolicy,
): Drift {
  const service = believed.key;
  const about: About = { serviceText, service };
  if (found === undefined) {
    const finding: DriftFinding = { ...about, kind: 'service-missing', destinations: believed.destinations.size };
    return { findings: [finding], repairs: policy === 'repair' ? operationsForNewService(serviceText, believed) : [] };
  }
  const findings: DriftFinding[] = [];
  const repairs: Operation[] = [];
  const removals: Operation[] = [];
  if (!sameSettings(believed.settings, found.settings)) {
    findings.push({ ...about, kind: 'service-changed', expected: believed.settings, found: found.settings });
    repairs.push({ ...about, kind: 'set-service', settings: believed.settings });
  }
  for (const [text, expected] of believed.destinations) {
    const present = found.destinations.get(text);
    if (present === undefined) {
      findings.push({ ...about, kind: 'destination-missing', destination: expected });
      repairs.push({ ...about, kind: 'new-dest', destination: expected });
      continue;
    }
    const should = handWeights.get(text)?.expected ?? expected.weight;
    const destination = { address: expected.address, port: expected.port };
    if (present.weight < should && present.weight !== expected.weight)
      findings.push({ ...about, kind: 'weight-lowered', destination, expected: should, found: present.weight });
    if (present.weight === should && should !== expected.weight)
      findings.push({ ...about, kind: 'weight-restored', destination, found: present.weight });
    if (present.weight > should || !sameDestinationButWeight(expected, present)) {
      const correct = { ...expected, weight: clampWeight(Math.min(present.weight, should)) };
      findings.push({ ...about, kind: 'destination-changed', expected: correct, found: present });
      repairs.push({ ...about, kind: 'set-dest', destination: correct });
    }
  }
  for (const [text, present] of found.destinations) {
    if (believed.destinations.has(text)) continue;
    const destination = { address: present.address, port: present.port };
    if (owned.has(text)) {
      findings.push({ ...about, kind: 'destination-returned', destination });
      removals.push({ ...about, kind: 'del-dest', destination });
    } else findings.push({ ...about, kind: 'destination-foreign', destination });
  }
  return { findings, repairs: policy === 'repair' ? repairs.concat(removals) : [] };
}

/** One plain sentence about a finding, with what lvsd does about it. */
export function describeDrift(finding: DriftFinding, policy: DriftPolicy): string {
  const of = finding.serviceText;
  const act = (repairing: string): string => (policy === 'repair' ? repairing : 'lvs_drift is report: left as it is');
  switch (finding.kind) {
    case 'service-missing':
      return `Another program removed VS ${of} with its ${finding.destinations} destinations from IPVS; ${act('put back')}`;
    case 'service-changed':
      return `Another program changed the settings of VS ${of} in IPVS (scheduler ${finding.found.scheduler}, expected ${finding.expected.scheduler}); ${act('set back')}`;
    case 'destination-missing':
      return `Another program removed ${destinationKeyText(finding.destination)} from VS ${of} in IPVS; ${act('put back')}`;
    case 'destination-changed':
      return `Another program changed ${destinationKeyText(finding.expected)} of VS ${of} in IPVS (weight ${finding.found.weight}, ${finding.found.forwarding.method}; expected weight ${finding.expected.weight}, ${finding.expected.forwarding.method}); ${act('set back')}`;
    case 'weight-lowered':
      return `The weight of ${destinationKeyText(finding.destination)} of VS ${of} was lowered by hand from ${finding.expected} to ${finding.found}; kept until lvsd changes that weight itself`;
    case 'weight-restored':
      return `The weight of ${destinationKeyText(finding.destination)} of VS ${of} was set back by hand to ${finding.found}`;
    case 'destination-returned':
      return `Another program put ${destinationKeyText(finding.destination)} into VS ${of}, where lvsd has taken it out; ${act('removed')}`;
    case 'destination-foreign':
      return `${destinationKeyText(finding.destination)} in VS ${of} was put there by another program; left alone`;
    default:
      return unreachable(finding);
  }
}
