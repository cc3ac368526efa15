/**
 * Series for each real server, as Prometheus text: only when a scrape asks for them.
 *
 * 37,000 servers make 370,000 lines. prom-client needs 5 s for those in one go, during which its process does nothing
 * else; so this part is written here, a server's labels once for all of its lines, with pauses for other work.
 * node_exporter labels a backend by the kernel's service; a virtual server of a group is several of those, so its
 * backends appear under lvsd's names only.
 *
 * Sources: Prometheus's text format 0.0.4; node_exporter's collector for IPVS (names and labels).
 */
import { traffic } from './metric-families.js';
import type { RealServerState, StateDocument, VirtualServerState } from './state.js';

export interface RealServerFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  /** `names`: virtual_server and real_server. `backend`: node_exporter's six. */
  readonly labels: 'names' | 'backend';
  readonly value: (real: RealServerState) => number | null;
}

export const realServerFamilies: readonly RealServerFamily[] = [
  {
    name: 'lvsd_real_server_up',
    type: 'gauge',
    help: '1 while it is alive',
    labels: 'names',
    value: (real) => (real.alive ? 1 : 0),
  },
  {
    name: 'lvsd_real_server_weight',
    type: 'gauge',
    help: 'Effective weight',
    labels: 'names',
    value: (real) => real.weight.effective,
  },
  ...traffic.map(
    ({ suffix, what, pick }): RealServerFamily => ({
      name: `lvsd_real_server_${suffix}`,
      type: 'counter',
      help: `IPVS: ${what}`,
      labels: 'names',
      value: (real) => (real.counters === null ? null : pick(real.counters)),
    }),
  ),
  {
    name: 'node_ipvs_backend_connections_active',
    type: 'gauge',
    help: 'Active connections',
    labels: 'backend',
    value: (real) => real.counters?.activeConnections ?? null,
  },
  {
    name: 'node_ipvs_backend_connections_inactive',
    type: 'gauge',
    help: 'Inactive connections',
    labels: 'backend',
    value: (real) => real.counters?.inactiveConnections ?? null,
  },
  {
    name: 'node_ipvs_backend_weight',
    type: 'gauge',
    help: 'Weight in the kernel',
    labels: 'backend',
    value: (real) => real.weight.inKernel,
  },
];

/** After this many lines other work gets its turn. */
const linesAtOnce = 10_000;

const letOthersWork = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Labelled {
  readonly real: RealServerState;
  readonly names: string;
  /** Undefined for a group, which is several kernel services. */
  readonly backend: string | undefined;
}

/** The text of all families, as it stands behind what prom-client wrote. */
export async function realServerText(document: StateDocument): Promise<string> {
  const servers: Labelled[] = [];
  for (const virtual of document.virtualServers) {
    for (const real of virtual.realServers) {
      const names = `{virtual_server="${escapeLabel(virtual.name)}",real_server="${escapeLabel(real.name)}"}`;
      servers.push({ real, names, backend: backendLabels(virtual, real) });
      if (servers.length % linesAtOnce === 0) await letOthersWork();
    }
  }
  const parts: string[] = [];
  let lines = 0;
  for (const { name, type, help, labels, value } of realServerFamilies) {
    let text = `\n# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const server of servers) {
      const at = server[labels];
      const number = value(server.real);
      if (at === undefined || number === null) continue;
      text += `${name}${at} ${number}\n`;
      if (++lines % linesAtOnce === 0) await letOthersWork();
    }
    parts.push(text);
  }
  return parts.join('');
}

/** A label's value: backslash, quote and newline are escaped (text format 0.0.4). */
function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
    : value;
}

function backendLabels(virtual: VirtualServerState, real: RealServerState): string | undefined {
  const { target } = virtual;
  const remote = `remote_address="${real.address}",remote_port="${real.port}"`;
  switch (target.kind) {
    case 'address':
      return `{local_address="${target.address}",local_port="${target.port}",${remote},proto="${virtual.protocol}",local_mark=""}`;
    case 'fwmark': {
      // As /proc/net/ip_vs writes a mark: eight upper case hex digits.
      const mark = target.mark.toString(16).toUpperCase().padStart(8, '0');
      return `{local_address="",local_port="0",${remote},proto="FWM",local_mark="${mark}"}`;
    }
    case 'group':
      return undefined;
  }
}
