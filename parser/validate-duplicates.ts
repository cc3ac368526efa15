/**
 * Two virtual_server blocks with the same address, port and protocol (or mark).
 *
 * keepalived says nothing (2.2.7 on Linux 6.1 was watched doing this): the kernel refuses the second service, keepalived takes "exists" for success, and adds the
 * second block's servers to the one service. So the table has the first block's scheduler and the servers of both. lvsd
 * makes the same table from one virtual server: the first block, with the servers that the others add; what else the
 * others say has no effect, and that is told.
 */
import type { RealServer, SorryServer, VirtualServer } from '../config/virtual-server.js';
import type { BindContext } from './bind-context.js';

/** @param from at least two virtual servers of one identity, in file order */
export function mergeDuplicate(name: string, from: readonly VirtualServer[], context: BindContext): VirtualServer {
  const [first, ...others] = from;
  if (first === undefined) throw new Error('mergeDuplicate needs a virtual server');
  const seen = new Set(first.realServers.map((server) => `${server.address} ${server.port}`));
  const realServers: RealServer[] = [...first.realServers];
  for (const other of others) {
    context.reportAt('note', 'LVSD_CONFIG_DUPLICATE', `Virtual server ${name} is defined twice`, other.at, {
      expected: `one block; the first is at ${first.at.file} line ${first.at.line}`,
      assumed: 'the real servers of both, with everything else from the first',
    });
    for (const server of other.realServers) {
      const key = `${server.address} ${server.port}`;
      if (seen.has(key)) continue;
      seen.add(key);
      realServers.push(server);
    }
  }
  return { ...first, realServers, sorryServer: agreeing(first.sorryServer, realServers) };
}

/** A sorry server that is a real server too has its inhibit setting, as within one block. */
function agreeing(sorry: SorryServer | undefined, servers: readonly RealServer[]): SorryServer | undefined {
  if (sorry === undefined) return undefined;
  const same = servers.find((server) => server.address === sorry.address && server.port === sorry.port);
  return same === undefined || same.inhibitOnFailure === sorry.inhibit
    ? sorry
    : { ...sorry, inhibit: same.inhibitOnFailure };
}
