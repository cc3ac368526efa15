/**
 * Keeps the tables of links and addresses true: read once, then changed by what the kernel tells.
 *
 * The monitor is opened before the tables are read, so that no change falls between; what is told twice changes nothing.
 * When the kernel had to drop messages, the tables are read again and the difference becomes events. Belongs to the
 * network namespace in which it was opened.
 */
import { DumpSocket } from '../netlink/dump-socket.js';
import type { NetlinkMessage } from '../netlink/message.js';
import { MonitorSocket } from '../netlink/monitor-socket.js';
import {
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTNLGRP,
} from '../netlink/rtnetlink.js';
import { decodeInterfaceAddress, encodeAddressDump } from '../netlink/rtnetlink-address.js';
import { decodeLink, encodeLinkDump } from '../netlink/rtnetlink-link.js';
import { decodeRoute, type Route } from '../netlink/rtnetlink-route.js';
import { LvsdError } from '../runtime/errors.js';
import { AddressTable, type PresenceEvent } from './addresses.js';
import { type LinkEvent, LinkTable } from './links.js';

export interface HostHandlers {
  /** Links that appeared, disappeared or changed. Not called for what was there at the start. */
  onLink?(event: LinkEvent): void;
  /** Addresses that came to this host or left it. Not called for what was there at the start. */
  onAddress?(event: PresenceEvent): void;
  /** A route is gone. With this handler routes are listened to; they are not kept in a table. */
  onRouteGone?(route: Route): void;
  /** A routing rule is gone. With this handler rules are listened to. */
  onRuleGone?(): void;
  /** The kernel told faster than lvsd read; the tables are about to be read again. Worth a log line. */
  onLost?(): void;
  /** Reading them again failed for now (they change without pause); it is tried again. Worth a log line. */
  onRereadDelayed?(error: LvsdError): void;
}

/** Between two attempts to read tables that change without pause. */
const REREAD_DELAY_MS = 200;

export interface HostMonitorOptions {
  /** Reads the tables; a test hands in another. */
  readonly dump?: DumpSocket;
  /** Receive buffer of the monitor socket, bytes; default 4 MiB. */
  readonly receiveBufferBytes?: number;
}

export class HostMonitor {
  readonly links = new LinkTable();
  readonly addresses = new AddressTable();
  readonly #handlers: HostHandlers;
  readonly #dump: DumpSocket;
  readonly #monitor: MonitorSocket;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * Opens the sockets and reads the tables. A `dump` that was handed in is closed with the monitor.
   * @throws SystemCallError or NetlinkError when the kernel refuses
   */
  constructor(handlers: HostHandlers = {}, options: HostMonitorOptions = {}) {
    this.#handlers = handlers;
    this.#dump = options.dump ?? new DumpSocket('route');
    try {
      const groups: number[] = [RTNLGRP.link, RTNLGRP.ipv4Address, RTNLGRP.ipv6Address];
      if (handlers.onRouteGone !== undefined) groups.push(RTNLGRP.ipv4Route, RTNLGRP.ipv6Route);
      if (handlers.onRuleGone !== undefined) groups.push(RTNLGRP.ipv4Rule, RTNLGRP.ipv6Rule);
      this.#monitor = new MonitorSocket(
        'route',
        groups,
        {
          onMessages: (messages) => {
            for (const message of messages) this.#apply(message);
          },
          onLost: () => {
            this.#handlers.onLost?.();
            this.#rereadUntilDone();
          },
        },
        options,
      );
    } catch (error) {
      this.#dump.close();
      throw error;
    }
    try {
      this.#read(false);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Reads the tables again; differences become events. For a doubt, as after a pause of the whole machine. */
  reread(): void {
    this.#read(true);
  }

  /** A table that changes without pause cannot be read whole: tried again a little later, until it can. */
  #rereadUntilDone(): void {
    clearTimeout(this.#again);
    this.#again = undefined;
    if (this.#closed) return;
    try {
      this.reread();
    } catch (error) {
      if (!(error instanceof LvsdError) || !error.retriable) throw error;
      this.#handlers.onRereadDelayed?.(error);
      this.#again = setTimeout(() => this.#rereadUntilDone(), REREAD_DELAY_MS).unref();
    }
  }

  /** Whether the monitor keeps the process alive (it does, until `unref`). */
  unref(): void {
    this.#monitor.unref();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#again);
    this.#monitor.close();
    this.#dump.close();
  }

  #read(tell: boolean): void {
    const links = this.#dump.dump(encodeLinkDump()).map((message) => decodeLink(message.payload));
    const addresses = this.#dump.dump(encodeAddressDump()).map((message) => decodeInterfaceAddress(message.payload));
    const linkEvents = this.links.replace(links.filter((link) => link !== undefined));
    const addressEvents = this.addresses.replace(addresses.filter((address) => address !== undefined));
    if (tell) this.#tell(linkEvents, addressEvents);
  }

  #apply(message: NetlinkMessage): void {
    if (message.type === RTM_NEWLINK || message.type === RTM_DELLINK) {
      const link = decodeLink(message.payload);
      if (link === undefined) return;
      if (message.type === RTM_NEWLINK) this.#tell(this.links.set(link), []);
      else this.#tell(this.links.delete(link.index), this.addresses.deleteInterface(link.index));
    } else if (message.type === RTM_NEWADDR || message.type === RTM_DELADDR) {
      const address = decodeInterfaceAddress(message.payload);
      if (address === undefined) return;
      const { addresses } = this;
      this.#tell([], message.type === RTM_NEWADDR ? addresses.set(address) : addresses.delete(address));
    } else if (message.type === RTM_DELROUTE) {
      const route = decodeRoute(message.payload);
      if (route !== undefined) this.#handlers.onRouteGone?.(route);
    } else if (message.type === RTM_DELRULE) {
      this.#handlers.onRuleGone?.();
    }
  }

  #tell(links: readonly LinkEvent[], addresses: readonly PresenceEvent[]): void {
    for (const event of links) this.#handlers.onLink?.(event);
    for (const event of addresses) this.#handlers.onAddress?.(event);
  }
}
