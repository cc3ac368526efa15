/**
 * What a reload would do, in the words of `lvsctl plan`: the director's part of the answer. Pure.
 *
 * Operations are counted and grouped by virtual server; the control socket's `PlanReport` is made from this.
 */
import type { PlannedReload } from '../../../director/director.js';
import {
  type Destination,
  destinationKeyText,
  type ForwardingMethod,
  type ServiceSettings,
  type ServiceTable,
} from '../../../ipvs-netlink/model.js';
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

/**
 * The director's answer to `lvsctl plan`.
 * @param planned what the reload would do
 * @param table the kernel's table as it is believed to be: what a change changes from
 * @param refusals why the reload would be refused; then nothing of `planned` would happen
 * @param diagnostics what the file was told
 */
export function planSummary(
  planned: PlannedReload,
  table: ServiceTable,
  refusals: readonly Refusal[],
  diagnostics: readonly Diagnostic[],
): PlanSummary {
  if (refusals.length > 0) return { refusals, diagnostics, changes: [], messages: 0 };
  const changes = planned.operations.map((operation) => changeOf(operation, table));
  return { refusals, diagnostics, changes, messages: planned.operations.length };
}

function changeOf(operation: Operation, table: ServiceTable): PlanChange {
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
        details: differences(settingsInWords, table.get(name)?.settings, operation.settings),
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
    case 'set-dest': {
      const server = destinationKeyText(operation.destination);
      const before = table.get(name)?.destinations.get(server);
      return {
        action: 'change',
        object: 'real server',
        name,
        server,
        details: differences(destinationInWords, before, operation.destination),
      };
    }
  }
}

/** What differs, one row each, in the words of the configuration. `unknown` where the table has no such entry. */
function differences<T>(inWords: (of: T) => Readonly<Record<string, string>>, before: T | undefined, after: T) {
  const was = before === undefined ? {} : inWords(before);
  return Object.entries(inWords(after))
    .map(([what, to]) => ({ what, from: was[what] ?? 'unknown', to }))
    .filter(({ from, to }) => from !== to);
}

function granularityInWords(persistence: ServiceSettings['persistence']): string {
  if (persistence === undefined) return 'off';
  const { granularity } = persistence;
  return granularity.family === 'inet' ? granularity.mask : `/${granularity.prefix}`;
}

function settingsInWords({ scheduler, flags, persistence, persistenceEngine }: ServiceSettings) {
  return {
    scheduler,
    flags: flags === 0 ? 'none' : `0x${flags.toString(16)}`,
    'persistence timeout': persistence === undefined ? 'off' : `${persistence.timeout} s`,
    'persistence granularity': granularityInWords(persistence),
    'persistence engine': persistenceEngine ?? 'none',
  };
}

const methods = { masq: 'NAT', droute: 'DR', local: 'local', bypass: 'bypass' } as const;

function forwardingInWords(forwarding: ForwardingMethod): string {
  if (forwarding.method === 'other') return `method ${forwarding.number}`;
  if (forwarding.method !== 'tunnel') return methods[forwarding.method];
  return `TUN ${JSON.stringify(forwarding.tunnel).replace(/["{}]/g, '').replaceAll(',', ', ')}`;
}

function destinationInWords({ weight, forwarding, upperThreshold, lowerThreshold }: Destination) {
  return {
    weight: String(weight),
    'forwarding method': forwardingInWords(forwarding),
    uthreshold: String(upperThreshold),
    lthreshold: String(lowerThreshold),
  };
}
