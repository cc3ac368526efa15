/**
 * IPVS's connection synchronisation daemons: started, stopped and read; both idempotent.
 *
 * The kernel has at most one master and one backup daemon in a namespace, and cannot change a running one: another
 * interface or id means stop and start. It refuses to start while a server of another family than its virtual server is
 * in the table, and refuses such servers while a daemon runs.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_ctl.c (ip_vs_genl_new_daemon), ip_vs_sync.c (start_sync_thread); keepalived.md
 * 7.5, `lvs_sync_daemon`.
 */
import { errno } from '../native/system-call-error.js';
import {
  type AttributeWriter,
  forEachAttribute,
  readI32,
  readString,
  readU8,
  readU16,
  readU32,
} from '../netlink/attribute.js';
import { type DumpChannel, GENL_HEADER_LENGTH } from '../netlink/generic-netlink.js';
import { type IpAddress, isIpv6, readAddress } from '../runtime/addresses.js';
import { LvsdError } from '../runtime/errors.js';
import { type Port, port } from '../runtime/units.js';
import type { IpvsFamily } from './ipvs-family.js';
import { Command, CommandAttribute, DaemonAttribute, DaemonState } from './numbers.js';

export type SyncDaemonState = 'master' | 'backup';

export interface SyncDaemonSettings {
  /** Multicast interface, at most 15 characters. */
  readonly interface: string;
  /** 0..255 */
  readonly syncId: number;
  /** Bytes of UDP payload, 1..65507; undefined: as the interface's MTU allows. */
  readonly maxLength: number | undefined;
  /** Undefined: 8848. */
  readonly port: Port | undefined;
  /** 1..255; undefined: 1. */
  readonly ttl: number | undefined;
  /** Undefined: 224.0.0.81. */
  readonly group: IpAddress | undefined;
}

export interface SyncDaemon extends SyncDaemonSettings {
  readonly state: SyncDaemonState;
}

export type DaemonReject = 'not-attributes' | 'no-state' | 'no-interface';
export type DecodedDaemon =
  | { readonly ok: true; readonly daemon: SyncDaemon }
  | { readonly ok: false; readonly reject: DaemonReject };

function writeDaemon(into: AttributeWriter, state: SyncDaemonState, settings: SyncDaemonSettings | undefined): void {
  const nest = into.beginNest(CommandAttribute.DAEMON);
  into.u32(DaemonAttribute.STATE, DaemonState[state]);
  if (settings !== undefined) {
    into.string(DaemonAttribute.MCAST_IFN, settings.interface);
    into.u32(DaemonAttribute.SYNC_ID, settings.syncId);
    if (settings.maxLength !== undefined) into.u16(DaemonAttribute.SYNC_MAXLEN, settings.maxLength);
    if (settings.port !== undefined) into.u16(DaemonAttribute.MCAST_PORT, settings.port);
    if (settings.ttl !== undefined) into.u8(DaemonAttribute.MCAST_TTL, settings.ttl);
    const group = settings.group;
    if (group !== undefined) {
      const attribute = isIpv6(group) ? DaemonAttribute.MCAST_GROUP6 : DaemonAttribute.MCAST_GROUP;
      into.address(attribute, group, isIpv6(group) ? 16 : 4);
    }
  }
  into.endNest(nest);
}

