/**
 * The names by which log lines, FIFO lines and dumps call virtual and real servers, to the letter as keepalived's
 * (keepalived.md 13.2): `[10.0.0.1]:tcp:80`, `FWM 5`, `[group]:0`.
 *
 * These names are also identities (keepalived.md 18.1): unique within one Config, stable across reloads.
 */
import type { IpAddress } from '../runtime/addresses.js';
import type { Port } from '../runtime/units.js';
import type { TransportProtocol, VirtualServer } from './virtual-server.js';

declare const named: unique symbol;
/** `[10.0.0.1]:tcp:80`, `FWM 5`, `[group]:0`. */
export type VirtualServerName = string & { readonly [named]: 'virtual server' };
/** `[10.1.0.1]:tcp:8080`. */
export type RealServerName = string & { readonly [named]: 'real server' };

const LOWER: Readonly<Record<TransportProtocol, string>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

/** `[10.0.0.1]:tcp:80` */
export function serviceName(address: IpAddress, protocol: TransportProtocol, port: Port): string {
  return `[${address}]:${LOWER[protocol]}:${port}`;
}

export function virtualServerName(server: Pick<VirtualServer, 'target' | 'protocol'>): VirtualServerName {
  const target = server.target;
  switch (target.kind) {
    case 'address':
      return serviceName(target.address, server.protocol, target.port) as VirtualServerName;
    case 'fwmark':
      return (target.family === 'inet6' ? `FWM6 ${target.mark}` : `FWM ${target.mark}`) as VirtualServerName;
    case 'group':
      return `[${target.group}]:${target.ordinal}` as VirtualServerName;
  }
}

/** The name of a real or sorry server; its protocol is the virtual server's. */
export function realServerName(
  server: { readonly address: IpAddress; readonly port: Port },
  protocol: TransportProtocol,
): RealServerName {
  return serviceName(server.address, protocol, server.port) as RealServerName;
}
