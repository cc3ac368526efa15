/**
 * Whether the address of a virtual server is on this host: what ha_suspend asks. The kernel's addresses are followed;
 * the set of them is made when it is asked for, because thousands of virtual servers may ask between two changes.
 */
import type { VirtualServer } from '../../../config/virtual-server.js';
import type { Groups } from '../../../director/plan.js';
import { vipIsPresent } from '../../../healthcheck/membership.js';
import { HostMonitor } from '../../../host/host-monitor.js';
import type { IpAddress } from '../../../runtime/addresses.js';

export class VipPresence {
  readonly #host: HostMonitor;
  #addresses: ReadonlySet<IpAddress> | undefined;

  /** @param onChange called for each address that comes or goes */
  constructor(onChange: () => void) {
    this.#host = new HostMonitor({
      onAddress: () => {
        this.#addresses = undefined;
        onChange();
      },
    });
  }

  /** True also for a virtual server without ha_suspend: nobody asks where its address is. */
  of(server: VirtualServer, groups: Groups): boolean {
    if (!server.haSuspend) return true;
    this.#addresses ??= new Set(this.#host.addresses.all().map((entry) => entry.address));
    return vipIsPresent(server, groups, this.#addresses);
  }

  close(): void {
    this.#host.close();
  }
}
