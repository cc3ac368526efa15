/**
 * What global_defs says for the VRRP side as a whole: what a virtual router cannot say itself (keepalived.md 7.4, 7.6).
 * The defaults of virtual routers are in vrrp-defaults.ts.
 *
 * Undefined means "not written".
 */
import type { Seconds } from '../runtime/units.js';
import type { NotifyFifo } from './global-notification.js';
import type { ReceiveBuffer } from './global-process.js';
import type { Script } from './script.js';

/** nftables, nftables_priority, nftables_ifindex: the rules of no_accept and of VMACs. */
export interface VrrpFirewall {
  /** The table; `true` is the word without a name: `keepalived`. */
  readonly table: string | true | undefined;
  /** Priority of the chains, -1 unless written. */
  readonly priority: number | undefined;
  readonly matchByIndex: boolean;
  /** vrrp_iptables: chains for what comes in and goes out; empty is INPUT and OUTPUT. */
  readonly iptables: readonly string[] | undefined;
  /** vrrp_ipsets: names of sets; empty is none. */
  readonly ipsets: readonly string[] | undefined;
}

/** vrrp_rx_bufs_policy: how large the receive buffers of adverts are. */
export type AdvertBuffers =
  | { readonly kind: 'mtu' }
  | { readonly kind: 'advert' }
  | { readonly kind: 'bytes'; readonly bytes: number };

export interface VrrpSettings {
  readonly disableLocalIgmp: boolean;
  /** Seconds between gratuitous ARPs of one interface, at least 0.000001. */
  readonly garpInterval: Seconds | undefined;
  /** The same for unsolicited neighbour advertisements. */
  readonly gnaInterval: Seconds | undefined;
  /** vrrp_min_garp was written: the defaults of virtual routers have been lowered by it already. */
  readonly minGarp: boolean;
  readonly firewall: VrrpFirewall;
  readonly advertBuffers: AdvertBuffers | undefined;
  readonly advertBuffersMultiplier: number | undefined;
  /** Seconds, at least 0.001. */
  readonly startupDelay: Seconds | undefined;
  readonly delayAfterBoot: Seconds | undefined;
  readonly logUnknownVrids: boolean;
  readonly vmacPrefix: string | undefined;
  readonly vmacAddressPrefix: string | undefined;
  readonly commandBuffer: ReceiveBuffer;
  readonly monitorBuffer: ReceiveBuffer;
  readonly processMonitorBuffer: ReceiveBuffer;
  readonly notifyFifo: NotifyFifo | undefined;
  readonly notifyFifoScript: Script | undefined;
  readonly fifoStatesOnReload: boolean;
}