/** Reads a daemon from inside its nest. Total. */
export function decodeDaemon(bytes: Buffer, start: number, end: number): DecodedDaemon {
  let state: number | undefined;
  let name: string | undefined;
  let syncId = 0;
  let maxLength: number | undefined;
  let portNumber: number | undefined;
  let ttl: number | undefined;
  let group: IpAddress | undefined;
  const whole = forEachAttribute(bytes, start, end, (type, from, to) => {
    if (type === DaemonAttribute.STATE) state = readI32(bytes, from, to);
    else if (type === DaemonAttribute.MCAST_IFN) name = readString(bytes, from, to);
    else if (type === DaemonAttribute.SYNC_ID) syncId = readU32(bytes, from, to) ?? 0;
    else if (type === DaemonAttribute.SYNC_MAXLEN) maxLength = readU16(bytes, from, to);
    else if (type === DaemonAttribute.MCAST_PORT) portNumber = readU16(bytes, from, to);
    else if (type === DaemonAttribute.MCAST_TTL) ttl = readU8(bytes, from, to);
    else if (type === DaemonAttribute.MCAST_GROUP && to - from >= 4) group = readAddress('inet', bytes, from);
    else if (type === DaemonAttribute.MCAST_GROUP6 && to - from >= 16) group = readAddress('inet6', bytes, from);
  });
  if (!whole) return { ok: false, reject: 'not-attributes' };
  if (state !== DaemonState.master && state !== DaemonState.backup) return { ok: false, reject: 'no-state' };
  if (name === undefined || name === '') return { ok: false, reject: 'no-interface' };
  return {
    ok: true,
    daemon: {
      state: state === DaemonState.master ? 'master' : 'backup',
      interface: name,
      syncId,
      maxLength,
      port: portNumber === undefined ? undefined : port(portNumber),
      ttl,
      group,
    },
  };
}

/** Whether a running daemon is what is wanted; what is left to the kernel fits whatever it chose. */
function fits(wanted: SyncDaemonSettings, running: SyncDaemon): boolean {
  const agrees = <T>(want: T | undefined, have: T | undefined): boolean => want === undefined || want === have;
  return (
    wanted.interface === running.interface &&
    wanted.syncId === running.syncId &&
    agrees(wanted.maxLength, running.maxLength) &&
    agrees(wanted.port, running.port) &&
    agrees(wanted.ttl, running.ttl) &&
    agrees(wanted.group, running.group)
  );
}

export class SyncDaemonControl {
  readonly #ipvs: IpvsFamily;
  readonly #dumps: DumpChannel;

  constructor(ipvs: IpvsFamily, dumps: DumpChannel) {
    this.#ipvs = ipvs;
    this.#dumps = dumps;
  }

  /** The daemons that run in this namespace. Throws NetlinkError. */
  read(): SyncDaemon[] {
    const daemons: SyncDaemon[] = [];
    for (const { payload } of this.#dumps.dump(this.#ipvs.requests.dump(Command.GET_DAEMON))) {
      forEachAttribute(payload, GENL_HEADER_LENGTH, payload.length, (type, start, end) => {
        if (type !== CommandAttribute.DAEMON) return;
        const decoded = decodeDaemon(payload, start, end);
        if (decoded.ok) daemons.push(decoded.daemon);
      });
    }
    return daemons;
  }

  /**
   * Makes a daemon of this state run with these settings; one with others is stopped first. Throws LVSD_IPVS_REFUSED.
   * @returns whether something was changed
   */
  start(state: SyncDaemonState, settings: SyncDaemonSettings): boolean {
    const running = this.read().find((daemon) => daemon.state === state);
    if (running !== undefined) {
      if (fits(settings, running)) return false;
      this.#stop(state);
    }
    const message = this.#ipvs.requests.request(Command.NEW_DAEMON, (into) => writeDaemon(into, state, settings));
    const about = `${state} sync daemon on ${settings.interface}, syncid ${settings.syncId}: the interface must exist, be up, multicast and have an address, and no server may be of another family than its virtual server`;
    this.#ipvs.send(message, 'start-daemon', about);
    return true;
  }

  /** Makes no daemon of this state run. Returns whether one was stopped. */
  stop(state: SyncDaemonState): boolean {
    return this.read().some((daemon) => daemon.state === state) && this.#stop(state);
  }

  #stop(state: SyncDaemonState): boolean {
    const message = this.#ipvs.requests.request(Command.DEL_DAEMON, (into) => writeDaemon(into, state, undefined));
    try {
      this.#ipvs.send(message, 'stop-daemon', `${state} sync daemon`);
      return true;
    } catch (error) {
      if (error instanceof LvsdError && error.fields.errno === errno.ESRCH) return false;
      throw error;
    }
  }
}
