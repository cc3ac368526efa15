/**
 * What a reload would do, in the words of `lvsctl plan`: the director's part of the answer. Pure.
 *
 * Operations are counted and grouped by virtual server; the control socket's `PlanReport` is made from this.
 */
import type { PlannedReload } from '../../../director/director.js';
import { destinationKeyText } from '../../../ipvs-netlink/model.js';
import type { Operation } from '../../../ipvs-netlink/operations.js';
import type { PlanChange } from '../../../observe/control-protocol.js';
import type { Diagnostic } from '../../../parser/diagnostic.js';
import type { Refusal } from '../messages.js';

export interface PlanSummary {
  readonly refusals: readonly Refusal[];
  readonly diagnostics: readonly Diagnostic[];
  readonly changes: readonly PlanChange[];
  readonly messages: number;
}

export function planSummary(
  planned: PlannedReload,
  refusals: readonly Refusal[],
  diagnostics: readonly Diagnostic[],
): PlanSummary {
  if (refusals.length > 0) return { refusals, diagnostics, changes: [], messages: 0 };
  const changes = planned.operations.map(changeOf);
  return { refusals, diagnostics, changes, messages: planned.operations.length };
}

function changeOf(operation: Operation): PlanChange {
  const name = operation.serviceText;
  switch (operation.kind) {
    case 'new-service':
      return { action: 'add', object: 'virtual server', name, server: null, details: [] };
    case 'del-service':
      return { action: 'remove', object: 'virtual server', name, server: null, details: [] };
    case 'set-service':
      return {
        action: 'change',
        object: 'virtual server',
        name,
        server: null,
        details: [{ what: 'scheduler', from: '', to: operation.settings.scheduler }],
      };
    case 'new-dest':
      return {
        action: 'add',
        object: 'real server',
        name,
        server: destinationKeyText(operation.destination),
        details: [],
      };
    case 'del-dest':
      return {
        action: 'remove',
        object: 'real server',
        name,
        server: destinationKeyText(operation.destination),
        details: [],
      };
    case 'set-dest':
      return {
        action: 'change',
        object: 'real server',
        name,
        server: destinationKeyText(operation.destination),
        details: [{ what: 'weight', from: '', to: String(operation.destination.weight) }],
      };
  }
}
