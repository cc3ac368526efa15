/**
 * IPVS's timeouts (`lvs_timeouts`, ipvsadm --set): read, set, and put back as they were.
 *
 * Only what is named is sent; the kernel keeps the others. The values that stood before the first change are kept, and
 * `restore` puts them back at stop or when the word leaves the file (keepalived.md 7.5, 18.1).
 */
import { forEachAttribute, readU32 } from '../netlink/attribute.js';
import { GENL_HEADER_LENGTH } from '../netlink/generic-netlink.js';
import { type Seconds, seconds } from '../runtime/units.js';
import type { IpvsFamily } from './ipvs-family.js';
import { Command, CommandAttribute } from './numbers.js';

export interface IpvsTimeouts {
  readonly tcp: Seconds;
  readonly tcpFin: Seconds;
  readonly udp: Seconds;
}

/** Undefined leaves the kernel's value. */
export interface WantedTimeouts {
  readonly tcp: Seconds | undefined;
  readonly tcpFin: Seconds | undefined;
  readonly udp: Seconds | undefined;
}

/** Reads the timeouts of an answer to GET_CONFIG; total, what is missing is 0. */
export function decodeTimeouts(payload: Buffer): IpvsTimeouts {
  let tcp = 0;
  let tcpFin = 0;
  let udp = 0;
  forEachAttribute(payload, GENL_HEADER_LENGTH, payload.length, (type, start, end) => {
    if (type === CommandAttribute.TIMEOUT_TCP) tcp = readU32(payload, start, end) ?? 0;
    else if (type === CommandAttribute.TIMEOUT_TCP_FIN) tcpFin = readU32(payload, start, end) ?? 0;
    else if (type === CommandAttribute.TIMEOUT_UDP) udp = readU32(payload, start, end) ?? 0;
  });
  return { tcp: seconds(tcp), tcpFin: seconds(tcpFin), udp: seconds(udp) };
}

export class TimeoutControl {
  readonly #ipvs: IpvsFamily;
  #before: IpvsTimeouts | undefined;

  /** @param before the values to restore, from the journal of a run that did not end well; else read at the first change */
  constructor(ipvs: IpvsFamily, before?: IpvsTimeouts) {
    this.#ipvs = ipvs;
    this.#before = before;
  }

  /** What `restore` would put back; undefined before the first change. For the journal. */
  get before(): IpvsTimeouts | undefined {
    return this.#before;
  }

  read(): IpvsTimeouts {
    const reply = this.#ipvs.ask(Command.GET_CONFIG, 'reading timeouts', undefined)[0];
    return decodeTimeouts(reply?.payload ?? Buffer.alloc(0));
  }

  /**
   * Makes the kernel's timeouts those of the file: named ones set, the others as they were before lvsd.
   * Undefined is a file without `lvs_timeouts`. Sends nothing if all is so already. Throws LVSD_IPVS_REFUSED.
   * @returns whether something was sent
   */
  set(wanted: WantedTimeouts | undefined): boolean {
    if (wanted === undefined && this.#before === undefined) return false;
    const now = this.read();
    this.#before ??= now;
    const target: IpvsTimeouts = {
      tcp: wanted?.tcp ?? this.#before.tcp,
      tcpFin: wanted?.tcpFin ?? this.#before.tcpFin,
      udp: wanted?.udp ?? this.#before.udp,
    };
    if (target.tcp === now.tcp && target.tcpFin === now.tcpFin && target.udp === now.udp) return false;
    const message = this.#ipvs.requests.request(Command.SET_CONFIG, (into) => {
      if (target.tcp !== now.tcp) into.u32(CommandAttribute.TIMEOUT_TCP, target.tcp);
      if (target.tcpFin !== now.tcpFin) into.u32(CommandAttribute.TIMEOUT_TCP_FIN, target.tcpFin);
      if (target.udp !== now.udp) into.u32(CommandAttribute.TIMEOUT_UDP, target.udp);
    });
    this.#ipvs.send(message, 'set-timeouts', `timeouts ${target.tcp} ${target.tcpFin} ${target.udp}`);
    return true;
  }

  /** Puts back what stood before lvsd's first change. */
  restore(): boolean {
    const sent = this.set(undefined);
    this.#before = undefined;
    return sent;
  }
}
